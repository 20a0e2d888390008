//! A zip archive as Alipay makes it: two deflated files with names in GBK, and nothing newer than the format's first years.

use std::io::Write;

use encoding_rs::GBK;
use flate2::{Compression, Crc, write::DeflateEncoder};

use crate::clock::digits;

/// A file in it.
pub struct Member {
    /// Written in GBK.
    pub name: String,
    /// As they are.
    pub bytes: Vec<u8>,
    /// Unix ms of its last change.
    pub at_ms: i64,
}

const VERSION: u16 = 20;
const DEFLATED: u16 = 8;

/// The bytes of the archive.
pub fn written(members: &[Member]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let start = length(&file);
        let (name, bytes) = (GBK.encode(&member.name).0, &member.bytes);
        let mut crc = Crc::new();
        crc.update(bytes);
        let packed = deflated(bytes);
        // What both headers hold.
        let mut common = Vec::new();
        for short in [VERSION, 0, DEFLATED].into_iter().chain(dos_time(member.at_ms)) {
            common.extend(short.to_le_bytes());
        }
        for long in [crc.sum(), length(&packed), length(bytes)] {
            common.extend(long.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).expect("a short name").to_le_bytes());
        common.extend([0; 2]);
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(&*name);
        file.extend(packed);
        directory.extend(b"PK\x01\x02");
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&common);
        // No comment, the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(&*name);
    }
    let start = length(&file);
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(members.len()).expect("two").to_le_bytes();
    file.extend([count, count].concat());
    file.extend(length(&directory).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("no bill is that large")
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes every write")
}

/// Time and date as MS-DOS had them.
fn dos_time(at_ms: i64) -> [u16; 2] {
    let digits = digits(at_ms);
    let part = |from: usize, to: usize| -> u16 { digits[from..to].parse().expect("digits") };
    let time = part(8, 10) << 11 | part(10, 12) << 5 | (part(12, 14) / 2);
    [time, (part(0, 4) - 1980) << 9 | part(4, 6) << 5 | part(6, 8)]
}
