//! QR codes (ISO/IEC 18004) as squares, and as SVG.

use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::{Color, EcLevel, QrCode, Version, bits, ec};
use std::fmt::Write as _;

/// Light modules around the code, as the standard wants them.
const QUIET: usize = 4;

/// No QR code of the wanted size holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// A code with its quiet zone.
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

impl Qr {
    /// For paper: a quarter of it may be unreadable (level Q); of `version` at most.
    pub fn printed(text: &str, version: i16) -> Result<Self, TooLong> {
        Self::new(text, EcLevel::Q, version)
    }

    /// For a screen: level M, of any version.
    pub fn shown(text: &str) -> Result<Self, TooLong> {
        Self::new(text, EcLevel::M, i16::MAX)
    }

    /// For a screen as well, of `version` at most, several times faster: text as good as random needs no search for the mask
    /// that breaks up its patterns, which is most of the work. Readers learn from the code itself which one was taken.
    pub fn quick(text: &str, version: i16) -> Result<Self, TooLong> {
        let level = EcLevel::M;
        let bits = bits::encode_auto(text.as_bytes(), level).map_err(|_| TooLong)?;
        let found = bits.version();
        if !matches!(found, Version::Normal(found) if found <= version) {
            return Err(TooLong);
        }
        let (data, correction) =
            ec::construct_codewords(&bits.into_bytes(), found, level).map_err(|_| TooLong)?;
        let mut canvas = Canvas::new(found, level);
        canvas.draw_all_functional_patterns();
        canvas.draw_data(&data, &correction);
        canvas.apply_mask(MaskPattern::LargeCheckerboard);
        let dark: Vec<bool> = canvas.into_colors().iter().map(|color| *color == Color::Dark).collect();
        Ok(Self { width: dark.len().isqrt(), dark })
    }

    fn new(text: &str, level: EcLevel, most: i16) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(text, level).map_err(|_| TooLong)?;
        if !matches!(code.version(), Version::Normal(version) if version <= most) {
            return Err(TooLong);
        }
        Ok(Self { width: code.width(), dark: code.to_colors().iter().map(|c| *c == Color::Dark).collect() })
    }

    /// Modules along one side, the quiet zone included.
    pub fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// The module at column `x` and row `y`.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| (QUIET..QUIET + self.width).contains(&at);
        inside(x) && inside(y) && self.dark[(y - QUIET) * self.width + x - QUIET]
    }

    /// One path of horizontal runs: a fraction of the size of a rectangle for each module.
    pub fn svg(&self) -> String {
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
}
