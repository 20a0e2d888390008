//! How a document stands, shown as drivers know it from 12123: normal, or red with the reason.

use super::{Deadline, Term};
use crate::day::Day;
use crate::document::{Document, Status};

/// Points in a scoring period with which a licence is withheld (道路交通安全法 art. 24, R).
pub const FULL_POINTS: u16 = 12;
/// Full years after its end at which a driving licence that nobody renewed is cancelled (机动车驾驶证申领和使用规定, W).
const LAPSED_YEARS: u16 = 1;

/// Why a document is red, the weightiest first: that one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// 挂失
    Lost,
    /// 注销, by the registry or because a driving licence was not renewed for a year.
    Cancelled,
    /// 暂扣, 中止
    Suspended,
    /// 有效期已过
    Expired,
    /// 逾期未签注: a residence permit's function is suspended until it is endorsed.
    EndorsementMissed,
    /// 记满12分
    PointsFull,
    /// 逾期未检验
    InspectionOverdue,
    /// It ends soon and may be renewed.
    Expiring,
    /// A residence permit may and must be endorsed.
    EndorsementDue,
    /// A vehicle may and must be inspected.
    InspectionDue,
}

/// How a document stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is to be done.
    Normal,
    /// Something is wrong or due.
    Red(Reason),
}

impl State {
    /// Of `document` on `today`.
    pub fn of(document: &Document, today: Day) -> Self {
        let registered = match document.status() {
            Status::Normal => None,
            Status::Lost => Some(Reason::Lost),
            Status::Cancelled => Some(Reason::Cancelled),
            Status::Suspended => Some(Reason::Suspended),
        };
        let driving = match document {
            Document::DrivingLicence(paper) => {
                let lapsed = paper.valid_to.last().is_some_and(|last| today > last.plus_years(LAPSED_YEARS));
                let full = paper.points.get() >= FULL_POINTS;
                [lapsed.then_some(Reason::Cancelled), full.then_some(Reason::PointsFull)]
            }
            _ => [None, None],
        };
        let deadlines = Deadline::of(document, today);
        let dated = deadlines.iter().filter_map(|deadline| overdue_or_due(deadline, today));
        let worst = registered.into_iter().chain(driving.into_iter().flatten()).chain(dated).min();
        worst.map_or(Self::Normal, Self::Red)
    }

    /// `normal`, or the reason's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Red(reason) => reason.name(),
        }
    }

    /// As its holder reads it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Normal => "正常",
            Self::Red(reason) => reason.chinese(),
        }
    }

    /// Whether a document that stands so proves anything to anybody; else why not. Points and inspections concern driving, not
    /// who somebody is or whose a car is.
    pub fn proves(self) -> Result<(), Reason> {
        match self {
            Self::Red(reason) if reason <= Reason::EndorsementMissed => Err(reason),
            Self::Normal | Self::Red(_) => Ok(()),
        }
    }
}

fn overdue_or_due(deadline: &Deadline, today: Day) -> Option<Reason> {
    let (over, due) = match deadline.term() {
        Term::Validity => (Reason::Expired, Reason::Expiring),
        Term::Inspection => (Reason::InspectionOverdue, Reason::InspectionDue),
        Term::YearlyEndorsement => (Reason::EndorsementMissed, Reason::EndorsementDue),
        // The permit itself is as good without it.
        Term::TravelEndorsement => return None,
    };
    match today {
        today if today > deadline.last() => Some(over),
        today if today >= deadline.opens() => Some(due),
        _ => None,
    }
}

impl Reason {
    /// As clients read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::EndorsementMissed => "endorsement-missed",
            Self::PointsFull => "points-full",
            Self::InspectionOverdue => "inspection-overdue",
            Self::Expiring => "expiring",
            Self::EndorsementDue => "endorsement-due",
            Self::InspectionDue => "inspection-due",
        }
    }

    /// As people read it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Lost => "已挂失",
            Self::Cancelled => "已注销",
            Self::Suspended => "已暂扣或中止使用",
            Self::Expired => "已过有效期",
            Self::EndorsementMissed => "逾期未签注，使用功能中止",
            Self::PointsFull => "记分满12分",
            Self::InspectionOverdue => "逾期未检验",
            Self::Expiring => "即将到期，可办理换证",
            Self::EndorsementDue => "可办理签注",
            Self::InspectionDue => "可办理检验",
        }
    }
}
