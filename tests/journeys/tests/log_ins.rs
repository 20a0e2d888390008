//! Whoever guesses passwords waits longer and longer, and does not learn from the clock who has an account.

use serde_json::json;
use std::time::{Duration, Instant};
use zerotrip_journeys::faces::blind_index;
use zerotrip_journeys::town::PASSWORD;
use zerotrip_journeys::{Answer, Citizens, Town, sql};

const WRONG: &str = "a wrong password, quite long";
const PHONE: &str = "13800138000";
/// As PHP writes it, cost 10.
const BCRYPT: &str = "$2y$10$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2";
/// After the fifth failure and each that follows; seconds. NIST SP 800-63B wants it to rise and asks for a stop at 100.
const WAITS_S: [i64; 9] = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600];
/// So long before a wait is over nobody comes in yet; longer than a restart takes.
const MARGIN_S: i64 = 10;

/// Whose password is guessed.
enum Account {
    Citizen(String),
    Officer(String),
}

impl Account {
    fn log_in(&self, town: &Town, password: &str) -> Answer {
        match self {
            Self::Citizen(_) => Citizens(town).log_in(PHONE, password),
            Self::Officer(_) => {
                let body = json!({ "login": "han", "password": password, "device_token": town.terminal });
                town.house.post("/auth/sessions", None, &body)
            }
        }
    }

    fn comes_in(&self, town: &Town) {
        let came = self.log_in(town, PASSWORD);
        assert_eq!(came.status, 201, "{}", came.text);
        assert_eq!(self.failures(town), 0, "success resets");
    }

    /// A wrong password, tried and counted.
    fn fails(&self, town: &Town) {
        let before = self.failures(town);
        self.log_in(town, WRONG).is_problem(401, "wrong-credentials");
        assert_eq!(self.failures(town), before + 1, "not tried");
    }

    /// Neither password is tried, and nobody can tell.
    fn waits(&self, town: &Town) {
        let before = self.failures(town);
        let (right, wrong) = (self.log_in(town, PASSWORD), self.log_in(town, WRONG));
        right.is_problem(401, "wrong-credentials");
        assert_eq!(right.text, wrong.text);
        assert_eq!(self.failures(town), before, "tried");
    }

    fn row(&self) -> (&str, &str) {
        match self {
            Self::Citizen(id) => ("citizens", id),
            Self::Officer(id) => ("principals", id),
        }
    }

    fn failures(&self, town: &Town) -> i64 {
        let (table, id) = self.row();
        town.count(&format!("SELECT failures FROM {table} WHERE id = '{id}'"))
    }

    fn has_failed(&self, town: &Town, times: i64) {
        let (table, id) = self.row();
        let set = format!("UPDATE {table} SET failures = {times}, locked_until = 0 WHERE id = '{id}'");
        sql::execute(&town.house.database(), &set);
    }
}

#[test]
fn each_failure_makes_citizens_and_officers_wait_longer_until_the_hundredth_ends_it() {
    let mut town = Town::start("rising-waits");
    let citizen = Citizens(&town).register(PHONE).id;
    let officer = town.house.get("/auth/sessions/current", Some(&town.officer())).text_of("principal");
    let accounts = [Account::Citizen(citizen), Account::Officer(officer.clone())];
    for account in &accounts {
        // Four are free, and once more after somebody has come in. The limit of tries with one name leaves room for no third time.
        (0..4).for_each(|_| account.fails(&town));
        account.comes_in(&town);
        (0..5).for_each(|_| account.fails(&town));
    }
    for (failures, wait_s) in (5..).zip(WAITS_S) {
        town = town.later(wait_s - MARGIN_S);
        for account in &accounts {
            assert_eq!(account.failures(&town), failures);
            account.waits(&town);
        }
        town = town.later(MARGIN_S + 1);
        accounts.iter().for_each(|account| account.fails(&town));
    }
    town = town.later(3601);
    accounts.iter().for_each(|account| account.comes_in(&town));

    // From the twelfth on all wait an hour: the eighty between are left out.
    for account in &accounts {
        account.has_failed(&town, 98);
        account.fails(&town);
    }
    town = town.later(3600 - MARGIN_S);
    accounts.iter().for_each(|account| account.waits(&town));
    town = town.later(MARGIN_S + 1);
    for account in &accounts {
        account.fails(&town);
        assert_eq!(account.failures(&town), 100);
    }
    town = town.later(30 * 24 * 3600);
    accounts.iter().for_each(|account| account.waits(&town));

    // Nothing but its own exit opens it.
    let [citizen, staff] = &accounts;
    let unlock = format!("/auth/principals/{officer}/unlocking");
    assert_eq!(town.house.post(&unlock, Some(&town.administrator()), &json!({})).status, 204);
    staff.comes_in(&town);
    citizen.waits(&town);
    let another = "another horse, another battery";
    let reset = json!({ "phone": Citizens(&town).code(PHONE, "prove"), "password": another });
    assert_eq!(town.house.post("/auth/citizens/password-resets", None, &reset).status, 202);
    assert_eq!(citizen.log_in(&town, another).status, 201);
    citizen.fails(&town);
}

/// The middle one.
fn median(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1000.0
}

#[test]
fn a_log_in_takes_as_long_for_a_phone_without_an_account() {
    const ROUNDS: usize = 21;
    let town = Town::start("equal-time");
    // An account for each round: none waits after failures of its own.
    let known = |round: usize| format!("138001380{round:02}");
    let hash = zerotrip_signing::password::hash(PASSWORD, [7; 16]).expect("a hash");
    let rows = (0..ROUNDS + 1).map(|round| {
        let phone = blind_index(&town, "citizens.phone", &known(round));
        format!(
            "INSERT INTO citizens (id, standing, phone_index, password, created_at) \
             VALUES ('acc{round:029x}', 'registered', '{phone}', '{hash}', 0);"
        )
    });
    sql::execute(&town.house.database(), &rows.collect::<String>());
    // Of an older system's hash the work is done as well.
    let old = |round: usize| format!("137001370{round:02}");
    let rows = (0..ROUNDS).map(|round| {
        let (phone, digest) = (blind_index(&town, "citizens.phone", &old(round)), "0".repeat(64));
        format!(
            "INSERT INTO citizens (id, standing, phone_index, password, created_at) \
             VALUES ('01d{round:029x}', 'registered', '{phone}', 'sha256$salt${digest}', 0);"
        )
    });
    sql::execute(&town.house.database(), &rows.collect::<String>());
    let locked = known(ROUNDS);
    let lock = format!("UPDATE citizens SET failures = 100 WHERE id = 'acc{ROUNDS:029x}'");
    sql::execute(&town.house.database(), &lock);
    let took = |round: usize, login: &str, status: u16| {
        let body = json!({ "login": login, "password": WRONG }).to_string();
        // Of one address and of one name only so many are tried.
        let from = format!("10.0.0.{round}");
        let headers = [("content-type", "application/json"), ("x-forwarded-for", from.as_str())];
        let sent = Instant::now();
        let answer = town.house.send_with("POST", "/auth/citizens/sessions", &headers, &body);
        let took = sent.elapsed();
        assert_eq!(answer.status, status, "{}", answer.text);
        took
    };
    // Instances and connections are there before it counts.
    for _ in 0..3 {
        took(255, "13900139099", 401);
    }
    let [mut account, mut none, mut older, mut waiting, mut unhashed] = std::array::from_fn(|_| Vec::new());
    // In turns, so that whatever else the machine does meets them all.
    for round in 0..ROUNDS {
        account.push(took(round, &known(round), 401));
        none.push(took(round, &format!("139001390{round:02}"), 401));
        older.push(took(round, &old(round), 401));
        if round < 19 {
            waiting.push(took(round, &locked, 401));
        }
        unhashed.push(took(round, "nobody's name", 400));
    }
    let failed = town.count("SELECT COUNT(*) FROM citizens WHERE failures = 1");
    assert_eq!(usize::try_from(failed).expect("a count"), 2 * ROUNDS, "each account was tried");
    let [account, none, older, waiting, unhashed] = [account, none, older, waiting, unhashed].map(median);
    let told = format!(
        "medians in ms: account {account:.1}, none {none:.1}, old hash {older:.1}, locked {waiting:.1}, unhashed {unhashed:.1}"
    );
    println!("{told}");
    let alike = |one: f64, other: f64| (0.6..1.67).contains(&(one / other));
    assert!([none, older, waiting].into_iter().all(|other| alike(other, account)), "{told}");
    // The same look at an answer without a hash tells them apart.
    assert!(!alike(unhashed, account), "{told}");

    // As long as somebody's hash is bcrypt's, nobody's log-in is quicker than one of these.
    let imported = |round: usize| format!("136001360{round:02}");
    let rows = (0..ROUNDS).map(|round| {
        let phone = blind_index(&town, "citizens.phone", &imported(round));
        format!(
            "INSERT INTO citizens (id, standing, phone_index, password, created_at) \
             VALUES ('bc{round:030x}', 'registered', '{phone}', '{BCRYPT}', 0);"
        )
    });
    sql::execute(&town.house.database(), &rows.collect::<String>());
    let [mut account, mut none, mut bcrypt] = std::array::from_fn(|_| Vec::new());
    for round in 0..ROUNDS {
        account.push(took(100 + round, &known(round), 401));
        none.push(took(100 + round, &format!("139001391{round:02}"), 401));
        bcrypt.push(took(100 + round, &imported(round), 401));
    }
    let [with_bcrypt, none, bcrypt] = [account, none, bcrypt].map(median);
    let told = format!("{told}; with bcrypt: account {with_bcrypt:.1}, none {none:.1}, bcrypt {bcrypt:.1}");
    println!("{told}");
    assert!([none, bcrypt].into_iter().all(|other| alike(other, with_bcrypt)), "{told}");
}
