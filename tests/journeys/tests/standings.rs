//! The diagram in `shared/domain/src/account.rs`, walked through HTTP: each event happens to accounts of every standing, and
//! leads where the diagram says or nowhere.

use zerotrip_domain::account::{Event, Standing};
use zerotrip_journeys::citizens::{Citizen, phone, somebody};
use zerotrip_journeys::{Answer, Citizens, Town, sql};
use zerotrip_sandbox::people::{Person, Residence};

/// How an event comes about.
type Act = fn(&Town, &Citizen, &Person) -> Answer;

/// Every way in which one can. A new endpoint that changes a standing is a line here.
const ACTS: &[(Event, Act)] = &[(Event::Matched, |town, citizen, person| {
    Citizens(town).real_name(citizen, person.name, &person.id_number)
})];

/// As if the account had come there by itself.
fn put(town: &Town, citizen: &Citizen, standing: Standing) {
    let sql = format!("UPDATE citizens SET standing = '{standing}' WHERE id = '{}'", citizen.id);
    sql::execute(&town.house.database(), &sql);
}

fn stands(town: &Town, citizen: &Citizen, standing: Standing) -> bool {
    let sql =
        format!("SELECT COUNT(*) FROM citizens WHERE id = '{}' AND standing = '{standing}'", citizen.id);
    town.count(&sql) == 1
}

#[test]
fn an_account_goes_where_the_diagram_says_and_nowhere_else() {
    let town = Town::start("standings");
    for (event, act) in ACTS {
        for (number, from) in Standing::ALL.into_iter().enumerate() {
            let person = somebody(Residence::Local, number);
            let citizen = Citizens(&town).register(phone(person));
            put(&town, &citizen, from);
            let answer = act(&town, &citizen, person);
            let (happened, to) = match from.after(*event) {
                Some(next) => (200..300, next),
                None => (400..500, from),
            };
            assert!(
                happened.contains(&answer.status),
                "{event:?} of {from}: {} {}",
                answer.status,
                answer.text
            );
            assert!(stands(&town, &citizen, to), "{event:?} of {from}: not {to}");
        }
    }
}
