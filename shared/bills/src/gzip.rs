//! What a gzip file holds, piece by piece.

use crate::{Fault, Kind, MAX_TEXT};
use flate2::bufread::GzDecoder;
use std::io::Read;

/// How much of a text is handed on at once.
pub(crate) const PIECE: usize = 32 * 1024;

/// Hands on what `file` holds. Its length and CRC have been checked when this returns.
pub(crate) fn unpack(file: &[u8], each: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut decoder = GzDecoder::new(file);
    pump(&mut decoder, each)?;
    if decoder.into_inner().is_empty() {
        Ok(())
    } else {
        Err(Fault::archive("something follows the gzip file"))
    }
}

/// Hands on what `source` gives, and says how much it was.
pub(crate) fn pump(
    source: &mut impl Read,
    mut each: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let mut piece = vec![0; PIECE];
    let mut sum = 0;
    loop {
        let length = source.read(&mut piece).map_err(|_| Fault::archive("the archive is damaged"))?;
        if length == 0 {
            return Ok(sum);
        }
        sum += length as u64;
        if sum > MAX_TEXT {
            return Err(Fault::new(Kind::TooLarge, "more comes out of the archive than any bill holds"));
        }
        each(&piece[..length])?;
    }
}
