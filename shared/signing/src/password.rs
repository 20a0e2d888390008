//! Password hashes: Argon2id (RFC 9106), 19 MiB, t=2, p=1, as a PHC string. Accounts of an older system bring hashes
//! of `old` forms along, which are good until the next right password.

mod old;

use crate::fault::{Fault, Refusal};
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64, Encoding as _};
use subtle::{Choice, ConstantTimeEq as _};

/// Longer passwords are refused before any work is done.
pub const MAX_BYTES: usize = 1024;
const PREFIX: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Hashes with a random 16-byte salt.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, Fault> {
    let hash = argon2id(password, &salt)?;
    Ok(format!("{PREFIX}{}${}", encode(&salt), encode(&hash)))
}

/// Whether `password` is the stored one.
///
/// Without a stored hash, or with one of an unknown form, Argon2id's work is done and the answer is no; for salted
/// SHA-256 as well, so that time does not tell who has an account. A bcrypt hash takes its own time: as long as there is
/// one, who logs people in does its work for all.
pub fn verify(password: &str, stored: Option<&str>) -> Result<bool, Fault> {
    if password.len() > MAX_BYTES {
        return Err(Refusal::Malformed.into());
    }
    if let Some(bcrypt) = stored.and_then(old::Bcrypt::parse) {
        return Ok(bcrypt.verifies(password));
    }
    let current = stored.and_then(parse);
    let (salt, expected) = current.unwrap_or_default();
    let is_current = bool::from(ct_eq(&argon2id(password, &salt)?, &expected)) && current.is_some();
    let sha256 = stored.and_then(old::Sha256::parse);
    Ok(is_current || sha256.is_some_and(|sha256| sha256.verifies(password)))
}

/// Whether `stored` should give way to a fresh hash once the password has been right: it is not of the form that
/// [`hash`] makes.
pub fn outdated(stored: &str) -> bool {
    parse(stored).is_none()
}

fn parse(stored: &str) -> Option<([u8; 16], [u8; 32])> {
    let (salt, hash) = stored.strip_prefix(PREFIX)?.split_once('$')?;
    let salt = Base64::decode_vec(&format!("{salt}==")).ok()?.try_into().ok()?;
    let hash = Base64::decode_vec(&format!("{hash}=")).ok()?.try_into().ok()?;
    Some((salt, hash))
}

/// A PHC string's base64 has no padding: 16 bytes lack two characters of it, 32 bytes one.
fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes).trim_end_matches('=').to_owned()
}

fn ct_eq(one: &[u8], other: &[u8]) -> Choice {
    one.ct_eq(other)
}

fn argon2id(password: &str, salt: &[u8]) -> Result<[u8; 32], Fault> {
    if password.len() > MAX_BYTES {
        return Err(Refusal::Malformed.into());
    }
    let params = Params::new(19_456, 2, 1, Some(32)).expect("RFC 9106 allows these");
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut out)
        .map_err(|_| Refusal::Malformed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_verifies() {
        let stored = hash("correct horse battery", [3; 16]).expect("hashed");
        assert!(stored.starts_with(PREFIX));
        assert_eq!(verify("correct horse battery", Some(&stored)), Ok(true));
        assert_eq!(verify("correct horse batterz", Some(&stored)), Ok(false));
        assert_eq!(verify("", None), Ok(false));
        assert_eq!(verify("x", Some("$argon2id$v=19$m=4294967295,t=9,p=9$AA$AA")), Ok(false));
        assert_eq!(verify(&"x".repeat(1025), None), Err(Refusal::Malformed.into()));
    }

    /// Made with the reference implementation:
    /// `printf password | argon2 somesalt12345678 -id -t 2 -k 19456 -p 1 -l 32`.
    #[test]
    fn the_reference_implementation_agrees() {
        let hash = argon2id("password", b"somesalt12345678").expect("hashed");
        assert_eq!(encode(&hash), REFERENCE);
        let stored = format!("{PREFIX}{}${REFERENCE}", "c29tZXNhbHQxMjM0NTY3OA");
        assert_eq!(verify("password", Some(&stored)), Ok(true));
        assert!(!outdated(&stored));
        for padded in [format!("{stored}="), stored.replace('$', "=$"), stored[..stored.len() - 1].to_owned()]
        {
            assert_eq!(verify("password", Some(&padded)), Ok(false));
            assert!(outdated(&padded));
        }
    }

    const REFERENCE: &str = "DEwLbbIZGUtgBuB4gYok6r6hNvevYZoxkwMQ5/LXSaU";
}
