//! The secret of those who may call.

use std::fmt;

const SHORTEST: usize = 16;

/// 16 or more printable characters of ASCII.
pub(crate) struct Token(String);

/// Too short, or with characters that a header cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAToken;

impl Token {
    pub fn is(&self, given: &str) -> bool {
        self.0 == given
    }
}

impl TryFrom<String> for Token {
    type Error = NotAToken;

    fn try_from(text: String) -> Result<Self, NotAToken> {
        let sound = text.len() >= SHORTEST && text.bytes().all(|b| b.is_ascii_graphic());
        if sound { Ok(Self(text)) } else { Err(NotAToken) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
