//! Documents of people who do not exist, and what holds for all seven.

use super::*;
use crate::id_number::IdNumber;

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

pub(crate) const TODAY: &str = "2026-11-25";
/// One grey pixel.
pub(crate) const PHOTO: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/// The fields of one document of each kind, as the registry gives them. The number is the example of GB 11643-1999.
pub(crate) fn sample(kind: Kind) -> Vec<(&'static str, Value)> {
    let list = |all: &[&str]| Value::List(all.iter().map(|text| (*text).to_owned()).collect());
    let (number, name) = ("11010519491231002X", "欧阳晓燕");
    let mut fields: Vec<(&'static str, Value)> = match kind {
        Kind::ResidentId => vec![
            ("sex", "female".into()),
            ("ethnicity", "满".into()),
            ("birth_date", "1949-12-31".into()),
            ("address", "北京市朝阳区示例路1号".into()),
            ("id_number", number.into()),
            ("photo", PHOTO.into()),
            ("valid_from", "2010-05-10".into()),
            ("valid_to", "long-term".into()),
            ("authority", "北京市公安局朝阳分局".into()),
        ],
        Kind::ResidencePermit => vec![
            ("sex", "female".into()),
            ("ethnicity", "满".into()),
            ("birth_date", "1949-12-31".into()),
            ("id_number", number.into()),
            ("photo", PHOTO.into()),
            ("home_address", "北京市朝阳区示例路1号".into()),
            ("address", "长春市南关区示例街2号".into()),
            ("authority", "长春市公安局南关分局".into()),
            ("issued", "2024-03-10".into()),
            ("endorsed", list(&["2025-03-01", "2026-02-20"])),
        ],
        Kind::DrivingLicence => vec![
            ("sex", "female".into()),
            ("nationality", "中国".into()),
            ("address", "长春市南关区示例街2号".into()),
            ("id_number", number.into()),
            ("first_issued", "2011-06-01".into()),
            ("classes", list(&["C1", "D"])),
            ("valid_to", "2027-06-01".into()),
            ("file_number", "220100123456".into()),
            ("points", "3".into()),
        ],
        Kind::VehicleLicence => vec![
            ("plate", "吉A12345".into()),
            ("vehicle_type", "小型轿车".into()),
            ("owner", name.into()),
            ("address", "长春市南关区示例街3号".into()),
            ("use", "非营运".into()),
            ("model", "示例牌SL7180".into()),
            ("vin", "LSVNV2187E2100001".into()),
            ("engine_number", "A12B34567".into()),
            ("registered", "2017-03-15".into()),
            ("issued", "2017-03-16".into()),
            ("inspection_to", "2027-03-31".into()),
            ("seats", "5".into()),
        ],
        Kind::Passport => vec![
            ("number", "EA1234567".into()),
            ("sex", "female".into()),
            ("birth_date", "1949-12-31".into()),
            ("birth_place", "北京".into()),
            ("issued", "2019-05-10".into()),
            ("valid_to", "2029-05-09".into()),
            ("authority", "国家移民管理局".into()),
        ],
        Kind::HkMacauPermit => vec![
            ("number", "CD1234567".into()),
            ("latin_name", "OUYANG, XIAOYAN".into()),
            ("valid_from", "2019-05-10".into()),
            ("valid_to", "2029-05-09".into()),
            ("endorsements", list(&["HKG G 2 2026-05-10/2027-05-09", "MAC G 1 2026-05-10/2027-05-09"])),
        ],
        Kind::TaiwanPermit => vec![
            ("number", "L12345678".into()),
            ("latin_name", "OUYANG, XIAOYAN".into()),
            ("valid_from", "2019-05-10".into()),
            ("valid_to", "2029-05-09".into()),
            ("endorsements", list(&[])),
        ],
    };
    fields.push(("status", "normal".into()));
    if kind != Kind::VehicleLicence {
        fields.push(("name", name.into()));
    }
    fields
}

/// The sample with some fields otherwise.
pub(crate) fn document(kind: Kind, changes: &[(&'static str, Value)]) -> Document {
    let mut fields = sample(kind);
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    fields.extend(changes.iter().cloned());
    Document::read(kind, fields, day(TODAY)).expect("a document")
}

#[test]
fn a_document_is_written_as_it_was_read() {
    for kind in Kind::ALL {
        let document = document(kind, &[]);
        assert_eq!(document.kind(), kind);
        let written = document.fields();
        assert_eq!(written.len(), sample(kind).len(), "{kind:?}");
        for (name, value) in sample(kind) {
            assert!(written.contains(&(Field::named(name).expect(name), value)), "{kind:?} {name}");
        }
        let again = written.iter().map(|(field, value)| (field.name(), value.clone()));
        assert_eq!(Document::read(kind, again, day(TODAY)), Ok(document));
    }
}

#[test]
fn a_missing_wrong_or_repeated_field_is_named_and_nothing_of_it_shown() {
    let optional = |kind, name| match kind {
        Kind::ResidentId => name == "photo",
        Kind::ResidencePermit => ["ethnicity", "photo", "home_address"].contains(&name),
        _ => false,
    };
    for kind in Kind::ALL {
        for (name, _) in sample(kind) {
            let field = Field::named(name).expect(name);
            let without = sample(kind).into_iter().filter(|(other, _)| *other != name);
            let read = Document::read(kind, without.clone(), day(TODAY));
            if optional(kind, name) {
                assert!(read.is_ok(), "{kind:?} {name}");
            } else {
                assert_eq!(read, Err(Unreadable::Missing(field)), "{kind:?}");
            }
            for wrong in ["", "错\n误"] {
                let wrong = without.clone().chain([(name, wrong.into())]);
                let error = Document::read(kind, wrong, day(TODAY)).expect_err(name);
                assert_eq!(error, Unreadable::Wrong(field), "{kind:?}");
                assert_eq!(error.to_string(), format!("{name} is not of its form"));
            }
            let twice = sample(kind).into_iter().chain([(name, "x".into())]);
            assert_eq!(Document::read(kind, twice, day(TODAY)), Err(Unreadable::Repeated(field)));
        }
    }
}

#[test]
fn what_a_document_does_not_have_is_left_behind() {
    for kind in Kind::ALL {
        let more = [("phone", "13800138000".into()), ("blood_type", "A".into())];
        let fields = sample(kind).into_iter().chain(more);
        assert_eq!(Document::read(kind, fields, day(TODAY)), Ok(document(kind, &[])));
    }
    // A field of another document as well.
    let fields = sample(Kind::Passport).into_iter().chain([("photo", PHOTO.into())]);
    let passport = Document::read(Kind::Passport, fields, day(TODAY)).expect("a passport");
    assert!(passport.fields().iter().all(|(field, _)| *field != Field::Photo));
}

#[test]
fn a_debug_line_shows_the_kind_alone() {
    let shown = format!("{:?}", document(Kind::ResidentId, &[]));
    assert_eq!(shown, "ResidentId(ResidentId { .. })");
}

#[test]
fn a_document_is_its_holders_and_a_list_shows_no_whole_number() {
    let number = |text| IdNumber::parse(text, day(TODAY)).expect("a number");
    let (own, other) = (number("11010519491231002X"), number("990000199001010017"));
    for kind in Kind::ALL {
        let document = document(kind, &[]);
        assert!(document.is_of("欧阳晓燕", &own) && !document.is_of("张三", &other), "{kind:?}");
        let masked = document.masked_number();
        assert!(masked.contains('*') && masked != document.number(), "{kind:?}");
    }
}
