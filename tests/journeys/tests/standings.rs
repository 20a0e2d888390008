//! The diagram in `shared/domain/src/account.rs`, walked through HTTP: each event happens to accounts of every standing, and
//! leads where the diagram says or nowhere.

use serde_json::json;
use zerotrip_domain::account::{Event, Standing};
use zerotrip_journeys::citizens::{Citizen, phone, somebody};
use zerotrip_journeys::faces::name;
use zerotrip_journeys::{Answer, Citizens, Town, sql};
use zerotrip_sandbox::people::{Person, Residence};

/// A way in which an event comes about.
struct Way {
    event: Event,
    /// Of the standings from which the event happens, those from which it happens so.
    from: &'static [Standing],
    act: fn(&Town, &Citizen, &Person) -> Answer,
}

use Standing::{Frozen, ProofDue, RealName, RealPerson, Registered};

/// All of them. A new endpoint that changes a standing is a line here.
const WAYS: &[Way] = &[
    Way {
        event: Event::Matched,
        from: &[Registered],
        act: |town, citizen, person| Citizens(town).real_name(citizen, person.name, &person.id_number),
    },
    Way {
        event: Event::Proven,
        from: &[RealName, ProofDue],
        act: |town, citizen, person| {
            name(town, person, &citizen.id);
            let citizens = Citizens(town);
            citizens.activate(&citizen.token, &citizens.window_code(person), Some("real-person"))
        },
    },
    // Somebody else says that it is not theirs.
    Way {
        event: Event::Frozen,
        from: &[RealName, RealPerson, ProofDue],
        act: |town, citizen, person| {
            name(town, person, &citizen.id);
            let citizens = Citizens(town);
            let other = citizens.register(&other_phone(person));
            citizens.activate(&other.token, &citizens.window_code(person), Some("claim"))
        },
    },
    Way {
        event: Event::Frozen,
        from: &[RealName, RealPerson, ProofDue],
        act: |town, citizen, _| {
            town.act(&town.administrator(), &citizen.id, "freeze", &json!({ "reason": "举报" }))
        },
    },
    Way {
        event: Event::Released,
        from: &[Frozen],
        act: |town, citizen, _| {
            town.act(&town.administrator(), &citizen.id, "release", &json!({ "reason": "查无此事" }))
        },
    },
    // The person finds the first account again, and this one goes into it.
    Way {
        event: Event::Merged,
        from: &[Registered],
        act: |town, citizen, person| {
            old_account_of(town, person);
            let citizens = Citizens(town);
            citizens.activate(&citizen.token, &citizens.window_code(person), Some("recovery"))
        },
    },
    // An administrator joins it to an older one of the same person.
    Way {
        event: Event::Merged,
        from: &[ProofDue, Frozen],
        act: |town, citizen, person| {
            name(town, person, &citizen.id);
            let into = json!({ "into": old_account_of(town, person), "reason": "同一人" });
            town.act(&town.administrator(), &citizen.id, "merge", &into)
        },
    },
    // What a guardian had entered ends when the child registers.
    Way {
        event: Event::Merged,
        from: &[RealName],
        act: |town, citizen, person| {
            name(town, person, &citizen.id);
            town.tamper(&format!("UPDATE citizens SET guardian = '{0}' WHERE id = '{0}'", citizen.id));
            let citizens = Citizens(town);
            let own = citizens.register(&other_phone(person));
            citizens.real_name(&own, person.name, &person.id_number)
        },
    },
    Way {
        event: Event::Deleted,
        from: &[Registered, RealName, RealPerson, ProofDue],
        act: |town, citizen, _| {
            let now = town.now_ms();
            town.tamper(&format!(
                "UPDATE citizen_sessions SET face_at = {now} WHERE citizen = '{}'",
                citizen.id
            ));
            town.house.send("DELETE", "/records/me", Some(&citizen.token), "")
        },
    },
];

fn other_phone(person: &Person) -> String {
    format!("139{}", &phone(person)[3..])
}

/// An account of the person from the old days, older than any other.
fn old_account_of(town: &Town, person: &Person) -> String {
    let id = format!("{:032x}", 7);
    town.tamper(&format!("DELETE FROM citizens WHERE id = '{id}'"));
    town.tamper(&format!(
        "INSERT INTO citizens (id, standing, second_factor, created_at) VALUES ('{id}', 'proof-due', 0, 1)"
    ));
    name(town, person, &id);
    id
}

/// As if the account had come there by itself.
fn put(town: &Town, citizen: &Citizen, standing: Standing) {
    // A merged one says into which.
    let sql =
        format!("UPDATE citizens SET standing = '{standing}', merged_into = id WHERE id = '{}'", citizen.id);
    sql::execute(&town.house.database(), &sql);
}

fn stands(town: &Town, citizen: &Citizen, standing: Standing) -> bool {
    let sql =
        format!("SELECT COUNT(*) FROM citizens WHERE id = '{}' AND standing = '{standing}'", citizen.id);
    town.count(&sql) == 1
}

#[test]
fn every_edge_of_the_diagram_has_a_way() {
    for event in Event::ALL {
        let ways = WAYS.iter().filter(|way| way.event == event);
        let taken: Vec<Standing> = ways.flat_map(|way| way.from).copied().collect();
        for from in Standing::ALL {
            assert_eq!(taken.contains(&from), from.after(event).is_some(), "{event:?} of {from}");
        }
    }
}

#[test]
fn an_account_goes_where_the_diagram_says_and_nowhere_else() {
    for Way { event, from: leads, act } in WAYS {
        let town = Town::start("standings");
        for (number, from) in Standing::ALL.into_iter().enumerate() {
            let person = somebody(Residence::Local, number);
            let citizen = Citizens(&town).register(phone(person));
            put(&town, &citizen, from);
            let answer = act(&town, &citizen, person);
            let happens = leads.contains(&from);
            let to = from.after(*event).filter(|_| happens).unwrap_or(from);
            let told = format!("{event:?} of {from}: {} {}", answer.status, answer.text);
            assert!(stands(&town, &citizen, to), "not {to}: {told}");
            assert!(answer.status < 500 && (!happens || answer.status < 300), "{told}");
            // Whoever asks for what cannot be is told. A child's own registration does not ask for the guardian's entry.
            let asked = answer.json().get("residence").is_none();
            assert!(happens || !asked || answer.status >= 400, "{told}");
        }
    }
}
