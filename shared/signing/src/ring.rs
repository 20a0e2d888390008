//! Key rings: `{"keys":[{"kid":1,"key":"base64url","not_before":"RFC 3339","retire":"RFC 3339"}]}`,
//! instants in whole seconds.
//!
//! The newest key whose time has come signs. A retired one no longer signs, but verifies what it signed while in use.

use crate::fault::{Fault, Refusal};
use crate::{instant, json, mac};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use std::cmp::Reverse;

/// Fewest bytes of a secret.
pub const MIN_SECRET: usize = 32;

/// Keys of one purpose.
pub struct Ring {
    name: &'static str,
    keys: Vec<Key>,
}

/// One key, already derived for its purpose.
pub struct Key {
    /// Names the key inside codes.
    pub kid: u8,
    pub(crate) secret: [u8; 32],
    not_before_ms: u64,
    retire_ms: Option<u64>,
}

struct KeyText {
    kid: u8,
    key: String,
    not_before: String,
    retire: Option<String>,
}

impl KeyText {
    fn read(text: &str) -> Option<Self> {
        let [kid, key, not_before, retire] =
            json::read(text).ok()?.members(["kid", "key", "not_before", "retire"])?;
        let retire = match retire {
            None | Some("null") => None,
            Some(text) => Some(json::string(text)?),
        };
        let (key, not_before) = (json::string(key?)?, json::string(not_before?)?);
        Some(Self { kid: kid?.parse().ok()?, key, not_before, retire })
    }
}

impl Ring {
    /// Reads the ring that variable `name` holds. The error names the variable and the defect, never a key.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, Fault> {
        let ring = json::read(text)
            .map_err(|at| Fault::of(name, &format!("not a key ring (no JSON from byte {at})")))?;
        let texts = ring
            .members(["keys"])
            .and_then(|[keys]| json::elements(keys?))
            .ok_or_else(|| Fault::of(name, "not a key ring (not {\"keys\": […]})"))?;
        if texts.is_empty() {
            return Err(Fault::of(name, "holds no key"));
        }
        let mut keys: Vec<Key> = Vec::with_capacity(texts.len());
        for text in texts {
            let key = KeyText::read(text).ok_or_else(|| {
                let place = keys.len() + 1;
                Fault::of(
                    name,
                    &format!(
                        "not a key ring (key {place} is not {{\"kid\", \"key\", \"not_before\", \"retire\"}})"
                    ),
                )
            })?;
            let kid = key.kid;
            let bad = |defect: &str| Fault::of(name, &format!("kid {kid}{defect}"));
            if keys.iter().any(|other| other.kid == kid) {
                return Err(bad(" stands twice"));
            }
            let secret = secret(name, &key.key).map_err(|defect| bad(&format!(": {defect}")))?;
            let not_before_ms =
                instant::parse(&key.not_before).ok_or_else(|| bad(": not_before is not RFC 3339"))?;
            let retire_ms = match key.retire {
                None => None,
                Some(retire) => Some(instant::parse(&retire).ok_or_else(|| bad(": retire is not RFC 3339"))?),
            };
            if retire_ms.is_some_and(|retire| retire <= not_before_ms) {
                return Err(bad(": retires before it starts"));
            }
            keys.push(Key { kid, secret, not_before_ms, retire_ms });
        }
        Ok(Self { name, keys })
    }

    /// The key that signs at `now_ms`.
    pub fn signing_key(&self, now_ms: u64) -> Result<&Key, Fault> {
        self.keys
            .iter()
            .filter(|key| key.in_use_at(now_ms))
            .min_by_key(|key| Reverse(key.not_before_ms))
            .ok_or_else(|| Fault::of(self.name, "no key is in use now"))
    }

    /// The key `kid`, whatever its dates: for codes that outlive keys.
    pub fn key(&self, kid: u8) -> Result<&Key, Fault> {
        self.keys.iter().find(|key| key.kid == kid).ok_or(Refusal::UnknownKey.into())
    }

    /// The key `kid` if it was in use when the code says it was issued.
    pub fn key_in_use(&self, kid: u8, issued_ms: u64) -> Result<&Key, Fault> {
        let key = self.key(kid)?;
        if key.in_use_at(issued_ms) { Ok(key) } else { Err(Refusal::UnknownKey.into()) }
    }
}

impl Key {
    fn in_use_at(&self, ms: u64) -> bool {
        self.not_before_ms <= ms && self.retire_ms.is_none_or(|retire| ms < retire)
    }
}

/// The single key `{"key":"base64url"}` of a variable that has no ring: the blind index.
pub fn single(name: &'static str, text: &str) -> Result<[u8; 32], Fault> {
    let key =
        json::read(text).ok().and_then(|single| single.members(["key"])).and_then(|[key]| json::string(key?));
    key.ok_or("not {\"key\": \"…\"}")
        .and_then(|key| secret(name, &key))
        .map_err(|defect| Fault::of(name, defect))
}

/// The key of a variable, derived for its purpose from base64url.
fn secret(name: &str, text: &str) -> Result<[u8; 32], &'static str> {
    let raw = Base64UrlUnpadded::decode_vec(text).map_err(|_| "key is not base64url without padding")?;
    if raw.len() < MIN_SECRET {
        return Err("key is shorter than 32 bytes");
    }
    let mut secret = [0; 32];
    mac::derive(&raw, None, format!("zerotrip {name} v1").as_bytes(), &mut secret);
    Ok(secret)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Kid 1 from 2026-01-01 to 2026-02-01, kid 2 from 2026-01-15.
    pub(crate) fn two_keys(name: &'static str) -> Ring {
        let key = |byte: u8| Base64UrlUnpadded::encode_string(&[byte; 32]);
        let text = format!(
            r#"{{"keys":[{{"kid":1,"key":"{}","not_before":"2026-01-01T00:00:00Z","retire":"2026-02-01T00:00:00Z"}},
                {{"kid":2,"key":"{}","not_before":"2026-01-15T00:00:00Z"}}]}}"#,
            key(1),
            key(2)
        );
        Ring::parse(name, &text).expect("well-formed")
    }

    pub(crate) const JAN_01: u64 = 1_767_225_600_000;
    pub(crate) const DAY: u64 = 86_400_000;

    fn defect(text: &str) -> String {
        match Ring::parse("session_keys", text) {
            Err(fault) => fault.to_string(),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn unusable_rings_are_refused_with_the_variable_and_the_defect() {
        let good = Base64UrlUnpadded::encode_string(&[7; 32]);
        let short = Base64UrlUnpadded::encode_string(&[7; 31]);
        let one = |key: &str| format!(r#"{{"kid":1,"key":"{key}","not_before":"2026-01-01T00:00:00Z"}}"#);
        assert_eq!(defect(""), "session_keys: not a key ring (no JSON from byte 0)");
        assert_eq!(defect(r#"{"keys":[]}"#), "session_keys: holds no key");
        assert_eq!(
            defect(&format!(r#"{{"keys":[{}]}}"#, one(&short))),
            "session_keys: kid 1: key is shorter than 32 bytes"
        );
        assert_eq!(
            defect(&format!(r#"{{"keys":[{0},{0}]}}"#, one(&good))),
            "session_keys: kid 1 stands twice"
        );
        assert_eq!(
            defect(&format!(r#"{{"keys":[{{"kid":1,"key":"{good}","not_before":"soon"}}]}}"#)),
            "session_keys: kid 1: not_before is not RFC 3339"
        );
        for text in
            [r#"["keys"]"#, r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[],"more":1}"#, "{}"]
        {
            assert_eq!(defect(text), r#"session_keys: not a key ring (not {"keys": […]})"#, "{text}");
        }
        for members in [
            r#""kid":2,"kid":2"#,
            r#""kid":2,"note":"x""#,
            r#""kid":2,"retire":1"#,
            r#""kid":300"#,
            r#""kid":1.0"#,
            r#""kid":"1""#,
            r#""retire":null"#,
        ] {
            let second = format!(r#"{{{members},"key":"{good}","not_before":"2026-01-01T00:00:00Z"}}"#);
            let text = defect(&format!(r#"{{"keys":[{},{second}]}}"#, one(&good)));
            assert!(text.starts_with("session_keys: not a key ring (key 2 is not {"), "{members}: {text}");
            assert!(!text.contains(&good), "a defect never shows a key");
        }
    }

    #[test]
    fn a_key_without_an_end_may_say_so() {
        let good = Base64UrlUnpadded::encode_string(&[7; 32]);
        let text = r#" {"keys" : [ { "kid": 1, "key": "KEY", "not_before": "2026\u002d01-01T00:00:00Z", "retire": null } ] } "#;
        let ring = Ring::parse("session_keys", &text.replace("KEY", &good)).expect("well-formed");
        assert_eq!(ring.key_in_use(1, JAN_01).expect("key").retire_ms, None);
    }

    #[test]
    fn the_newest_started_key_signs_and_a_retired_one_only_verifies_its_time() {
        let ring = two_keys("session_keys");
        assert!(ring.signing_key(JAN_01 - 1).is_err());
        assert_eq!(ring.signing_key(JAN_01).expect("key").kid, 1);
        assert_eq!(ring.signing_key(JAN_01 + 14 * DAY).expect("key").kid, 2);
        assert!(ring.key_in_use(1, JAN_01 + 30 * DAY).is_ok());
        assert!(ring.key_in_use(1, JAN_01 + 31 * DAY).is_err(), "retired on 1 February");
        assert!(ring.key_in_use(2, JAN_01).is_err(), "not yet started");
        assert!(ring.key(1).is_ok(), "codes on paper verify for ever");
    }
}
