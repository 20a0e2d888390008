//! Children under 14: a guardian enters them, a window confirms it, and with the 14th birthday they take over themselves.

use serde_json::{Value, json};
use zerotrip_domain::Day;
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::{Answer, Citizens, Town};
use zerotrip_sandbox::people::{self, Person, Residence};

const CHILDREN: &str = "/records/me/children";

/// The eldest who is under 14 today, and the guardian.
fn child_and_guardian(town: &Town) -> (&'static Person, &'static Person) {
    let today = Day::at(town.now_ms());
    let born = |person: &Person| Day::parse(&person.birth_date).expect("a day");
    let children = people::all().iter().filter(|person| person.guardian.is_some());
    let child = children.filter(|child| born(child).years_until(today) < 14).min_by_key(|child| born(child));
    let child = child.expect("a child");
    (child, people::find(child.guardian.as_deref().expect("a guardian")).expect("on the roll"))
}

fn enter(town: &Town, token: &str, child: &Person, consents: &Value) -> Answer {
    let body = json!({ "name": child.name, "id_number": child.id_number, "relationship": "parent", "consents": consents });
    town.house.post(CHILDREN, Some(token), &body)
}

fn both() -> Value {
    json!(["account", "real-name"])
}

#[test]
fn only_a_proven_grown_up_enters_a_child_and_only_one() {
    let town = Town::start("children-refused");
    let citizens = Citizens(&town);
    let (child, guardian) = child_and_guardian(&town);
    let known = citizens.with_real_name(guardian);
    enter(&town, &known.token, child, &both()).is_problem(403, "guardian-not-proven");
    citizens.pass(&known.token, "real-person");
    enter(&town, &known.token, child, &json!(["account"])).is_problem(400, "invalid-request");
    let grown_up = somebody(Residence::Local, 1);
    enter(&town, &known.token, grown_up, &both()).is_problem(409, "old-enough");
    let misnamed = json!({ "name": guardian.name, "id_number": child.id_number, "relationship": "parent", "consents": both() });
    town.house.post(CHILDREN, Some(&known.token), &misnamed).is_problem(422, "no-match");
    let uncle = json!({ "name": child.name, "id_number": child.id_number, "relationship": "uncle", "consents": both() });
    town.house.post(CHILDREN, Some(&known.token), &uncle).is_problem(400, "invalid-request");
    assert_eq!(town.house.get(CHILDREN, Some(&known.token)).json(), json!({ "children": [] }));

    let entered = enter(&town, &known.token, child, &both());
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert!(
        !entered.text.contains(child.name) && !entered.text.contains(&child.id_number),
        "{}",
        entered.text
    );
    // Again is the same child.
    assert_eq!(enter(&town, &known.token, child, &both()).json(), entered.json());
    let other = citizens.real_person(grown_up);
    enter(&town, &other.token, child, &both()).is_problem(409, "child-entered-elsewhere");
    // Nobody logs in as the child, and the guardian's account does not go without it.
    citizens.log_in(&child.id_number, "correct horse battery").is_problem(401, "wrong-credentials");
    town.house.send("DELETE", "/records/me", Some(&known.token), "").is_problem(409, "children-first");
}

#[test]
fn a_guardianship_opens_nothing_before_a_window_has_seen_the_papers() {
    let town = Town::start("guardianship");
    let citizens = Citizens(&town);
    let (child, guardian) = child_and_guardian(&town);
    let own = citizens.real_person(guardian);
    let entered = enter(&town, &own.token, child, &both()).json();
    assert_eq!((&entered["services"], &entered["confirmed_at"]), (&json!([]), &Value::Null));
    assert!(entered["next"].as_str().is_some_and(|next| next.contains("window")), "{entered}");
    let id = entered["child"].as_str().expect("an id");
    let confirm = |token: &str, id: &str, checked: bool| {
        let path = format!("/records/guardianships/{id}/confirmation");
        town.house.post(&path, Some(token), &json!({ "document_checked": checked }))
    };
    let officer = town.officer();
    confirm(&own.token, id, true).is_problem(403, "forbidden");
    confirm(&town.administrator(), id, true).is_problem(403, "forbidden");
    confirm(&officer, id, false).is_problem(400, "invalid-request");
    confirm(&officer, &own.id, true).is_problem(404, "not-found");
    assert_eq!([confirm(&officer, id, true).status, confirm(&officer, id, true).status], [204, 204]);
    let listed = town.house.get(CHILDREN, Some(&own.token)).json();
    let listed = &listed["children"][0];
    assert!(listed["services"].as_array().is_some_and(|open| !open.is_empty()), "{listed}");
    assert_eq!(listed["next"], Value::Null);

    let path = format!("{CHILDREN}/{id}");
    let stranger = citizens.real_person(somebody(Residence::Local, 1));
    town.house.send("DELETE", &path, Some(&stranger.token), "").is_problem(404, "not-found");
    assert_eq!(town.house.send("DELETE", &path, Some(&own.token), "").status, 204);
    town.house.send("DELETE", &path, Some(&own.token), "").is_problem(404, "not-found");
    confirm(&officer, id, true).is_problem(404, "not-found");
    let left = format!(
        "SELECT COUNT(*) FROM citizens WHERE id = '{id}' AND (name_sealed IS NOT NULL OR id_index IS NOT NULL)"
    );
    assert_eq!(town.count(&left), 0);
    assert_eq!(enter(&town, &own.token, child, &both()).status, 201, "the child can be entered again");
}

#[test]
fn at_fourteen_the_person_takes_over() {
    let town = Town::start("fourteen");
    let citizens = Citizens(&town);
    let (child, guardian) = child_and_guardian(&town);
    let own = citizens.real_person(guardian);
    let entered = enter(&town, &own.token, child, &both()).text_of("child");
    let body = json!({ "document_checked": true });
    let path = format!("/records/guardianships/{entered}/confirmation");
    assert_eq!(town.house.post(&path, Some(&town.officer()), &body).status, 204);
    // Not a day before.
    let early = citizens.register("13900138001");
    citizens.real_name(&early, child.name, &child.id_number).is_problem(403, "guardian-needed");

    let (born, today) = (Day::parse(&child.birth_date).expect("a day"), Day::at(town.now_ms()));
    let days = (1..6000).find(|days| born.years_until(today.plus(*days)) == 14).expect("a birthday");
    let town = town.later(i64::from(days) * 24 * 3600);
    let citizens = Citizens(&town);
    let token = citizens.log_in(phone(guardian), "correct horse battery").text_of("access_token");
    let listed = town.house.get(CHILDREN, Some(&token)).json();
    assert_eq!(listed["children"][0]["services"], json!([]), "{listed}");
    let grown = citizens.log_in("13900138001", "correct horse battery").text_of("access_token");
    let real_name = json!({ "name": child.name, "id_number": child.id_number });
    let checked = town.house.post("/auth/citizens/me/real-name", Some(&grown), &real_name);
    assert_eq!(checked.status, 200, "{}", checked.text);
    assert_eq!(town.house.get(CHILDREN, Some(&token)).json(), json!({ "children": [] }));
    assert_eq!(citizens.standing(&grown), "real-name");
    let merged = format!("SELECT COUNT(*) FROM citizens WHERE id = '{entered}' AND standing = 'merged'");
    assert_eq!(town.count(&merged), 1);
}
