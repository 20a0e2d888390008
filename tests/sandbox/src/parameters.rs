//! The query of an address.

use std::collections::HashMap;

/// Parameters of which each is there once; an empty one is an absent one.
#[derive(Debug)]
pub struct Parameters(HashMap<String, String>);

impl Parameters {
    /// None when a parameter is repeated: which of the two is meant cannot be known.
    pub fn parse(query: &str) -> Option<Self> {
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if parameters.insert(name, value).is_some() {
                return None;
            }
        }
        Some(Self(parameters))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
