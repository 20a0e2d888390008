//! Endorsements (签注) of the permits for Hong Kong, Macau and Taiwan.

use super::Malformed;
use crate::day::Day;
use std::fmt;
use std::str::FromStr;

/// Where an endorsement lets its holder go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Hong Kong.
    HongKong,
    /// Macau.
    Macau,
    /// Taiwan.
    Taiwan,
}

/// One endorsement.
///
/// As text: place (ISO 3166-1), type, how often, and the days as an interval of ISO 8601, e.g.
/// `HKG G 2 2026-05-10/2027-05-09`, `MAC T many 2026-05-10/2029-05-09`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endorsement {
    place: Place,
    kind: char,
    times: Option<u8>,
    first: Day,
    last: Day,
}

impl Endorsement {
    /// Where to.
    pub fn place(self) -> Place {
        self.place
    }

    /// The letter printed on the card: T family visit, S business, L group and G individual tourism, D residence, Q other …
    pub fn kind(self) -> char {
        self.kind
    }

    /// How many entries are left; none: any number.
    pub fn times(self) -> Option<u8> {
        self.times
    }

    /// The last day of entry.
    pub fn last(self) -> Day {
        self.last
    }

    /// Whether it can still serve on `today` or later.
    pub fn is_left(self, today: Day) -> bool {
        today <= self.last && self.times != Some(0)
    }
}

impl Place {
    /// As in the text.
    pub fn name(self) -> &'static str {
        match self {
            Self::HongKong => "HKG",
            Self::Macau => "MAC",
            Self::Taiwan => "TWN",
        }
    }
}

impl fmt::Display for Endorsement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, kind, times, first, last } = self;
        write!(f, "{} {kind} ", place.name())?;
        match times {
            Some(times) => write!(f, "{times}"),
            None => f.write_str("many"),
        }?;
        write!(f, " {first}/{last}")
    }
}

impl FromStr for Endorsement {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        read(text).ok_or(Malformed)
    }
}

fn read(text: &str) -> Option<Endorsement> {
    let parts: Vec<&str> = text.split(' ').collect();
    let [place, kind, times, days] = parts[..] else { return None };
    let place = [Place::HongKong, Place::Macau, Place::Taiwan].into_iter().find(|p| p.name() == place)?;
    let mut letters = kind.chars();
    let kind = letters.next().filter(char::is_ascii_uppercase)?;
    let times = match times {
        "many" => None,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        _ => return None,
    };
    let (first, last) = days.split_once('/')?;
    let (first, last) = (Day::parse(first)?, Day::parse(last)?);
    (letters.next().is_none() && first <= last).then_some(Endorsement { place, kind, times, first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endorsement_is_written_as_it_was_read() {
        for text in [
            "HKG G 2 2026-05-10/2027-05-09",
            "MAC T many 2026-05-10/2029-05-09",
            "TWN L 0 2026-05-10/2026-05-10",
        ] {
            assert_eq!(text.parse::<Endorsement>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "HKG G 2",
            "HKG G 2 2026-05-10",
            "JPN G 2 2026-05-10/2027-05-09",
            "HKG GG 2 2026-05-10/2027-05-09",
            "HKG g 2 2026-05-10/2027-05-09",
            "HKG G +2 2026-05-10/2027-05-09",
            "HKG G 256 2026-05-10/2027-05-09",
            "HKG G 2 2027-05-10/2027-05-09",
            "HKG G 2 2026-05-10/2027-02-29",
            "HKG  G 2 2026-05-10/2027-05-09",
        ] {
            assert_eq!(bad.parse::<Endorsement>(), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn it_serves_to_its_last_day_and_its_last_entry() {
        let day = |text| Day::parse(text).expect("a day");
        let left = |text: &str, on| text.parse::<Endorsement>().expect(text).is_left(day(on));
        assert!(left("HKG G 2 2026-05-10/2027-05-09", "2027-05-09"));
        assert!(!left("HKG G 2 2026-05-10/2027-05-09", "2027-05-10"));
        assert!(!left("HKG G 0 2026-05-10/2027-05-09", "2026-06-01"));
    }
}
