//! The days that a document's holder must not miss.

use super::{inspection, next_endorsement, yearly};
use crate::day::Day;
use crate::document::{Document, Endorsement, Kind};

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The document.
    Validity,
    /// The mark of a vehicle's inspection (检验有效期).
    Inspection,
    /// A residence permit's function, unless it is endorsed.
    YearlyEndorsement,
    /// A permission to enter Hong Kong, Macau or Taiwan.
    TravelEndorsement,
}

/// When something may be done about it: from so long before the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Days before it.
    Days(u16),
    /// Whole months, of which the last ends with it.
    Months(u16),
}

/// What holds for one term of one kind of document.
pub struct Rule {
    kind: Kind,
    term: Term,
    /// When a renewal may begin.
    pub window: Window,
    /// Days before the last at which the holder is reminded, falling.
    pub ladder: &'static [u16],
    /// Where the window comes from.
    pub law: &'static str,
}

/// The ladder of documents (W).
const DOCUMENT: &[u16] = &[180, 90, 30, 7, 0];
/// Of what can be done about only in the last months, and returns soon.
const INSPECTION: &[u16] = &[90, 30, 7, 0];
/// Residence permits (W): 30 days, since nothing can be done before. Endorsements for travel are often valid for three months.
const SHORT: &[u16] = &[30, 7, 0];

const fn rule(kind: Kind, term: Term, window: Window, ladder: &'static [u16], law: &'static str) -> Rule {
    Rule { kind, term, window, ladder, law }
}

static RULES: [Rule; 10] = {
    use Kind::{
        DrivingLicence, HkMacauPermit, Passport, ResidencePermit, ResidentId, TaiwanPermit, VehicleLicence,
    };
    use Term::{TravelEndorsement, Validity, YearlyEndorsement};
    [
        // R: no law names a first day; windows take it in the last three months.
        rule(ResidentId, Validity, Window::Months(3), DOCUMENT, "居民身份证法第十一条"),
        // W
        rule(
            ResidencePermit,
            YearlyEndorsement,
            Window::Months(yearly::WINDOW_MONTHS as u16),
            SHORT,
            "居住证暂行条例第十条",
        ),
        // That of residents of Hong Kong, Macau and Taiwan, five years (W).
        rule(ResidencePermit, Validity, Window::Days(30), SHORT, "港澳台居民居住证申领发放办法"),
        // W
        rule(DrivingLicence, Validity, Window::Days(90), DOCUMENT, "机动车驾驶证申领和使用规定"),
        // W
        rule(
            VehicleLicence,
            Term::Inspection,
            Window::Months(inspection::WINDOW_MONTHS),
            INSPECTION,
            "机动车登记规定",
        ),
        // R: less than six months left is reason enough, and many states want six months on entry.
        rule(Passport, Validity, Window::Months(6), DOCUMENT, "护照法第十一条"),
        // R
        rule(
            HkMacauPermit,
            Validity,
            Window::Months(6),
            DOCUMENT,
            "中国公民因私事往来香港地区或者澳门地区的暂行管理办法",
        ),
        rule(
            HkMacauPermit,
            TravelEndorsement,
            Window::Days(30),
            SHORT,
            "中国公民因私事往来香港地区或者澳门地区的暂行管理办法",
        ),
        rule(TaiwanPermit, Validity, Window::Months(6), DOCUMENT, "中国公民往来台湾地区管理办法"),
        rule(TaiwanPermit, TravelEndorsement, Window::Days(30), SHORT, "中国公民往来台湾地区管理办法"),
    ]
};

/// One of a document's.
#[derive(Clone, Copy)]
pub struct Deadline {
    rule: &'static Rule,
    last: Day,
    endorsement: Option<Endorsement>,
}

impl Deadline {
    /// All that a document has. Endorsements that are used up or over have none.
    pub fn of(document: &Document, today: Day) -> Vec<Self> {
        let kind = document.kind();
        let one = |term: Term, last: Day| Self { rule: Rule::of(kind, term), last, endorsement: None };
        let travel = |endorsements: &[Endorsement]| -> Vec<Self> {
            let left = endorsements.iter().filter(|endorsement| endorsement.is_left(today));
            left.map(|left| Self { endorsement: Some(*left), ..one(Term::TravelEndorsement, left.last()) })
                .collect()
        };
        match document {
            Document::ResidentId(paper) => {
                paper.valid_to.last().map(|last| one(Term::Validity, last)).into_iter().collect()
            }
            Document::ResidencePermit(paper) => vec![match paper.valid_to {
                Some(last) => one(Term::Validity, last),
                None => one(Term::YearlyEndorsement, next_endorsement(paper.issued, &paper.endorsed)),
            }],
            Document::DrivingLicence(paper) => {
                paper.valid_to.last().map(|last| one(Term::Validity, last)).into_iter().collect()
            }
            Document::VehicleLicence(paper) => vec![one(Term::Inspection, paper.inspection_to.month_end())],
            Document::Passport(paper) => vec![one(Term::Validity, paper.valid_to)],
            Document::HkMacauPermit(paper) => {
                [vec![one(Term::Validity, paper.valid_to)], travel(&paper.endorsements)].concat()
            }
            Document::TaiwanPermit(paper) => {
                [vec![one(Term::Validity, paper.valid_to)], travel(&paper.endorsements)].concat()
            }
        }
    }

    /// What ends.
    pub fn term(&self) -> Term {
        self.rule.term
    }

    /// The rule behind it.
    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// The last day on which it is in order.
    pub fn last(&self) -> Day {
        self.last
    }

    /// Which endorsement, if it is one's.
    pub fn endorsement(&self) -> Option<Endorsement> {
        self.endorsement
    }

    /// The first day on which something may be done about it.
    pub fn opens(&self) -> Day {
        match self.rule.window {
            Window::Days(days) => self.last.minus(days),
            Window::Months(months) => self.last.plus(1).plus_months(-i32::from(months)),
        }
    }

    /// Days from `today` to the last; negative when it is over.
    pub fn days_left(&self, today: Day) -> i64 {
        self.last.since(today)
    }
}

impl Rule {
    fn of(kind: Kind, term: Term) -> &'static Self {
        let rule = RULES.iter().find(|rule| rule.kind == kind && rule.term == term);
        rule.expect("the table has a rule for every deadline that `Deadline::of` makes")
    }
}

impl Term {
    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validity => "validity",
            Self::Inspection => "inspection",
            Self::YearlyEndorsement => "yearly-endorsement",
            Self::TravelEndorsement => "travel-endorsement",
        }
    }

    /// As people read it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Validity => "有效期",
            Self::Inspection => "检验有效期",
            Self::YearlyEndorsement => "签注期限",
            Self::TravelEndorsement => "往来签注有效期",
        }
    }
}
