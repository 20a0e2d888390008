//! What is recorded about a decision after it was made and changes when its late fee runs.
//!
//! A contest (行政处罚法 art. 73 ¶3: during 行政复议 or 行政诉讼 the late fee is not counted), a suspension (中止执行) and a
//! deferral (art. 66 ¶2: 暂缓缴纳). A day counts for the late fee if it is after the last day to pay and in no recorded period.

use crate::day::Day;

/// What can be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 行政复议 or 行政诉讼 is under way.
    Contest,
    /// 中止执行
    Suspension,
    /// 暂缓缴纳
    Deferral,
}

impl Kind {
    /// The stronger reason first: it is the one that a person is told.
    const ALL: [Self; 3] = [Self::Contest, Self::Suspension, Self::Deferral];

    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contest => "contest",
            Self::Suspension => "suspension",
            Self::Deferral => "deferral",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Days from the first to the last, both of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    first: Day,
    /// None while nobody knows it.
    last: Option<Day>,
}

impl Period {
    fn contains(self, day: Day) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The late fee does not run from its first day to its last.
    Contest(Period),
    /// The same.
    Suspension(Period),
    /// It is paid until this day without late fee, if that is later than the decision says.
    Deferral(Day),
}

/// Why days do not make an event of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnEvent {
    /// A contest and a suspension have a first day.
    NoFirstDay,
    /// A deferral has none.
    FirstDayOfDeferral,
    /// A deferral has a last day.
    NoLastDay,
    /// The last day is before the first.
    Backwards,
}

impl Event {
    /// From its first to its last day.
    pub fn new(kind: Kind, first: Option<Day>, last: Option<Day>) -> Result<Self, NotAnEvent> {
        if kind == Kind::Deferral {
            if first.is_some() {
                return Err(NotAnEvent::FirstDayOfDeferral);
            }
            return last.map(Self::Deferral).ok_or(NotAnEvent::NoLastDay);
        }
        let first = first.ok_or(NotAnEvent::NoFirstDay)?;
        if last.is_some_and(|last| last < first) {
            return Err(NotAnEvent::Backwards);
        }
        let period = Period { first, last };
        Ok(if kind == Kind::Contest { Self::Contest(period) } else { Self::Suspension(period) })
    }

    /// As the database writes it, days as `yyyy-MM-dd`, with the last day of its end if one was recorded. None if it is not of
    /// that form.
    pub fn stored(kind: &str, first: Option<&str>, last: Option<&str>, ended: Option<&str>) -> Option<Self> {
        let day = |text: Option<&str>| text.map(|text| Day::parse(text).ok_or(())).transpose().ok();
        let event = Self::new(Kind::named(kind)?, day(first)?, day(last)?).ok()?;
        match day(ended)? {
            Some(last) => event.ended(last).ok(),
            None => Some(event),
        }
    }

    /// The same with another last day. The day before its first means that it never ran: so is a mistake put right.
    pub fn ended(self, last: Day) -> Result<Self, NotAnEvent> {
        let ended = |period: Period| {
            let backwards = period.first.since(last) > 1;
            if backwards { Err(NotAnEvent::Backwards) } else { Ok(Period { last: Some(last), ..period }) }
        };
        Ok(match self {
            Self::Contest(period) => Self::Contest(ended(period)?),
            Self::Suspension(period) => Self::Suspension(ended(period)?),
            Self::Deferral(_) => Self::Deferral(last),
        })
    }

    fn kind(self) -> Kind {
        match self {
            Self::Contest(_) => Kind::Contest,
            Self::Suspension(_) => Kind::Suspension,
            Self::Deferral(_) => Kind::Deferral,
        }
    }

    fn period(self) -> Option<Period> {
        match self {
            Self::Contest(period) | Self::Suspension(period) => Some(period),
            Self::Deferral(_) => None,
        }
    }
}

/// All that is recorded about one decision, in any order.
#[derive(Clone, Debug, Default)]
pub struct Record(Vec<Event>);

impl FromIterator<Event> for Record {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        Self(events.into_iter().collect())
    }
}

impl Record {
    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last day without late fee, where the decision says `due`.
    pub fn due(&self, due: Day) -> Day {
        let deferred = self.0.iter().filter_map(|event| match event {
            Event::Deferral(last) => Some(*last),
            Event::Contest(_) | Event::Suspension(_) => None,
        });
        deferred.fold(due, Day::max)
    }

    /// Days after `due`, until `day` and with it, in no period: those that overlap count once.
    pub fn late_days(&self, day: Day, due: Day) -> u32 {
        let due = self.due(due);
        let late = day.since(due);
        // The days after `due` are counted from 1.
        let spans = || {
            self.0.iter().filter_map(|event| event.period()).map(|Period { first, last }| {
                (first.since(due), last.map_or(late, |last| last.since(due).min(late)))
            })
        };
        let (mut reached, mut suspended) = (0, 0);
        let next = |reached: i64| {
            let rest = spans().map(|(first, last)| (first.max(reached + 1), last));
            rest.filter(|(first, last)| first <= last).min()
        };
        while let Some((first, last)) = next(reached) {
            suspended += last - first + 1;
            reached = last;
        }
        u32::try_from(late - suspended).unwrap_or(0)
    }

    /// Why the late fee does not run on `day`, where the decision says `due`; none if nothing recorded is the reason.
    pub fn stopped(&self, day: Day, due: Day) -> Option<Kind> {
        let stops = |event: &Event| match event {
            Event::Contest(period) | Event::Suspension(period) => period.contains(day),
            Event::Deferral(last) => due < *last && day <= *last,
        };
        Kind::ALL.into_iter().find(|kind| self.0.iter().any(|event| event.kind() == *kind && stops(event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn what_is_stored_is_read_or_refused() {
        let contest = Event::stored("contest", Some("2026-01-02"), None, None);
        assert_eq!(contest, Event::new(Kind::Contest, Day::parse("2026-01-02"), None).ok());
        let ended = Event::stored("contest", Some("2026-01-02"), None, Some("2026-01-05"));
        assert_eq!(ended, Event::new(Kind::Contest, Day::parse("2026-01-02"), Day::parse("2026-01-05")).ok());
        let deferral = Event::stored("deferral", None, Some("2026-03-01"), None);
        assert_eq!(deferral, Event::new(Kind::Deferral, None, Day::parse("2026-03-01")).ok());
        for (kind, first, last, end) in [
            ("end", Some("2026-01-02"), None, None),
            ("contest", None, None, None),
            ("contest", Some("2026-02-30"), None, None),
            ("contest", Some("2026-01-02"), Some("2026-01-01"), None),
            ("contest", Some("2026-01-02"), None, Some("2025-12-31")),
            ("deferral", Some("2026-01-02"), Some("2026-03-01"), None),
        ] {
            assert_eq!(Event::stored(kind, first, last, end), None, "{kind} {first:?} {last:?} {end:?}");
        }
    }

    #[test]
    fn days_that_make_no_event_are_refused() {
        let (early, late) = (Some(day("2026-02-01")), Some(day("2026-02-02")));
        for kind in [Kind::Contest, Kind::Suspension] {
            assert_eq!(Event::new(kind, None, late), Err(NotAnEvent::NoFirstDay));
            assert_eq!(Event::new(kind, late, early), Err(NotAnEvent::Backwards));
            assert!(Event::new(kind, early, early).is_ok() && Event::new(kind, early, None).is_ok());
        }
        assert_eq!(Event::new(Kind::Deferral, None, None), Err(NotAnEvent::NoLastDay));
        assert_eq!(Event::new(Kind::Deferral, early, late), Err(NotAnEvent::FirstDayOfDeferral));
    }

    #[test]
    fn an_end_is_not_before_the_beginning_but_may_undo_it() {
        let contest = Event::new(Kind::Contest, Some(day("2026-03-01")), None).expect("an event");
        assert_eq!(contest.ended(day("2026-02-27")), Err(NotAnEvent::Backwards));
        let undone = Record::from_iter([contest.ended(day("2026-02-28")).expect("an end")]);
        assert_eq!(undone.late_days(day("2026-03-05"), day("2026-02-28")), 5);
        assert_eq!(undone.stopped(day("2026-03-01"), day("2026-02-28")), None);
        // Any day of a deferral: an earlier one takes it back.
        let deferral = Event::new(Kind::Deferral, None, Some(day("2026-04-01"))).expect("an event");
        let back = Record::from_iter([deferral.ended(day("2026-02-01")).expect("an end")]);
        assert_eq!(back.due(day("2026-02-28")), day("2026-02-28"));
    }

    #[test]
    fn a_person_is_told_the_strongest_reason_on_the_days_on_which_it_holds() {
        let (due, event) = (day("2026-03-10"), |kind, first: Option<&str>, last: Option<&str>| {
            Event::new(kind, first.map(day), last.map(day)).expect("an event")
        });
        let record = Record::from_iter([
            event(Kind::Deferral, None, Some("2026-03-20")),
            event(Kind::Suspension, Some("2026-03-15"), None),
            event(Kind::Contest, Some("2026-03-18"), Some("2026-03-25")),
            event(Kind::Deferral, None, Some("2026-03-05")),
        ]);
        for (on, kind) in [
            ("2026-03-01", Some(Kind::Deferral)),
            ("2026-03-14", Some(Kind::Deferral)),
            ("2026-03-15", Some(Kind::Suspension)),
            ("2026-03-18", Some(Kind::Contest)),
            ("2026-03-25", Some(Kind::Contest)),
            ("2026-03-26", Some(Kind::Suspension)),
        ] {
            assert_eq!(record.stopped(day(on), due), kind, "{on}");
        }
        let earlier = Record::from_iter([event(Kind::Deferral, None, Some("2026-03-10"))]);
        for record in [Record::default(), earlier] {
            assert_eq!(record.stopped(day("2026-03-01"), due), None);
        }
    }

    #[test]
    fn names_are_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        assert_eq!(Kind::named("end"), None);
    }
}
