//! How documents are shown to their holder.

use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_domain::document::{Field, Value};
use zerotrip_domain::expiry::{Deadline, State, rung};
use zerotrip_domain::{Day, Document, mask};

/// Red or not, and why.
#[derive(Serialize, ToSchema)]
pub struct ShownState {
    /// `normal` or `red`
    state: &'static str,
    /// Why it is red, e.g. `expired`; else none.
    reason: Option<&'static str>,
    /// As people read it.
    chinese: &'static str,
}

/// A day not to be missed.
#[derive(Serialize, ToSchema)]
pub struct ShownDeadline {
    /// `validity`, `inspection`, `yearly-endorsement` or `travel-endorsement`
    term: &'static str,
    term_zh: &'static str,
    /// Which endorsement, if it is one's: place, type and times.
    endorsement: Option<String>,
    /// The last day on which it is in order, and the first on which something may be done about it; `yyyy-MM-dd`.
    last: String,
    opens: String,
    /// Negative when it is over.
    days_left: i64,
    /// The rung of the ladder of reminders that holds today; none before the first.
    rung: Option<u16>,
    /// Where the rule comes from.
    law: &'static str,
}

/// A document in the list: its number is masked.
#[derive(Serialize, ToSchema)]
pub struct ShownDocument {
    number: String,
    state: ShownState,
    deadlines: Vec<ShownDeadline>,
}

/// One field.
#[derive(Serialize, ToSchema)]
pub struct ShownField {
    name: &'static str,
    chinese: &'static str,
    value: ShownValue,
}

/// One text, or several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ShownValue {
    Text(String),
    List(Vec<String>),
}

impl ShownState {
    pub fn of(document: &Document, today: Day) -> Self {
        let state = State::of(document, today);
        let reason = match state {
            State::Normal => None,
            State::Red(reason) => Some(reason.name()),
        };
        let name = if reason.is_none() { "normal" } else { "red" };
        Self { state: name, reason, chinese: state.chinese() }
    }
}

impl ShownDeadline {
    pub fn of(deadline: &Deadline, today: Day) -> Self {
        let endorsement = deadline.endorsement().map(|one| {
            let times = one.times().map_or_else(|| "many".to_owned(), |times| times.to_string());
            format!("{} {} {times}", one.place().name(), one.kind())
        });
        let days_left = deadline.days_left(today);
        Self {
            term: deadline.term().name(),
            term_zh: deadline.term().chinese(),
            endorsement,
            last: deadline.last().to_string(),
            opens: deadline.opens().to_string(),
            days_left,
            rung: rung(deadline.rule().ladder, days_left),
            law: deadline.rule().law,
        }
    }

    pub fn all(document: &Document, today: Day) -> Vec<Self> {
        Deadline::of(document, today).iter().map(|deadline| Self::of(deadline, today)).collect()
    }
}

impl ShownDocument {
    pub fn of(document: &Document, today: Day) -> Self {
        Self {
            number: document.masked_number(),
            state: ShownState::of(document, today),
            deadlines: ShownDeadline::all(document, today),
        }
    }
}

/// Everything that a document says.
pub fn whole(document: &Document) -> Vec<ShownField> {
    document.fields().into_iter().map(|(field, value)| shown(field, value)).collect()
}

/// The same for whoever has not been proven for a while: numbers are masked; picture, addresses and place of birth are left out.
pub fn masked(document: &Document) -> Vec<ShownField> {
    let kept = document.fields().into_iter().filter(|(field, _)| {
        !matches!(field, Field::Photo | Field::Address | Field::HomeAddress | Field::BirthPlace)
    });
    let masked = kept.map(|(field, value)| match (field, value) {
        (Field::IdNumber | Field::Number | Field::Plate, _) => (field, Value::Text(document.masked_number())),
        (Field::Vin | Field::EngineNumber | Field::FileNumber, Value::Text(number)) => {
            (field, Value::Text(mask::number(&number)))
        }
        other => other,
    });
    masked.map(|(field, value)| shown(field, value)).collect()
}

fn shown(field: Field, value: Value) -> ShownField {
    let value = match value {
        Value::Text(text) => ShownValue::Text(text),
        Value::List(all) => ShownValue::List(all),
    };
    ShownField { name: field.name(), chinese: field.chinese(), value }
}
