//! Asynchronous notifications (signature rule V1).

use super::Merchant;
use crate::fault::{Fault, Refusal};

/// Longest body that is looked at.
const MAX_BODY: usize = 64 * 1024;
/// Most fields that are looked at; Alipay sends some thirty.
const MAX_FIELDS: usize = 256;

/// Verifies the raw form body and gives its decoded fields as received, without `sign` and `sign_type`.
///
/// The signed text is `name=value` of every other field, decoded once, sorted by name, joined by `&`. Only RSA2 and
/// UTF-8 are accepted; a name that stands twice is refused, since two readings of it could differ.
pub fn notification(merchant: &Merchant, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    let mut fields = decode_form(body).ok_or(Refusal::Malformed)?;
    if fields.len() > MAX_FIELDS {
        return Err(Refusal::Malformed.into());
    }
    let mut sorted = sorted(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Refusal::Malformed.into());
    }
    let value = |wanted: &str| sorted.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    if value("charset").is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return Err(Refusal::Malformed.into());
    }
    if value("sign_type") != Some("RSA2") {
        return Err(Refusal::Forged.into());
    }
    let signature = value("sign").ok_or(Refusal::Forged)?;
    let is_signed = |name: &str| name != "sign" && name != "sign_type";
    sorted.retain(|(name, _)| is_signed(name));
    if !merchant.signed_by_alipay(joined(&sorted).as_bytes(), signature) {
        return Err(Refusal::Forged.into());
    }
    fields.retain(|(name, _)| is_signed(name));
    Ok(fields)
}

/// The pairs in the order of their names. For a handful: each is put in its place, which needs no sorting code.
pub(super) fn sorted<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let mut sorted: Vec<(&str, &str)> = Vec::new();
    for pair in pairs {
        let place = sorted.partition_point(|earlier| earlier.0 <= pair.0);
        sorted.insert(place, pair);
    }
    sorted
}

/// `name=value`, joined by `&`.
pub(super) fn joined<T: AsRef<str>>(pairs: &[(T, T)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name.as_ref());
        text.push('=');
        text.push_str(value.as_ref());
    }
    text
}

/// `application/x-www-form-urlencoded`, without guessing: a broken escape or text that is not UTF-8 gives none.
fn decode_form(body: &[u8]) -> Option<Vec<(String, String)>> {
    body.split(|&b| b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let equals = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
            let value = pair.get(equals + 1..).unwrap_or_default();
            Some((decode(&pair[..equals])?, decode(value)?))
        })
        .collect()
}

fn decode(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |b: &u8| char::from(*b).to_digit(16);
                let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::decode_form;

    #[test]
    fn broken_escapes_are_refused_and_plus_is_a_space_once() {
        for bad in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%ff"] {
            assert_eq!(decode_form(bad), None);
        }
        let pairs = decode_form(b"a=1+2%2B3%2525&b=&c").expect("well-formed");
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(pairs, [("a", "1 2+3%25"), ("b", ""), ("c", "")]);
    }
}
