//! Asynchronous notifications (signature rule V1).

use super::Merchant;
use crate::fault::{Fault, Refusal};

/// Longest body that is looked at.
const MAX_BODY: usize = 64 * 1024;

/// Verifies the raw form body and gives its decoded fields as received, without `sign` and `sign_type`.
///
/// The signed text is `name=value` of every other field, decoded once, sorted by name, joined by `&`. Only RSA2 and
/// UTF-8 are accepted; a name that stands twice is refused, since two readings of it could differ.
pub fn notification(merchant: &Merchant, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Malformed.into());
    }
    let mut fields = decode_form(body).ok_or(Refusal::Malformed)?;
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::Malformed.into());
    }
    let value =
        |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if value("charset").is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return Err(Refusal::Malformed.into());
    }
    if value("sign_type") != Some("RSA2") {
        return Err(Refusal::Forged.into());
    }
    let signature = value("sign").ok_or(Refusal::Forged)?.to_owned();
    fields.retain(|(name, _)| name != "sign" && name != "sign_type");
    if merchant.signed_by_alipay(signed_text(&fields).as_bytes(), &signature) {
        Ok(fields)
    } else {
        Err(Refusal::Forged.into())
    }
}

/// `name=value` sorted by name and joined by `&`.
pub(super) fn signed_text(fields: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let pairs: Vec<String> = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
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
