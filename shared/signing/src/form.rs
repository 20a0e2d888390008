//! `application/x-www-form-urlencoded` text, and the `name=value&…` text that providers sign.

use crate::hex;
use std::fmt::Write as _;

/// The pairs in the order of their names. For a handful: each is put in its place, which needs no sorting code.
pub(crate) fn sorted<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let mut sorted: Vec<(&str, &str)> = Vec::new();
    for pair in pairs {
        let place = sorted.partition_point(|earlier| earlier.0 <= pair.0);
        sorted.insert(place, pair);
    }
    sorted
}

/// `name=value`, joined by `&`, as it stands.
pub(crate) fn joined(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        push(&mut text, name, value);
    }
    text
}

/// `name=value`, joined by `&`, names and values percent-encoded.
pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        push(&mut text, &encode(name), &encode(value));
    }
    text
}

fn push(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('&');
    }
    text.push_str(name);
    text.push('=');
    text.push_str(value);
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
        out
    })
}

/// The names and values of a form, still encoded, in the order received.
pub(crate) fn pairs(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    body.split(|&b| b == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let equals = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
        (&pair[..equals], pair.get(equals + 1..).unwrap_or_default())
    })
}

/// Decodes a name or a value once; none for a broken escape.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (bytes.next()?, bytes.next()?);
                hex::byte(*high, *low)?
            }
            other => other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, pairs};

    #[test]
    fn broken_escapes_are_refused_and_plus_is_a_space_once() {
        for bad in [&b"%"[..], b"%4", b"%zz", b"%+1"] {
            assert_eq!(decode(bad), None);
        }
        assert_eq!(decode(b"1+2%2B3%2525").as_deref(), Some(&b"1 2+3%25"[..]));
        let pairs: Vec<_> = pairs(b"a=1=2&&b=&c&=d").collect();
        assert_eq!(pairs, [(&b"a"[..], &b"1=2"[..]), (b"b", b""), (b"c", b""), (b"", b"d")]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(text in ".{0,40}") {
            proptest::prop_assert_eq!(decode(encode(&text).as_bytes()), Some(text.into_bytes()));
        }
    }
}
