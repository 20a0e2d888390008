//! A calendar file (iCalendar, RFC 5545): an event of a whole day for each deadline, and an alarm for each rung of its ladder.

use zerotrip_domain::Day;
use zerotrip_domain::day::utc_stamp;

/// Octets of a line, without its end (section 3.1).
const LONGEST_LINE: usize = 75;
/// An alarm rings at nine o'clock.
const AT_HOUR: u16 = 9;

/// One deadline.
pub struct Event {
    /// The same whenever it is downloaded.
    pub uid: String,
    /// When it was last known to be so, Unix ms.
    pub stamp_ms: u64,
    /// The last day.
    pub day: Day,
    pub summary: String,
    pub description: String,
    /// Days before it, falling.
    pub ladder: &'static [u16],
}

/// The file.
pub fn text(events: &[Event]) -> String {
    let mut lines = Lines(String::new());
    lines.add("BEGIN", "VCALENDAR");
    lines.add("VERSION", "2.0");
    lines.add("PRODID", "-//ZeroTrip//wallet-query//ZH");
    lines.add("CALSCALE", "GREGORIAN");
    lines.add("METHOD", "PUBLISH");
    for event in events {
        lines.event(event);
    }
    lines.add("END", "VCALENDAR");
    lines.0
}

struct Lines(String);

impl Lines {
    fn event(&mut self, event: &Event) {
        self.add("BEGIN", "VEVENT");
        self.add("UID", &event.uid);
        self.add("DTSTAMP", &utc_stamp(event.stamp_ms));
        self.add("DTSTART;VALUE=DATE", &date(event.day));
        self.add("DTEND;VALUE=DATE", &date(event.day.plus(1)));
        self.add("SUMMARY", &escaped(&event.summary));
        self.add("DESCRIPTION", &escaped(&event.description));
        // Nobody is busy because of it, and whoever shares a calendar need not share this.
        self.add("TRANSP", "TRANSPARENT");
        self.add("CLASS", "PRIVATE");
        for rung in event.ladder {
            self.add("BEGIN", "VALARM");
            self.add("ACTION", "DISPLAY");
            self.add("DESCRIPTION", &escaped(&event.description));
            self.add("TRIGGER", &trigger(*rung));
            self.add("END", "VALARM");
        }
        self.add("END", "VEVENT");
    }

    /// One content line, folded between characters.
    fn add(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for symbol in name.chars().chain([':']).chain(value.chars()) {
            if octets + symbol.len_utf8() > LONGEST_LINE {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(symbol);
            octets += symbol.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// Nine o'clock so many days before, counted from the beginning of the day.
fn trigger(days_before: u16) -> String {
    match days_before {
        0 => format!("PT{AT_HOUR}H"),
        days => format!("-P{}DT{}H", days - 1, 24 - AT_HOUR),
    }
}

fn date(day: Day) -> String {
    day.to_string().replace('-', "")
}

/// Section 3.3.11.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for symbol in text.chars() {
        match symbol {
            '\\' | ',' | ';' => escaped.extend(['\\', symbol]),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_75_octets_and_come_together_again() {
        let mut lines = Lines(String::new());
        let value = "机动车驾驶证，".repeat(20);
        lines.add("DESCRIPTION", &value);
        assert!(lines.0.ends_with("\r\n"));
        for line in lines.0.trim_end().split("\r\n") {
            assert!(line.len() <= LONGEST_LINE, "{line}");
        }
        assert_eq!(lines.0.replace("\r\n ", ""), format!("DESCRIPTION:{value}\r\n"));
        let mut exact = Lines(String::new());
        exact.add("X", &"a".repeat(LONGEST_LINE - 2));
        assert_eq!(exact.0.lines().count(), 1);
    }

    #[test]
    fn commas_and_the_like_are_escaped() {
        assert_eq!(escaped("a,b;c\\d\ne，"), "a\\,b\\;c\\\\d\\ne，");
    }
}
