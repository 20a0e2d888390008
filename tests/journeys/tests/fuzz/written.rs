//! What people and the registry write.

use crate::{NOW, Target};
use serde_json::Value;
use zerotrip_domain::document::{Document, Kind, Value as Part};
use zerotrip_domain::scenario::Address;
use zerotrip_domain::{CreditCode, Day, IdNumber, Phone, Plate, day};
use zerotrip_sandbox::{people, registry};

pub fn targets() -> Vec<Target> {
    let today = Day::at(NOW);
    let as_of = i64::try_from(NOW).expect("in range");
    let documents = Kind::ALL.into_iter().flat_map(|kind| {
        let held = people::all().iter().flat_map(|person| registry::documents(person, kind.name(), as_of));
        let held: Vec<_> = held.map(|paper| (kind, Value::Object(paper))).collect();
        assert!(!held.is_empty(), "nobody has a {kind:?}");
        held
    });
    let documents: Vec<(Kind, Value)> = documents.collect();
    let fields = |bytes: &[u8]| -> Option<Vec<(String, Part)>> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else { return None };
        let part = |value: &Value| match value {
            Value::String(text) => Some(Part::Text(text.clone())),
            Value::Array(all) => {
                all.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>().map(Part::List)
            }
            _ => None,
        };
        fields.iter().map(|(name, value)| Some((name.clone(), part(value)?))).collect()
    };
    let read = move |kind: Kind, fields: &[(String, Part)]| {
        Document::read(kind, fields.iter().map(|(name, part)| (name.as_str(), part.clone())), today)
    };
    for (kind, document) in &documents {
        let fields = fields(document.to_string().as_bytes()).expect("texts and lists");
        assert!(read(*kind, &fields).is_ok(), "{kind:?}: {document}");
    }
    let document = move |bytes: &[u8]| {
        let Some(fields) = fields(bytes) else { return true };
        Kind::ALL.into_iter().all(|kind| match read(kind, &fields) {
            Err(_) => true,
            Ok(read) => {
                let again =
                    read.fields().into_iter().map(|(field, part)| (field.name(), part)).collect::<Vec<_>>();
                Document::read(kind, again, today) == Ok(read)
            }
        })
    };
    vec![
        Target::new(
            "document",
            documents.into_iter().map(|(_, document)| document.to_string().into_bytes()).collect(),
            document,
        ),
        Target::text("ID number", &["11010519491231002X", "11010519491231002x"], move |text| {
            IdNumber::parse(text, today).map_or(true, |number| number.as_str() == text.to_ascii_uppercase())
        }),
        Target::text("plate", &["吉A12345", "吉a·12345", "京AD12345"], |text| {
            text.parse::<Plate>().map_or(true, |plate| plate.as_str().parse() == Ok(plate))
        }),
        Target::text("credit code", &["91350100M000100Y43"], |text| {
            text.parse::<CreditCode>().map_or(true, |code| code.to_string() == text.to_ascii_uppercase())
        }),
        Target::text("phone", &["13812345678"], |text| {
            text.parse::<Phone>().map_or(true, |phone| phone.as_str().len() == 11)
        }),
        Target::text("address", &["长春市南关区示例街２号"], |text| {
            // Punctuation and width do not count, and counted out once they stay so.
            let Ok(Ok(address)) = text.parse().map(|text| Address::new(&text)) else { return true };
            let spaced: String = text.chars().flat_map(|c| [c, ' ']).collect();
            spaced.trim().parse().map_or(true, |spaced| Address::new(&spaced) == Ok(address))
        }),
        Target::text("times", &["2026-11-25 10:00:00", "2026-11-25T10:00:00+08:00", "2026-11-25"], |text| {
            let day = Day::parse(text).is_none_or(|day| Day::parse(&day.to_string()) == Some(day));
            let stamp = day::parse_stamp(text).is_none_or(|at| day::parse_stamp(&day::stamp(at)) == Some(at));
            day && stamp && day::parse_rfc3339(text).is_none_or(|at| at < u64::MAX)
        }),
    ]
}
