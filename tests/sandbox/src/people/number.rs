//! 公民身份号码, GB 11643-1999: area 6, birth date 8, sequence 3, check character 1.

use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

use crate::clock::digits;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
const DAY: &[BorrowedFormatItem<'static>] = format_description!("[year][month][day]");

/// The check character of 17 digits; none for anything else.
pub fn check_character(head: &str) -> Option<char> {
    if head.len() != 17 {
        return None;
    }
    let digits: Option<Vec<u32>> = head.chars().map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits?.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    Some(CHECKS[(sum % 11) as usize])
}

/// Whether somebody could have this number at `now_ms`. A lower-case x is not of the standard.
pub fn is_sound(number: &str, now_ms: i64) -> bool {
    if !number.is_ascii() || number.len() != 18 || number.starts_with('0') {
        return false;
    }
    let (head, check) = number.split_at(17);
    let born = &number[6..14];
    check_character(head).is_some_and(|right| check == right.to_string())
        && Date::parse(born, DAY).is_ok()
        && *born <= digits(now_ms)[..8]
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-11-26 00:00 in Shanghai, by GNU date.
    const NOW: i64 = 1_795_622_400_000;

    #[test]
    fn what_cannot_be_a_number_is_refused() {
        // 30 February, an area that begins with 0: their check characters are right (ISO 7064, computed as a recursion).
        for wrong in [
            "",
            "110105194912310021",
            "11010519491231002x",
            "11010519491231002",
            "11010519491231002XX",
            "0１0105194912310021",
            "110105194902300020",
            "010105194912310026",
        ] {
            assert!(!is_sound(wrong, NOW), "{wrong}");
        }
        assert!(is_sound("11010519491231002X", NOW), "the example of the standard");
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        let number = |born: &str| {
            let head = format!("110105{born}002");
            format!("{head}{}", check_character(&head).expect("17 digits"))
        };
        assert!(is_sound(&number("20261126"), NOW));
        assert!(!is_sound(&number("20261127"), NOW));
        assert!(!is_sound(&number("20260230"), NOW));
    }
}
