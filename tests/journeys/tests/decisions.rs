//! An officer's decision becomes a printed code; the paper becomes a page.

use serde_json::{Value, json};
use zerotrip_journeys::picture::{read_png, read_svg};
use zerotrip_journeys::{Engine, House, Town};

fn issue(town: &Town, decision: &Value) -> zerotrip_journeys::Answer {
    town.house.post("/qr/decisions", Some(&town.officer()), decision)
}

#[test]
fn the_printed_code_leads_to_the_ticket_on_both_papers_and_on_a_screen() {
    let town = Town::start("printed");
    let ticket = town.ticket();
    let url = ticket["url"].as_str().expect("an address");
    assert!(url.starts_with(&town.house.base));
    for (paper, dots) in [("png_58mm", 384), ("png_80mm", 576)] {
        let (text, version, width) = read_png(ticket["qr"][paper].as_str().expect("a picture"));
        assert_eq!(text, url, "{paper}");
        assert!(version <= 4, "version {version}");
        // The printer's whole width, less what whole dots for each module leave over.
        assert!(width <= dots && width > dots * 9 / 10, "{paper} is {width} dots wide");
    }
    let (text, version) = read_svg(ticket["qr"]["svg"].as_str().expect("a picture"));
    assert_eq!((text.as_str(), version <= 4), (url, true));

    let path = url.strip_prefix(&town.house.base).expect("ours");
    let seen = town.house.get(path, None).json();
    assert_eq!(seen["state"], "due");
    assert_eq!((&seen["driver"], &seen["plate"]), (&json!("张**"), &json!("吉A·**345")));
    assert_eq!((&seen["fine_fen"], &seen["late_fee_fen"]), (&json!(20000), &json!(0)));
    let page = town.house.browse("GET", path, "");
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"));
    for shown in [
        "¥200.00",
        "张**",
        "吉A·**345",
        "机动车违反规定停放",
        "人民大街与解放大路交会",
        seen["due"].as_str().expect("a day"),
    ] {
        assert!(page.text.contains(shown), "{shown}");
    }
}

#[test]
fn the_page_tells_nobody_who_the_driver_is() {
    let town = Town::start("masked");
    let ticket = town.ticket();
    let code = ticket["code"].as_str().expect("a code");
    let json = town.house.get(&format!("/f/{code}"), None).text;
    let page = town.house.browse("GET", &format!("/f/{code}"), "").text;
    for secret in ["张三丰", "三丰", "11010519491231002X", "002X", "13812345678", "A12345", "某街某号"]
    {
        assert!(!json.contains(secret) && !page.contains(secret), "{secret}");
    }
    // Neither does the database, nor a log, nor the code.
    let mut kept = town.house.log().into_bytes();
    kept.extend(town.house.stored());
    let contains = |needle: &str| kept.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(contains(code), "this reads the right files");
    for secret in ["张三丰", "11010519491231002X", "13812345678", "吉A12345", "某街某号"] {
        assert!(!contains(secret), "{secret}");
    }
}

#[test]
fn a_request_repeated_over_a_bad_network_is_one_decision() {
    let town = Town::start("repeated");
    let decision = town.decision();
    let officer = town.officer();
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let send = || {
            let answer = town.house.post("/qr/decisions", Some(&officer), &decision);
            (answer.status, answer.json())
        };
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        tries.into_iter().map(|t| t.join().expect("answered")).collect()
    });
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1);
    assert!(answers.iter().all(|(status, ticket)| [200, 201].contains(status) && *ticket == answers[0].1));
    assert_eq!(town.count("SELECT COUNT(*) FROM decisions"), 1);

    let mut other = decision.clone();
    other["content"]["place"] = json!("另一地点");
    issue(&town, &other).is_problem(409, "request-id-reused");
    let mut other = town.decision();
    other["content"]["number"] = decision["content"]["number"].clone();
    issue(&town, &other).is_problem(409, "decision-number-taken");

    // Two days later the terminal has the network back and asks once more.
    let town = town.later(2 * 86400);
    let again = issue(&town, &decision);
    assert_eq!((again.status, again.json()), (200, answers[0].1.clone()));
}

#[test]
fn two_terminals_issue_at_once() {
    let town = Town::start("two-terminals");
    let second = town.enrol("T-2", "220102").text_of("token");
    town.hire("yue", "220102");
    let officers = [town.officer(), town.officer_on("yue", &second)];
    let wanted: Vec<Value> = (0..16).map(|_| town.decision()).collect();
    // Each its own eight, and both the same ninth number.
    let clash = town.decision();
    let issued: Vec<(u16, String)> = std::thread::scope(|scope| {
        let tries: Vec<_> = officers
            .iter()
            .zip(wanted.chunks(8))
            .flat_map(|(officer, own)| own.iter().chain([&clash]).map(move |decision| (officer, decision)))
            .map(|(officer, decision)| {
                let town = &town;
                scope.spawn(move || {
                    let answer = town.house.post("/qr/decisions", Some(officer), decision);
                    (answer.status, answer.json()["code"].as_str().unwrap_or("").to_owned())
                })
            })
            .collect();
        tries.into_iter().map(|t| t.join().expect("answered")).collect()
    });
    assert_eq!(issued.iter().filter(|(status, _)| *status == 201).count(), 17);
    assert_eq!(issued.iter().filter(|(status, _)| *status == 409).count(), 1);
    let codes: std::collections::HashSet<&String> = issued.iter().map(|(_, code)| code).collect();
    assert_eq!(codes.len(), 18, "every code its own, and one refusal without");
}

#[test]
fn a_decision_beyond_the_law_or_the_form_is_refused_and_nothing_is_stored() {
    let town = Town::start("refused");
    let officer = town.officer();
    let now = town.now_ms();
    let changed = |path: &str, value: Value| {
        let mut decision = town.decision();
        *decision.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        town.house.post("/qr/decisions", Some(&officer), &decision)
    };
    for fen in [20_100, 400, 0, -20_000] {
        let refused = changed("/content/fine_fen", json!(fen));
        assert!([400, 422].contains(&refused.status), "{fen}: {}", refused.text);
    }
    changed("/content/fine_fen", json!(20_100)).is_problem(422, "not-on-the-spot");
    changed("/content/fine_fen", json!(150.5)).is_problem(400, "invalid-request");
    for (path, value) in [
        ("/content/fine_fen", json!(15_050)),
        ("/content/number", json!("44030527009775")),
        ("/content/driver/id_number", json!("110105194912310021")),
        ("/content/driver/name", json!(" ")),
        ("/content/driver/phone", json!("12812345678")),
        ("/content/plate", json!("吉I12345")),
        ("/content/violation_code", json!("12")),
        ("/content/violated_at", json!(now + 3_600_000)),
        ("/content/violated_at", json!(now - 2 * 86_400_000)),
        ("/content/place", json!("x".repeat(201))),
        ("/content/violation", json!("一\n二")),
        ("/request_id", json!("short")),
        ("/request_id", json!("has a space in it")),
    ] {
        let refused = changed(path, value.clone());
        refused.is_problem(400, "invalid-request");
        let told = refused.text_of("detail");
        assert!(
            !value.is_string() || !told.contains(value.as_str().expect("text").trim()) || value == json!(" "),
            "{told}"
        );
    }
    let mut extra = town.decision();
    extra["content"]["points"] = json!(12);
    issue(&town, &extra).is_problem(400, "invalid-request");
    assert_eq!(town.count("SELECT COUNT(*) FROM decisions"), 0);
}

#[test]
fn only_an_officer_on_a_terminal_decides() {
    let town = Town::start("who-decides");
    let decision = town.decision();
    town.house.post("/qr/decisions", None, &decision).is_problem(401, "unauthorized");
    town.house.post("/qr/decisions", Some("forged"), &decision).is_problem(401, "unauthorized");
    town.house.post("/qr/decisions", Some(&town.administrator()), &decision).is_problem(403, "forbidden");
    town.house.post("/qr/decisions", Some(&town.terminal), &decision).is_problem(401, "unauthorized");
    town.house.post("/qr/decisions", Some(&town.job_token()), &decision).is_problem(401, "unauthorized");
    let officer = town.officer();
    let device = town.house.get("/auth/sessions/current", Some(&officer)).text_of("device");
    let path = format!("/auth/devices/{device}");
    assert_eq!(town.house.send("DELETE", &path, Some(&town.administrator()), "").status, 204);
    town.house.post("/qr/decisions", Some(&officer), &decision).is_problem(401, "unauthorized");
    assert_eq!(town.count("SELECT COUNT(*) FROM decisions"), 0);
}

#[test]
fn a_reprint_is_the_same_paper_and_leaves_a_trace() {
    let town = Town::start("reprint");
    let ticket = town.ticket();
    let path = format!("/qr/decisions/{}", ticket["decision"].as_str().expect("an id"));
    let again = town.house.get(&path, Some(&town.officer()));
    assert_eq!((again.status, again.json()), (200, ticket));
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_reprints"), 1);
    // Another agency has no business with it.
    let terminal = town.enrol("T-9", "220199").text_of("token");
    town.hire("far", "220199");
    let far = town.officer_on("far", &terminal);
    town.house.get(&path, Some(&far)).is_problem(404, "not-found");
    town.house.get("/qr/decisions/x", Some(&far)).is_problem(404, "not-found");
    let reason = json!({"reason": "开错"});
    town.house.post(&format!("{path}/revocation"), Some(&far), &reason).is_problem(404, "not-found");
    assert_eq!(town.count("SELECT COUNT(*) FROM decision_reprints"), 1);
}

#[test]
fn a_revoked_decision_is_not_to_be_paid() {
    let town = Town::start("revoked");
    let ticket = town.ticket();
    let (id, code) = (ticket["decision"].as_str().expect("an id"), ticket["code"].as_str().expect("a code"));
    let path = format!("/qr/decisions/{id}/revocation");
    let officer = town.officer();
    town.house.post(&path, Some(&officer), &json!({"reason": " "})).is_problem(400, "invalid-request");
    town.house.post(&path, None, &json!({"reason": "开错"})).is_problem(401, "unauthorized");
    let revoked = town.house.post(&path, Some(&officer), &json!({"reason": "开错当事人"}));
    assert_eq!((revoked.status, &revoked.json()["revoked"]["reason"]), (200, &json!("开错当事人")));
    // The first reason stands.
    let again = town.house.post(&path, Some(&officer), &json!({"reason": "另一理由"}));
    assert_eq!((again.status, &again.json()["revoked"]["reason"]), (200, &json!("开错当事人")));
    assert_eq!((town.trail("decision-issued"), town.trail("decision-revoked")), (1, 1));
    let seen = town.look_up(code);
    assert_eq!((&seen["state"], &seen["providers"]), (&json!("revoked"), &json!([])));
    town.try_order(code).is_problem(409, "decision-revoked");
    let page = town.house.browse("GET", &format!("/f/{code}"), "").text;
    assert!(page.contains("已撤销") && !page.contains("<form"));
}

#[test]
fn a_code_that_was_not_ours_is_refused_without_asking_the_database() {
    let town = Town::start("forged-code");
    let code = town.code();
    let forged = {
        let last = if code.ends_with('0') { "1" } else { "0" };
        format!("{}{last}", &code[..19])
    };
    // What a person types is understood.
    let typed: Vec<String> = (0..5).map(|i| code[i * 4..i * 4 + 4].to_lowercase()).collect();
    assert_eq!(town.look_up(&typed.join("-"))["code"], json!(code));

    // The same house with a database that cannot be opened: only a code of ours gets as far as that.
    let Town { house, .. } = town;
    let broken = house.folder.join("broken");
    std::fs::create_dir_all(broken.join("sqlite_db.db")).expect("a folder where the file should be");
    // Nobody listens on that port.
    let url =
        if Engine::of_this_run() == Engine::Postgres { "postgres://postgres@127.0.0.1:9/x" } else { "" };
    let house: House = house.kill_and_restart(&[
        "--state-dir",
        broken.to_str().expect("text"),
        "--variable",
        &format!("database_url={url}"),
        "--variable",
        "database_host=127.0.0.1:9",
    ]);
    house.get(&format!("/f/{code}"), None).is_problem(503, "unavailable");
    for bad in [forged.as_str(), "x", &code[1..], &format!("{code}0"), &"0".repeat(20), "%00", "..%2f"] {
        house.get(&format!("/f/{bad}"), None).is_problem(404, "unknown-ticket");
        house.get(&format!("/fines/{bad}/receipt"), None).is_problem(404, "unknown-ticket");
        let order = json!({"provider": "alipay"});
        house.post(&format!("/fines/{bad}/orders"), None, &order).is_problem(404, "unknown-ticket");
    }
    // A person with a browser reads the same as a page.
    let page = house.browse("GET", &format!("/f/{forged}"), "");
    assert_eq!((page.status, page.content_type.as_str()), (404, "text/html; charset=utf-8"));
    assert!(page.text.contains("未找到该决定书"));
}

#[test]
fn every_function_describes_itself_and_is_ready() {
    let town = Town::start("described");
    for (prefix, paths) in [
        (
            "qr",
            &[
                "/qr/decisions",
                "/qr/decisions/{id}",
                "/qr/decisions/{id}/events",
                "/qr/decisions/{id}/events/{event}/end",
                "/qr/decisions/{id}/revocation",
                "/qr/identity-codes",
                "/qr/identity-codes/preview",
                "/qr/identity-codes/{id}",
                "/qr/venues/{id}/poster",
            ][..],
        ),
        (
            "fines",
            &[
                "/fines/{code}",
                "/fines/{code}/orders",
                "/fines/{code}/orders/{order}",
                "/fines/{code}/orders/{order}/wechat-pay",
                "/fines/{code}/receipt",
                "/fines/mine",
                "/fines/receipts/{code}",
                "/fines/searches",
            ],
        ),
        (
            "pay",
            &[
                "/pay/alipay/notifications",
                "/pay/alipay/return",
                "/pay/ccb/notifications",
                "/pay/differences/{id}/closure",
                "/pay/jobs/janitor",
                "/pay/jobs/reports",
                "/pay/refunds.csv",
                "/pay/refunds/{refund}/closure",
                "/pay/refunds/{refund}/take-over",
                "/pay/return",
                "/pay/settlement-reports/{recipient}/{kind}/{order}/closure",
                "/pay/settlement-reports/{recipient}/{kind}/{order}/retry",
                "/pay/wechat-pay/notifications",
                "/pay/work-items",
                "/pay/work-items/reports/{report}",
                "/pay/work-items/reports/{report}/closure",
                "/pay/work-items/reports/{report}/replay",
            ],
        ),
        ("bills", &["/bills/ccb/statements", "/bills/jobs/reconciliation", "/bills/statements"]),
        (
            "wallet",
            &[
                "/wallet/channels",
                "/wallet/channels/{kind}",
                "/wallet/disclosures",
                "/wallet/disclosures/{disclosure}/misuse",
                "/wallet/documents/{kind}",
                "/wallet/export",
                "/wallet/jobs/reminders",
                "/wallet/misuse-reports",
                "/wallet/misuse-reports/{disclosure}/closure",
                "/wallet/reminders",
                "/wallet/reminders.ics",
            ],
        ),
        (
            "scan",
            &[
                "/scan/entries",
                "/scan/entries/{id}",
                "/scan/entries/{id}/additions",
                "/scan/entries/{id}/report",
                "/scan/redemptions",
                "/scan/searches",
                "/scan/supervision",
                "/scan/supervision/outside",
                "/scan/venues",
                "/scan/venues/{id}",
                "/scan/venues/{id}/scans",
            ],
        ),
        (
            "real-person",
            &[
                "/real-person/activation-codes",
                "/real-person/activations",
                "/real-person/face-checks",
                "/real-person/face-checks/return",
                "/real-person/face-checks/{id}",
                "/real-person/face-checks/{id}/result",
                "/real-person/jobs/proofs",
                "/real-person/sessions",
                "/real-person/sessions/{id}/result",
                "/real-person/two-items",
            ],
        ),
        (
            "records",
            &[
                "/records/audit/heads",
                "/records/audit/lines",
                "/records/audit/verification",
                "/records/citizens/{id}/freeze",
                "/records/citizens/{id}/merge",
                "/records/citizens/{id}/release",
                "/records/disputes",
                "/records/duplicates",
                "/records/guardianships/{child}/confirmation",
                "/records/imports",
                "/records/jobs/audit",
                "/records/jobs/retention",
                "/records/me",
                "/records/me/children",
                "/records/me/children/{id}",
                "/records/me/export",
                "/records/me/name",
            ],
        ),
    ] {
        let described = town.house.get(&format!("/{prefix}/openapi.json"), None).json();
        let described: Vec<&str> =
            described["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
        let own = [format!("/{prefix}/ready"), format!("/{prefix}/version")];
        let mut expected: Vec<&str> = paths.iter().copied().chain(own.iter().map(String::as_str)).collect();
        expected.sort_unstable();
        assert_eq!(described, expected);
        assert_eq!(town.house.get(&format!("/{prefix}/ready"), None).json(), json!({"ready": true}));
        let version = town.house.get(&format!("/{prefix}/version"), None).json();
        assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
        town.house
            .send("DELETE", &format!("/{prefix}/version"), None, "")
            .is_problem(405, "method-not-allowed");
        town.house.get(&format!("/{prefix}/no/such/thing/here"), None).is_problem(404, "not-found");
    }
    let code = town.code();
    town.house.send("PUT", &format!("/f/{code}"), None, "").is_problem(405, "method-not-allowed");
}
