//! Texts of one form each. All are personal data: `Debug` shows nothing of them, and there is no `Display`.

use std::fmt;
use std::str::FromStr;

/// Not of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// `$read` gives the text to keep, or none.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $read:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Eq)]
            pub struct $name(String);

            impl $name {
                /// All of it: personal data.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl FromStr for $name {
                type Err = Malformed;

                fn from_str(text: &str) -> Result<Self, Malformed> {
                    let read: fn(&str) -> Option<String> = $read;
                    read(text).map(Self).ok_or(Malformed)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(concat!(stringify!($name), "(…)"))
                }
            }
        )*
    };
}

texts! {
    /// A name, an address, an authority: 1 to 200 characters on one line, without space at its ends.
    Text = |text| {
        let sound = (1..=200).contains(&text.chars().count()) && text.trim() == text;
        (sound && !text.chars().any(char::is_control)).then(|| text.to_owned())
    };
    /// 护照号码: `E` and eight digits, or `E`, a letter but I and O, and seven digits.
    PassportNumber = |text| travel_number(text, &["E"]);
    /// 往来港澳通行证号码: `C`, else the same (NIA notice of 2018-12-10).
    HkMacauPermitNumber = |text| travel_number(text, &["C"]);
    /// 往来台湾通行证号码: `L`, else the same; those before the card began with `T` (recalled).
    TaiwanPermitNumber = |text| travel_number(text, &["L", "T"]);
    /// 档案编号 of a driving licence: 12 digits.
    FileNumber = |text| (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned());
    /// Vehicle identification number (车辆识别代号), GB 16735: 17 characters but I, O and Q, of which the ninth checks the others.
    Vin = vin;
    /// A picture as a `data:` URL (RFC 2397): PNG or JPEG in base64, at most 100 000 characters. Nothing that could hold a script.
    Photo = photo;
}

fn travel_number(text: &str, first: &[&str]) -> Option<String> {
    let text = text.to_ascii_uppercase();
    let rest = first.iter().find_map(|letter| text.strip_prefix(letter))?.as_bytes();
    let (second, digits) = rest.split_first()?;
    let second = second.is_ascii_digit() || (second.is_ascii_uppercase() && !matches!(second, b'I' | b'O'));
    (second && digits.len() == 7 && digits.iter().all(u8::is_ascii_digit)).then_some(text)
}

/// By place; the ninth, which checks, weighs nothing.
const VIN_WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

fn vin(text: &str) -> Option<String> {
    let text = text.to_ascii_uppercase();
    if text.len() != 17 {
        return None;
    }
    let mut sum = 0;
    for (symbol, weight) in text.bytes().zip(VIN_WEIGHTS) {
        let value = match symbol {
            b'0'..=b'9' => symbol - b'0',
            b'A'..=b'H' => symbol - b'A' + 1,
            b'J'..=b'N' => symbol - b'J' + 1,
            b'P' => 7,
            b'R' => 9,
            b'S'..=b'Z' => symbol - b'S' + 2,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    (text.as_bytes()[8] == b"0123456789X"[(sum % 11) as usize]).then_some(text)
}

fn photo(text: &str) -> Option<String> {
    // The first bytes of either format, in base64.
    let body =
        match (text.strip_prefix("data:image/png;base64,"), text.strip_prefix("data:image/jpeg;base64,")) {
            (Some(png), None) if png.starts_with("iVBORw0KGgo") => png,
            (None, Some(jpeg)) if jpeg.starts_with("/9j/") => jpeg,
            _ => return None,
        };
    let bare = body.trim_end_matches('=');
    let sound = text.len() <= 100_000
        && body.len().is_multiple_of(4)
        && body.len() - bare.len() <= 2
        && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    sound.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vehicles_are_known_by_seventeen_characters() {
        // The first two stand in textbooks; all are judged by Python's `vin` too.
        for good in [
            "1M8GDM9AXKP042788",
            "11111111111111111",
            "5GZCZ43D13S812715",
            "LSVNV2187E2100001",
            "lfv2a21k6a3123456",
        ] {
            assert_eq!(good.parse::<Vin>().expect(good).as_str(), good.to_uppercase());
        }
        for bad in ["", "1M8GDM9AXKP04278", "1M8GDM9AIKP042788", "1M8GDM9AXKP0427881", "证证证证证11"] {
            assert_eq!(bad.parse::<Vin>(), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn a_wrong_digit_of_a_vin_is_found() {
        let right = "LSVNV2187E2100001";
        for (at, symbol) in right.char_indices().filter(|(_, symbol)| symbol.is_ascii_digit()) {
            for digit in ('0'..='9').filter(|digit| *digit != symbol) {
                let changed = format!("{}{digit}{}", &right[..at], &right[at + 1..]);
                assert_eq!(changed.parse::<Vin>(), Err(Malformed), "{changed}");
            }
        }
    }

    #[test]
    fn travel_documents_are_told_apart_by_their_letter() {
        for (number, passport, hk_macau, taiwan) in [
            ("E12345678", true, false, false),
            ("EA1234567", true, false, false),
            ("C12345678", false, true, false),
            ("cd1234567", false, true, false),
            ("L12345678", false, false, true),
            ("T12345678", false, false, true),
            ("EI1234567", false, false, false),
            ("CO1234567", false, false, false),
            ("EAB123456", false, false, false),
            ("E1234567", false, false, false),
            ("E123456789", false, false, false),
            ("E１234567", false, false, false),
            ("", false, false, false),
        ] {
            assert_eq!(number.parse::<PassportNumber>().is_ok(), passport, "{number}");
            assert_eq!(number.parse::<HkMacauPermitNumber>().is_ok(), hk_macau, "{number}");
            assert_eq!(number.parse::<TaiwanPermitNumber>().is_ok(), taiwan, "{number}");
        }
    }

    #[test]
    fn a_picture_is_a_picture_and_a_text_is_a_line() {
        // The smallest PNG that `zlib` and `struct` of Python make: one grey pixel.
        let png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
        assert!(png.parse::<Photo>().is_ok());
        for bad in [
            "data:image/svg+xml;base64,PHN2Zz4=",
            "data:image/jpeg;base64,iVBORw0KGgoAAAANSUhEUg==",
            "data:image/png;base64,PHNjcmlwdD4=",
            "data:image/png;base64,iVBORw0KGgo\"",
            "https://example.cn/photo.png",
            "",
        ] {
            assert_eq!(bad.parse::<Photo>(), Err(Malformed), "{bad}");
        }
        assert!(format!("{}{}", &png[..png.len() - 2], "A".repeat(100_000)).parse::<Photo>().is_err());
        for bad in ["", " 张三", "张\n三", "\u{0}", &"长".repeat(201)] {
            assert_eq!(bad.parse::<Text>(), Err(Malformed), "{bad}");
        }
        assert!("220100123456".parse::<FileNumber>().is_ok());
        for bad in ["", "2201001234567", "22010012345x"] {
            assert_eq!(bad.parse::<FileNumber>(), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn a_debug_line_shows_nobody() {
        assert_eq!(format!("{:?}", "张三".parse::<Text>()), "Ok(Text(…))");
        assert_eq!(format!("{:?}", "E12345678".parse::<PassportNumber>()), "Ok(PassportNumber(…))");
    }
}
