//! Number plates (号牌).

use std::fmt;
use std::str::FromStr;

/// A plate of the mainland: province character, letter, and five or (new energy) six more.
#[derive(Clone, PartialEq, Eq)]
pub struct Plate(String);

/// Not a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPlate;

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// Trailers hang (挂), learners (学), police (警), Hong Kong (港) and Macau (澳) end a plate.
const ENDINGS: &str = "挂学警港澳";

impl Plate {
    /// The plate, without separators.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a passer-by may read it: 吉A·**345.
    pub fn masked(&self) -> String {
        let symbols: Vec<char> = self.0.chars().collect();
        let shown: String = symbols[symbols.len() - 3..].iter().collect();
        format!("{}{}·{}{shown}", symbols[0], symbols[1], "*".repeat(symbols.len() - 5))
    }
}

impl fmt::Debug for Plate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Takes lower case, and a space or `·` after the second character.
impl FromStr for Plate {
    type Err = NotAPlate;

    fn from_str(text: &str) -> Result<Self, NotAPlate> {
        if text.len() > 64 {
            return Err(NotAPlate);
        }
        let symbols: Vec<char> = text.to_uppercase().chars().filter(|c| !" ·•-".contains(*c)).collect();
        let symbol = |c: char| c.is_ascii_digit() || letter(c);
        let valid = match &symbols[..] {
            [province, office, rest @ ..] if PROVINCES.contains(*province) && letter(*office) => match rest {
                [head @ .., last] if head.len() == 4 => {
                    head.iter().all(|c| symbol(*c)) && (symbol(*last) || ENDINGS.contains(*last))
                }
                [first, middle @ .., last] if middle.len() == 4 => {
                    let (small, large) = (kind(*first), matches!(last, 'D' | 'F'));
                    let digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
                    (small && symbol(middle[0]) && digits(&middle[1..]) && last.is_ascii_digit())
                        || (large && first.is_ascii_digit() && digits(middle))
                }
                _ => false,
            },
            _ => false,
        };
        if valid { Ok(Self(symbols.into_iter().collect())) } else { Err(NotAPlate) }
    }
}

fn letter(c: char) -> bool {
    c.is_ascii_uppercase() && c != 'I' && c != 'O'
}

/// First symbol of a small new-energy vehicle's: D and F, and the letters added later.
fn kind(c: char) -> bool {
    matches!(c, 'A'..='H' | 'J' | 'K' | 'R')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_as_they_are_seen_on_the_road() {
        for (text, masked) in [
            ("吉A12345", "吉A·**345"),
            ("吉a·1234挂", "吉A·**34挂"),
            ("粤Z1234港", "粤Z·**34港"),
            ("吉AD12345", "吉A·***345"),
            ("吉A12345F", "吉A·***45F"),
            ("京A 8R888", "京A·**888"),
        ] {
            let plate: Plate = text.parse().unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(plate.masked(), masked);
            assert_eq!(format!("{plate:?}"), masked, "even a debug line is masked");
        }
        for bad in [
            "",
            "吉",
            "A12345",
            "吉I12345",
            "吉AO2345",
            "吉A1234",
            "吉A123456",
            "吉AL12345",
            "吉A1234猫",
            "吉A挂2345",
        ] {
            assert_eq!(bad.parse::<Plate>(), Err(NotAPlate), "{bad}");
        }
    }
}
