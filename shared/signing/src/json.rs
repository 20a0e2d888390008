//! JSON (RFC 8259) one level at a time: the parts of a value stay text until somebody asks for them.
//!
//! One reader serves our variables and what providers send, where signatures cover the text of a part, byte for byte.
//! It is our own because `serde_json` made up a twentieth of the component, most of it numbers, and messages that
//! nobody may see, since they could show a key. The tests hold it to `serde_json`, text by text.

use crate::hex;

/// Deepest nesting that is read.
const MAX_DEPTH: u32 = 64;

/// A JSON value whose parts are checked but not kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Json<'a> {
    /// A string without its escapes.
    String(String),
    /// The texts of the elements in order.
    Array(Vec<&'a str>),
    /// The names and texts of the members in order, doubled names included.
    Object(Vec<(String, &'a str)>),
    /// `null`, a boolean or a number.
    Scalar,
}

/// Reads `text`, which must hold one value and nothing else. The error is the byte where it does not.
pub(crate) fn read(text: &str) -> Result<Json<'_>, usize> {
    let mut reader = Reader { text, at: 0 };
    reader.document().ok_or(reader.at)
}

impl<'a> Json<'a> {
    /// The members of an object, each under its place in `names`. None for a doubled one or one of another name.
    pub(crate) fn members<const N: usize>(self, names: [&str; N]) -> Option<[Option<&'a str>; N]> {
        let mut found = [None; N];
        self.find(&names, &mut found, false)?;
        Some(found)
    }

    /// As `members`, but others may stand beside the named ones: a provider may add some.
    pub(crate) fn members_among<const N: usize>(self, names: [&str; N]) -> Option<[Option<&'a str>; N]> {
        let mut found = [None; N];
        self.find(&names, &mut found, true)?;
        Some(found)
    }

    fn find(self, names: &[&str], found: &mut [Option<&'a str>], others: bool) -> Option<()> {
        let Json::Object(members) = self else { return None };
        for (name, text) in members {
            match names.iter().position(|known| *known == name) {
                Some(place) if found[place].replace(text).is_none() => (),
                None if others => (),
                _ => return None,
            }
        }
        Some(())
    }
}

/// The elements of the array `text`.
pub(crate) fn elements(text: &str) -> Option<Vec<&str>> {
    if let Ok(Json::Array(elements)) = read(text) { Some(elements) } else { None }
}

/// The content of the string `text`.
pub(crate) fn string(text: &str) -> Option<String> {
    if let Ok(Json::String(content)) = read(text) { Some(content) } else { None }
}

/// The contents of all of these, where each is there and a string.
pub(crate) fn strings<const N: usize>(texts: [Option<&str>; N]) -> Option<[String; N]> {
    let mut strings = [const { String::new() }; N];
    for (place, text) in strings.iter_mut().zip(texts) {
        *place = string(text?)?;
    }
    Some(strings)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<Json<'a>> {
        self.space();
        let value = self.value(MAX_DEPTH)?;
        self.space();
        (self.at == self.text.len()).then_some(value)
    }

    fn value(&mut self, depth: u32) -> Option<Json<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Json::String),
            b'[' => {
                let parts = self.parts(b']', depth)?;
                Some(Json::Array(parts.into_iter().map(|(_, text)| text).collect()))
            }
            b'{' => self.parts(b'}', depth).map(Json::Object),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word(),
        }
    }

    /// The elements of an array, under empty names, or the members of an object.
    fn parts(&mut self, close: u8, depth: u32) -> Option<Vec<(String, &'a str)>> {
        let depth = depth.checked_sub(1)?;
        let mut parts = Vec::new();
        self.at += 1;
        self.space();
        if self.eat(close).is_some() {
            return Some(parts);
        }
        loop {
            let mut name = String::new();
            if close == b'}' {
                name = self.string()?;
                self.space();
                self.eat(b':')?;
                self.space();
            }
            let start = self.at;
            self.value(depth)?;
            parts.push((name, self.text.get(start..self.at)?));
            self.space();
            if self.eat(close).is_some() {
                return Some(parts);
            }
            self.eat(b',')?;
            self.space();
        }
    }

    fn string(&mut self) -> Option<String> {
        self.eat(b'"')?;
        let mut content = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | 0..0x20) {
                self.at += 1;
            }
            content.push_str(self.text.get(start..self.at)?);
            if self.eat(b'"').is_some() {
                return Some(content);
            }
            self.eat(b'\\')?;
            content.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let escaped = self.peek()?;
        self.at += 1;
        Some(match escaped {
            b'"' | b'\\' | b'/' => char::from(escaped),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                self.eat(b'\\')?;
                self.eat(b'u')?;
                let second = self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)?
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let &[a, b, c, d] = self.text.as_bytes().get(self.at..)?.first_chunk()?;
        let (high, low) = (hex::byte(a, b)?, hex::byte(c, d)?);
        self.at += 4;
        Some(u32::from(high) << 8 | u32::from(low))
    }

    fn number(&mut self) -> Option<Json<'a>> {
        let _sign = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if self.eat(b'e').or_else(|| self.eat(b'E')).is_some() {
            let _sign = self.eat(b'+').or_else(|| self.eat(b'-'));
            self.digits()?;
        }
        Some(Json::Scalar)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (start < self.at).then_some(())
    }

    fn word(&mut self) -> Option<Json<'a>> {
        let rest = self.text.get(self.at..)?;
        let word = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(Json::Scalar)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        let is_next = self.peek()? == byte;
        self.at += usize::from(is_next);
        is_next.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, read, string};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use serde_json::value::RawValue;
    use std::collections::HashMap;

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        assert_eq!(string(r#""\ud83d\ude97 \u7f5a\/""#).as_deref(), Some("🚗 罚/"));
        for bad in
            [r#""\ud83d""#, r#""\ude97""#, r#""\ud83d\ud83d""#, r#""\ud83dx""#, r#""\u12""#, r#""\u+123""#]
        {
            assert_eq!(string(bad), None, "{bad}");
            assert!(serde_json::from_str::<String>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(64)).is_ok());
        assert_eq!(read(&nested(65)), Err(64));
        assert!(read(&"[".repeat(1 << 20)).is_err());
    }

    #[test]
    fn the_error_is_where_it_is() {
        assert_eq!(read(""), Err(0));
        assert_eq!(read(r#"{"keys":[1,]}"#), Err(11));
        assert_eq!(read("1 1"), Err(2));
    }

    proptest! {
        /// Whatever is made of tokens: serde_json accepts the same texts and finds the same parts in them.
        #[test]
        fn serde_json_agrees(tokens in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "[", "]", ":", ",", " ", "\n", "\t", "\u{a0}", "\"", "\"a\"", "\"b\":", "\"a\":1,", "\"\\n\"",
            "\"\\u7f5a\"", "\"\\x\"", "\"\u{1}\"", "\\", "罚", "0", "-", "12", "-1", "1.5", ".", "e", "E+3", "01",
            "null", "true", "fals", "false",
        ]), 0..14)) {
            let text = tokens.concat();
            match read(&text) {
                Ok(Json::Object(members)) => {
                    let theirs: HashMap<String, &RawValue> = serde_json::from_str(&text).expect("an object");
                    let ours: HashMap<String, &str> = members.into_iter().collect();
                    prop_assert_eq!(ours, theirs.iter().map(|(name, raw)| (name.clone(), raw.get())).collect());
                }
                Ok(Json::Array(elements)) => {
                    let theirs: Vec<&RawValue> = serde_json::from_str(&text).expect("an array");
                    prop_assert_eq!(elements, theirs.iter().map(|raw| raw.get()).collect::<Vec<_>>());
                }
                Ok(Json::String(content)) => {
                    prop_assert_eq!(content, serde_json::from_str::<String>(&text).expect("a string"));
                }
                ours => {
                    let theirs = serde_json::from_str::<&RawValue>(&text);
                    prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}", text);
                }
            }
        }

        #[test]
        fn a_json_text_of_serde_json_is_read_back(content in ".{0,20}", names in proptest::collection::vec(".{0,5}", 0..4)) {
            let members: HashMap<&str, &str> = names.iter().map(|name| (name.as_str(), content.as_str())).collect();
            let text = serde_json::to_string_pretty(&members).expect("it writes");
            let Ok(Json::Object(ours)) = read(&text) else { panic!("{text}") };
            prop_assert_eq!(ours.len(), members.len());
            for (name, text) in ours {
                prop_assert!(members.contains_key(name.as_str()));
                prop_assert_eq!(string(text), Some(content.clone()));
            }
        }
    }
}
