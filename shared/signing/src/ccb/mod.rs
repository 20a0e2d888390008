//! China Construction Bank (建设银行): MD5 with RSASSA-PKCS1-v1_5 on what the bank sends, a plain MD5 on what we send.
//!
//! The variable `ccb`: `{"merchant_id", "pos_id", "branch_id", "public_key", "query_password"}`. `public_key` is the
//! counter's key as the merchant platform shows it: hex of DER SubjectPublicKeyInfo.
//!
//! No document of the bank is public; the rules here are those of its merchants' code. MD5 leaves room for whoever
//! chooses signed text: what we hand to the bank for an order must be made by us, and a payment above a limit be
//! confirmed by a query.

mod answer;
mod document;
mod notification;
mod request;

pub use answer::{QueryAnswer, answer};
pub use notification::notification;
pub use request::{Order, PayerPage, h5_order, qr_order, query};

use crate::asn1::Elements;
use crate::fault::Fault;
use crate::{hex, json, rsa_key};
use md5::{Digest, Md5};
use rsa::{Pkcs1v15Sign, PublicKey};
use std::ops::RangeInclusive;

/// Longest text that is looked at.
const MAX_BODY: usize = 64 * 1024;
/// A SIGN has 128 bytes. Many counters' keys have one bit less than 1024.
const SIZES: RangeInclusive<usize> = 1017..=1024;
const SIGN_HEX: usize = 256;
/// How much of the public key's hex the MAC takes as its key.
const PUB_HEX: usize = 30;

/// Our counter (柜台) and the key under which the bank signs for it.
pub struct Counter {
    /// MERCHANTID.
    pub merchant_id: String,
    /// POSID.
    pub pos_id: String,
    /// BRANCHID.
    pub branch_id: String,
    query_password: String,
    /// The end of the public key's hex.
    pub_tail: String,
    public: PublicKey,
}

impl Counter {
    /// Reads the variable. The error names the defect, never the password.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::read(text).map_err(|defect| Fault::of("ccb", defect))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let [merchant_id, pos_id, branch_id, key, query_password] = parts(text)
            .ok_or("not {\"merchant_id\", \"pos_id\", \"branch_id\", \"public_key\", \"query_password\"}")?;
        for id in [&merchant_id, &pos_id, &branch_id] {
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err("merchant_id, pos_id and branch_id must be ASCII letters and digits");
            }
        }
        if query_password.is_empty() {
            return Err("query_password must not be empty");
        }
        let key = key.trim_ascii().to_ascii_lowercase();
        let public = hex::decode(key.as_bytes())
            .and_then(|der| rsa_key::public_of(Elements::of_sequence(&der)?, SIZES))
            .ok_or(BAD_KEY)?;
        // Not an index: its panic would bring Unicode's tables into the component.
        let (_, tail) = key.split_at_checked(key.len().saturating_sub(PUB_HEX)).ok_or(BAD_KEY)?;
        let pub_tail = tail.to_owned();
        Ok(Self { merchant_id, pos_id, branch_id, query_password, pub_tail, public })
    }

    /// Whether the bank made `sign` over `content`. Its hex is lower-case; we take either, which is the same number.
    fn signed(&self, content: &[u8], sign: &[u8]) -> bool {
        let Some(sign) = Some(sign).filter(|sign| sign.len() == SIGN_HEX).and_then(hex::decode) else {
            return false;
        };
        self.public.verify(Pkcs1v15Sign::new::<Md5>(), &Md5::digest(content), &sign).is_ok()
    }
}

const BAD_KEY: &str = "public_key is not an RSA key of 1024 or 1023 bits in hex of SubjectPublicKeyInfo";

fn parts(text: &str) -> Option<[String; 5]> {
    let names = ["merchant_id", "pos_id", "branch_id", "public_key", "query_password"];
    json::strings(json::read(text).ok()?.members(names)?)
}

/// Bytes as text: the bank's own encoding is ISO-8859-1 where they are not UTF-8.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}
