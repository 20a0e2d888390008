//! Resident identity numbers (公民身份号码), GB 11643-1999.

use crate::day::Day;
use std::fmt;

/// A well-formed number of 18 characters with a real birth date and a right check character.
#[derive(Clone, PartialEq, Eq)]
pub struct IdNumber(String);

/// Not a resident identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnIdNumber;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

impl IdNumber {
    /// Reads `text`; a birth date after `today` is refused. A lower-case x is taken.
    pub fn parse(text: &str, today: Day) -> Result<Self, NotAnIdNumber> {
        let text = text.to_ascii_uppercase();
        let bytes = text.as_bytes();
        if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) || bytes[0] == b'0' {
            return Err(NotAnIdNumber);
        }
        let born = Day::parse(&format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14]));
        if born.is_none_or(|born| born > today) {
            return Err(NotAnIdNumber);
        }
        let sum: u32 =
            bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        if CHECKS[(sum % 11) as usize] != bytes[17] {
            return Err(NotAnIdNumber);
        }
        Ok(Self(text))
    }

    /// All 18 characters: personal data.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day of birth.
    pub fn born(&self) -> Day {
        let text = &self.0;
        let day = Day::parse(&format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14]));
        day.expect("checked when it was read")
    }

    /// Full years of age on `today`; who is born on 29 February grows older on 1 March of other years.
    pub fn age(&self, today: Day) -> i32 {
        self.born().years_until(today)
    }

    /// Whether it is a number of the areas 81, 82 and 83, given to residents of Hong Kong, Macau and Taiwan.
    pub fn is_of_hk_macau_taiwan(&self) -> bool {
        ["81", "82", "83"].iter().any(|area| self.0.starts_with(area))
    }

    /// First six and last four.
    pub fn masked(&self) -> String {
        format!("{}********{}", &self.0[..6], &self.0[14..])
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Day {
        Day::parse("2026-11-24").expect("a day")
    }

    #[test]
    fn the_standards_own_example_is_read() {
        let number = IdNumber::parse("11010519491231002x", today()).expect("GB 11643-1999, annex");
        assert_eq!(number.as_str(), "11010519491231002X");
        assert_eq!(number.masked(), "110105********002X");
        assert_eq!(format!("{number:?}"), "110105********002X");
    }

    #[test]
    fn one_wrong_digit_anywhere_is_found() {
        let right = "11010519491231002X";
        for at in 0..17 {
            for digit in b'0'..=b'9' {
                let mut changed = right.as_bytes().to_vec();
                if changed[at] != digit {
                    changed[at] = digit;
                    let changed = String::from_utf8(changed).expect("ASCII");
                    assert_eq!(IdNumber::parse(&changed, today()), Err(NotAnIdNumber), "{changed}");
                }
            }
        }
    }

    #[test]
    fn age_turns_on_the_birthday() {
        let number = IdNumber::parse("11010519491231002X", today()).expect("a number");
        let age = |day: &str| number.age(Day::parse(day).expect("a day"));
        assert_eq!(age("2026-12-30"), 76);
        assert_eq!(age("2026-12-31"), 77);
        assert_eq!(number.born().to_string(), "1949-12-31");
    }

    #[test]
    fn other_lengths_scripts_and_unborn_people_are_refused() {
        for bad in
            ["", "11010519491231002", "11010519491231002XX", "１1010519491231002X", "证1010519491231002X"]
        {
            assert_eq!(IdNumber::parse(bad, today()), Err(NotAnIdNumber), "{bad}");
        }
        let before = Day::parse("1949-12-30").expect("a day");
        assert_eq!(IdNumber::parse("11010519491231002X", before), Err(NotAnIdNumber));
    }
}
