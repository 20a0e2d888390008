//! An entry as staff and officers read it.

use crate::register::{Entry, time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::sealed::opened_as;
use zerotrip_domain::scenario::{Addition, Form, Item, Written};
use zerotrip_domain::{Day, IdNumber, Plate, mask};
use zerotrip_platform::{Problem, Row};

/// For so long staff see again what they were told: a shift that made a mistake can look. After that the duty is to keep the
/// register, not to read in it; the police still can.
const STAFF_SEE_MS: u64 = 24 * 3600 * 1000;

/// Text, Unix ms, or yes and no.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Value {
    YesNo(bool),
    Time(u64),
    Text(String),
}

impl From<Value> for Written {
    fn from(value: Value) -> Self {
        match value {
            Value::YesNo(yes) => Self::YesNo(yes),
            Value::Time(at) => Self::Time(at),
            Value::Text(text) => Self::Text(text),
        }
    }
}

/// One thing that the venue was told.
#[derive(Clone, Serialize, ToSchema)]
pub struct Told {
    pub name: &'static str,
    pub chinese: &'static str,
    pub value: Value,
}

/// One thing that the venue added. A later one of the same name corrects an earlier one.
#[derive(Serialize, ToSchema)]
pub struct Line {
    pub name: String,
    /// Left out of what staff see of people after a day.
    pub value: Option<Value>,
    /// Unix ms.
    pub at: u64,
    pub person: String,
}

impl Line {
    /// Of the columns id, name, `value_sealed`, at, person.
    pub fn of(row: &Row) -> Result<Self, Problem> {
        let value = opened_as(row, 2, &format!("register_additions.value/{}", row.text(0)?))?;
        let value = serde_json::from_str(&value);
        Ok(Self {
            name: row.text(1)?.to_owned(),
            value: Some(value.map_err(|_| Problem::unavailable("a stored addition is not of its form"))?),
            at: time(row, 3)?,
            person: row.text(4)?.to_owned(),
        })
    }
}

/// What the venue is still to add.
#[derive(Serialize, ToSchema)]
pub struct Open {
    name: &'static str,
    chinese: &'static str,
    /// `text`, `personal`, `time` (Unix ms) or `yes-no`
    form: &'static str,
}

impl From<Addition> for Open {
    fn from(Addition { name, chinese, form, .. }: Addition) -> Self {
        Self { name, chinese, form: form.name() }
    }
}

/// An entry.
#[derive(Serialize, ToSchema)]
pub struct Shown {
    entry: String,
    /// Unix ms.
    at: u64,
    policy: &'static str,
    minor: bool,
    /// Whether names and numbers are masked and the rest is left out: for staff, after a day.
    masked: bool,
    disclosed: Vec<Told>,
    /// The oldest first.
    additions: Vec<Line>,
    /// Due, and not there.
    missing: Vec<Open>,
    /// Due when the guest leaves, the car is collected.
    later: Vec<Open>,
    /// Unix ms by which a guest from outside the mainland is reported to the police; none for others.
    report_by: Option<u64>,
    /// Unix ms.
    reported_at: Option<u64>,
    /// Unix ms.
    kept_until: u64,
}

impl Shown {
    /// To whoever may see all of it.
    pub fn whole(entry: Entry, additions: Vec<Line>) -> Self {
        let added = |name: &str| additions.iter().any(|line| line.name == name);
        let open = |due| entry.missing(added, due).into_iter().map(Open::from).collect();
        Self {
            entry: entry.id.to_string(),
            at: entry.at,
            policy: entry.policy.version(),
            minor: entry.minor,
            masked: false,
            missing: open(true),
            later: open(false),
            report_by: entry.to_be_reported_by(),
            reported_at: entry.reported_at,
            kept_until: entry.kept_until,
            disclosed: entry.told,
            additions,
        }
    }

    /// To the venue's own staff.
    pub fn to_staff(entry: Entry, additions: Vec<Line>, now: u64) -> Self {
        let (fresh, policy) = (entry.at + STAFF_SEE_MS > now, entry.policy);
        let mut shown = Self::whole(entry, additions);
        if fresh {
            return shown;
        }
        shown.masked = true;
        shown.disclosed = shown.disclosed.iter().filter_map(|told| masked(told, Day::at(now))).collect();
        let personal = |name: &str| {
            policy.adds(true).any(|addition| addition.name == name && addition.form == Form::Personal)
        };
        for line in &mut shown.additions {
            if personal(&line.name) {
                line.value = None;
            }
        }
        shown
    }
}

/// A name or a number as the desk needs it to find a guest again; nothing of the rest.
fn masked(told: &Told, today: Day) -> Option<Told> {
    let Value::Text(text) = &told.value else { return None };
    let is = |item: Item| told.name == item.name();
    let text = if is(Item::Name) {
        mask::name(text)
    } else if is(Item::DocumentNumber) {
        IdNumber::parse(text, today).ok()?.masked()
    } else if is(Item::Plate) {
        text.parse::<Plate>().ok()?.masked()
    } else if is(Item::DocumentKind) {
        text.clone()
    } else {
        return None;
    };
    Some(Told { value: Value::Text(text), ..told.clone() })
}

/// The surname in an entry, for a list.
pub fn masked_name(told: &[Told]) -> Option<String> {
    let name = told.iter().find(|told| told.name == Item::Name.name())?;
    match &name.value {
        Value::Text(text) => Some(mask::name(text)),
        Value::YesNo(_) | Value::Time(_) => None,
    }
}
