//! Mobile phone numbers of the mainland.

use std::fmt;
use std::str::FromStr;

/// Eleven digits: `1`, 3 to 9, nine more.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

/// Not a mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPhone;

impl Phone {
    /// All digits: personal data.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// First three and last four.
    pub fn masked(&self) -> String {
        format!("{}****{}", &self.0[..3], &self.0[7..])
    }
}

impl FromStr for Phone {
    type Err = NotAPhone;

    /// Takes it with `+86` or `86` before it, spaces and hyphens.
    fn from_str(text: &str) -> Result<Self, NotAPhone> {
        let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let digits = text.strip_prefix("+86").or_else(|| text.strip_prefix("86")).unwrap_or(&text);
        let right = digits.len() == 11
            && digits.bytes().all(|b| b.is_ascii_digit())
            && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]);
        if right { Ok(Self(digits.to_owned())) } else { Err(NotAPhone) }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_the_ways_people_write_it() {
        for text in ["13800138000", "+86 138-0013-8000", "8613800138000", "138 0013 8000"] {
            assert_eq!(text.parse::<Phone>().expect(text).as_str(), "13800138000");
        }
        assert_eq!(format!("{:?}", "13800138000".parse::<Phone>()), "Ok(138****8000)");
    }

    #[test]
    fn what_no_operator_gives_out_is_refused() {
        for bad in [
            "",
            "12800138000",
            "23800138000",
            "1380013800",
            "138001380000",
            "1380013800x",
            "１３８００１３８０００",
        ] {
            assert_eq!(bad.parse::<Phone>(), Err(NotAPhone), "{bad}");
        }
    }
}
