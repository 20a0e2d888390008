//! Demo people: an administrator, an officer with a terminal, a venue of each scenario with staff and a scanner, and at each start a
//! decision that waits to be paid.
//!
//! Everything goes over HTTP through the real components. The passwords are random and stay in the folder.

use crate::dev::{self, Folder};
use anyhow::{Context, Result, bail};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::JoinHandle;

const AGENCY: &str = "220102";
/// What a scheduler would call.
const JOBS: [&str; 7] = [
    "/pay/jobs/janitor",
    "/pay/jobs/reports",
    "/bills/jobs/reconciliation",
    "/real-person/jobs/proofs",
    "/records/jobs/audit",
    "/records/jobs/retention",
    "/wallet/jobs/reminders",
];
/// How often a scheduler would call the jobs.
const JOB_PAUSE: Duration = Duration::from_secs(30);
/// Nobody's: the area code 990000 is unassigned.
const DRIVERS: [(&str, &str, &str); 3] = [
    ("张三丰", "990000199001010017", "吉A12345"),
    ("李小四", "990000198512120029", "吉AD54321"),
    ("欧阳五", "990000200002290036", "吉B6789挂"),
];
const VIOLATIONS: [(&str, &str, &str, i64); 3] = [
    ("1039", "机动车违反规定停放，影响其他车辆和行人通行", "南关区人民大街与解放大路交会", 10_000),
    ("1345", "机动车违反禁止标线指示", "朝阳区延安大街", 20_000),
    ("1223", "驾驶时拨打接听手持电话", "二道区吉林大路", 5_000),
];

/// Scenario, unified social credit code and name; the area code 990102 is unassigned.
const VENUES: [(&str, &str, &str); 5] = [
    ("hotel", "91990102MA0000001D", "虚构饭店"),
    ("internet-cafe", "91990102MA0000002G", "虚构网吧"),
    ("vehicle-repair", "91990102MA0000003K", "虚构修理厂"),
    ("locksmith", "91990102MA0000004N", "虚构开锁行"),
    ("residence-permit-status", "91990102MA0000005R", "虚构社区服务站"),
];

/// What stays between starts.
#[derive(Deserialize, Serialize)]
struct People {
    administrator: Account,
    officer: Account,
    device_token: String,
    job_token: String,
    /// None in a folder of an older version.
    #[serde(default)]
    venues: Vec<Venue>,
}

/// A place that takes codes.
#[derive(Deserialize, Serialize)]
struct Venue {
    scenario: String,
    venue: String,
    staff: Account,
    /// Of its scanner.
    device_token: String,
}

#[derive(Deserialize, Serialize)]
struct Account {
    login: String,
    password: String,
}

/// Makes the demo and then calls the jobs for ever, in the background.
pub fn start(origin: String, folder: Folder, database: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        let shown = {
            let origin = origin.clone();
            tokio::task::spawn_blocking(move || show(&origin, &folder, &database)).await
        };
        let job_token = match shown {
            Ok(Ok(token)) => token,
            Ok(Err(error)) => return eprintln!("no demo: {error:#}"),
            Err(error) => return eprintln!("no demo: {error}"),
        };
        loop {
            tokio::time::sleep(JOB_PAUSE).await;
            for job in JOBS {
                let (origin, token) = (origin.clone(), job_token.clone());
                let run = move || post(&origin, job, Some(&token), &json!({}));
                match tokio::task::spawn_blocking(run).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => eprintln!("{job}: {error:#}"),
                    Err(error) => eprintln!("{job}: {error}"),
                }
            }
        }
    })
}

/// Prints a ticket and gives the job token.
fn show(origin: &str, folder: &Folder, database: &str) -> Result<String> {
    let mut people = match std::fs::read(folder.demo()) {
        Ok(text) => {
            serde_json::from_slice(&text).with_context(|| format!("in {}", folder.demo().display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => hire(origin, folder, database)?,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", folder.demo().display())),
    };
    if people.venues.is_empty() {
        people.venues = enrol(origin, &log_in(origin, &people.administrator, None)?)?;
        dev::write_private(&folder.demo(), &serde_json::to_string_pretty(&people)?)?;
    }
    let token = log_in(origin, &people.officer, Some(&people.device_token))?;
    let ticket = decide(origin, &token)?;
    let url = text(&ticket, "url")?;
    let code = QrCode::with_error_correction_level(url, EcLevel::Q)?;
    eprintln!(
        "{}",
        code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build()
    );
    eprintln!("a ticket to pay: {url}");
    for Venue { scenario, venue, .. } in &people.venues {
        eprintln!("a venue ({scenario}): {origin}/qr/venues/{venue}/poster");
    }
    eprintln!("demo people's passwords and tokens: {}", folder.demo().display());
    for function in ["auth", "real-person", "records", "wallet", "qr", "scan", "fines", "pay", "bills"] {
        eprintln!("interface: {origin}/{function}/openapi.json");
    }
    Ok(people.job_token)
}

fn hire(origin: &str, folder: &Folder, database: &str) -> Result<People> {
    let (code, _) = dev::administrator(&folder.variables(), database, AGENCY, false)?;
    let administrator = activate(origin, &code, "demo-admin", "王主任")?;
    let token = log_in(origin, &administrator, None)?;
    let terminal = json!({ "kind": "terminal", "label": "T-1", "agency": AGENCY });
    let device = post(origin, "/auth/devices", Some(&token), &terminal)?;
    let invitation = json!({ "role": "officer", "agency": AGENCY });
    let invitation = post(origin, "/auth/invitations", Some(&token), &invitation)?;
    let people = People {
        officer: activate(origin, text(&invitation, "code")?, "demo-officer", "韩警官")?,
        device_token: text(&device, "token")?.to_owned(),
        job_token: text(&post(origin, "/auth/job-tokens", Some(&token), &json!({}))?, "token")?.to_owned(),
        venues: Vec::new(),
        administrator,
    };
    dev::write_private(&folder.demo(), &serde_json::to_string_pretty(&people)?)?;
    Ok(people)
}

/// A venue of each scenario. Of a start that was cut off before its people were written some may stand already: they stay, unstaffed.
fn enrol(origin: &str, token: &str) -> Result<Vec<Venue>> {
    let at = u32::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 1000)?;
    let venues = VENUES.iter().map(|(scenario, credit_code, name)| {
        let body = json!({ "credit_code": credit_code, "scenario": scenario, "name": name,
            "address": format!("长春市南关区虚构路{at}号"), "agency": AGENCY });
        let venue = text(&post(origin, "/scan/venues", Some(token), &body)?, "venue")?.to_owned();
        let invitation = json!({ "role": "venue-staff", "agency": venue });
        let invitation = post(origin, "/auth/invitations", Some(token), &invitation)?;
        let scanner = json!({ "kind": "scanner", "label": "S-1", "agency": venue });
        let scanner = post(origin, "/auth/devices", Some(token), &scanner)?;
        Ok(Venue {
            scenario: (*scenario).to_owned(),
            staff: activate(origin, text(&invitation, "code")?, "demo-staff", "前台小王")?,
            device_token: text(&scanner, "token")?.to_owned(),
            venue,
        })
    });
    venues.collect()
}

fn activate(origin: &str, code: &str, login: &str, name: &str) -> Result<Account> {
    let secret = zerotrip_signing::fresh::secret()?;
    // A start that was cut off may have left an account of this name.
    let login = format!("{login}-{}", secret[..6].to_lowercase().replace('_', "."));
    let account = Account { login, password: secret };
    let body = json!({ "code": code, "login": account.login, "password": account.password, "name": name });
    post(origin, "/auth/activations", None, &body)?;
    Ok(account)
}

fn log_in(origin: &str, account: &Account, device_token: Option<&str>) -> Result<String> {
    let body = json!({ "login": account.login, "password": account.password, "device_token": device_token });
    Ok(text(&post(origin, "/auth/sessions", None, &body)?, "access_token")?.to_owned())
}

fn decide(origin: &str, token: &str) -> Result<Value> {
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let pick = usize::try_from(now % 3)?;
    let (name, id_number, plate) = DRIVERS[pick];
    let (violation_code, violation, place, fine_fen) = VIOLATIONS[pick];
    let body = json!({
        "request_id": format!("demo-{now}"),
        "content": {
            "number": format!("2201021{:09}", now % 1_000_000_000),
            "driver": { "name": name, "id_number": id_number },
            "plate": plate,
            "vehicle_type": "小型汽车",
            "violation_code": violation_code,
            "violation": violation,
            "place": place,
            "violated_at": now,
            "legal_basis": "《中华人民共和国道路交通安全法》第九十条",
            "fine_fen": fine_fen,
            "authority": "长春市公安局交通管理支队南关区大队",
        },
    });
    post(origin, "/qr/decisions", Some(token), &body)
}

fn post(origin: &str, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
    let mut request = ureq::post(format!("{origin}{path}"))
        .config()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build();
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut answer = request.send(body.to_string()).with_context(|| format!("POST {path}"))?;
    let text = answer.body_mut().read_to_string()?;
    if !answer.status().is_success() {
        bail!("POST {path}: {} {text}", answer.status());
    }
    serde_json::from_str(&text).with_context(|| format!("POST {path}"))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name].as_str().with_context(|| format!("no {name} in the answer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerotrip_domain::scenario::Scenario;
    use zerotrip_domain::{CreditCode, Day, IdNumber, Plate};

    #[test]
    fn the_demo_people_are_well_formed() {
        let today = Day::parse("2026-01-01").expect("a day");
        for (name, id_number, plate) in DRIVERS {
            assert!(IdNumber::parse(id_number, today).is_ok() && plate.parse::<Plate>().is_ok(), "{name}");
        }
        for (scenario, credit_code, _) in VENUES {
            assert!(
                Scenario::named(scenario).is_some() && credit_code.parse::<CreditCode>().is_ok(),
                "{scenario}"
            );
        }
    }
}
