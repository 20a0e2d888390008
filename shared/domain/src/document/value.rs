//! How a field is written: the registry's JSON, stored documents and answers to the holder all use these texts.

use crate::day::Day;
use crate::id_number::IdNumber;
use crate::plate::Plate;
use std::fmt;

/// A JSON string, or an array of them. Personal data: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// One text.
    Text(String),
    /// Several, perhaps none.
    List(Vec<String>),
}

impl Value {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

/// What a field holds once it is read.
pub(crate) trait Part: Sized {
    /// None if it is missing though it must not, or is not of the form.
    fn read(value: Option<&Value>, today: Day) -> Option<Self>;
    /// None if there is nothing to write.
    fn write(&self) -> Option<Value>;
}

/// What may be missing, but may not be wrong.
impl<T: Part> Part for Option<T> {
    fn read(value: Option<&Value>, today: Day) -> Option<Self> {
        match value {
            None => Some(None),
            Some(value) => T::read(Some(value), today).map(Some),
        }
    }

    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(T::write)
    }
}

/// Personal data: shown by `as_str` alone, never by `Display`.
macro_rules! by_text {
    ($($part:ty),* $(,)?) => {
        $(impl Part for $part {
            fn read(value: Option<&Value>, _: Day) -> Option<Self> {
                value?.text()?.parse().ok()
            }

            fn write(&self) -> Option<Value> {
                Some(self.as_str().into())
            }
        })*
    };
}

macro_rules! by_display {
    ($($part:ty),* $(,)?) => {
        $(impl Part for $part {
            fn read(value: Option<&Value>, _: Day) -> Option<Self> {
                value?.text()?.parse().ok()
            }

            fn write(&self) -> Option<Value> {
                Some(Value::Text(self.to_string()))
            }
        })*
    };
}

by_text! {
    super::FileNumber, super::HkMacauPermitNumber, super::PassportNumber, super::Photo, super::TaiwanPermitNumber,
    super::Text, super::Vin, Plate,
}
by_display! { super::Class, super::Endorsement, super::Points, super::Seats, super::Sex, super::Status, super::Until }

impl Part for Day {
    fn read(value: Option<&Value>, _: Day) -> Option<Self> {
        Day::parse(value?.text()?)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.to_string()))
    }
}

impl Part for IdNumber {
    fn read(value: Option<&Value>, today: Day) -> Option<Self> {
        IdNumber::parse(value?.text()?, today).ok()
    }

    fn write(&self) -> Option<Value> {
        Some(self.as_str().into())
    }
}

/// What there may be several of: an array of texts, perhaps empty.
impl<T: Part> Part for Vec<T> {
    fn read(value: Option<&Value>, today: Day) -> Option<Self> {
        match value? {
            Value::List(all) if all.len() <= LONGEST_LIST => {
                all.iter().map(|text| T::read(Some(&text.as_str().into()), today)).collect()
            }
            _ => None,
        }
    }

    fn write(&self) -> Option<Value> {
        let text = |value| match value {
            Value::Text(text) => Some(text),
            Value::List(_) => None,
        };
        Some(Value::List(self.iter().filter_map(T::write).filter_map(text).collect()))
    }
}

/// More than this on one document is an error of the registry's.
const LONGEST_LIST: usize = 100;
