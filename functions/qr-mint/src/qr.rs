//! The QR code of a ticket: version 4-Q or smaller, as SVG and for thermal printers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_pages::qr::Qr;
use zerotrip_platform::Problem;

/// Printable dots at 203 dpi: 48 mm of 58 mm paper, 72 mm of 80 mm paper.
const DOTS_58MM: usize = 384;
const DOTS_80MM: usize = 576;
const MOST: i16 = 4;

/// One code, ready to show and to print.
#[derive(Serialize, ToSchema)]
pub struct Pictures {
    svg: String,
    /// PNG, one bit a dot, at most 384 dots wide, base64.
    png_58mm: String,
    /// PNG, one bit a dot, at most 576 dots wide, base64.
    png_80mm: String,
}

/// The pictures of `url`. One too long for version 4-Q is a mistake of the deployment.
pub fn pictures(url: &str) -> Result<Pictures, Problem> {
    let code = Qr::printed(url, MOST).map_err(|_| {
        Problem::misconfigured("public_url: too long for a QR code of version 4-Q, about 28 characters")
    })?;
    let png = |dots| png(&code, dots).map(|png| STANDARD.encode(png));
    let failed = |_| Problem::unavailable("a PNG was not written");
    Ok(Pictures {
        svg: code.svg(),
        png_58mm: png(DOTS_58MM).map_err(failed)?,
        png_80mm: png(DOTS_80MM).map_err(failed)?,
    })
}

/// As wide as `dots` allow with square modules of whole dots.
fn png(code: &Qr, dots: usize) -> Result<Vec<u8>, png::EncodingError> {
    let scale = dots / code.side();
    let width = code.side() * scale;
    let line = |y: usize| {
        let mut bits = vec![0xffu8; width.div_ceil(8)];
        for x in (0..width).filter(|&x| code.is_dark(x / scale, y)) {
            bits[x / 8] &= !(0x80 >> (x % 8));
        }
        bits
    };
    let rows: Vec<u8> = (0..code.side()).flat_map(|y| line(y).repeat(scale)).collect();
    let mut out = Vec::new();
    let side = u32::try_from(width).map_err(|_| png::EncodingError::LimitsExceeded)?;
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 7992, yppu: 7992, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rows)?;
    writer.finish()?;
    Ok(out)
}
