//! Police agencies (公安机关), and how far each of them looks.

use std::fmt;
use std::str::FromStr;

/// An agency by its code: the division of GB/T 2260 in six digits, and up to six more of the agency's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency(String);

/// Not six to twelve digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAgency;

impl FromStr for Agency {
    type Err = NotAnAgency;

    fn from_str(text: &str) -> Result<Self, NotAnAgency> {
        let is_one = (6..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        // Nobody looks everywhere.
        if is_one && !text.starts_with("00") { Ok(Self(text.to_owned())) } else { Err(NotAnAgency) }
    }
}

impl fmt::Display for Agency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Agency {
    /// What the codes of itself and of the agencies below it begin with: a province's code ends in four zeros, a city's in two.
    pub fn area(&self) -> &str {
        let mut area = &self.0[..];
        while area.len() > 2 && area.len().is_multiple_of(2) && area.ends_with("00") {
            area = &area[..area.len() - 2];
        }
        area
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_looks_into_its_districts_and_no_other_city() {
        let area = |code: &str| code.parse::<Agency>().expect(code).area().to_owned();
        assert_eq!(area("220000"), "22");
        assert_eq!(area("220100"), "2201");
        assert_eq!(area("220102"), "220102");
        assert_eq!(area("220102000000"), "220102");
        assert_eq!(area("220102550000"), "22010255");
        // A county whose own number ends in a nought.
        assert_eq!(area("220110"), "220110");
        assert_eq!(area("220100000"), "220100000");
    }

    #[test]
    fn an_agency_is_digits_of_somewhere() {
        for bad in ["", "22010", "2201021234567", "22010a", "２２０１０２", "000000", "220102 "] {
            assert_eq!(bad.parse::<Agency>(), Err(NotAnAgency), "{bad}");
        }
    }
}
