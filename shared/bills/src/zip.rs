//! The files in a zip archive, as APPNOTE.TXT of PKWARE describes it. Only what a provider writes is read: one disk, stored
//! or deflated, no encryption, no ZIP64. Sizes and names are the central directory's.

use crate::{Fault, gzip::pump};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io::Read;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const DIRECTORY: &[u8] = b"PK\x01\x02";
const DIRECTORY_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
const ENCRYPTED: u16 = 1;
/// A bill has two.
const MAX_FILES: u16 = 16;

/// One file in the archive.
pub(crate) struct File<'a> {
    /// In GBK or UTF-8.
    pub name: &'a [u8],
    packed: &'a [u8],
    deflated: bool,
    length: u64,
    crc: u32,
}

/// All files of `archive`.
pub(crate) fn files(archive: &[u8]) -> Result<Vec<File<'_>>, Fault> {
    let broken = || Fault::archive("not a zip archive, or a damaged one");
    let end = end(archive).ok_or_else(broken)?;
    let (disk, of_disk) = (u16_at(end, 4), u16_at(end, 8));
    let (count, length, start) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
    if (disk, u16_at(end, 6)) != (Some(0), Some(0)) || of_disk != count {
        return Err(broken());
    }
    let count = count.filter(|count| *count <= MAX_FILES).ok_or_else(broken)?;
    let (length, start) = (length.ok_or_else(broken)?, start.ok_or_else(broken)?);
    let mut directory = slice(archive, start, length).ok_or_else(broken)?;
    let mut files = Vec::new();
    for _ in 0..count {
        let (file, rest) = file(archive, directory)?;
        files.push(file);
        directory = rest;
    }
    if directory.is_empty() { Ok(files) } else { Err(broken()) }
}

/// The record at the end, whose comment reaches to the last byte.
fn end(archive: &[u8]) -> Option<&[u8]> {
    let last = archive.len().checked_sub(END_LENGTH)?;
    (last.saturating_sub(usize::from(u16::MAX))..=last).rev().map(|at| &archive[at..]).find(|record| {
        record.starts_with(END) && u16_at(record, 20).map(usize::from) == Some(record.len() - END_LENGTH)
    })
}

/// The file that `directory` begins with, and what follows it there.
fn file<'a>(archive: &'a [u8], directory: &'a [u8]) -> Result<(File<'a>, &'a [u8]), Fault> {
    let broken = || Fault::archive("the zip archive is damaged");
    if !directory.starts_with(DIRECTORY) {
        return Err(broken());
    }
    let short = |at| u16_at(directory, at).ok_or_else(broken);
    let long = |at| u32_at(directory, at).ok_or_else(broken);
    let (flags, method, crc) = (short(8)?, short(10)?, long(16)?);
    let (packed, length, at) = (long(20)?, long(24)?, long(42)?);
    let (name_length, extra, comment) = (short(28)?, short(30)?, short(32)?);
    if flags & ENCRYPTED != 0 || !matches!(method, 0 | 8) {
        return Err(Fault::archive(
            "a file in the zip archive is encrypted, or packed in another way than deflated",
        ));
    }
    let head = DIRECTORY_LENGTH + usize::from(name_length);
    let name = directory.get(DIRECTORY_LENGTH..head).ok_or_else(broken)?;
    let rest = directory.get(head + usize::from(extra) + usize::from(comment)..).ok_or_else(broken)?;
    let local = archive.get(usize::try_from(at).map_err(|_| broken())?..).ok_or_else(broken)?;
    let local_name = u16_at(local, 26).map(usize::from).ok_or_else(broken)?;
    let local_extra = u16_at(local, 28).map(usize::from).ok_or_else(broken)?;
    let same = local.get(LOCAL_LENGTH..LOCAL_LENGTH + local_name) == Some(name);
    if !local.starts_with(LOCAL) || !same {
        return Err(broken());
    }
    let data = local.get(LOCAL_LENGTH + local_name + local_extra..).ok_or_else(broken)?;
    let packed = slice(data, 0, packed).ok_or_else(broken)?;
    Ok((File { name, packed, deflated: method == 8, length: u64::from(length), crc }, rest))
}

impl File<'_> {
    /// Hands on what the file holds. Its length and CRC have been checked when this returns.
    pub fn unpack(&self, mut each: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut crc = Crc::new();
        let checked = |piece: &[u8]| {
            crc.update(piece);
            each(piece)
        };
        // One byte more than there should be is enough to know.
        let most = self.length.saturating_add(1);
        let (length, rest) = if self.deflated {
            let mut decoder = DeflateDecoder::new(self.packed);
            (pump(&mut (&mut decoder).take(most), checked)?, decoder.into_inner())
        } else {
            (pump(&mut self.packed.take(most), checked)?, &[][..])
        };
        if length != self.length || crc.sum() != self.crc || !rest.is_empty() {
            return Err(Fault::archive("a file in the zip archive is damaged"));
        }
        Ok(())
    }
}

fn slice(bytes: &[u8], start: u32, length: u32) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
