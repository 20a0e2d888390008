//! One account of an older system, as a line of JSON.

use serde_json::{Map, Value};
use zerotrip_domain::{Day, IdNumber, Phone};

/// The line's members; `password_hash` may be missing or null.
const MEMBERS: [&str; 6] = ["external_id", "name", "id_number", "phone", "password_hash", "created_at"];
const MAX_EXTERNAL: usize = 64;
const MAX_NAME: usize = 100;
const MAX_HASH: usize = 200;
/// Dearer bcrypt hashes would stall a log-in.
const MAX_COST: u32 = 12;
/// Below this age a guardian acts.
const GUARDED_UNDER: i32 = zerotrip_accounts::person::GUARDED_UNDER;

/// An account that may be taken over.
pub struct OldAccount {
    /// Its name in the older system.
    pub external_id: String,
    pub name: String,
    pub id_number: IdNumber,
    pub phone: Phone,
    /// bcrypt, or `sha256$salt$hex`.
    pub password_hash: Option<String>,
    /// Unix ms.
    pub created_at_ms: u64,
}

/// Why a line is not taken: the member and what is wrong with it, never what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    pub field: &'static str,
    pub why: &'static str,
}

impl OldAccount {
    /// Reads `line` at `now`, Unix ms.
    pub fn parse(line: &[u8], now: u64) -> Result<Self, Defect> {
        let members: Map<String, Value> =
            serde_json::from_slice(line).map_err(|_| bad("line", "no JSON object"))?;
        if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(bad("line", "has a member that is not known"));
        }
        let text = |field: &'static str| match members.get(field) {
            Some(Value::String(text)) => Ok(text.trim()),
            None | Some(Value::Null) => Err(bad(field, "missing")),
            Some(_) => Err(bad(field, "no text")),
        };
        let of = |field, most| {
            text(field).and_then(|text| {
                let right = !text.is_empty() && text.len() <= most && !text.chars().any(char::is_control);
                if right {
                    Ok(text.to_owned())
                } else {
                    Err(bad(field, "empty, too long or with control characters"))
                }
            })
        };
        let external_id = of("external_id", MAX_EXTERNAL)?;
        let name = of("name", MAX_NAME)?;
        let today = Day::at(now);
        let id_number = IdNumber::parse(text("id_number")?, today)
            .map_err(|_| bad("id_number", "no resident ID number of 18 characters"))?;
        if id_number.age(today) < GUARDED_UNDER {
            return Err(bad("id_number", "of a child under 14, for whom a guardian acts"));
        }
        let phone = text("phone")?.parse().map_err(|_| bad("phone", "no mobile number"))?;
        let password_hash = match members.get("password_hash") {
            None | Some(Value::Null) => None,
            Some(_) => Some(of("password_hash", MAX_HASH)?),
        };
        if password_hash.as_deref().is_some_and(|hash| !is_bcrypt(hash) && !is_salted_sha256(hash)) {
            return Err(bad("password_hash", "neither bcrypt of cost 4 to 12 nor sha256$salt$hex"));
        }
        let created_at = members.get("created_at").ok_or(bad("created_at", "missing"))?;
        let created_at_ms = created_at
            .as_u64()
            .filter(|at| (1..=now).contains(at))
            .ok_or(bad("created_at", "no Unix time in milliseconds of the past"))?;
        Ok(Self { external_id, name, id_number, phone, password_hash, created_at_ms })
    }
}

fn bad(field: &'static str, why: &'static str) -> Defect {
    Defect { field, why }
}

/// `$2b$12$` and 53 characters of bcrypt's own base64.
fn is_bcrypt(hash: &str) -> bool {
    let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| hash.strip_prefix(prefix));
    let Some((cost, rest)) = rest.and_then(|rest| rest.split_once('$')) else { return false };
    let cheap = cost.len() == 2 && cost.parse().is_ok_and(|cost: u32| (4..=MAX_COST).contains(&cost));
    cheap && rest.len() == 53 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"./".contains(&b))
}

fn is_salted_sha256(hash: &str) -> bool {
    let Some((salt, digest)) = hash.strip_prefix("sha256$").and_then(|rest| rest.split_once('$')) else {
        return false;
    };
    !salt.is_empty() && digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// 2026-11-25.
    const NOW: u64 = 1_795_600_000_000;

    fn parse(change: &[(&str, Value)]) -> Result<OldAccount, Defect> {
        let mut line = json!({ "external_id": "a-1", "name": "张三", "id_number": "11010519491231002X",
            "phone": "13800138000", "created_at": 1_400_000_000_000_u64 });
        for (name, value) in change {
            line[name] = value.clone();
        }
        OldAccount::parse(line.to_string().as_bytes(), NOW)
    }

    fn field(change: &[(&str, Value)]) -> &'static str {
        parse(change).err().map_or("", |defect| defect.field)
    }

    #[test]
    fn the_member_that_is_wrong_is_named() {
        assert_eq!(field(&[]), "");
        for name in ["external_id", "name", "id_number", "phone", "created_at"] {
            assert_eq!(field(&[(name, Value::Null)]), name);
            assert_eq!(field(&[(name, json!(""))]), name);
        }
        assert_eq!(
            field(&[("id_number", json!("110105491231002"))]),
            "id_number",
            "15 digits of the old days"
        );
        assert_eq!(field(&[("id_number", json!("110105201412310018"))]), "id_number", "a child");
        assert_eq!(field(&[("created_at", json!(NOW + 1))]), "created_at");
        assert_eq!(field(&[("name", json!("张\u{7}三"))]), "name");
        assert_eq!(field(&[("level", json!(2))]), "line");
        assert_eq!(OldAccount::parse(b"[1]", NOW).err(), Some(bad("line", "no JSON object")));
        assert_eq!(OldAccount::parse(b"\xff", NOW).err(), Some(bad("line", "no JSON object")));
    }

    #[test]
    fn only_hashes_that_a_log_in_can_check_are_taken() {
        let taken = |hash: &str| field(&[("password_hash", json!(hash))]).is_empty();
        // From crypt_blowfish's published vectors.
        let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert!(taken(bcrypt) && taken(&bcrypt.replace("2a", "2y")) && taken(&bcrypt.replace("$05", "$12")));
        assert!(taken(&format!("sha256$s4lt${}", "0".repeat(64))));
        for bad in [
            bcrypt.replace("$05", "$13"),
            bcrypt.replace("$05", "$5"),
            bcrypt[..59].to_owned(),
            bcrypt.replace("2a", "2x"),
            format!("sha256$${}", "0".repeat(64)),
            format!("sha256$s${}", "0".repeat(63)),
            "e10adc3949ba59abbe56e057f20f883e".to_owned(),
            "secret".to_owned(),
        ] {
            assert!(!taken(&bad), "{bad}");
        }
    }
}
