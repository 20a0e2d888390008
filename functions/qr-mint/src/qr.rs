//! The QR code of a ticket: version 4-Q or smaller, as SVG and for thermal printers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::{Color, EcLevel, QrCode, Version};
use serde::Serialize;
use std::fmt::Write as _;
use utoipa::ToSchema;
use zerotrip_platform::Problem;

/// Light modules around the code, as ISO/IEC 18004 wants them.
const QUIET: usize = 4;
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
    let unusable = |what: &str| Problem::misconfigured(&format!("public_url: {what}"));
    let code =
        QrCode::with_error_correction_level(url, EcLevel::Q).map_err(|_| unusable("no QR code holds it"))?;
    if !matches!(code.version(), Version::Normal(version) if version <= MOST) {
        return Err(unusable("too long for a QR code of version 4-Q, about 28 characters"));
    }
    let grid =
        Grid { width: code.width(), dark: code.to_colors().iter().map(|c| *c == Color::Dark).collect() };
    let png = |dots| grid.png(dots).map(|png| STANDARD.encode(png));
    let failed = |_| Problem::unavailable("a PNG was not written");
    Ok(Pictures {
        svg: grid.svg(),
        png_58mm: png(DOTS_58MM).map_err(failed)?,
        png_80mm: png(DOTS_80MM).map_err(failed)?,
    })
}

struct Grid {
    width: usize,
    dark: Vec<bool>,
}

impl Grid {
    fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| (QUIET..QUIET + self.width).contains(&at);
        inside(x) && inside(y) && self.dark[(y - QUIET) * self.width + x - QUIET]
    }

    /// One path of horizontal runs: a fraction of the size of a rectangle for each module.
    fn svg(&self) -> String {
        let side = self.side();
        let mut path = String::new();
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let run = (x..side).take_while(|&x| self.is_dark(x, y)).count();
                if run > 0 {
                    // A String takes all that is written to it.
                    let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                x += run.max(1);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
        )
    }

    /// As wide as `dots` allow with square modules of whole dots.
    fn png(&self, dots: usize) -> Result<Vec<u8>, png::EncodingError> {
        let scale = dots / self.side();
        let width = self.side() * scale;
        let line = |y: usize| {
            let mut bits = vec![0xffu8; width.div_ceil(8)];
            for x in (0..width).filter(|&x| self.is_dark(x / scale, y)) {
                bits[x / 8] &= !(0x80 >> (x % 8));
            }
            bits
        };
        let rows: Vec<u8> = (0..self.side()).flat_map(|y| line(y).repeat(scale)).collect();
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
}
