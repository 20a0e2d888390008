//! The ticket without its paper: found by number and plate, and by its driver after log-in.

use serde_json::{Value, json};
use zerotrip_journeys::citizens::somebody;
use zerotrip_journeys::{Answer, Citizens, Town};
use zerotrip_sandbox::people::{Person, Residence};

fn search(town: &Town, number: &Value, plate: &str) -> Answer {
    town.house.post("/fines/searches", None, &json!({ "number": number, "plate": plate }))
}

#[test]
fn a_lost_paper_is_found_by_number_and_plate_together() {
    let town = Town::start("lost-paper");
    let decision = town.decision();
    let (number, plate) =
        (&decision["content"]["number"], decision["content"]["plate"].as_str().expect("text"));
    let wrong_plate = search(&town, number, "吉A00000");
    wrong_plate.is_problem(404, "no-such-decision");
    let wrong_number = search(&town, &json!("220102999999999"), plate);
    assert_eq!(wrong_number.text, wrong_plate.text, "which of the two is wrong is not told");
    search(&town, &json!("12"), plate).is_problem(400, "invalid-request");
    search(&town, number, "plate").is_problem(400, "invalid-request");
    let issued = town.house.post("/qr/decisions", Some(&town.officer()), &decision);
    assert_eq!(issued.status, 201, "{}", issued.text);
    let found = search(&town, number, plate);
    assert_eq!(found.status, 200, "{}", found.text);
    let whole = decision["content"]["driver"]["name"].as_str().expect("text");
    assert!(!found.text.contains(whole) && !found.text.contains(plate), "as masked as the paper's page");
    assert_eq!(found.json(), town.look_up(&found.text_of("code")));
}

#[test]
fn plates_cannot_be_tried_out() {
    let town = Town::start("plate-guesses");
    let decision = town.decision();
    let number = &decision["content"]["number"];
    town.house.post("/qr/decisions", Some(&town.officer()), &decision);
    for guess in 0..5 {
        search(&town, number, &format!("吉A0000{guess}")).is_problem(404, "no-such-decision");
    }
    let plate = decision["content"]["plate"].as_str().expect("text");
    let stopped = search(&town, number, plate);
    stopped.is_problem(429, "too-many-requests");
    assert!(stopped.retry_after.parse::<u64>().expect("seconds") > 500);
    let town = town.later(601);
    assert_eq!(search(&town, number, plate).status, 200);
}

#[test]
fn a_person_with_a_browser_finds_the_page() {
    let town = Town::start("lost-paper-page");
    let decision = town.decision();
    town.house.post("/qr/decisions", Some(&town.officer()), &decision);
    let form = town.house.browse("GET", "/fines/searches", "");
    assert_eq!(form.status, 200);
    assert!(form.text.contains("name=\"number\"") && form.text.contains("name=\"plate\""), "{}", form.text);
    let content = &decision["content"];
    let field = |name: &str| content[name].as_str().expect("text");
    let encoded: String = field("plate").bytes().map(|byte| format!("%{byte:02X}")).collect();
    let found =
        town.house.browse("POST", "/fines/searches", &format!("number={}&plate={encoded}", field("number")));
    assert_eq!(found.status, 303, "{}", found.text);
    assert!(found.location.starts_with("/f/"), "{}", found.location);
    assert_eq!(town.house.browse("GET", &found.location, "").status, 200);
}

#[test]
fn only_a_proven_person_sees_the_own_fines() {
    let town = Town::start("own-fines");
    town.house.get("/fines/mine", None).is_problem(401, "unauthorized");
    town.house.get("/fines/mine", Some(&town.administrator())).is_problem(403, "forbidden");
    let citizen = Citizens(&town).with_real_name(somebody(Residence::Local, 0));
    town.house.get("/fines/mine", Some(&citizen.token)).is_problem(403, "real-person-needed");
}

#[test]
fn a_proven_person_sees_the_own_fines_and_nobody_elses() {
    let town = Town::start("own-fines-proven");
    let (driver, other) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let citizens = Citizens(&town);
    let token = citizens.real_person(driver).token;
    let mine = || town.house.get("/fines/mine", Some(&token)).json()["fines"].clone();
    assert_eq!(mine(), json!([]));
    let issued = |person: &Person| {
        let mut decision = town.decision();
        decision["content"]["driver"] = json!({ "name": person.name, "id_number": person.id_number });
        let issued = town.house.post("/qr/decisions", Some(&town.officer()), &decision);
        assert_eq!(issued.status, 201, "{}", issued.text);
        issued.text_of("code")
    };
    let (first, second) = (issued(driver), issued(driver));
    issued(other);
    // The newest first, each as its own page shows it.
    assert_eq!(mine(), json!([town.look_up(&second), town.look_up(&first)]));
    let order = town.order(&first);
    town.pay(&order);
    town.until_paid(&first, &order);
    let states: Vec<Value> = mine().as_array().expect("a list").iter().map(|f| f["state"].clone()).collect();
    assert_eq!(states, ["due", "paid"]);
}
