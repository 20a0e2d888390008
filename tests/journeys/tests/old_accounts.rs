//! Accounts from the old days: imported, found to be several, disputed, frozen, released, merged.

use serde_json::{Value, json};
use zerotrip_journeys::citizens::{phone, somebody};
use zerotrip_journeys::records::old_account;
use zerotrip_journeys::town::PASSWORD;
use zerotrip_journeys::{Answer, Citizens, Town};
use zerotrip_sandbox::people::{Person, Residence};

/// `U*U`, from crypt_blowfish's published vectors.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// [`PASSWORD`]: `printf 's4lt-of-an-older-systemcorrect horse battery' | openssl dgst -sha256`
const SHA256: &str =
    "sha256$s4lt-of-an-older-system$7f8db7902745f1779385bada7cd57398636f28259189d8e537fbeeedd194db08";

fn person(number: usize) -> &'static Person {
    somebody(Residence::Local, number)
}

fn ids(group: &Value) -> Vec<String> {
    let accounts = group["accounts"].as_array().expect("a list").iter();
    accounts.map(|account| account["citizen"].as_str().expect("an id").to_owned()).collect()
}

fn reason(text: &str) -> Value {
    json!({ "reason": text })
}

#[test]
fn a_line_that_is_not_taken_is_named_with_its_field_and_nothing_of_it_is_said() {
    let town = Town::start("import-refused");
    let person = person(0);
    let good = old_account("a-1", person, phone(person), None);
    let with = |field: &str, value: Value| {
        let mut line = old_account("a-2", person, phone(person), None);
        line[field] = value;
        line.to_string()
    };
    let secret = "13x00138000";
    let lines = [
        good.to_string(),
        String::new(),
        with("phone", json!(secret)),
        with("id_number", json!("110105194912310021")),
        with("password_hash", json!("e10adc3949ba59abbe56e057f20f883e")),
        with("created_at", json!(town.now_ms() + 60_000)),
        with("name", Value::Null),
        "{\"external_id\": \"a-9\",".to_owned(),
        with("balance", json!(1)),
        good.to_string(),
    ];
    let administrator = town.administrator();
    let done = town.house.send("POST", "/records/imports", Some(&administrator), &lines.join("\n"));
    assert_eq!(done.status, 200, "{}", done.text);
    let result = done.json();
    assert_eq!((&result["taken"], &result["known"]), (&json!(1), &json!(1)));
    let refused: Vec<(u64, &str)> = result["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| (line["line"].as_u64().expect("a number"), line["field"].as_str().expect("text")))
        .collect();
    let expected = [
        (3, "phone"),
        (4, "id_number"),
        (5, "password_hash"),
        (6, "created_at"),
        (7, "name"),
        (8, "line"),
        (9, "line"),
    ];
    assert_eq!(refused, expected);
    for value in [secret, "110105194912310021", "e10adc3949ba59abbe56e057f20f883e", "balance"] {
        assert!(!done.text.contains(value) && !town.house.log().contains(value), "{value}");
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM citizens"), 1);

    let send = |token: Option<&str>, body: &str| town.house.send("POST", "/records/imports", token, body);
    send(None, &good.to_string()).is_problem(401, "unauthorized");
    send(Some(&town.officer()), &good.to_string()).is_problem(403, "forbidden");
    send(Some(&administrator), &format!("{good}\n").repeat(600)).is_problem(413, "body-too-large");
    town.house.get("/records/imports", Some(&administrator)).is_problem(405, "method-not-allowed");
    let stored = town.house.stored();
    for secret in [person.name, &person.id_number, phone(person)] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn a_file_larger_than_a_request_is_taken_over_by_one_command() {
    let town = Town::start("import-file");
    let mut lines: Vec<String> = (0..500)
        .map(|n| old_account(&format!("a-{n}"), person(n % 8), "13900138000", None).to_string())
        .collect();
    lines[450] = lines[450].replace("13900138000", "nobody");
    let file = town.house.folder.join("accounts.ndjson");
    std::fs::write(&file, lines.join("\n")).expect("a file");
    assert!(lines.join("\n").len() > 64 * 1024);
    let import = |password: &str| {
        let mut command = std::process::Command::new(zerotrip_journeys::host_program());
        command.args(["dev", "import", "--login", "root", "--origin", &town.house.base]).arg(&file);
        command.env("ZEROTRIP_PASSWORD", password).output().expect("the host runs")
    };
    assert!(!import("a wrong password, quite long").status.success());
    for (taken, known) in [(499, 0), (0, 499)] {
        let done = import(PASSWORD);
        let told = String::from_utf8(done.stdout).expect("text");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(
            told,
            format!("line 451: phone: no mobile number\n{taken} taken, {known} known, 1 refused\n")
        );
    }
    assert_eq!(town.count("SELECT COUNT(*) FROM citizens"), 499);
}

#[test]
fn an_import_that_is_sent_again_by_several_at_once_makes_each_account_once() {
    let town = Town::start("import-again");
    let lines: Vec<Value> = (0..40)
        .map(|n| old_account(&format!("a-{n}"), person(n % 8), &format!("139001380{n:02}"), None))
        .collect();
    let root = town.administrator();
    let taken: u64 = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| town.import_as(&root, &lines))).collect();
        let answers = all.into_iter().map(|one| one.join().expect("answered").json());
        answers.map(|answer| answer["taken"].as_u64().expect("a number")).sum()
    });
    assert_eq!(taken, 40);
    assert_eq!(town.count("SELECT COUNT(*) FROM citizens WHERE standing = 'proof-due'"), 40);
    assert_eq!(town.import(&lines).json(), json!({ "taken": 0, "known": 40, "refused": [] }));
}

#[test]
fn an_old_password_lets_its_person_in_and_is_hashed_anew() {
    let town = Town::start("old-passwords");
    let citizens = Citizens(&town);
    let (short, long, none) = (person(0), person(1), person(2));
    town.import(&[
        old_account("a-1", short, phone(short), Some(BCRYPT)),
        old_account("a-2", long, phone(long), Some(SHA256)),
        old_account("a-3", none, phone(none), None),
    ]);
    citizens.log_in(phone(short), "U*V").is_problem(401, "wrong-credentials");
    citizens.log_in(phone(none), PASSWORD).is_problem(401, "wrong-credentials");
    assert_eq!(town.count("SELECT COUNT(*) FROM citizens WHERE password LIKE '$argon2id$%'"), 0);

    // Three characters do not stand alone, whatever the older system thought.
    let sent = citizens.log_in(phone(short), "U*U");
    assert_eq!(sent.status, 202, "{}", sent.text);
    let body = json!({ "login": phone(short), "password": "U*U", "second_factor": citizens.typed(phone(short), &sent) });
    let came = town.house.post("/auth/citizens/sessions", None, &body);
    assert_eq!(came.status, 201, "{}", came.text);
    let token = came.text_of("access_token");
    assert_eq!(citizens.standing(&token), "proof-due");
    assert_eq!(
        town.count("SELECT COUNT(*) FROM citizens WHERE password LIKE '$argon2id$%' AND second_factor = 1"),
        1
    );
    // It can do nothing but prove its person.
    let real_name = json!({ "name": short.name, "id_number": short.id_number });
    town.house.post("/auth/citizens/me/real-name", Some(&token), &real_name).is_problem(403, "proof-due");
    assert_eq!(town.house.get("/auth/citizens/me", Some(&token)).json()["services"], json!([]));

    for _ in 0..2 {
        assert_eq!(citizens.log_in(&long.id_number, PASSWORD).status, 201);
        assert_eq!(
            town.count(
                "SELECT COUNT(*) FROM citizens WHERE password LIKE '$argon2id$%' AND second_factor = 0"
            ),
            1
        );
    }
}

#[test]
fn an_account_from_the_old_days_is_whole_once_its_person_is_proven() {
    let town = Town::start("old-proven");
    let citizens = Citizens(&town);
    let person = person(0);
    town.import(&[
        old_account("a-1", person, phone(person), Some(SHA256)),
        old_account("a-2", person, "13900138002", None),
    ]);
    let token = citizens.log_in(phone(person), PASSWORD).text_of("access_token");
    citizens.begin(&token, "real-person").is_problem(403, "consent-needed");
    for purpose in ["face", "real-name"] {
        let body = json!({ "purpose": purpose });
        assert_eq!(town.house.post("/auth/citizens/me/consents", Some(&token), &body).status, 204);
    }
    citizens.pass(&token, "real-person");
    assert_eq!(citizens.standing(&token), "real-person");
    // What is left of the old days goes into it.
    let (root, own) =
        (town.administrator(), town.house.get("/auth/citizens/me", Some(&token)).text_of("citizen"));
    let both = ids(&town.duplicates("person")[0]);
    let other = both.iter().find(|id| **id != own).expect("the other");
    let merged = town.act(&root, other, "merge", &json!({ "into": own, "reason": "同一人" }));
    assert_eq!(merged.status, 200, "{}", merged.text);
    assert_eq!(town.duplicates("person"), Vec::<Value>::new());
}

#[test]
fn who_has_several_accounts_is_found_and_shown_masked() {
    let town = Town::start("duplicates");
    let citizens = Citizens(&town);
    let (twice, whole, family, alone) = (person(0), person(1), person(2), person(3));
    let whole_account = citizens.with_real_name(whole);
    town.import(&[
        old_account("twice-1", twice, "13900138001", None),
        old_account("twice-2", twice, "13900138002", None),
        old_account("whole", whole, "13900138003", None),
        old_account("family-1", family, "13900138004", None),
        old_account("family-2", person(4), "13900138004", None),
        old_account("alone", alone, "13900138005", None),
    ]);
    let mut groups = town.duplicates("person");
    assert_eq!(groups.len(), 2, "{groups:?}");
    groups.sort_by_key(|group| ids(group).contains(&whole_account.id));
    assert_eq!(ids(&groups[0]).len(), 2);
    let standings: Vec<_> =
        groups[1]["accounts"].as_array().expect("a list").iter().map(|a| &a["standing"]).collect();
    assert_eq!(standings, ["proof-due", "real-name"], "the oldest first");
    let shared = town.duplicates("phone");
    assert_eq!(shared.len(), 1, "{shared:?}");
    assert_eq!(shared[0]["accounts"][0]["phone"], "139****8004");
    let shown = format!("{groups:?}{shared:?}");
    for secret in [twice.name, &twice.id_number, "13900138001", family.name, &family.id_number, "13900138004"]
    {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert_eq!(town.duplicates("disputed"), Vec::<Value>::new());
    let administrator = town.administrator();
    town.house.get("/records/duplicates?kind=all", Some(&administrator)).is_problem(400, "invalid-request");
    let path = "/records/duplicates?kind=disputed&after=x";
    town.house.get(path, Some(&administrator)).is_problem(400, "invalid-request");
    town.house.get("/records/duplicates?kind=person", Some(&town.officer())).is_problem(403, "forbidden");
}

#[test]
fn a_search_for_duplicates_takes_no_longer_among_many_accounts() {
    let town = Town::start("many-accounts");
    // Sixteen thousand from the old days, of whom the last in order share a number.
    let digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
        UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    town.tamper(&format!(
        "INSERT INTO citizens (id, standing, id_index, phone_index, created_at) \
         SELECT 'a000000000000000000000000' || CAST(1000000 + n AS TEXT), 'proof-due', \
         'i' || CAST(100000 + CASE WHEN n = 15999 THEN 15998 ELSE n END AS TEXT), 'p' || CAST(100000 + n AS TEXT), 1 FROM \
         (SELECT a.d * 10000 + b.d * 1000 + c.d * 100 + e.d * 10 + f.d AS n FROM {digits} a, {digits} b, {digits} c, \
          {digits} e, {digits} f) x WHERE n < 16000"
    ));
    let administrator = town.administrator();
    let page = |after: &str| {
        let path = format!("/records/duplicates?kind=person&after={after}");
        let page = town.house.get(&path, Some(&administrator));
        assert_eq!(page.status, 200, "{}", page.text);
        page.json()
    };
    let (mut pages, mut found, mut after) = (0, 0, String::new());
    loop {
        let page = page(&after);
        pages += 1;
        found += page["groups"].as_array().expect("a list").len();
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    // Five thousand accounts a request, and not one more.
    assert_eq!((pages, found), (4, 1));
}

#[test]
fn what_administrators_do_to_an_account_needs_a_reason_and_a_standing_that_allows_it() {
    let town = Town::start("freeze-refused");
    let citizens = Citizens(&town);
    let root = town.administrator();
    let registered = citizens.register("13800138000");
    let known = citizens.with_real_name(person(0));
    let act = |token: &str, id: &str, what: &str, body: Value| town.act(token, id, what, &body);
    act(&town.officer(), &known.id, "freeze", reason("x")).is_problem(403, "forbidden");
    act(&known.token, &known.id, "freeze", reason("x")).is_problem(403, "forbidden");
    act(&root, &known.id, "freeze", reason("  ")).is_problem(400, "invalid-request");
    act(&root, &known.id, "freeze", reason(&"x".repeat(1001))).is_problem(400, "invalid-request");
    act(&root, &"0".repeat(32), "freeze", reason("x")).is_problem(404, "not-found");
    act(&root, "nobody", "freeze", reason("x")).is_problem(404, "not-found");
    act(&root, &registered.id, "freeze", reason("x")).is_problem(409, "standing-forbids");
    act(&root, &known.id, "release", reason("x")).is_problem(409, "standing-forbids");
    let into = |id: &str| json!({ "into": id, "reason": "x" });
    act(&root, &known.id, "merge", into(&known.id)).is_problem(400, "invalid-request");
    act(&root, &known.id, "merge", into("me")).is_problem(400, "invalid-request");
    act(&root, &known.id, "merge", into(&registered.id)).is_problem(409, "not-one-person");
    assert_eq!(citizens.standing(&known.token), "real-name");
}

#[test]
fn a_frozen_account_is_shut_at_once_and_released_by_somebody_else_to_whoever_proves_it() {
    let town = Town::start("freeze");
    let citizens = Citizens(&town);
    let (root, other) = (town.administrator(), town.another_administrator("wang"));
    let person = person(0);
    let known = citizens.with_real_name(person);
    let frozen = town.act(&root, &known.id, "freeze", &reason("举报：非本人使用"));
    assert_eq!(frozen.json(), json!({ "citizen": known.id, "standing": "frozen" }));
    town.house.get("/auth/citizens/me", Some(&known.token)).is_problem(401, "unauthorized");
    let refresh = json!({ "refresh_token": known.refresh });
    town.house.post("/auth/sessions/refresh", None, &refresh).is_problem(401, "unauthorized");
    citizens.log_in(phone(person), PASSWORD).is_problem(403, "account-frozen");
    citizens.log_in(phone(person), "a wrong password, quite long").is_problem(401, "wrong-credentials");
    // Its number stays taken: what is looked into cannot be slipped away from.
    let second = citizens.register("13900138009");
    citizens.real_name(&second, person.name, &person.id_number).is_problem(409, "person-has-account");
    town.act(&root, &known.id, "freeze", &reason("again")).is_problem(409, "standing-forbids");

    let disputed = town.duplicates("disputed");
    assert_eq!(ids(&disputed[0]), std::slice::from_ref(&known.id));
    assert_eq!(disputed[0]["accounts"][0]["why"], "举报：非本人使用");
    assert!(!String::from_utf8_lossy(&town.house.stored()).contains("非本人使用"), "a reason is sealed");

    town.act(&root, &known.id, "release", &reason("mine")).is_problem(409, "four-eyes");
    let released = town.act(&other, &known.id, "release", &reason("查无此事"));
    assert_eq!(released.json()["standing"], "proof-due");
    town.house.get("/auth/citizens/me", Some(&known.token)).is_problem(401, "unauthorized");
    let back = citizens.log_in(phone(person), PASSWORD);
    assert_eq!(citizens.standing(&back.text_of("access_token")), "proof-due");

    let lines = town.house.get(&format!("/records/audit/lines?subject={}", known.id), Some(&root)).json();
    let kinds: Vec<_> = lines["lines"].as_array().expect("a list").iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["account-released", "account-frozen", "real-name-matched"]);
}

#[test]
fn of_an_unproven_frozen_account_the_number_is_free_and_comes_back_with_its_release() {
    let town = Town::start("freeze-old");
    let citizens = Citizens(&town);
    let (root, other) = (town.administrator(), town.another_administrator("wang"));
    let person = person(0);
    let lines =
        [old_account("a-1", person, "13900138001", None), old_account("a-2", person, "13900138002", None)];
    town.import(&lines);
    let both = ids(&town.duplicates("person")[0]);
    // Both are frozen, though one number is frozen once only where it is taken.
    for id in &both {
        assert_eq!(town.act(&root, id, "freeze", &reason("x")).status, 200);
    }
    let own = citizens.with_real_name(person);
    town.act(&root, &both[0], "merge", &json!({ "into": own.id, "reason": "x" }))
        .is_problem(409, "not-one-person");
    assert_eq!(town.act(&other, &both[0], "release", &reason("x")).status, 200);
    assert_eq!(ids(&town.duplicates("person")[0]), [both[0].clone(), own.id.clone()]);
}

#[test]
fn accounts_of_one_person_are_joined_into_the_one_that_stands_and_no_other_way() {
    let town = Town::start("merge");
    let citizens = Citizens(&town);
    let root = town.administrator();
    let (person, stranger) = (person(0), person(1));
    let own = citizens.with_real_name(person);
    let other = citizens.with_real_name(stranger);
    town.import(&[
        old_account("a-1", person, "13900138001", Some(SHA256)),
        old_account("a-2", person, "13900138002", None),
    ]);
    let group = ids(&town.duplicates("person")[0]);
    let olds: Vec<&String> = group.iter().filter(|id| **id != own.id).collect();
    let merge =
        |from: &str, into: &str| town.act(&root, from, "merge", &json!({ "into": into, "reason": "同一人" }));
    merge(olds[0], &other.id).is_problem(409, "not-one-person");
    merge(olds[0], &"0".repeat(32)).is_problem(409, "not-one-person");
    merge(&own.id, olds[0]).is_problem(409, "other-way-round");
    // Of two from the old days the older one stays, whoever asks first.
    let statuses = [merge(olds[0], olds[1]).status, merge(olds[1], olds[0]).status];
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let left = ids(&town.duplicates("person")[0]);
    let left = left.iter().find(|id| **id != own.id).expect("the older one");
    let session = citizens.log_in("13900138001", PASSWORD);
    let done = merge(left, &own.id);
    assert_eq!(done.json(), json!({ "citizen": left, "standing": "merged" }));
    assert_eq!(merge(left, &own.id).json(), done.json(), "sent again, it is as good as the first time");
    if session.status == 201 {
        let token = session.text_of("access_token");
        town.house.get("/auth/citizens/me", Some(&token)).is_problem(401, "unauthorized");
    }
    let gone = olds.iter().find(|id| **id != left).expect("the younger one");
    merge(left, gone).is_problem(409, "standing-forbids");
    town.act(&root, left, "freeze", &reason("x")).is_problem(409, "standing-forbids");
    citizens.log_in("13900138001", PASSWORD).is_problem(401, "wrong-credentials");
    assert_eq!(town.duplicates("person"), Vec::<Value>::new());
    assert_eq!(citizens.standing(&own.token), "real-name");
}

#[test]
fn a_merge_that_was_cut_off_is_finished_by_the_job() {
    let town = Town::start("merge-cut-off");
    let citizens = Citizens(&town);
    let own = citizens.with_real_name(person(0));
    // As a kill right after the commit point leaves it.
    let now = town.now_ms();
    town.tamper(&format!(
        "UPDATE citizens SET standing = 'merged', changed_at = {now} WHERE id = '{}'",
        own.id
    ));
    let open = "SELECT COUNT(*) FROM citizen_sessions WHERE ended_at IS NULL";
    let consents = "SELECT COUNT(*) FROM consents WHERE withdrawn_at IS NULL";
    assert_eq!((town.count(open), town.count(consents)), (1, 3));
    town.house.get("/auth/citizens/me", Some(&own.token)).is_problem(401, "unauthorized");
    for _ in 0..2 {
        town.job("retention");
        assert_eq!((town.count(open), town.count(consents)), (0, 0));
    }
}

#[test]
fn an_act_whose_line_was_cut_off_is_told_by_the_job() {
    let town = Town::start("act-cut-off");
    let citizens = Citizens(&town);
    let own = citizens.with_real_name(person(0));
    let frozen = town.act(&town.administrator(), &own.id, "freeze", &json!({ "reason": "举报" }));
    assert_eq!(frozen.status, 200, "{}", frozen.text);
    let line = "SELECT id || at || actor || digest FROM audit_lines WHERE kind = 'account-frozen'";
    let written = town.text(line);
    for _ in 0..2 {
        // As a kill right after the commit point leaves it; and once more, with the line there.
        town.tamper("DELETE FROM audit_lines WHERE kind = 'account-frozen'");
        town.job("retention");
        town.job("retention");
        assert_eq!(town.text(line), written);
    }
}

fn dispute(town: &Town, person: &Person, checked: bool) -> Answer {
    let body = json!({ "name": person.name, "id_number": person.id_number, "statement": "从未注册过",
        "document_checked": checked });
    town.house.post("/records/disputes", Some(&town.officer()), &body)
}

#[test]
fn who_says_not_me_is_heard_and_only_a_checked_id_card_shuts_accounts() {
    let town = Town::start("disputes");
    let citizens = Citizens(&town);
    let (person, root) = (person(0), town.administrator());
    let impostor = citizens.register("13900138009");
    assert_eq!(citizens.real_name(&impostor, person.name, &person.id_number).status, 200);
    town.import(&[old_account("a-1", person, "13900138001", None)]);
    let bad = json!({ "name": person.name, "id_number": "1", "statement": "x", "document_checked": true });
    town.house.post("/records/disputes", Some(&town.officer()), &bad).is_problem(400, "invalid-request");
    town.house.post("/records/disputes", Some(&root), &bad).is_problem(403, "forbidden");
    town.house.get("/records/disputes", Some(&town.officer())).is_problem(403, "forbidden");

    assert_eq!(dispute(&town, person, false).json()["frozen"], 0);
    assert_eq!(citizens.standing(&impostor.token), "real-name");
    let heard = dispute(&town, person, true);
    assert_eq!((heard.status, &heard.json()["frozen"]), (201, &json!(2)));
    town.house.get("/auth/citizens/me", Some(&impostor.token)).is_problem(401, "unauthorized");
    // The person's own account, proven in person, stays whatever is said.
    let own = citizens.real_person(person);
    assert_eq!(dispute(&town, person, true).json()["frozen"], 0);
    assert_eq!(citizens.standing(&own.token), "real-person");

    let list = town.house.get("/records/disputes", Some(&root));
    assert_eq!(list.json()["disputes"].as_array().map(Vec::len), Some(3));
    assert!(!list.text.contains(&person.id_number) && !list.text.contains(person.name), "{}", list.text);
    assert!(!String::from_utf8_lossy(&town.house.stored()).contains("从未注册过"));
    assert_eq!(town.duplicates("disputed").len(), 2);
}

#[test]
fn a_dispute_that_was_cut_off_is_settled_by_the_job() {
    let town = Town::start("dispute-cut-off");
    let citizens = Citizens(&town);
    let person = person(0);
    let impostor = citizens.with_real_name(person);
    let heard = dispute(&town, person, false).text_of("dispute");
    // As a kill after the first statement of one with a checked card leaves it.
    town.tamper(&format!("UPDATE disputes SET document_checked = 1, settled_at = NULL WHERE id = '{heard}'"));
    town.job("retention");
    town.house.get("/auth/citizens/me", Some(&impostor.token)).is_problem(401, "unauthorized");
    assert_eq!(town.count("SELECT COUNT(*) FROM disputes WHERE settled_at IS NULL"), 0);
}
