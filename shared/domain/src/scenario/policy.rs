//! What a scenario's rule says: the form of the table.

use super::{Item, Scenario, table::POLICIES};
use crate::day::Day;
use crate::document::{Kind, Text};
use std::fmt;

/// The rule of one scenario from one day on. There are those of the table and no others.
#[derive(Debug)]
pub struct Policy {
    pub(super) scenario: Scenario,
    pub(super) version: &'static str,
    pub(super) since: Day,
    /// The law behind it, as the citizen reads it.
    pub(super) law: &'static str,
    pub(super) law_english: &'static str,
    pub(super) needs: &'static [Need],
    pub(super) discloses: &'static [Item],
    pub(super) minors: Minors,
    pub(super) adds: &'static [Addition],
    pub(super) keep: Keep,
}

/// What must be shown for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A resident ID card; a residence permit, of a resident of Hong Kong, Macau or Taiwan.
    Identity,
    /// The vehicle licence of the vehicle at hand.
    Vehicle,
    /// A residence permit, of which alone it speaks.
    Permit,
    /// The venue's question about address or vehicle.
    Question,
}

/// What is done about people under 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minors {
    /// Admitted like everybody.
    Admit,
    /// Admitted; the venue asks for a guardian and the relationship.
    AdmitWithGuardian,
    /// Nothing is disclosed, and the venue must refuse them.
    Refuse,
}

/// What the venue writes into its register besides what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addition {
    /// As the register's entry names it.
    pub name: &'static str,
    /// As staff read it.
    pub chinese: &'static str,
    /// When it is known.
    pub when: When,
    /// What kind of value it has.
    pub form: Form,
}

/// What kind of value a venue writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line of 1 to 200 characters about a thing: a room, a seat, a lock.
    Text,
    /// The same about a person.
    Personal,
    /// Unix ms, within a year of the scan: nobody types 2006 for 2026.
    Time,
    /// Yes or no.
    YesNo,
}

/// A value that a venue wrote.
#[derive(Clone, PartialEq, Eq)]
pub enum Written {
    /// Text as it came.
    Text(String),
    /// Unix ms.
    Time(u64),
    /// Yes or no.
    YesNo(bool),
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(…)")
    }
}

const YEAR_MS: u64 = 366 * 24 * 3600 * 1000;

impl Form {
    /// As clients read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Personal => "personal",
            Self::Time => "time",
            Self::YesNo => "yes-no",
        }
    }

    /// Whether `written` is of this form, in an entry made at `entered_ms`.
    pub fn takes(self, written: &Written, entered_ms: u64) -> bool {
        match (self, written) {
            (Self::Text | Self::Personal, Written::Text(text)) => text.parse::<Text>().is_ok(),
            (Self::Time, Written::Time(at)) => at.abs_diff(entered_ms) <= YEAR_MS,
            (Self::YesNo, Written::YesNo(_)) => true,
            _ => false,
        }
    }
}

/// When the venue knows what it adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When it scans.
    Now,
    /// When the guest leaves, the car is collected.
    Later,
    /// When it scans somebody under 18.
    NowForMinors,
}

impl When {
    /// Whether the entry is incomplete without it from the scan on.
    pub fn is_due(self) -> bool {
        self != Self::Later
    }
}

/// How long the venue's entry is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// There is none: the citizen's own ledger line is all.
    Nothing,
    /// Days after the day of the entry.
    Days(u16),
    /// Months.
    Months(u16),
    /// Years.
    Years(u16),
}

impl Policy {
    /// The one in force on `today`; before the first, that.
    pub fn in_force(scenario: Scenario, today: Day) -> &'static Self {
        let mut versions = POLICIES.iter().filter(|policy| policy.scenario == scenario);
        let newest = versions.clone().rfind(|policy| policy.since <= today);
        newest.or_else(|| versions.next()).expect("the table has every scenario")
    }

    /// The one of this version, as an entry names it.
    pub fn versioned(version: &str) -> Option<&'static Self> {
        POLICIES.iter().find(|policy| policy.version == version)
    }

    /// Where it holds.
    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// Its name, e.g. `hotel@2025-04`.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// What must be shown.
    pub fn needs(&self) -> &'static [Need] {
        self.needs
    }

    /// Everything that a venue is ever told under it.
    pub fn discloses(&self) -> &'static [Item] {
        self.discloses
    }

    /// What is done about people under 18.
    pub fn minors(&self) -> Minors {
        self.minors
    }

    /// What the venue adds about somebody who is a minor or not.
    pub fn adds(&self, minor: bool) -> impl Iterator<Item = Addition> {
        self.adds.iter().copied().filter(move |addition| minor || addition.when != When::NowForMinors)
    }

    /// How long the entry is kept.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Which documents a code for it may name.
    pub fn takes(&self, kind: Kind) -> bool {
        self.needs.iter().any(|need| match need {
            Need::Identity => matches!(kind, Kind::ResidentId | Kind::ResidencePermit),
            Need::Vehicle => kind == Kind::VehicleLicence,
            Need::Permit => kind == Kind::ResidencePermit,
            Need::Question => matches!(kind, Kind::ResidencePermit | Kind::VehicleLicence),
        })
    }

    /// What the citizen reads before a code is made, in Chinese.
    pub fn told(&self) -> String {
        let items: Vec<&str> = self.discloses.iter().map(|item| item.chinese()).collect();
        let minors = match self.minors {
            Minors::Admit => "",
            Minors::AdmitWithGuardian => "未满18周岁的，须登记监护人联系方式及关系。",
            Minors::Refuse => "未满18周岁的，不出示任何信息，场所不得接待。",
        };
        let kept = match self.keep {
            Keep::Nothing => "场所不登记、不保存。".to_owned(),
            Keep::Days(days) => format!("登记保存{days}日。"),
            Keep::Months(months) => format!("登记保存{months}个月。"),
            Keep::Years(years) => format!("登记保存{years}年。"),
        };
        let (scenario, items) = (self.scenario.chinese(), items.join("、"));
        format!("{scenario}将向对方出示：{items}。{minors}{kept}依据：{}。", self.law)
    }

    /// The same in English.
    pub fn told_in_english(&self) -> String {
        let items: Vec<&str> = self.discloses.iter().map(|item| item.english()).collect();
        let minors = match self.minors {
            Minors::Admit => "",
            Minors::AdmitWithGuardian => " For a minor a guardian's contact and relationship are recorded.",
            Minors::Refuse => " Nothing is shown of a minor, who must be refused.",
        };
        let kept = match self.keep {
            Keep::Nothing => "Nothing is recorded or kept there.".to_owned(),
            Keep::Days(days) => format!("The entry is kept for {days} days."),
            Keep::Months(months) => format!("The entry is kept for {months} months."),
            Keep::Years(years) => format!("The entry is kept for {years} years."),
        };
        format!("They will see: {}.{minors} {kept} Legal basis: {}.", items.join(", "), self.law_english)
    }
}

impl Keep {
    /// The last day on which an entry of this day is kept; none if there is no entry.
    pub fn until(self, entered: Day) -> Option<Day> {
        match self {
            Self::Nothing => None,
            Self::Days(days) => Some(entered.plus(days)),
            Self::Months(months) => Some(entered.plus_months(i32::from(months))),
            Self::Years(years) => Some(entered.plus_years(years)),
        }
    }
}
