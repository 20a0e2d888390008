//! What is signed. Rules: payments facts 2a, from the official SDKs.

use form_urlencoded::Serializer;

use super::Fields;
use crate::keys::PrivateKey;

/// `name=value` of every field that is not empty and not in `without`, sorted by name, joined by `&`.
pub fn content<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>, without: &[&str]) -> String {
    let mut kept: Vec<_> =
        fields.into_iter().filter(|(name, value)| !value.is_empty() && !without.contains(name)).collect();
    kept.sort_unstable();
    let mut text = String::new();
    for (name, value) in kept {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// The form body of a notification with these fields (rule V1: `sign` and `sign_type` are not signed). `sign_type` is
/// RSA2 unless given; a `sign` that is given is replaced.
pub fn sign_notification(fields: &[(String, String)], key: &PrivateKey) -> String {
    Serializer::new(String::new()).extend_pairs(signed(fields, key)).finish()
}

/// The fields, then `sign_type` and `sign`.
pub(super) fn signed(fields: &[(String, String)], key: &PrivateKey) -> Fields {
    let signature =
        key.sign(&content(fields.iter().map(|(n, v)| (n.as_str(), v.as_str())), &["sign", "sign_type"]));
    let mut all: Fields = fields.iter().filter(|(name, _)| name != "sign").cloned().collect();
    if !all.iter().any(|(name, _)| name == "sign_type") {
        all.push(("sign_type".into(), "RSA2".into()));
    }
    all.push(("sign".into(), signature));
    all
}
