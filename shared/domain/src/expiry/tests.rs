//! How documents stand, day by day.

use super::*;
use crate::day::Day;
use crate::document::tests::{day, document};
use crate::document::{Kind, Value};
use proptest::prelude::*;

fn state(kind: Kind, changes: &[(&'static str, Value)], today: &str) -> &'static str {
    State::of(&document(kind, changes), day(today)).name()
}

#[test]
fn each_document_turns_red_on_its_day() {
    use Kind::{
        DrivingLicence, HkMacauPermit, Passport, ResidencePermit, ResidentId, TaiwanPermit, VehicleLicence,
    };
    let ends = |last: &str| vec![("valid_to", Value::from(last))];
    // Kind, what is otherwise than in the sample, and days with the state from each on.
    type Case<'a> = (Kind, Vec<(&'static str, Value)>, &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 11] = [
        (ResidentId, vec![], &[("2026-11-25", "normal"), ("2126-11-25", "normal")]),
        (
            ResidentId,
            ends("2027-05-31"),
            &[
                ("2027-02-28", "normal"),
                ("2027-03-01", "expiring"),
                ("2027-05-31", "expiring"),
                ("2027-06-01", "expired"),
            ],
        ),
        // Endorsed for the last time in February 2026.
        (
            ResidencePermit,
            vec![],
            &[
                ("2027-02-09", "normal"),
                ("2027-02-10", "endorsement-due"),
                ("2027-03-09", "endorsement-due"),
                ("2027-03-10", "endorsement-missed"),
            ],
        ),
        (
            ResidencePermit,
            ends("2027-03-10"),
            &[("2027-02-07", "normal"), ("2027-02-08", "expiring"), ("2027-03-11", "expired")],
        ),
        (
            DrivingLicence,
            vec![],
            &[
                ("2027-03-02", "normal"),
                ("2027-03-03", "expiring"),
                ("2027-06-01", "expiring"),
                ("2027-06-02", "expired"),
                ("2028-06-01", "expired"),
                ("2028-06-02", "cancelled"),
            ],
        ),
        (DrivingLicence, ends("2024-02-29"), &[("2025-02-28", "expired"), ("2025-03-01", "cancelled")]),
        (
            VehicleLicence,
            vec![("inspection_to", "2028-02-03".into())],
            &[
                ("2027-11-30", "normal"),
                ("2027-12-01", "inspection-due"),
                ("2028-02-29", "inspection-due"),
                ("2028-03-01", "inspection-overdue"),
            ],
        ),
        (
            Passport,
            vec![],
            &[
                ("2028-11-09", "normal"),
                ("2028-11-10", "expiring"),
                ("2029-05-09", "expiring"),
                ("2029-05-10", "expired"),
            ],
        ),
        (HkMacauPermit, vec![], &[("2027-05-10", "normal"), ("2029-05-10", "expired")]),
        (TaiwanPermit, vec![], &[("2028-11-09", "normal"), ("2028-11-10", "expiring")]),
        (Passport, ends("2028-08-31"), &[("2028-02-29", "normal"), ("2028-03-01", "expiring")]),
    ];
    for (kind, changes, days) in cases {
        for (today, expected) in days {
            assert_eq!(state(kind, &changes, today), *expected, "{kind:?} on {today}");
        }
    }
}

#[test]
fn the_weightiest_reason_is_told() {
    let licence = |changes: &[(&'static str, &str)], today| {
        let changes: Vec<_> = changes.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        state(Kind::DrivingLicence, &changes, today)
    };
    let today = "2026-11-25";
    assert_eq!(licence(&[("points", "11")], today), "normal");
    assert_eq!(licence(&[("points", "12")], today), "points-full");
    assert_eq!(licence(&[("points", "12")], "2027-04-01"), "points-full", "before that it ends soon");
    assert_eq!(licence(&[("points", "12")], "2027-07-01"), "expired");
    assert_eq!(licence(&[("points", "12"), ("status", "suspended")], today), "suspended");
    assert_eq!(licence(&[("status", "suspended")], "2028-07-01"), "cancelled");
    assert_eq!(licence(&[("status", "lost")], "2028-07-01"), "lost");
    for kind in Kind::ALL {
        for status in ["lost", "suspended", "cancelled"] {
            assert_eq!(state(kind, &[("status", status.into())], today), status);
        }
    }
}

#[test]
fn what_is_not_in_order_proves_nothing_but_a_car_may_be_repaired_before_its_inspection() {
    let proves = |kind, changes: &[(&'static str, Value)], today| {
        State::of(&document(kind, changes), day(today)).proves()
    };
    assert_eq!(proves(Kind::ResidentId, &[("status", "lost".into())], "2026-11-25"), Err(Reason::Lost));
    assert_eq!(proves(Kind::ResidencePermit, &[], "2027-03-10"), Err(Reason::EndorsementMissed));
    assert_eq!(proves(Kind::Passport, &[], "2029-05-10"), Err(Reason::Expired));
    assert_eq!(proves(Kind::Passport, &[], "2029-05-09"), Ok(()));
    assert_eq!(proves(Kind::VehicleLicence, &[], "2030-01-01"), Ok(()));
    assert_eq!(proves(Kind::DrivingLicence, &[("points", "12".into())], "2026-11-25"), Ok(()));
}

#[test]
fn every_endorsement_that_can_still_serve_has_a_deadline() {
    let list = |all: &[&str]| Value::List(all.iter().map(|text| (*text).to_owned()).collect());
    let endorsements = list(&[
        "HKG G 2 2026-05-10/2027-05-09",
        "MAC G 0 2026-05-10/2027-05-09",
        "HKG T many 2025-05-10/2026-05-09",
    ]);
    let permit = document(Kind::HkMacauPermit, &[("endorsements", endorsements)]);
    let deadlines = Deadline::of(&permit, day("2026-11-25"));
    let shown: Vec<_> = deadlines.iter().map(|one| (one.term().name(), one.last().to_string())).collect();
    assert_eq!(
        shown,
        [("validity", "2029-05-09".to_owned()), ("travel-endorsement", "2027-05-09".to_owned())]
    );
    let place = deadlines[1].endorsement().map(|left| left.place().name());
    assert_eq!((place, deadlines[1].opens()), (Some("HKG"), day("2027-04-09")));
}

#[test]
fn the_ladder_is_180_90_30_7_0_and_a_residence_permits_begins_at_30() {
    let rungs = |kind: Kind, changes: &[(&'static str, Value)], until: &str| {
        let document = document(kind, changes);
        let mut told = Vec::new();
        let mut today = day("2026-01-01");
        while today <= day(until) {
            for deadline in Deadline::of(&document, today) {
                let left = deadline.days_left(today);
                if let Some(rung) =
                    rung(deadline.rule().ladder, left).filter(|rung| !told.iter().any(|(t, _)| t == rung))
                {
                    told.push((rung, left));
                }
            }
            today = today.plus(1);
        }
        told
    };
    let document = [(180, 180), (90, 90), (30, 30), (7, 7), (0, 0)];
    assert_eq!(rungs(Kind::DrivingLicence, &[], "2028-12-31"), document);
    assert_eq!(rungs(Kind::Passport, &[], "2030-12-31"), document);
    assert_eq!(rungs(Kind::ResidentId, &[("valid_to", "2027-02-28".into())], "2028-12-31"), document);
    assert_eq!(rungs(Kind::ResidentId, &[], "2028-12-31"), []);
    assert_eq!(rungs(Kind::ResidencePermit, &[], "2028-12-31"), [(30, 30), (7, 7), (0, 0)]);
    assert_eq!(rungs(Kind::VehicleLicence, &[], "2028-12-31"), [(90, 90), (30, 30), (7, 7), (0, 0)]);
}

#[test]
fn a_missed_rung_is_made_up_for_once_and_an_old_one_never() {
    let ladder = &[180, 90, 30, 7, 0];
    for (left, expected) in [
        (181, None),
        (180, Some(180)),
        (91, Some(180)),
        (90, Some(90)),
        (8, Some(30)),
        (7, Some(7)),
        (1, Some(7)),
        (0, Some(0)),
        (-6, Some(0)),
        (-7, None),
        (i64::MIN, None),
        (i64::MAX, None),
    ] {
        assert_eq!(rung(ladder, left), expected, "{left}");
    }
}

proptest! {
    #[test]
    fn a_document_is_valid_to_24_hours_of_its_last_day_in_china(last in 0u16..20_000, hour in 0u64..24) {
        let last = day("2000-01-01").plus(last);
        let licence = document(Kind::Passport, &[("valid_to", Value::Text(last.to_string()))]);
        let at = |ms: u64| State::of(&licence, Day::at(ms)).name();
        let midnight = last.end_ms();
        prop_assert_eq!(at(midnight - 1), "expiring");
        prop_assert_eq!(at(midnight - 1 - hour * 3_600_000), "expiring");
        prop_assert_eq!(at(midnight), "expired");
        prop_assert_eq!(at(midnight + hour * 3_600_000), "expired");
    }

    #[test]
    fn nothing_gets_better_by_waiting(kind in prop::sample::select(&Kind::ALL[..]), days in 0u16..6_000, more in 0u16..600) {
        let document = document(kind, &[]);
        let rank = |days: u16| match State::of(&document, day("2024-06-01").plus(days)) {
            State::Normal => None,
            State::Red(reason) => Some(std::cmp::Reverse(reason)),
        };
        prop_assert!(rank(days) <= rank(days + more));
    }
}
