//! Log-in with a linked Alipay account: who comes back from Alipay must be who went.

use serde_json::{Value, json};
use zerotrip_journeys::citizens::{Citizen, somebody};
use zerotrip_journeys::town::PASSWORD;
use zerotrip_journeys::{Answer, Citizens, Town, patiently, sql};
use zerotrip_sandbox::people::{self, Person, Residence};

const SESSIONS: &str = "/auth/citizens/sessions/alipay";
const LINK: &str = "/auth/citizens/me/alipay";

/// Somebody on the way to Alipay.
struct Way {
    authorize: String,
    state: String,
    verifier: String,
}

/// One field of an address, as sent.
fn field(address: &str, name: &str) -> Option<String> {
    let fields = address.split(['?', '#', '&']).filter_map(|part| part.split_once('='));
    fields.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn begin(town: &Town, purpose: &str, token: Option<&str>) -> Way {
    let begun = town.house.post("/auth/alipay", token, &json!({ "purpose": purpose }));
    assert_eq!(begun.status, 201, "{}", begun.text);
    let authorize = begun.text_of("authorize");
    let state = field(&authorize, "state").expect("a state");
    Way { state, verifier: begun.text_of("verifier"), authorize }
}

fn account(person: &Person) -> &str {
    &person.alipay.as_ref().expect("an account at Alipay").user_id
}

/// A code as Alipay hands it out when `person` agrees.
fn code(town: &Town, person: &Person) -> String {
    let wanted = json!({ "scope": "auth_user" });
    let given = town.control("POST", &format!("accounts/{}/code", account(person)), &wanted);
    given["auth_code"].as_str().expect("a code").to_owned()
}

fn come_back(town: &Town, way: &Way, code: &str) -> Answer {
    let body =
        json!({ "state": way.state, "auth_code": code, "verifier": way.verifier, "client": "测试手机" });
    town.house.post(SESSIONS, None, &body)
}

/// `person` logs in with Alipay, whatever comes of it.
fn log_in(town: &Town, person: &Person) -> Answer {
    come_back(town, &begin(town, "log-in", None), &code(town, person))
}

/// `citizen` links the account of `person`, whatever comes of it.
fn link(town: &Town, citizen: &Citizen, person: &Person) -> Answer {
    let way = begin(town, "link", Some(&citizen.token));
    let body = json!({ "state": way.state, "auth_code": code(town, person), "verifier": way.verifier });
    town.house.post(LINK, Some(&citizen.token), &body)
}

/// A citizen whose account is linked.
fn linked(town: &Town, person: &Person) -> Citizen {
    let citizen = Citizens(town).with_real_name(person);
    let done = link(town, &citizen, person);
    assert_eq!(done.status, 201, "{}", done.text);
    citizen
}

/// As an import, an administrator or the person would.
fn stand(town: &Town, citizen: &Citizen, standing: &str) {
    let now = town.now_ms();
    let sql = format!(
        "UPDATE citizens SET standing = '{standing}', changed_at = {now} WHERE id = '{}'",
        citizen.id
    );
    sql::execute(&town.house.database(), &sql);
}

#[test]
fn who_did_not_begin_gets_nowhere_with_the_code_of_who_did() {
    let town = Town::start("alipay-bound");
    let (person, other) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let citizen = linked(&town, person);
    let over = |state: &str, code: &str, verifier: Value| {
        let body = json!({ "state": state, "auth_code": code, "verifier": verifier });
        town.house.post(SESSIONS, None, &body).is_problem(403, "alipay-way-over");
    };
    let (victim, attacker) = (begin(&town, "log-in", None), begin(&town, "log-in", None));
    let caught = code(&town, person);
    // A caught code, with the attacker's own way, would be the attacker's; Alipay hands it to the address with the
    // victim's state, and the victim's verifier was never in an address.
    over(&victim.state, &caught, Value::Null);
    over(&victim.state, &caught, json!(attacker.verifier));
    // A code that was slipped in comes with a state that is not the victim's.
    over(&attacker.state, &code(&town, other), json!(victim.verifier));
    over("", &caught, json!(""));
    over(&"0".repeat(32), &caught, json!(victim.verifier));
    // A way is for one purpose, and of one account.
    let way = begin(&town, "link", Some(&citizen.token));
    over(&way.state, &caught, json!(way.verifier));
    let theirs = Citizens(&town).with_real_name(other);
    let body = json!({ "state": way.state, "auth_code": code(&town, other), "verifier": way.verifier });
    town.house.post(LINK, Some(&theirs.token), &body).is_problem(403, "alipay-way-over");
    let body = json!({ "state": victim.state, "auth_code": caught, "verifier": victim.verifier });
    town.house.post(LINK, Some(&theirs.token), &body).is_problem(403, "alipay-way-over");
    // None of that was the victim's loss.
    assert_eq!(come_back(&town, &victim, &caught).status, 201);
    // Once.
    come_back(&town, &victim, &code(&town, person)).is_problem(403, "alipay-way-over");
    // For ten minutes.
    let way = begin(&town, "log-in", None);
    let town = town.later(601);
    come_back(&town, &way, &code(&town, person)).is_problem(403, "alipay-way-over");
}

#[test]
fn sixteen_who_come_back_with_the_same_begin_one_session() {
    let town = Town::start("alipay-once");
    let person = somebody(Residence::Local, 0);
    linked(&town, person);
    let way = begin(&town, "log-in", None);
    let codes: Vec<String> = (0..16).map(|_| code(&town, person)).collect();
    // Whoever did not get through to Alipay in time comes again with a new code.
    let again = |given: &String| {
        let mut codes = std::iter::once(given.clone()).chain(std::iter::repeat_with(|| code(&town, person)));
        patiently(|| come_back(&town, &way, &codes.next().expect("no end"))).status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = codes.iter().map(|code| scope.spawn(|| again(code))).collect();
        tries.into_iter().map(|one| one.join().expect("answered")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 15, "{statuses:?}");
    assert_eq!(town.count("SELECT COUNT(*) FROM citizen_sessions WHERE how = 'alipay'"), 1);
}

#[test]
fn a_refusal_a_spent_code_and_a_silent_alipay_each_have_their_own_words() {
    let town = Town::start("alipay-words");
    let person = somebody(Residence::Local, 0);
    let citizen = linked(&town, person);
    town.house.post("/auth/alipay", None, &json!({ "purpose": "pay" })).is_problem(400, "invalid-request");
    town.house.get("/auth/alipay?purpose=link", None).is_problem(400, "invalid-request");
    town.house.post("/auth/alipay", None, &json!({ "purpose": "link" })).is_problem(401, "unauthorized");

    let way = begin(&town, "log-in", None);
    let refused = json!({ "state": way.state, "verifier": way.verifier });
    town.house.post(SESSIONS, None, &refused).is_problem(403, "alipay-refused");
    town.house.post(SESSIONS, None, &refused).is_problem(403, "alipay-way-over");
    let way = begin(&town, "link", Some(&citizen.token));
    let refused = json!({ "state": way.state, "verifier": way.verifier });
    town.house.post(LINK, Some(&citizen.token), &refused).is_problem(403, "alipay-refused");

    let used = code(&town, person);
    assert_eq!(come_back(&town, &begin(&town, "log-in", None), &used).status, 201);
    for spent in [used.as_str(), "never given", "", &"x".repeat(200), "&method=alipay.trade.refund"] {
        come_back(&town, &begin(&town, "log-in", None), spent).is_problem(403, "alipay-code-spent");
    }

    let way = begin(&town, "log-in", None);
    let fresh = code(&town, person);
    for fault in ["unavailable", "bad-signature", "silent"] {
        // What Alipay has carried out it has carried out, so this one call of each is kept from the real code.
        town.faults(
            &json!({ "gateway": fault, "gateway_calls": 1, "gateway_methods": "alipay.system.oauth" }),
        );
        let code = if fault == "bad-signature" { "never given" } else { &fresh };
        let silent = come_back(&town, &way, code);
        silent.is_problem(503, "alipay-unavailable");
        assert!(!silent.retry_after.is_empty());
    }
    // The same again, as the answer said.
    assert_eq!(come_back(&town, &way, &fresh).status, 201);
}

#[test]
fn an_account_that_nobody_has_linked_opens_nothing() {
    let town = Town::start("alipay-unlinked");
    let person = somebody(Residence::Local, 0);
    let citizen = Citizens(&town).with_real_name(person);
    log_in(&town, person).is_problem(404, "alipay-not-linked");
    town.house.get(LINK, Some(&citizen.token)).is_problem(404, "not-found");
    assert_eq!(link(&town, &citizen, person).status, 201);
    assert_eq!(log_in(&town, person).status, 201);
    assert_eq!(town.house.send("DELETE", LINK, Some(&citizen.token), "").status, 204);
    log_in(&town, person).is_problem(404, "alipay-not-linked");
}

#[test]
fn only_a_known_person_links_and_only_an_account_whose_owner_alipay_knows() {
    let town = Town::start("alipay-link-refused");
    let citizens = Citizens(&town);
    let registered = citizens.register("13800138000");
    town.house
        .post("/auth/alipay", Some(&registered.token), &json!({ "purpose": "link" }))
        .is_problem(403, "real-name-needed");
    town.house.get(LINK, None).is_problem(401, "unauthorized");
    let uncertified = |person: &&Person| person.alipay.as_ref().is_some_and(|alipay| !alipay.certified);
    let uncertified = people::all().iter().find(uncertified).expect("somebody");
    let citizen = citizens.with_real_name(somebody(Residence::Local, 0));
    link(&town, &citizen, uncertified).is_problem(403, "alipay-not-certified");
    assert_eq!(town.count("SELECT COUNT(*) FROM alipay_links"), 0);
}

#[test]
fn one_account_here_is_linked_with_one_there_however_many_try_at_once() {
    let town = Town::start("alipay-one-to-one");
    let (first, second) = (somebody(Residence::Local, 0), somebody(Residence::Local, 1));
    let citizen = linked(&town, first);
    let other = Citizens(&town).with_real_name(second);
    link(&town, &citizen, second).is_problem(409, "alipay-another-linked");
    link(&town, &other, first).is_problem(409, "alipay-linked-elsewhere");
    // The same again changes nothing and says so.
    let at = town.house.get(LINK, Some(&citizen.token)).json()["linked_at"].clone();
    let again = link(&town, &citizen, first);
    assert_eq!((again.status, &again.json()["linked_at"]), (201, &at));

    let contested = somebody(Residence::Local, 2);
    let rivals: Vec<Citizen> =
        [3, 4, 5, 6].map(|number| Citizens(&town).with_real_name(somebody(Residence::Local, number))).into();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            rivals.iter().map(|rival| scope.spawn(|| link(&town, rival, contested).status)).collect();
        tries.into_iter().map(|one| one.join().expect("answered")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 3, "{statuses:?}");
}

#[test]
fn applications_of_either_age_log_people_in() {
    let town = Town::start("alipay-identities");
    for (number, identity) in ["user-id", "open-id"].into_iter().enumerate() {
        town.control("POST", "application", &json!({ "identity": identity }));
        let person = somebody(Residence::Local, number);
        let citizen = linked(&town, person);
        let came = log_in(&town, person);
        assert_eq!(came.status, 201, "{}", came.text);
        let current = town.house.get("/auth/sessions/current", Some(&came.text_of("access_token"))).json();
        assert_eq!(
            current,
            json!({ "principal": citizen.id, "role": "citizen", "device": null, "standing": "real-name", "face_at": 0 })
        );
    }
}

#[test]
fn unlinking_ends_the_sessions_that_alipay_began() {
    let town = Town::start("alipay-unlink");
    let person = somebody(Residence::Local, 0);
    let citizen = linked(&town, person);
    let [first, second] = [(); 2].map(|()| log_in(&town, person).text_of("access_token"));
    let list = town.house.get("/auth/citizens/me/sessions", Some(&first)).json();
    let how = |session: &Value| (session["how"].clone(), session["client"].clone());
    let alipay = list["sessions"].as_array().expect("a list").iter().map(how);
    assert_eq!(alipay.filter(|how| *how == (json!("alipay"), json!("测试手机"))).count(), 2);
    // Twice is as good as once.
    for _ in 0..2 {
        assert_eq!(town.house.send("DELETE", LINK, Some(&first), "").status, 204);
    }
    town.house.get("/auth/citizens/me", Some(&second)).is_problem(401, "unauthorized");
    for stays in [&first, &citizen.token] {
        assert_eq!(town.house.get("/auth/citizens/me", Some(stays)).status, 200);
    }
    // Refreshed it does not come back.
    log_in(&town, person).is_problem(404, "alipay-not-linked");
    let written = |kind: &str| town.count(&format!("SELECT COUNT(*) FROM audit_lines WHERE kind = '{kind}'"));
    assert_eq!([written("alipay-linked"), written("alipay-unlinked")], [1, 1]);
}

#[test]
fn an_account_that_has_its_proof_due_can_come_in_and_then_only_prove_itself() {
    let town = Town::start("alipay-proof-due");
    let person = somebody(Residence::Local, 0);
    let citizen = linked(&town, person);
    // Linked since it was last taken out of use.
    let sql =
        format!("UPDATE citizens SET standing = 'proof-due', changed_at = 1 WHERE id = '{}'", citizen.id);
    sql::execute(&town.house.database(), &sql);
    let came = log_in(&town, person);
    assert_eq!(came.status, 201, "{}", came.text);
    let token = came.text_of("access_token");
    assert_eq!(Citizens(&town).standing(&token), "proof-due");
    town.house.get(LINK, Some(&token)).is_problem(403, "proof-due");
    town.house.send("DELETE", LINK, Some(&token), "").is_problem(403, "proof-due");
    town.house.post("/auth/alipay", Some(&token), &json!({ "purpose": "link" })).is_problem(403, "proof-due");
}

#[test]
fn a_frozen_account_stays_shut_and_a_link_from_before_the_freeze_opens_it_never_again() {
    let town = Town::start("alipay-frozen");
    let person = somebody(Residence::Local, 0);
    let citizen = linked(&town, person);
    stand(&town, &citizen, "frozen");
    log_in(&town, person).is_problem(403, "account-frozen");
    // Given back to its owner: whoever had it may have made the link.
    stand(&town, &citizen, "proof-due");
    log_in(&town, person).is_problem(404, "alipay-not-linked");
    let sql = format!("UPDATE citizens SET standing = 'real-person' WHERE id = '{}'", citizen.id);
    sql::execute(&town.house.database(), &sql);
    log_in(&town, person).is_problem(404, "alipay-not-linked");
    let again = Citizens(&town).log_in(&person.id_number, PASSWORD).text_of("access_token");
    town.house.get(LINK, Some(&again)).is_problem(404, "not-found");
    // The owner links again, the same account or another.
    let owner = Citizen { token: again, refresh: String::new(), id: citizen.id };
    let done = link(&town, &owner, person);
    assert_eq!(done.status, 201, "{}", done.text);
    assert_eq!(log_in(&town, person).status, 201);
}

#[test]
fn an_alipay_account_outlives_accounts_here_that_are_merged_or_deleted() {
    let town = Town::start("alipay-merged");
    for (number, end) in ["merged", "deleted"].into_iter().enumerate() {
        let (person, next) =
            (somebody(Residence::Local, 2 * number), somebody(Residence::Local, 2 * number + 1));
        let gone = linked(&town, person);
        stand(&town, &gone, end);
        log_in(&town, person).is_problem(404, "alipay-not-linked");
        let citizen = Citizens(&town).with_real_name(next);
        assert_eq!(link(&town, &citizen, person).status, 201, "{end}");
        let came = log_in(&town, person);
        let current = town.house.get("/auth/sessions/current", Some(&came.text_of("access_token"))).json();
        assert_eq!(current["principal"], json!(citizen.id));
    }
}

#[test]
fn in_a_browser_the_secret_stays_in_a_cookie_and_no_address_holds_a_token() {
    let town = Town::start("alipay-browser");
    let person = somebody(Residence::Local, 0);
    linked(&town, person);
    let sent = town.house.get("/auth/alipay?purpose=log-in", None);
    assert_eq!(sent.status, 303);
    assert!(
        sent.location.starts_with(&format!("{}/oauth2/publicAppAuthorize.htm?", town.alipay)),
        "{}",
        sent.location
    );
    let (cookie, attributes) = sent.set_cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, format!("Path={SESSIONS}; Max-Age=600; HttpOnly; SameSite=Lax"));
    let verifier = cookie.strip_prefix("zt_alipay=").expect("the verifier");
    assert!(!sent.location.contains(verifier));

    // On Alipay's page the person agrees, or refuses.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let press = |button: &str| {
        let form_text = format!("user_id={}&decision={button}", account(person));
        let led = town.house.fetch("POST", &sent.location, &form, &form_text);
        assert_eq!(led.status, 303, "{}", led.text);
        let path = led.location.strip_prefix(&town.house.base).expect("our address").to_owned();
        let handed = town.house.get(&path, None);
        assert_eq!((handed.status, handed.referrer_policy.as_str()), (303, "strict-origin"));
        let (client, handed) = handed.location.split_once('#').expect("a fragment");
        assert_eq!(client, town.house.base);
        (field(handed, "state").expect("a state"), field(handed, "auth_code"))
    };
    let (state, none) = press("refuse");
    assert_eq!(none, None);
    let (same, code) = press("agree");
    assert_eq!(state, same);
    let came = |cookie: &str| {
        let body = json!({ "state": state, "auth_code": code, "client": "浏览器" }).to_string();
        town.house.send_with("POST", SESSIONS, &[("cookie", cookie)], &body)
    };
    // Another browser, whose address bar shows all that this one's did.
    came("").is_problem(403, "alipay-way-over");
    came("zt_alipay=0123456789abcdef0123456789abcdef").is_problem(403, "alipay-way-over");
    let came = came(&format!("a=b; {cookie}"));
    assert_eq!(came.status, 201, "{}", came.text);
    assert_eq!(Citizens(&town).standing(&came.text_of("access_token")), "real-name");
}

#[test]
fn what_comes_along_in_the_return_leads_nowhere_else() {
    let town = Town::start("alipay-return");
    for (sent, handed) in [
        ("", ""),
        ("?state=a%26b%23c&auth_code=%0d%0aset-cookie:x", "state=a%26b%23c&auth_code=%0D%0Aset-cookie%3Ax"),
        ("?state=s&redirect_uri=http://evil.example&client=//evil.example", "state=s"),
    ] {
        let answer = town.house.get(&format!("/auth/alipay/return{sent}"), None);
        assert_eq!((answer.status, answer.set_cookie.as_str()), (303, ""));
        assert_eq!(answer.location, format!("{}#{handed}", town.house.base));
    }
}

#[test]
fn neither_the_database_nor_the_log_says_whose_alipay_account_it_is() {
    let town = Town::start("alipay-sealed");
    let person = somebody(Residence::Local, 0);
    let citizen = linked(&town, person);
    let way = begin(&town, "log-in", None);
    assert!(!way.authorize.contains(&way.verifier), "{}", way.authorize);
    let code = code(&town, person);
    assert_eq!(come_back(&town, &way, &code).status, 201);
    town.house.get(LINK, Some(&citizen.token));
    let stored = town.house.stored();
    let alipay = person.alipay.as_ref().expect("an account");
    for secret in [&alipay.user_id, &alipay.nick_name, &way.state, &way.verifier, &code] {
        let found = stored.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found && !town.house.log().contains(secret.as_str()), "{secret}");
    }
}
