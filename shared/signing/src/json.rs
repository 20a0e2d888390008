//! JSON one level at a time: the parts of a value stay text until somebody asks for them.
//!
//! One reader serves our variables and Alipay's answers. Derived `Deserialize` would build a parser for each type, and
//! messages with every number format, which nobody may see: they could show a key.

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON value whose parts are checked for syntax but not read.
pub(crate) enum Json<'a> {
    /// A string without its escapes.
    String(String),
    /// The elements in order.
    Array(Vec<&'a RawValue>),
    /// The members in order, doubled names included.
    Object(Vec<(String, &'a RawValue)>),
    /// `null`, a boolean or a number.
    Scalar,
}

/// Reads `text`, which must hold one value and nothing else.
pub(crate) fn read(text: &str) -> serde_json::Result<Json<'_>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = json.deserialize_any(AnyValue)?;
    json.end()?;
    Ok(value)
}

impl<'a> Json<'a> {
    /// The members of an object, each under its place in `names`. None for a doubled one or one of another name.
    pub(crate) fn members<const N: usize>(self, names: [&str; N]) -> Option<[Option<&'a str>; N]> {
        let Json::Object(members) = self else { return None };
        let mut found = [None; N];
        for (name, raw) in members {
            let place = names.iter().position(|known| *known == name)?;
            if found[place].replace(raw.get()).is_some() {
                return None;
            }
        }
        Some(found)
    }
}

/// The elements of the array `text`.
pub(crate) fn elements(text: &str) -> Option<Vec<&RawValue>> {
    if let Ok(Json::Array(elements)) = read(text) { Some(elements) } else { None }
}

/// The content of the string `text`.
pub(crate) fn string(text: &str) -> Option<String> {
    if let Ok(Json::String(content)) = read(text) { Some(content) } else { None }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Scalar)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json<'de>, E> {
        Ok(Json::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json<'de>, E> {
        Ok(Json::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json<'de>, E> {
        Ok(Json::Scalar)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Json<'de>, S::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Json<'de>, M::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}
