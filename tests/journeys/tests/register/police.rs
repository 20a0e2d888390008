//! The police search registers with a reason, and supervise the trades.

use super::{DAY_S, NUMBER, search};
use serde_json::{Value, json};
use zerotrip_domain::Day;
use zerotrip_domain::scenario::Scenario;
use zerotrip_journeys::Town;
use zerotrip_journeys::town::AGENCY;
use zerotrip_journeys::venues::{Redeemed, refuse};

fn supervised(town: &Town, path: &str) -> Value {
    let answer = town.house.get(path, Some(&town.officer()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[test]
fn an_officer_searches_with_a_reason_in_the_own_area_and_leaves_a_line() {
    let town = Town::start("register-searched");
    let hotel = town.staffed_venue("hotel", "松江饭店", AGENCY);
    let shop = town.staffed_venue("vehicle-repair", "修理厂", "220104");
    let entry = Redeemed::guest("张三丰", NUMBER).at(&town, &hotel);
    assert_eq!(town.add(&hotel.staff(&town), &entry, "room", &json!("801")).status, 201);
    let told = json!({ "name": "张三丰", "document_number": NUMBER, "plate": "吉A12345", "model": "红旗" });
    let car =
        Redeemed { scenario: Scenario::VehicleRepair, told, ..Redeemed::guest("", "") }.at(&town, &shop);

    let officer = town.officer();
    let by_number = json!({ "id_number": NUMBER });
    search(&town, &officer, " ", &by_number).is_problem(400, "invalid-request");
    search(&town, &town.administrator(), "案件1号", &by_number).is_problem(403, "forbidden");
    search(&town, &hotel.staff(&town), "案件1号", &by_number).is_problem(403, "forbidden");
    for by in [
        json!({}),
        json!({ "id_number": "11010519491231" }),
        json!({ "plate": "吉A" }),
        json!({ "id_number": NUMBER, "plate": "吉A12345" }),
        json!({ "venue": hotel.id }),
        json!({ "venue": hotel.id, "from": 0, "to": town.now_ms() }),
    ] {
        search(&town, &officer, "案件1号", &by).is_problem(400, "invalid-request");
    }
    let month = |venue: &str| json!({ "venue": venue, "from": town.now_ms() - 30 * 86_400_000, "to": town.now_ms() + 60_000 });
    search(&town, &officer, "案件1号", &month(&shop.id)).is_problem(404, "not-found");
    assert_eq!(town.count("SELECT COUNT(*) FROM register_searches"), 0);

    let found = search(&town, &officer, "案件1号", &by_number);
    assert_eq!(found.status, 201, "{}", found.text);
    let found = found.json();
    let hits = found["entries"].as_array().expect("a list");
    assert_eq!(hits.len(), 1, "the shop is in another district: {found}");
    assert_eq!((&hits[0]["venue_name"], &hits[0]["entry"]["entry"]), (&json!("松江饭店"), &json!(entry)));
    assert!(hits[0]["entry"]["disclosed"].to_string().contains(NUMBER));
    assert_eq!(hits[0]["entry"]["additions"][0]["value"], "801");
    let at_hotel = search(&town, &officer, "案件1号", &month(&hotel.id)).json();
    assert_eq!(at_hotel["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        search(&town, &officer, "案件1号", &json!({ "plate": "吉A12345" })).json()["entries"],
        json!([])
    );

    // The city looks into its districts, the next city does not.
    let on = |login: &str, agency: &str| {
        let terminal = town.enrol(login, agency).text_of("token");
        town.hire(login, agency);
        town.officer_on(login, &terminal)
    };
    let (city, next) = (on("city", "220100"), on("next", "220200"));
    let by_city = search(&town, &city, "案件1号", &json!({ "plate": "吉A·12345" })).json();
    assert_eq!(by_city["entries"][0]["entry"]["entry"], json!(car), "{by_city}");
    assert_eq!(
        search(&town, &city, "案件1号", &by_number).json()["entries"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(search(&town, &next, "案件1号", &by_number).json()["entries"], json!([]));
    search(&town, &next, "案件1号", &month(&hotel.id)).is_problem(404, "not-found");

    // Who, where, how, under which search: no name, no number, no reason.
    let line = format!(
        "SELECT detail || '/' || device FROM audit_lines WHERE kind = 'register-searched' AND subject = '{}'",
        found["search"].as_str().expect("an id")
    );
    let terminal = town.text("SELECT id FROM devices WHERE label = 'T-1'");
    assert_eq!(town.text(&line), format!("{{\"by\":\"id-number\"}}/{terminal}"));
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'register-searched'"), 6);
    let stored = town.house.stored();
    for secret in [NUMBER, "案件1号", "张三丰"] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert!(!town.house.log().contains(NUMBER));
}

#[test]
fn the_police_see_each_venues_day_and_what_is_odd_about_it() {
    let town = Town::start("supervision");
    let hotel = town.staffed_venue("hotel", "松江饭店", AGENCY);
    let permit = town.staffed_venue("residence-permit-status", "社区服务站", AGENCY);
    let elsewhere = town.staffed_venue("hotel", "别处", "220104");
    let staff = hotel.staff(&town);
    let complete = Redeemed::guest("张三丰", NUMBER).at(&town, &hotel);
    let now = town.now_ms();
    for (name, value) in [
        ("room", json!("801")),
        ("arrival", json!(now)),
        ("planned_departure", json!(now)),
        ("face_matches", json!(true)),
    ] {
        assert_eq!(town.add(&staff, &complete, name, &value).status, 201);
    }
    for _ in 0..2 {
        Redeemed { read_how: "typed", ..Redeemed::guest("李四", NUMBER) }.at(&town, &hotel);
    }
    let told = json!({ "status": "normal", "authority": "长春市公安局" });
    Redeemed { scenario: Scenario::ResidencePermitStatus, told, ..Redeemed::guest("", "") }
        .at(&town, &permit);
    Redeemed::guest("王五", NUMBER).at(&town, &elsewhere);
    for why in ["other-venue", "code-used", "code-used"].into_iter().chain(["code-expired"; 8]) {
        refuse(&town, &hotel, "hotel", why);
    }
    // Both days, should midnight pass in between.
    let day = Day::at(now).to_string();
    let all = supervised(&town, &format!("/scan/supervision?day={day}"));
    let of = |venue: &str| all["venues"].as_array().expect("a list").iter().find(|one| one["venue"] == venue);
    assert!(of(&elsewhere.id).is_none(), "another district: {all}");
    let at_hotel = of(&hotel.id).expect("supervised");
    assert_eq!(
        [&at_hotel["redeemed"], &at_hotel["typed"], &at_hotel["incomplete"]],
        [&json!(3), &json!(2), &json!(2)]
    );
    assert_eq!(at_hotel["refused"], json!({ "code-expired": 8, "code-used": 2, "other-venue": 1 }));
    assert_eq!(at_hotel["anomalies"][0]["rule"], "refusals");
    let at_permit = of(&permit.id).expect("supervised");
    assert_eq!(
        [&at_permit["redeemed"], &at_permit["incomplete"]],
        [&json!(1), &json!(0)],
        "nothing is kept there"
    );
    // A burst on one scanner.
    for _ in 0..40 {
        Redeemed::guest("赵六", NUMBER).at(&town, &hotel);
    }
    let day = Day::at(town.now_ms()).to_string();
    let all = supervised(&town, &format!("/scan/supervision?agency={AGENCY}&day={day}"));
    assert!(all.to_string().contains("\"burst\""), "{all}");

    let officer = town.officer();
    let get = |path: &str, token: &str| town.house.get(path, Some(token));
    get("/scan/supervision?agency=220104", &officer).is_problem(403, "forbidden");
    get("/scan/supervision?day=today", &officer).is_problem(400, "invalid-request");
    get("/scan/supervision", &staff).is_problem(403, "forbidden");
    let by_administrator = get("/scan/supervision?agency=220100", &town.administrator()).json();
    assert_eq!(by_administrator["venues"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_hotel_reports_guests_from_outside_the_mainland_within_a_day() {
    let town = Town::start("outside");
    let (hotel, cafe) = (
        town.staffed_venue("hotel", "松江饭店", AGENCY),
        town.staffed_venue("internet-cafe", "网吧", AGENCY),
    );
    let outside =
        |ago_min| Redeemed { outside: true, ago_min, ..Redeemed::guest("陈大文", "810000199408230021") };
    let (fresh, inside) = (outside(0).at(&town, &hotel), Redeemed::guest("张三丰", NUMBER).at(&town, &hotel));
    Redeemed { scenario: Scenario::InternetCafe, ..outside(0) }.at(&town, &cafe);
    let staff = hotel.staff(&town);
    let report = |town: &Town, staff: &str, entry: &str| {
        town.house.post(&format!("/scan/entries/{entry}/report"), Some(staff), &json!({}))
    };
    report(&town, &staff, &inside).is_problem(409, "nothing-to-report");
    report(&town, &cafe.staff(&town), &fresh).is_problem(404, "not-found");
    let listed = town.house.get("/scan/entries", Some(&staff)).json();
    let due = listed["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["entry"] == *fresh)
        .expect("listed");
    assert_eq!(due["report_by"].as_u64(), due["at"].as_u64().map(|at| at + 86_400_000));

    let day = Day::at(due["at"].as_u64().expect("a time")).to_string();
    let path = format!("/scan/supervision/outside?day={day}");
    let guests = supervised(&town, &path);
    let guests = guests["guests"].as_array().expect("a list");
    assert_eq!(guests.len(), 1, "a café reports nobody");
    assert_eq!(
        [&guests[0]["hours_left"], &guests[0]["late"], &guests[0]["reported_at"]],
        [&json!(23), &json!(false), &Value::Null]
    );
    assert!(!guests[0].to_string().contains("陈"), "{}", guests[0]);

    let town = town.later(DAY_S + 60);
    let late = supervised(&town, &path)["guests"][0].clone();
    assert_eq!([&late["hours_left"], &late["late"]], [&json!(0), &json!(true)]);
    let staff = hotel.staff(&town);
    let first = report(&town, &staff, &fresh).json()["reported_at"].clone();
    assert!(first.is_u64());
    assert_eq!(report(&town, &staff, &fresh).json()["reported_at"], first, "the first time stands");
    let reported = supervised(&town, &path)["guests"][0].clone();
    assert_eq!([&reported["reported_at"], &reported["late"]], [&first, &json!(true)]);
}

#[test]
fn a_foreigner_is_entered_at_the_desk_reported_and_found_by_the_passport() {
    let town = Town::start("foreigner");
    let (hotel, cafe) = (
        town.staffed_venue("hotel", "松江饭店", AGENCY),
        town.staffed_venue("internet-cafe", "网吧", AGENCY),
    );
    let staff = hotel.staff(&town);
    let enter = |token: &str, change: &[(&str, &str)]| {
        let mut body = json!({ "attempt": "desk-0001", "name": "DUPONT MARIE", "sex": "female", "nationality": "FRA",
            "birth_date": "1990-07-14", "passport_number": "12AB34567" });
        change.iter().for_each(|(name, value)| body[*name] = json!(value));
        town.house.post("/scan/entries", Some(token), &body)
    };
    for (name, value) in [
        ("attempt", "x"),
        ("name", " "),
        ("sex", "F"),
        ("nationality", "France"),
        ("nationality", "CHN"),
        ("nationality", ""),
        ("birth_date", "2990-07-14"),
        ("birth_date", "14.07.1990"),
        ("passport_number", "12"),
        ("passport_number", "12ab34567"),
    ] {
        enter(&staff, &[(name, value)]).is_problem(400, "invalid-request");
    }
    enter(&cafe.staff(&town), &[]).is_problem(403, "not-a-hotel");
    enter(&town.officer(), &[]).is_problem(403, "forbidden");
    assert_eq!(town.count("SELECT COUNT(*) FROM identity_codes"), 0);

    let entered = enter(&staff, &[]);
    assert_eq!(entered.status, 201, "{}", entered.text);
    let entered = entered.json();
    let entry = entered["entry"].as_str().expect("an id").to_owned();
    let told: Vec<(&str, &str)> = entered["disclosed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["name"].as_str().expect("a name"), one["value"].as_str().expect("text")))
        .collect();
    assert_eq!(
        told,
        [
            ("name", "DUPONT MARIE"),
            ("sex", "female"),
            ("birth_date", "1990-07-14"),
            ("document_kind", "passport"),
            ("document_number", "12AB34567"),
            ("nationality", "FRA"),
        ]
    );
    assert_eq!(entered["report_by"].as_u64(), entered["at"].as_u64().map(|at| at + 86_400_000));
    // An answer that was lost is given again; a child is another guest, whose guardian the register wants.
    let again = enter(&staff, &[]);
    assert_eq!((again.status, again.text_of("entry")), (200, entry.clone()));
    let child = enter(
        &staff,
        &[
            ("attempt", "desk-0002"),
            ("nationality", "D"),
            ("birth_date", "2020-01-01"),
            ("passport_number", "12AB34568"),
        ],
    );
    assert!(child.json()["missing"].to_string().contains("guardian_contact"), "{}", child.text);
    assert_eq!(town.add(&staff, &entry, "room", &json!("802")).status, 201);

    let day = Day::at(entered["at"].as_u64().expect("a time")).to_string();
    let guests = supervised(&town, &format!("/scan/supervision/outside?day={day}"));
    assert_eq!(guests["guests"].as_array().map(Vec::len), Some(2), "{guests}");
    let officer = town.officer();
    search(&town, &officer, "协查", &json!({ "passport": "12" })).is_problem(400, "invalid-request");
    let found = search(&town, &officer, "协查", &json!({ "passport": "12AB34567" })).json();
    assert_eq!(found["entries"][0]["entry"]["entry"], json!(entry));
    assert_eq!(found["entries"][0]["entry"]["additions"][0]["value"], "802");
    assert_eq!((town.trail("foreigner-entered"), town.trail("identity-redeemed")), (2, 0));
    let stored = town.house.stored();
    for secret in ["12AB34567", "DUPONT"] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert!(!town.house.log().contains("12AB34567"));
}
