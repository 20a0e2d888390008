//! What is signed and what the MAC covers. Rules: payments facts 3a to 3c.

use form_urlencoded::byte_serialize;
use md5::{Digest, Md5};

use super::keys::{PrivateKey, hex};

/// `NAME=value` of every field in the given order, joined by `&`; empty values are kept and nothing is encoded.
pub(super) fn joined<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// Lower-case hex of MD5. A weak check: what it keeps secret is a part of a public key.
pub(super) fn mac(content: &str) -> String {
    hex(&Md5::digest(content))
}

/// The query text, or form body, of a callback with these fields, signed as CCB signs: over exactly these fields in
/// exactly this order, `SIGN` last. A `SIGN` that is given is replaced.
///
/// Values are percent-encoded after signing, but for `USRMSG` and `USRINFO`: these are base64 with `,` for `+`, are
/// sent as they are, and so signed as they are sent.
pub fn sign_callback(fields: &[(String, String)], key: &PrivateKey) -> String {
    let kept = || fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).filter(|(name, _)| *name != "SIGN");
    let signature = key.sign(joined(kept()).as_bytes());
    let sent: Vec<(String, String)> = kept()
        .map(|(name, value)| {
            let as_is = matches!(name, "USRMSG" | "USRINFO") && value.bytes().all(is_sent_as_is);
            let value = if as_is { value.to_owned() } else { byte_serialize(value.as_bytes()).collect() };
            (byte_serialize(name.as_bytes()).collect(), value)
        })
        .chain([("SIGN".to_owned(), signature)])
        .collect();
    joined(sent.iter().map(|(n, v)| (n.as_str(), v.as_str())))
}

fn is_sent_as_is(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    // A request that a merchant sent to the real bank, with its counter's public key: jingxiaohu/stopcar_git.
    #[test]
    fn the_mac_of_a_real_order_comes_out() {
        let tail = "9a0802790f2b22c3dc5026c3020111";
        let fields = [
            ("MERCHANTID", "105510548160013"),
            ("POSID", "426295203"),
            ("BRANCHID", "510000000"),
            ("ORDERID", "2016123011002651"),
            ("PAYMENT", "0.03"),
            ("CURCODE", "01"),
            ("TXCODE", "530550"),
            ("REMARK1", ""),
            ("REMARK2", ""),
            ("RETURNTYPE", "1"),
            ("TIMEOUT", ""),
            ("PUB", tail),
        ];
        assert_eq!(mac(&joined(fields)), "867e0f800fe2437ec4f52b40ea992baa");
    }
}
