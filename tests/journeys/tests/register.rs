//! Venues and their registers: who may enrol, see, add, search and supervise, and how long anything is kept.

use serde_json::{Value, json};
use zerotrip_domain::Day;
use zerotrip_domain::scenario::Scenario;
use zerotrip_journeys::citizens::somebody;
use zerotrip_journeys::picture::read_svg;
use zerotrip_journeys::town::AGENCY;
use zerotrip_journeys::venues::{CREDIT_CODES, Redeemed, new_venue, refuse};
use zerotrip_journeys::{Answer, Citizens, Town};
use zerotrip_sandbox::people::Residence;

const NUMBER: &str = "11010519491231002X";
const DAY_S: i64 = 24 * 3600;

fn search(town: &Town, token: &str, reason: &str, by: &Value) -> Answer {
    town.house.post("/scan/searches", Some(token), &json!({ "reason": reason, "by": by }))
}

fn supervised(town: &Town, path: &str) -> Value {
    let answer = town.house.get(path, Some(&town.officer()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn names(list: &Value) -> Vec<&str> {
    let name = |one: &'_ Value| -> bool { one.is_string() };
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|one| if name(one) { one.as_str() } else { one["name"].as_str() }.expect("a name"))
        .collect()
}

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
    let poster = town.house.get(&format!("{path}/poster"), None);
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
fn a_venue_completes_its_own_register_and_corrects_it_only_by_appending() {
    let town = Town::start("register");
    let (hotel, other) =
        (town.staffed_venue("hotel", "松江饭店", AGENCY), town.staffed_venue("hotel", "别家", AGENCY));
    let (staff, stranger) = (hotel.staff(&town), other.staff(&town));
    let entry = Redeemed::guest("张三丰", NUMBER).at(&town, &hotel);
    let child = Redeemed { minor: true, ..Redeemed::guest("张小三", NUMBER) }.at(&town, &hotel);
    let path = format!("/scan/entries/{entry}");

    // Another venue's, nobody's, and for people who are no staff.
    town.house.get(&path, Some(&stranger)).is_problem(404, "not-found");
    town.add(&stranger, &entry, "room", &json!("801")).is_problem(404, "not-found");
    town.add(&staff, &"0".repeat(32), "room", &json!("801")).is_problem(404, "not-found");
    for token in [town.administrator(), town.officer()] {
        town.house.get(&path, Some(&token)).is_problem(403, "forbidden");
        town.add(&token, &entry, "room", &json!("801")).is_problem(403, "forbidden");
    }
    // What the policy does not name, or not of its form.
    let now = town.now_ms();
    town.add(&staff, &entry, "seat", &json!("12")).is_problem(422, "not-in-the-register");
    town.add(&staff, &entry, "guardian_contact", &json!("13800138000"))
        .is_problem(422, "not-in-the-register");
    for (name, value) in [
        ("room", json!("")),
        ("room", json!(801)),
        ("arrival", json!("2026-11-25")),
        ("arrival", json!(1)),
        ("face_matches", json!("yes")),
    ] {
        town.add(&staff, &entry, name, &value).is_problem(422, "wrong-form");
    }
    town.add(&staff, &entry, "room", &json!(["801"])).is_problem(400, "invalid-request");

    let shown = town.house.get(&path, Some(&staff)).json();
    assert_eq!(names(&shown["missing"]), ["room", "arrival", "planned_departure", "face_matches"]);
    assert_eq!(names(&shown["later"]), ["departure"]);
    assert_eq!((&shown["additions"], &shown["masked"]), (&json!([]), &json!(false)));
    assert_eq!(shown["disclosed"][0], json!({ "name": "name", "chinese": "姓名", "value": "张三丰" }));
    for (name, value) in [
        ("room", json!("801")),
        ("arrival", json!(now)),
        ("planned_departure", json!(now + 86_400_000)),
        ("face_matches", json!(true)),
    ] {
        assert_eq!(town.add(&staff, &entry, name, &value).status, 201, "{name}");
    }
    let corrected = town.add(&staff, &entry, "room", &json!("802")).json();
    let rooms: Vec<&Value> = corrected["additions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|line| line["name"] == "room")
        .collect();
    assert_eq!([&rooms[0]["value"], &rooms[1]["value"]], [&json!("801"), &json!("802")]);
    assert_eq!(corrected["missing"], json!([]));
    // Nothing is changed or taken back.
    for method in ["PUT", "PATCH", "DELETE"] {
        let tried = |path: &str| town.house.send(method, path, Some(&staff), "{}");
        tried(&path).is_problem(405, "method-not-allowed");
        tried(&format!("{path}/additions")).is_problem(405, "method-not-allowed");
    }

    // The list has no numbers, and says what is open; for a child also who answers for it.
    let list = town.house.get("/scan/entries", Some(&staff));
    assert!(
        !list.text.contains(NUMBER) && !list.text.contains("三丰") && list.text.contains("张**"),
        "{}",
        list.text
    );
    let list = list.json();
    let of = |id: &str| {
        list["entries"].as_array().expect("a list").iter().find(|one| one["entry"] == id).expect("listed")
    };
    assert_eq!((names(&of(&entry)["missing"]), names(&of(&entry)["later"])), (vec![], vec!["departure"]));
    assert!(names(&of(&child)["missing"]).contains(&"guardian_contact"));
    assert_eq!(town.add(&staff, &child, "guardian_contact", &json!("13800138000")).status, 201);
    assert_eq!(
        town.house.get("/scan/entries", Some(&stranger)).json(),
        json!({ "entries": [], "next": null })
    );
    let later = town.house.get(&format!("/scan/entries?from={}", now + 3_600_000), Some(&staff)).json();
    assert_eq!(later["entries"], json!([]));
    town.house.get("/scan/entries?from=yesterday", Some(&staff)).is_problem(400, "invalid-request");

    // A day later staff find the guest again, but do not read what they were told.
    let town = town.later(DAY_S + 60);
    let staff = hotel.staff(&town);
    let masked = town.house.get(&path, Some(&staff));
    assert!(masked.text.contains("\"801\"") && !masked.text.contains("示例街"), "{}", masked.text);
    assert!(!masked.text.contains(NUMBER) && masked.text.contains("110105********002X"), "{}", masked.text);
    assert_eq!(masked.json()["masked"], true);
    let contact = town.house.get(&format!("/scan/entries/{child}"), Some(&staff));
    assert!(!contact.text.contains("13800138000"), "{}", contact.text);
    assert_eq!(town.add(&staff, &entry, "departure", &json!(town.now_ms())).status, 201);
}

#[test]
fn an_entry_goes_when_its_time_is_over_and_the_ledger_stays() {
    let town = Town::start("register-kept");
    let cafe = town.staffed_venue("internet-cafe", "网吧", AGENCY);
    let told =
        json!({ "name": "张三丰", "document_kind": "resident-id", "document_number": NUMBER, "adult": true });
    let guest = Redeemed { scenario: Scenario::InternetCafe, told, ..Redeemed::guest("", "") };
    let entry = guest.at(&town, &cafe);
    assert_eq!(town.add(&cafe.staff(&town), &entry, "seat", &json!("12")).status, 201);
    let rows = |town: &Town| {
        [
            "identity_codes WHERE entry_sealed IS NOT NULL",
            "identity_codes WHERE person_index IS NOT NULL",
            "register_additions",
            "identity_codes WHERE disclosed LIKE '%name%'",
        ]
        .map(|of| town.count(&format!("SELECT COUNT(*) FROM {of}")))
    };
    let sweep = |town: &Town| {
        let done = town.house.post("/records/jobs/retention", Some(&town.job_token()), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text);
    };
    // 60 days, the last of them whole.
    let town = town.later(60 * DAY_S);
    sweep(&town);
    assert_eq!(rows(&town), [1, 1, 1, 1]);
    assert_eq!(town.house.get(&format!("/scan/entries/{entry}"), Some(&cafe.staff(&town))).status, 200);
    let town = town.later(DAY_S);
    // Gone for everybody before the job comes.
    let staff = cafe.staff(&town);
    town.house.get(&format!("/scan/entries/{entry}"), Some(&staff)).is_problem(404, "not-found");
    town.add(&staff, &entry, "off", &json!(town.now_ms())).is_problem(404, "not-found");
    assert_eq!(town.house.get("/scan/entries", Some(&staff)).json()["entries"], json!([]));
    let found = search(&town, &town.officer(), "案件1号", &json!({ "id_number": NUMBER }));
    assert_eq!(found.json()["entries"], json!([]));
    sweep(&town);
    assert_eq!(rows(&town), [0, 0, 0, 1]);
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
    assert_eq!(town.count("SELECT COUNT(*) FROM audit_lines WHERE kind = 'venue-revoked'"), 1);

    for path in ["/scan/entries".to_owned(), format!("/scan/entries/{entry}")] {
        town.house.get(&path, Some(&staff)).is_problem(403, "venue-revoked");
    }
    town.add(&staff, &entry, "room", &json!("801")).is_problem(403, "venue-revoked");
    town.house.get(&path, None).is_problem(404, "not-found");
    town.house.get(&format!("{path}/poster"), None).is_problem(404, "not-found");

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
