//! `application/x-www-form-urlencoded` text, and the `name=value&…` text that providers sign.

use crate::hex;

/// The pairs in the order of their names. For a handful: each is put in its place, which needs no sorting code.
pub(crate) fn sorted<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<(&'a str, &'a [u8])> {
    let mut sorted: Vec<(&str, &[u8])> = Vec::new();
    for pair in pairs {
        let place = sorted.partition_point(|earlier| earlier.0 <= pair.0);
        sorted.insert(place, pair);
    }
    sorted
}

/// `name=value`, joined by `&`, as it stands: what providers sign.
pub(crate) fn joined<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push(b'&');
        }
        text.extend(name.as_bytes());
        text.push(b'=');
        text.extend(value);
    }
    text
}

/// As [`joined`], of texts.
pub(crate) fn joined_texts(pairs: &[(&str, &str)]) -> Vec<u8> {
    joined(pairs.iter().map(|(name, value)| (*name, value.as_bytes())))
}

/// `name=value`, joined by `&`, names and values percent-encoded.
pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        encode(&mut text, name);
        text.push('=');
        encode(&mut text, value);
    }
    text
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encode(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
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
    use super::{decode, encoded, pairs};

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
        fn what_is_encoded_decodes_to_itself(name in ".{0,40}", value in ".{0,40}") {
            let text = encoded(&[(&name, &value)]);
            let decoded: Vec<_> = pairs(text.as_bytes()).map(|(name, value)| (decode(name), decode(value))).collect();
            proptest::prop_assert_eq!(decoded, [(Some(name.into_bytes()), Some(value.into_bytes()))]);
        }
    }
}
