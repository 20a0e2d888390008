//! What venues learn. The table is that of the rules, written down a second time: by hand, without the policies.

use super::*;
use crate::day::Day;
use crate::document::tests::{PHOTO, TODAY, day, document, sample};
use crate::document::{Document, Kind, Value};
use crate::expiry::Reason;
use proptest::prelude::*;

fn policy(scenario: Scenario) -> &'static Policy {
    Policy::in_force(scenario, day(TODAY))
}

fn address(text: &str) -> Question {
    Question::Address(Address::new(&text.parse().expect("a text")).expect("an address"))
}

fn plate(text: &str) -> Question {
    Question::Vehicle(text.parse().expect("a plate"))
}

/// What the scenario's rule lets a venue know.
fn allowed(scenario: Scenario) -> &'static [&'static str] {
    match scenario {
        Scenario::Hotel => &[
            "name",
            "sex",
            "ethnicity",
            "birth_date",
            "document_kind",
            "document_number",
            "address",
            "photo",
        ],
        Scenario::InternetCafe => &["name", "document_kind", "document_number", "adult"],
        Scenario::VehicleRepair => {
            &["name", "document_number", "plate", "vehicle_type", "engine_number", "vin", "model", "owner"]
        }
        Scenario::Locksmith => &["name", "document_number", "address_matches", "vehicle_matches"],
        Scenario::ResidencePermitStatus => &["status", "issued", "next_endorsement", "authority"],
    }
}

/// What is told, as text.
fn told(disclosure: &Disclosure) -> Vec<(&'static str, String)> {
    let text = |shown: &Shown| match shown {
        Shown::Text(text) => text.clone(),
        Shown::YesNo(yes) => yes.to_string(),
    };
    disclosure.items().iter().map(|(item, shown)| (item.name(), text(shown))).collect()
}

fn all_kinds(changes: &[(&'static str, Value)]) -> Vec<Document> {
    Kind::ALL.into_iter().map(|kind| document(kind, changes)).collect()
}

fn told_of(
    scenario: Scenario,
    documents: &[Document],
    question: Option<&Question>,
) -> Vec<(&'static str, String)> {
    told(&disclose(policy(scenario), documents, question, day(TODAY)).expect("disclosed"))
}

fn refused(scenario: Scenario, documents: &[&Document], question: Option<&Question>) -> Refusal {
    let documents: Vec<Document> = documents.iter().map(|document| (*document).clone()).collect();
    disclose(policy(scenario), &documents, question, day(TODAY)).expect_err("refused")
}

#[test]
fn numbers_and_names_lead_back_and_never_change() {
    let numbers = [
        (1, "hotel"),
        (2, "internet-cafe"),
        (3, "vehicle-repair"),
        (4, "locksmith"),
        (5, "residence-permit-status"),
    ];
    for (number, name) in numbers {
        assert_eq!(Scenario::numbered(number), Scenario::named(name));
        assert_eq!(
            Scenario::named(name).map(|scenario| (scenario.number(), scenario.name())),
            Some((number, name))
        );
    }
    assert_eq!([0, 6, 255].map(Scenario::numbered), [None; 3]);
    assert_eq!(Scenario::named("bank"), None);
}

#[test]
fn every_scenario_tells_what_its_rule_needs() {
    let documents = all_kinds(&[]);
    type Case<'a> = (Scenario, Option<Question>, &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 6] = [
        (
            Scenario::Hotel,
            None,
            &[
                ("name", "欧阳晓燕"),
                ("sex", "female"),
                ("ethnicity", "满"),
                ("birth_date", "1949-12-31"),
                ("document_kind", "resident-id"),
                ("document_number", "11010519491231002X"),
                ("address", "北京市朝阳区示例路1号"),
                ("photo", PHOTO),
            ],
        ),
        (
            Scenario::InternetCafe,
            None,
            &[
                ("name", "欧阳晓燕"),
                ("document_kind", "resident-id"),
                ("document_number", "11010519491231002X"),
                ("adult", "true"),
            ],
        ),
        (
            Scenario::VehicleRepair,
            None,
            &[
                ("name", "欧阳晓燕"),
                ("document_number", "11010519491231002X"),
                ("plate", "吉A12345"),
                ("vehicle_type", "小型轿车"),
                ("engine_number", "A12B34567"),
                ("vin", "LSVNV2187E2100001"),
                ("model", "示例牌SL7180"),
                ("owner", "欧阳晓燕"),
            ],
        ),
        (
            Scenario::Locksmith,
            Some(address("北京市 朝阳区 示例路１号")),
            &[("name", "欧阳晓燕"), ("document_number", "11010519491231002X"), ("address_matches", "true")],
        ),
        (
            Scenario::Locksmith,
            Some(plate("吉A12345")),
            &[("name", "欧阳晓燕"), ("document_number", "11010519491231002X"), ("vehicle_matches", "true")],
        ),
        (
            Scenario::ResidencePermitStatus,
            None,
            &[
                ("status", "normal"),
                ("issued", "2024-03-10"),
                ("next_endorsement", "2027-03-09"),
                ("authority", "长春市公安局南关分局"),
            ],
        ),
    ];
    for (scenario, question, expected) in cases {
        let told = told_of(scenario, &documents, question.as_ref());
        let told: Vec<_> = told.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(told, expected, "{scenario:?}");
    }
}

#[test]
fn a_locksmith_hears_yes_or_no_of_the_permits_address_too_and_of_nobody_elses_car() {
    let documents = all_kinds(&[]);
    let answer = |documents: &[Document], question: &Question| {
        told_of(Scenario::Locksmith, documents, Some(question)).pop().expect("an answer")
    };
    let (here, elsewhere) = (address("长春市南关区示例街2号"), address("长春市南关区示例街4号"));
    assert_eq!(answer(&documents, &here), ("address_matches", "true".into()));
    assert_eq!(answer(&documents, &elsewhere), ("address_matches", "false".into()));
    // The address of the vehicle licence is not where somebody lives.
    assert_eq!(answer(&documents, &address("长春市南关区示例街3号")), ("address_matches", "false".into()));
    // A permit whose function is suspended proves no address.
    let card = document(Kind::ResidentId, &[]);
    let lapsed = document(Kind::ResidencePermit, &[("endorsed", Value::List(vec![]))]);
    assert_eq!(answer(&[card.clone(), lapsed], &here), ("address_matches", "false".into()));
    assert_eq!(answer(&documents, &plate("吉A54321")), ("vehicle_matches", "false".into()));
    let borrowed = document(Kind::VehicleLicence, &[("owner", "张三丰".into())]);
    assert_eq!(answer(&[card, borrowed], &plate("吉A12345")), ("vehicle_matches", "false".into()));
}

#[test]
fn minors_are_refused_at_the_internet_cafe_and_a_hotel_asks_for_their_guardian() {
    // Eighteen on 25 November 2026.
    let born = |birth_date: &str| [document(Kind::ResidentId, &[("birth_date", birth_date.into())])];
    assert_eq!(refused(Scenario::InternetCafe, &[&born("2008-11-26")[0]], None), Refusal::Minor);
    let adult = told_of(Scenario::InternetCafe, &born("2008-11-25"), None);
    assert_eq!(adult.last(), Some(&("adult", "true".into())));
    let asked = |birth_date: &str| {
        let documents = born(birth_date);
        let disclosure = disclose(policy(Scenario::Hotel), &documents, None, day(TODAY)).expect("disclosed");
        disclosure.adds().map(|addition| addition.name).collect::<Vec<_>>()
    };
    let everybody = ["room", "arrival", "planned_departure", "face_matches", "departure"];
    assert_eq!(asked("2008-11-25"), everybody);
    let with_guardian = asked("2008-11-26");
    assert_eq!(with_guardian.iter().filter(|name| name.starts_with("guardian_")).count(), 2);
    assert_eq!(with_guardian.len(), everybody.len() + 2);
}

#[test]
fn what_is_missing_doubtful_or_not_in_order_leads_to_nothing() {
    use Refusal::{Ambiguous, Missing, NotInOrder, NotToBeAsked, NothingAsked, TwoPeople};
    let (card, vehicle) = (document(Kind::ResidentId, &[]), document(Kind::VehicleLicence, &[]));
    let permit = document(Kind::ResidencePermit, &[]);
    let lost = document(Kind::ResidentId, &[("status", "lost".into())]);
    let cancelled = document(Kind::VehicleLicence, &[("status", "cancelled".into())]);
    let others = document(Kind::ResidencePermit, &[("id_number", "110105199001010029".into())]);
    let home = address("北京市朝阳区示例路1号");
    let car = plate("吉A12345");
    let missing = Missing(Need::Identity);
    assert_eq!(refused(Scenario::Hotel, &[], None), missing);
    assert_eq!(refused(Scenario::Hotel, &[&document(Kind::DrivingLicence, &[])], None), missing);
    // A mainland residence permit proves where somebody lives, not who it is.
    assert_eq!(refused(Scenario::Hotel, &[&permit], None), missing);
    assert_eq!(refused(Scenario::VehicleRepair, &[&card], None), Missing(Need::Vehicle));
    assert_eq!(refused(Scenario::VehicleRepair, &[&vehicle], None), missing);
    assert_eq!(refused(Scenario::Locksmith, &[&card], Some(&car)), Missing(Need::Vehicle));
    assert_eq!(refused(Scenario::ResidencePermitStatus, &[&card], None), Missing(Need::Permit));
    let twice = [&card, &card];
    assert_eq!(refused(Scenario::Hotel, &twice, None), Ambiguous(Kind::ResidentId));
    let two_cars = [&card, &vehicle, &vehicle];
    assert_eq!(refused(Scenario::VehicleRepair, &two_cars, None), Ambiguous(Kind::VehicleLicence));
    assert_eq!(refused(Scenario::Hotel, &[&lost], None), NotInOrder(Kind::ResidentId, Reason::Lost));
    assert_eq!(
        refused(Scenario::VehicleRepair, &[&card, &cancelled], None),
        NotInOrder(Kind::VehicleLicence, Reason::Cancelled)
    );
    assert_eq!(refused(Scenario::Locksmith, &[&card, &others], Some(&home)), TwoPeople);
    assert_eq!(refused(Scenario::Locksmith, &[&card], None), NothingAsked);
    for scenario in Scenario::ALL.into_iter().filter(|scenario| *scenario != Scenario::Locksmith) {
        assert_eq!(refused(scenario, &[&card, &permit], Some(&home)), NotToBeAsked);
    }
}

#[test]
fn the_permit_of_a_hong_kong_resident_stands_in_for_the_card() {
    let fields: Vec<(&'static str, Value)> = vec![
        ("name", "陈嘉欣".into()),
        ("sex", "female".into()),
        ("birth_date", "1989-09-09".into()),
        ("id_number", "810000198909099960".into()),
        ("address", "长春市南关区示例街2号".into()),
        ("authority", "长春市公安局南关分局".into()),
        ("issued", "2024-03-10".into()),
        ("valid_to", "2029-03-09".into()),
        ("endorsed", Value::List(vec![])),
        ("status", "normal".into()),
    ];
    let permit = [Document::read(Kind::ResidencePermit, fields, day(TODAY)).expect("a permit")];
    let hotel = told_of(Scenario::Hotel, &permit, None);
    assert!(hotel.contains(&("document_kind", "residence-permit".into())));
    assert!(hotel.iter().all(|(name, _)| !["ethnicity", "photo"].contains(name)), "it has none");
    let status = told_of(Scenario::ResidencePermitStatus, &permit, None);
    assert!(status.contains(&("next_endorsement", "2029-03-09".into())));
    let after = disclose(policy(Scenario::Hotel), &permit, None, day("2029-03-10"));
    assert_eq!(after.err(), Some(Refusal::NotInOrder(Kind::ResidencePermit, Reason::Expired)));
}

#[test]
fn a_suspended_permit_is_told_as_such() {
    let permit = [document(Kind::ResidencePermit, &[])];
    let status = |today: &str| {
        let told = told(
            &disclose(policy(Scenario::ResidencePermitStatus), &permit, None, day(today)).expect("told"),
        );
        told[0].1.clone()
    };
    assert_eq!(status("2027-03-09"), "endorsement-due");
    assert_eq!(status("2027-03-10"), "endorsement-missed");
}

#[test]
fn the_citizen_reads_before_what_will_be_shown_and_how_long_it_is_kept() {
    let cafe = policy(Scenario::InternetCafe);
    assert_eq!(
        cafe.told(),
        "网吧上网将向对方出示：姓名、证件种类、证件号码、是否年满18周岁（仅是或否）。未满18周岁的，不出示任何信息，场所不得接待。\
         登记保存60日。依据：互联网上网服务营业场所管理条例第二十一条、第二十三条。"
    );
    assert_eq!(
        cafe.told_in_english(),
        "They will see: name, kind of document, document number, whether 18 or older (yes or no only). Nothing is shown of a \
         minor, who must be refused. The entry is kept for 60 days. Legal basis: Regulations on Internet Access Service Venues, \
         art. 21 and 23."
    );
    for scenario in Scenario::ALL {
        let policy = policy(scenario);
        for item in policy.discloses() {
            assert!(
                policy.told().contains(item.chinese()) && policy.told_in_english().contains(item.english())
            );
        }
    }
}

#[test]
fn entries_are_kept_as_long_as_the_rule_says_and_name_their_version() {
    for (version, last) in [
        ("hotel@2025-04", Some("2031-02-28")),
        ("internet-cafe@2025-04", Some("2028-04-29")),
        ("vehicle-repair@2025-04", Some("2030-02-28")),
        ("locksmith@2025-04", Some("2028-05-29")),
        ("residence-permit-status@2025-04", None),
    ] {
        let policy = Policy::versioned(version).expect(version);
        assert_eq!(policy.version(), version);
        assert!(version.starts_with(policy.scenario().name()));
        let kept = policy.keep().until(day("2028-02-29"));
        assert_eq!(kept.map(|last| last.to_string()).as_deref(), last, "{version}");
    }
    assert!(Policy::versioned("hotel@1987-11").is_none());
    assert_eq!(Policy::in_force(Scenario::Hotel, day("1990-01-01")).version(), "hotel@2025-04");
}

#[test]
fn a_code_names_only_documents_that_its_scenario_takes() {
    let kinds = |scenario| {
        let taken = Kind::ALL.into_iter().filter(|kind| policy(scenario).takes(*kind));
        taken.map(Kind::name).collect::<Vec<_>>()
    };
    assert_eq!(kinds(Scenario::Hotel), ["resident-id", "residence-permit"]);
    assert_eq!(kinds(Scenario::InternetCafe), ["resident-id", "residence-permit"]);
    assert_eq!(kinds(Scenario::VehicleRepair), ["resident-id", "residence-permit", "vehicle-licence"]);
    assert_eq!(kinds(Scenario::Locksmith), ["resident-id", "residence-permit", "vehicle-licence"]);
    assert_eq!(kinds(Scenario::ResidencePermitStatus), ["residence-permit"]);
}

/// Free texts, each with a mark of its own that is found wherever it leaks to.
const MARKED: [&str; 13] = [
    "name",
    "ethnicity",
    "address",
    "authority",
    "home_address",
    "nationality",
    "vehicle_type",
    "owner",
    "use",
    "model",
    "engine_number",
    "birth_place",
    "latin_name",
];

fn marked(seed: u32) -> Vec<Document> {
    let document = |kind: Kind| {
        let has = |name: &str| sample(kind).iter().any(|(field, _)| *field == name);
        let mark = |name: &'static str| (name, Value::Text(format!("{}·{name}·{seed}", kind.name())));
        let changes: Vec<_> = MARKED.into_iter().filter(|name| has(name)).map(mark).collect();
        document(kind, &changes)
    };
    Kind::ALL.into_iter().map(document).collect()
}

proptest! {
    #[test]
    fn nothing_beyond_the_rules_table_ever_leaves_whatever_a_document_holds(
        scenario in prop::sample::select(&Scenario::ALL[..]),
        seed: u32,
        shown in prop::collection::vec(any::<bool>(), 7),
        birth in 0u16..10_000,
        status in prop::sample::select(&["normal", "lost", "suspended", "cancelled"][..]),
        today in 0u16..4_000,
        question in prop::option::of(any::<bool>()),
    ) {
        let today = Day::parse("2024-06-01").expect("a day").plus(today);
        let mut documents = marked(seed);
        for document in &mut documents {
            let born = day("1996-01-01").plus(birth);
            match document {
                Document::ResidentId(paper) => paper.birth_date = born,
                Document::ResidencePermit(paper) => paper.status = status.parse().expect("a status"),
                _ => {}
            }
        }
        let mut keep = shown.iter();
        documents.retain(|_| *keep.next().expect("seven"));
        let question = question.map(|door| if door { address("长春市南关区示例街2号") } else { plate("吉A12345") });
        let Ok(disclosure) = disclose(policy(scenario), &documents, question.as_ref(), today) else { return Ok(()) };

        let told = told(&disclosure);
        for (name, text) in &told {
            prop_assert!(allowed(scenario).contains(name), "{} of {:?}", name, scenario);
            // What is told under a name is what the document has under it, and nothing besides.
            match *name {
                "adult" | "address_matches" | "vehicle_matches" => prop_assert!(["true", "false"].contains(&text.as_str())),
                "document_kind" => prop_assert!(Kind::named(text).is_some()),
                "document_number" => prop_assert_eq!(text.as_str(), "11010519491231002X"),
                "status" | "next_endorsement" => {}
                field => {
                    let has = |document: &Document| document.fields().iter().any(|(at, value)| {
                        at.name() == field && *value == Value::from(text.as_str())
                    });
                    prop_assert!(documents.iter().any(has), "{}", field);
                }
            }
        }
        // The ledger has each name once, and no value.
        let names: Vec<&str> = disclosure.names().collect();
        prop_assert_eq!(&names, &told.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        // No text of another field appears anywhere.
        let all: String = told.iter().map(|(_, text)| text.as_str()).collect();
        for name in MARKED.iter().filter(|name| !allowed(scenario).contains(name)) {
            prop_assert!(!all.contains(&format!("·{name}·")), "{name} leaks");
        }
        prop_assert!(scenario == Scenario::Hotel || !all.contains("data:image"), "the picture is for hotels");
        prop_assert!(!format!("{disclosure:?}").contains('·'), "a debug line shows nothing");
    }
}

#[test]
fn what_a_venue_writes_is_of_the_form_that_the_policy_says() {
    let hotel = Policy::in_force(Scenario::Hotel, Day::parse("2026-11-25").expect("a day"));
    let form = |name: &str| hotel.adds(true).find(|addition| addition.name == name).expect(name).form;
    let scanned = 1_795_600_000_000;
    let text = |text: &str| Written::Text(text.to_owned());
    assert!(form("room").takes(&text("801"), scanned));
    assert!(form("guardian_contact").takes(&text("13800138000"), scanned));
    for wrong in [text(""), text(" 801"), text("8\n01"), text(&"1".repeat(201)), Written::YesNo(true)] {
        assert!(!form("room").takes(&wrong, scanned));
    }
    let year = 366 * 24 * 3600 * 1000;
    assert!(form("planned_departure").takes(&Written::Time(scanned + year), scanned));
    for wrong in [Written::Time(scanned + year + 1), Written::Time(0), text("2026-11-26")] {
        assert!(!form("planned_departure").takes(&wrong, scanned));
    }
    assert!(form("face_matches").takes(&Written::YesNo(false), scanned));
    assert!(!form("face_matches").takes(&Written::Time(1), scanned));
    assert_eq!(format!("{:?}", text("13800138000")), "Written(…)");
}
