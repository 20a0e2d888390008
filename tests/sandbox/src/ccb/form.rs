//! The fields of a request, decoded once.

use std::collections::BTreeMap;

use super::{Account, failure::Failure, sign};

/// The text, if it is a number without sign or anything else.
pub fn digits_only(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
}

/// Fields from a query and a body; each name is there once.
#[derive(Debug)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    pub fn parse(query: &str, body: &[u8]) -> Result<Self, Failure> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body)) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                // Which of the two the MAC covers cannot be known.
                return Err(Failure::Field("form", "a field is given twice"));
            }
        }
        Ok(Self(fields))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A field that must be there, but may be empty: at most `most` printable ASCII characters. An `&` would let one
    /// MAC stand for two sets of fields.
    pub fn text(&self, name: &'static str, most: usize) -> Result<&str, Failure> {
        let value = self.get(name).ok_or(Failure::Field(name, "missing"))?;
        if value.len() > most {
            return Err(Failure::Field(name, "too long"));
        }
        if !value.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'&') {
            return Err(Failure::Field(name, "printable ASCII without & only"));
        }
        Ok(value)
    }

    /// As [`Form::text`], where a field that is not there and an empty one are the same.
    pub fn optional(&self, name: &'static str, most: usize) -> Result<Option<&str>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(_) => Ok(Some(self.text(name, most)?).filter(|value| !value.is_empty())),
        }
    }

    /// A field with one possible value.
    pub fn fixed(&self, name: &'static str, value: &'static str) -> Result<(), Failure> {
        match self.get(name) {
            None => Err(Failure::Field(name, "missing")),
            Some(given) if given == value => Ok(()),
            Some(_) => Err(Failure::Field(name, "not played with this value")),
        }
    }

    /// Merchant, branch and counter are the one that is served.
    pub fn addressed_to(&self, account: &Account) -> Result<(), Failure> {
        for (name, size, ours) in [
            ("MERCHANTID", 15, &account.merchant_id),
            ("POSID", 9, &account.pos_id),
            ("BRANCHID", 9, &account.branch_id),
        ] {
            if self.text(name, size)? != ours {
                return Err(Failure::Stranger);
            }
        }
        Ok(())
    }

    /// `MAC` covers these fields in this order. `PUB` is never sent, `QUPWD` never covered.
    pub fn authenticated(&self, account: &Account, covered: &[&str]) -> Result<(), Failure> {
        if self.get("PUB").is_some() {
            return Err(Failure::Field("PUB", "must not be sent"));
        }
        let content = sign::joined(covered.iter().map(|&name| {
            let value = match name {
                "PUB" => account.private_key.public_tail(),
                "QUPWD" => "",
                _ => self.get(name).unwrap_or_default(),
            };
            (name, value)
        }));
        if self.text("MAC", 32)? == sign::mac(&content) { Ok(()) } else { Err(Failure::Mac) }
    }
}
