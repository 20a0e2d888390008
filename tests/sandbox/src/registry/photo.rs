//! Pictures of people who do not exist: a head and shoulders without a face, in PNG.

use std::io::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, Crc, write::ZlibEncoder};
use ring::digest::{SHA256, digest};

/// In the proportion of the pictures on ID cards (26 by 32 mm).
const WIDTH: u32 = 52;
const HEIGHT: u32 = 64;

/// A `data:` URL; the colours follow from `seed`.
pub fn data_url(seed: &str) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png(seed)))
}

fn png(seed: &str) -> Vec<u8> {
    let hash = digest(&SHA256, seed.as_bytes());
    let shade = |at: usize, from: u8| from + hash.as_ref()[at] % 64;
    // Ground, clothes and head, in the order of the palette.
    let palette = [
        [shade(0, 190), shade(1, 190), 255],
        [shade(2, 20), shade(3, 20), shade(4, 60)],
        [shade(5, 160), shade(6, 130), shade(7, 110)],
    ];
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::best());
    for y in 0..HEIGHT {
        let row: Vec<u8> = std::iter::once(0).chain((0..WIDTH).map(|x| colour(x, y))).collect();
        rows.write_all(&row).expect("a vector takes everything");
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    // 8 bits a pixel, an index into the palette; nothing else is special.
    let header = [&WIDTH.to_be_bytes()[..], &HEIGHT.to_be_bytes(), &[8, 3, 0, 0, 0]].concat();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", palette.as_flattened());
    chunk(&mut png, b"IDAT", &rows.finish().expect("a vector takes everything"));
    chunk(&mut png, b"IEND", &[]);
    png
}

/// Index into the palette.
fn colour(x: u32, y: u32) -> u8 {
    let inside = |centre_x: i32, centre_y: i32, wide: i32, high: i32| {
        let (dx, dy) = (x.cast_signed() - centre_x, y.cast_signed() - centre_y);
        (dx * high).pow(2) + (dy * wide).pow(2) <= (wide * high).pow(2)
    };
    match (inside(26, 25, 11, 14), inside(26, 64, 22, 22)) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

fn chunk(png: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(body);
    png.extend(u32::try_from(body.len()).expect("a small picture").to_be_bytes());
    png.extend(name);
    png.extend(body);
    png.extend(crc.sum().to_be_bytes());
}
