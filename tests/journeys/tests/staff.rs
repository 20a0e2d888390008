//! Officers, administrators and their devices: from the first invitation to a revoked terminal.

use serde_json::json;
use std::time::Instant;
use zerotrip_journeys::{Answer, House};

const PASSWORD: &str = "correct horse battery";

struct Staff {
    house: House,
    administrator: String,
    device: String,
    device_token: String,
    officer: String,
}

/// An administrator, a terminal of agency 220102 and an officer `han` of the same.
fn staffed(name: &str) -> Staff {
    let house = House::start(name);
    let code = house.invite_administrator();
    activate(&house, &code, "root").status_is(201);
    let administrator = log_in(&house, "root", PASSWORD, None).text_of("access_token");
    let enrolled = house.post(
        "/auth/devices",
        Some(&administrator),
        &json!({"kind": "terminal", "label": "T-1", "agency": "220102"}),
    );
    enrolled.status_is(201);
    let invited = house.post(
        "/auth/invitations",
        Some(&administrator),
        &json!({"role": "officer", "agency": "220102"}),
    );
    let officer = activate(&house, &invited.text_of("code"), "han").text_of("principal");
    Staff {
        house,
        administrator,
        device: enrolled.text_of("device"),
        device_token: enrolled.text_of("token"),
        officer,
    }
}

trait Status {
    fn status_is(&self, status: u16);
}

impl Status for Answer {
    fn status_is(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text);
    }
}

fn activate(house: &House, code: &str, login: &str) -> Answer {
    let body = json!({"code": code, "login": login, "password": PASSWORD, "name": "韩警官"});
    house.post("/auth/activations", None, &body)
}

fn log_in(house: &House, login: &str, password: &str, device_token: Option<&str>) -> Answer {
    let body = json!({"login": login, "password": password, "device_token": device_token});
    house.post("/auth/sessions", None, &body)
}

#[test]
fn there_is_no_way_in_without_an_invitation() {
    let house = House::start("no-way-in");
    log_in(&house, "admin", "admin", None).is_problem(401, "wrong-credentials");
    activate(&house, "00000000000000000000000000000000", "root").is_problem(403, "invitation-unusable");
    for path in ["/auth/invitations", "/auth/devices"] {
        let body = json!({"role": "administrator", "kind": "terminal", "label": "x", "agency": "x"});
        let body = if path.ends_with("devices") {
            json!({"kind": "terminal", "label": "x", "agency": "x"})
        } else {
            json!({"role": "administrator", "agency": body["agency"]})
        };
        house.post(path, None, &body).is_problem(401, "unauthorized");
        house.post(path, Some("forged"), &body).is_problem(401, "unauthorized");
    }
}

#[test]
fn an_invitation_is_good_once_and_until_it_expires() {
    let house = House::start("invitation");
    let code = house.invite_administrator();
    let weak = json!({"code": code, "login": "root", "password": "short", "name": "x"});
    house.post("/auth/activations", None, &weak).is_problem(400, "invalid-request");
    activate(&house, &code, "root").status_is(201);
    activate(&house, &code, "root2").is_problem(403, "invitation-unusable");
    let taken = house.invite_administrator();
    activate(&house, &taken, "root").is_problem(409, "login-taken");
    activate(&house, &taken, "second").status_is(201);
    let late = house.invite_administrator();
    let house = house.kill_and_restart(&["--clock-offset", "90000"]);
    activate(&house, &late, "third").is_problem(403, "invitation-unusable");
}

#[test]
fn eight_people_with_one_invitation_make_one_account() {
    let house = House::start("one-invitation");
    let code = house.invite_administrator();
    let made: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|i| {
                let (house, code) = (&house, &code);
                scope.spawn(move || activate(house, code, &format!("root{i}")).status)
            })
            .collect();
        tries.into_iter().map(|t| t.join().expect("answered")).filter(|s| *s == 201).count()
    });
    assert_eq!(made, 1);
}

#[test]
fn an_officer_logs_in_only_on_an_enrolled_terminal_of_the_own_agency() {
    let staff = staffed("terminal");
    let house = &staff.house;
    log_in(house, "han", PASSWORD, None).is_problem(403, "device-not-enrolled");
    log_in(house, "han", PASSWORD, Some("forged")).is_problem(403, "device-not-enrolled");
    log_in(house, "han", PASSWORD, Some(&staff.administrator)).is_problem(403, "device-not-enrolled");
    for other in [
        json!({"kind": "scanner", "label": "S", "agency": "220102"}),
        json!({"kind": "terminal", "label": "T", "agency": "220103"}),
    ] {
        let other = house.post("/auth/devices", Some(&staff.administrator), &other).text_of("token");
        log_in(house, "han", PASSWORD, Some(&other)).is_problem(403, "device-not-enrolled");
    }
    let tokens = log_in(house, "han", PASSWORD, Some(&staff.device_token));
    tokens.status_is(201);
    let current = house.get("/auth/sessions/current", Some(&tokens.text_of("access_token")));
    assert_eq!(
        current.json(),
        json!({"principal": staff.officer, "role": "officer", "device": staff.device})
    );
}

#[test]
fn an_officer_enrols_nobody() {
    let staff = staffed("officer-enrols");
    let officer = log_in(&staff.house, "han", PASSWORD, Some(&staff.device_token)).text_of("access_token");
    let invitation = json!({"role": "administrator", "agency": "220102"});
    staff.house.post("/auth/invitations", Some(&officer), &invitation).is_problem(403, "forbidden");
    let path = format!("/auth/devices/{}", staff.device);
    staff.house.send("DELETE", &path, Some(&officer), "").is_problem(403, "forbidden");
    let path = format!("/auth/principals/{}", staff.officer);
    staff.house.send("DELETE", &path, Some(&officer), "").is_problem(403, "forbidden");
    staff.house.post("/auth/job-tokens", Some(&officer), &json!({})).is_problem(403, "forbidden");
}

#[test]
fn a_device_revoked_in_mid_session_counts_at_once() {
    let staff = staffed("device-revoked");
    let house = &staff.house;
    let tokens = log_in(house, "han", PASSWORD, Some(&staff.device_token));
    let path = format!("/auth/devices/{}", staff.device);
    house.send("DELETE", &path, Some(&staff.administrator), "").status_is(204);
    house
        .get("/auth/sessions/current", Some(&tokens.text_of("access_token")))
        .is_problem(401, "unauthorized");
    let refresh = json!({"refresh_token": tokens.text_of("refresh_token")});
    house.post("/auth/sessions/refresh", None, &refresh).is_problem(401, "unauthorized");
    log_in(house, "han", PASSWORD, Some(&staff.device_token)).is_problem(403, "device-not-enrolled");
    house.send("DELETE", &path, Some(&staff.administrator), "").status_is(204);
    house.send("DELETE", "/auth/devices/x", Some(&staff.administrator), "").is_problem(404, "not-found");
}

#[test]
fn a_revoked_person_is_out_at_once() {
    let staff = staffed("person-revoked");
    let house = &staff.house;
    let tokens = log_in(house, "han", PASSWORD, Some(&staff.device_token));
    let path = format!("/auth/principals/{}", staff.officer);
    house.send("DELETE", &path, Some(&staff.administrator), "").status_is(204);
    house
        .get("/auth/sessions/current", Some(&tokens.text_of("access_token")))
        .is_problem(401, "unauthorized");
    log_in(house, "han", PASSWORD, Some(&staff.device_token)).is_problem(401, "wrong-credentials");
    let own = house.get("/auth/sessions/current", Some(&staff.administrator)).text_of("principal");
    let path = format!("/auth/principals/{own}");
    house.send("DELETE", &path, Some(&staff.administrator), "").is_problem(409, "own-account");
}

#[test]
fn a_refresh_token_used_twice_ends_the_session() {
    let staff = staffed("refresh");
    let house = &staff.house;
    let first = log_in(house, "han", PASSWORD, Some(&staff.device_token));
    let refresh = |token: &str| house.post("/auth/sessions/refresh", None, &json!({"refresh_token": token}));
    refresh(&first.text_of("access_token")).is_problem(401, "unauthorized");
    let second = refresh(&first.text_of("refresh_token"));
    second.status_is(200);
    house.get("/auth/sessions/current", Some(&second.text_of("access_token"))).status_is(200);
    refresh(&first.text_of("refresh_token")).is_problem(401, "refresh-reused");
    house
        .get("/auth/sessions/current", Some(&second.text_of("access_token")))
        .is_problem(401, "unauthorized");
    refresh(&second.text_of("refresh_token")).is_problem(401, "unauthorized");
}

#[test]
fn of_sixteen_refreshes_at_once_one_succeeds() {
    let staff = staffed("refresh-race");
    let token = log_in(&staff.house, "han", PASSWORD, Some(&staff.device_token)).text_of("refresh_token");
    let body = json!({"refresh_token": token});
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| staff.house.post("/auth/sessions/refresh", None, &body).status))
            .collect();
        tries.into_iter().map(|t| t.join().expect("answered")).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| [200, 401].contains(s)), "{statuses:?}");
}

#[test]
fn tokens_end_by_time_and_by_log_out() {
    let staff = staffed("expiry");
    let tokens = log_in(&staff.house, "han", PASSWORD, Some(&staff.device_token));
    let access = tokens.text_of("access_token");
    let house = staff.house.kill_and_restart(&["--clock-offset", "601"]);
    house.get("/auth/sessions/current", Some(&access)).is_problem(401, "unauthorized");
    let refresh = json!({"refresh_token": tokens.text_of("refresh_token")});
    let access = house.post("/auth/sessions/refresh", None, &refresh).text_of("access_token");
    house.send("DELETE", "/auth/sessions/current", Some(&access), "").status_is(204);
    house.get("/auth/sessions/current", Some(&access)).is_problem(401, "unauthorized");
}

#[test]
fn five_failures_make_even_the_right_password_wait() {
    let staff = staffed("lockout");
    for _ in 0..5 {
        log_in(&staff.house, "root", "not the password", None).is_problem(401, "wrong-credentials");
    }
    log_in(&staff.house, "root", PASSWORD, None).is_problem(401, "wrong-credentials");
    let house = staff.house.kill_and_restart(&["--clock-offset", "31"]);
    log_in(&house, "root", PASSWORD, None).status_is(201);
}

#[test]
fn whoever_is_locked_out_by_others_is_let_in_by_an_administrator() {
    let staff = staffed("unlock");
    for _ in 0..5 {
        log_in(&staff.house, "han", "not the password", Some(&staff.device_token));
    }
    log_in(&staff.house, "han", PASSWORD, Some(&staff.device_token)).is_problem(401, "wrong-credentials");
    let path = format!("/auth/principals/{}/unlocking", staff.officer);
    let unlock = |token: Option<&str>| staff.house.post(&path, token, &json!({}));
    unlock(None).is_problem(401, "unauthorized");
    assert_eq!(unlock(Some(&staff.administrator)).status, 204);
    let officer = log_in(&staff.house, "han", PASSWORD, Some(&staff.device_token)).text_of("access_token");
    unlock(Some(&officer)).is_problem(403, "forbidden");
}

#[test]
fn on_one_device_passwords_are_not_tried_without_end() {
    let staff = staffed("device-limit");
    let tried = |number: usize| {
        log_in(&staff.house, &format!("nobody-{number}"), "guess number one", Some(&staff.device_token))
            .status
    };
    let began = Instant::now();
    // One more for each ten seconds that they take, and never as many as their address has.
    let answers: Vec<u16> = (0..90).map(tried).take_while(|status| *status != 429).collect();
    let most = 60 + began.elapsed().as_secs() / 10;
    assert!(answers.iter().all(|status| *status == 401), "{answers:?}");
    assert!((60..=most).contains(&(answers.len() as u64)), "{} and not {most} at most", answers.len());
    // Whoever works elsewhere is not held up.
    log_in(&staff.house, "root", PASSWORD, None).status_is(201);
}

#[test]
fn what_is_acknowledged_survives_kill_9() {
    let staff = staffed("kill");
    let tokens = log_in(&staff.house, "han", PASSWORD, Some(&staff.device_token));
    let house = staff.house.kill_and_restart(&[]);
    house.get("/auth/sessions/current", Some(&tokens.text_of("access_token"))).status_is(200);
}

#[test]
fn bad_input_gets_a_clear_problem() {
    let house = House::start("bad-input");
    let send = |method: &str, path: &str, body: &str| house.send(method, path, None, body);
    send("POST", "/auth/sessions", "").is_problem(400, "invalid-request");
    send("POST", "/auth/sessions", "{\"login\":").is_problem(400, "invalid-request");
    send("POST", "/auth/sessions", "[]").is_problem(400, "invalid-request");
    let secret = r#"{"login":"x","password":{"deep":"geheim"}}"#;
    let wrong_type = send("POST", "/auth/sessions", secret);
    wrong_type.is_problem(400, "invalid-request");
    assert!(!wrong_type.text.contains("geheim"));
    send("POST", "/auth/sessions", &format!("{{\"login\":\"{}\"}}", "x".repeat(70_000)))
        .is_problem(413, "body-too-large");
    send("PUT", "/auth/sessions", "{}").is_problem(405, "method-not-allowed");
    send("GET", "/auth/nothing", "").is_problem(404, "not-found");
    send("POST", "/auth/sessions", r#"{"login":"' OR 1=1 --","password":"x"}"#)
        .is_problem(401, "wrong-credentials");
}

#[test]
fn neither_database_nor_log_tells_names_or_passwords() {
    let staff = staffed("sealed");
    log_in(&staff.house, "han", "a wrong password of mine", Some(&staff.device_token));
    let stored = staff.house.stored();
    let contains = |needle: &str| stored.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(contains("argon2id"), "this reads the right files");
    assert!(!contains("韩警官") && !contains(PASSWORD));
    let log = staff.house.log();
    assert!(!log.contains("韩警官") && !log.contains("password of mine") && !log.contains(PASSWORD));
}

#[test]
fn every_route_that_a_function_describes_is_there() {
    let house = House::start("openapi");
    for function in ["auth", "real-person", "records", "wallet", "qr", "scan", "fines", "pay", "bills"] {
        let described = house.get(&format!("/{function}/openapi.json"), None).json();
        for (path, item) in described["paths"].as_object().expect("paths") {
            let (version, ready) = (format!("/{function}/version"), format!("/{function}/ready"));
            if [version, ready].contains(path) {
                house.get(path, None).status_is(200);
                continue;
            }
            // An address that is not there knows no method at all.
            house.send("PATCH", &filled(path), None, "").is_problem(405, "method-not-allowed");
            for method in item.as_object().expect("operations").keys() {
                let answer = house.send(&method.to_uppercase(), &filled(path), None, "");
                assert_ne!(answer.status, 405, "{method} {path}");
                assert!(answer.status < 500, "{method} {path}: {}", answer.text);
            }
        }
    }
}

/// `path` with an `x` for each parameter.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn the_description_of_auth_names_every_route() {
    let house = House::start("openapi-auth");
    let described = house.get("/auth/openapi.json", None).json();
    let paths = described["paths"].as_object().expect("paths");
    let described: Vec<&str> = paths.keys().map(String::as_str).collect();
    assert_eq!(
        described,
        [
            "/auth/activations",
            "/auth/alipay",
            "/auth/alipay/return",
            "/auth/citizens",
            "/auth/citizens/me",
            "/auth/citizens/me/alipay",
            "/auth/citizens/me/consents",
            "/auth/citizens/me/consents/{purpose}",
            "/auth/citizens/me/password",
            "/auth/citizens/me/phone",
            "/auth/citizens/me/real-name",
            "/auth/citizens/me/sessions",
            "/auth/citizens/me/sessions/{id}",
            "/auth/citizens/password-resets",
            "/auth/citizens/sessions",
            "/auth/citizens/sessions/alipay",
            "/auth/devices",
            "/auth/devices/{id}",
            "/auth/invitations",
            "/auth/job-tokens",
            "/auth/one-time-codes",
            "/auth/principals/{id}",
            "/auth/principals/{id}/unlocking",
            "/auth/ready",
            "/auth/sessions",
            "/auth/sessions/current",
            "/auth/sessions/refresh",
            "/auth/version",
        ]
    );
    house.get("/auth/ready", None).status_is(200);
    assert_eq!(house.get("/auth/version", None).json()["version"], env!("CARGO_PKG_VERSION"));
}
