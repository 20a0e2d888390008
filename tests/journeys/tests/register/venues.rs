//! Venues are enrolled, found and revoked.

use super::{NUMBER, names, search};
use serde_json::json;
use zerotrip_journeys::citizens::somebody;
use zerotrip_journeys::picture::read_svg;
use zerotrip_journeys::town::AGENCY;
use zerotrip_journeys::venues::{CREDIT_CODES, Redeemed, new_venue, refuse};
use zerotrip_journeys::{Citizens, Town};
use zerotrip_sandbox::people::Residence;

#[test]
fn only_an_administrator_enrols_and_one_place_has_one_venue_for_a_scenario() {
    let town = Town::start("venues-enrolled");
    let hotel = new_venue("hotel", "松江饭店", AGENCY);
    let with = |field: &str, value: &str| {
        let mut venue = hotel.clone();
        venue[field] = json!(value);
        venue
    };
    for (field, value) in [
        ("credit_code", "91350100M000100Y44"),
        ("scenario", "bath-house"),
        ("agency", "nearby"),
        ("name", "两\n行"),
        ("address", ""),
    ] {
        town.enrol_venue(&with(field, value)).is_problem(400, "invalid-request");
    }
    town.house.post("/scan/venues", None, &hotel).is_problem(401, "unauthorized");
    town.house.post("/scan/venues", Some(&town.officer()), &hotel).is_problem(403, "forbidden");
    let enrolled = town.enrol_venue(&hotel);
    assert_eq!(enrolled.status, 201, "{}", enrolled.text);
    town.enrol_venue(&hotel).is_problem(409, "venue-enrolled-already");
    assert_eq!(town.enrol_venue(&with("scenario", "internet-cafe")).status, 201, "its café is another venue");
    assert_eq!(
        town.enrol_venue(&with("credit_code", CREDIT_CODES[1])).status,
        201,
        "and so is another company"
    );

    let id = enrolled.text_of("venue");
    let path = format!("/scan/venues/{id}");
    let shown = town.house.get(&path, None);
    assert_eq!(
        shown.json(),
        json!({ "venue": id, "name": "松江饭店", "scenario": "hotel", "address": "长春市松江饭店路1号" })
    );
    let page = town.house.browse("GET", &path, "");
    assert!(page.content_type.starts_with("text/html") && page.text.contains("松江饭店"), "{}", page.text);
    let poster = town.house.get(&format!("/qr/venues/{id}/poster"), None);
    let svg = poster.text.split("<svg").nth(1).and_then(|rest| rest.split("</svg>").next()).expect("a code");
    let (url, version) = read_svg(&format!("<svg{svg}</svg>"));
    assert_eq!(url, format!("{}{path}", town.house.variable("public_url")));
    assert!(version <= 6, "version {version}");
    town.house.get("/scan/venues/00000000000000000000000000000000", None).is_problem(404, "not-found");
}

#[test]
fn citizens_find_a_venue_by_the_beginning_of_its_name() {
    let town = Town::start("venues-found");
    let token = Citizens(&town).with_real_name(somebody(Residence::Local, 0)).token;
    for (scenario, name) in
        [("hotel", "松江饭店"), ("hotel", "松花江宾馆"), ("hotel", "Ibis长春"), ("locksmith", "松江开锁")]
    {
        town.staffed_venue(scenario, name, AGENCY);
    }
    for number in 0..60 {
        let name = format!("连锁{number:02}");
        assert_eq!(town.enrol_venue(&new_venue("hotel", &name, AGENCY)).status, 201);
    }
    let find = |query: &str| town.house.get(&format!("/scan/venues?{query}"), Some(&token));
    let found = |query: &str| {
        let list = find(query).json()["venues"].clone();
        names(&list).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("scenario=hotel&name=%E6%9D%BE"), ["松江饭店", "松花江宾馆"].map(String::from));
    assert_eq!(found("scenario=hotel&name=IBIS"), ["Ibis长春"].map(String::from));
    assert_eq!(found("scenario=hotel&name=%25"), [""; 0].map(String::from));
    assert_eq!(found("scenario=locksmith"), ["松江开锁"].map(String::from));
    let first = find("scenario=hotel&name=%E8%BF%9E").json();
    let next = first["next"].as_str().expect("more");
    let second = find(&format!("scenario=hotel&name=%E8%BF%9E&cursor={next}")).json();
    let all: Vec<&str> = [names(&first["venues"]), names(&second["venues"])].concat();
    assert_eq!(all.len(), 60);
    assert!(all.is_sorted() && second["next"].is_null(), "{all:?}");
    find("scenario=bath-house").is_problem(400, "invalid-request");
    town.house.get("/scan/venues?scenario=hotel", None).is_problem(401, "unauthorized");
    town.house.get("/scan/venues?scenario=hotel", Some(&town.officer())).is_problem(403, "forbidden");
}

#[test]
fn a_revoked_venue_sees_nothing_more_and_its_scans_are_listed() {
    let town = Town::start("venue-revoked");
    let hotel = town.staffed_venue("hotel", "松江饭店", AGENCY);
    let staff = hotel.staff(&town);
    let entry = Redeemed::guest("张三丰", NUMBER).at(&town, &hotel);
    refuse(&town, &hotel, "hotel", "other-venue");
    let path = format!("/scan/venues/{}", hotel.id);
    let revoke = |token: &str, reason: &str| {
        town.house.send("DELETE", &path, Some(token), &json!({ "reason": reason }).to_string())
    };
    let administrator = town.administrator();
    revoke(&town.officer(), "停业").is_problem(403, "forbidden");
    revoke(&staff, "停业").is_problem(403, "forbidden");
    revoke(&administrator, "").is_problem(400, "invalid-request");
    assert_eq!(town.house.get(&format!("/scan/entries/{entry}"), Some(&staff)).status, 200);
    assert_eq!([revoke(&administrator, "停业").status, revoke(&administrator, "又停业").status], [204, 204]);
    assert_eq!((town.trail("venue-enrolled"), town.trail("venue-revoked")), (1, 1));

    for path in ["/scan/entries".to_owned(), format!("/scan/entries/{entry}")] {
        town.house.get(&path, Some(&staff)).is_problem(403, "venue-revoked");
    }
    town.add(&staff, &entry, "room", &json!("801")).is_problem(403, "venue-revoked");
    town.house.get(&path, None).is_problem(404, "not-found");
    town.house.get(&format!("/qr/venues/{}/poster", hotel.id), None).is_problem(404, "not-found");

    let scans = format!("{path}/scans");
    town.house.get(&scans, Some(&staff)).is_problem(403, "forbidden");
    for token in [&administrator, &town.officer()] {
        let listed = town.house.get(&scans, Some(token));
        assert!(!listed.text.contains(NUMBER) && !listed.text.contains('张'), "{}", listed.text);
        let listed = listed.json();
        assert!(listed["revoked_at"].is_u64());
        let all = listed["scans"].as_array().expect("a list");
        assert_eq!(all.len(), 2, "{listed}");
        let redeemed = all.iter().find(|scan| scan["scan"] == *entry).expect("listed");
        assert!(names(&redeemed["disclosed"]).contains(&"document_number"));
        assert!(all.iter().any(|scan| scan["refused"] == "other-venue"));
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'venue-scans-listed'"), 2);
    let terminal = town.enrol("T-9", "220104").text_of("token");
    town.hire("lin", "220104");
    town.house.get(&scans, Some(&town.officer_on("lin", &terminal))).is_problem(404, "not-found");
    // The police still find the entry, and the place can be enrolled again.
    let found = search(&town, &town.officer(), "案件1号", &json!({ "id_number": NUMBER })).json();
    assert_eq!(found["entries"][0]["entry"]["entry"], json!(entry));
    assert_eq!(town.enrol_venue(&new_venue("hotel", "松江饭店", AGENCY)).status, 201);
}
