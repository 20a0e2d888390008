//! The values of one line.

/// Whether a character of two bytes may begin with `byte`, in GBK.
fn leads(byte: u8) -> bool {
    byte >= 0x81
}

/// The values of a line of GBK that `separator`s part. A value may stand in double quotes, and ends in tabs or spaces, by
/// which exporters keep spreadsheets off long numbers. None if a quote is left open.
pub(crate) fn gbk(line: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let mut values = Vec::new();
    let mut at = 0;
    loop {
        let quoted = line.get(at) == Some(&b'"');
        let start = at + usize::from(quoted);
        let end = if quoted { closing(line, start)? } else { until(line, start, separator) };
        values.push(trimmed(&line[start..end]));
        at = until(line, end + usize::from(quoted), separator);
        // Nothing but blanks may stand between a closing quote and what parts the values.
        if quoted && !trimmed(&line[end + 1..at]).is_empty() {
            return None;
        }
        if at >= line.len() {
            return Some(values);
        }
        at += 1;
    }
}

/// Where the first `wanted` is, which is no second byte; the line's end if there is none.
fn until(line: &[u8], start: usize, wanted: u8) -> usize {
    let mut at = start;
    while at < line.len() && line[at] != wanted {
        at += if leads(line[at]) { 2 } else { 1 };
    }
    at.min(line.len())
}

/// Where the quote closes; two stand for one.
fn closing(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at = until(line, at, b'"');
        match (line.get(at), line.get(at + 1)) {
            (Some(_), Some(b'"')) => at += 2,
            (Some(_), _) => return Some(at),
            (None, _) => return None,
        }
    }
}

/// The values of a line of WeChat Pay's: each behind a back-quote, since names of goods may hold commas. None if it is no
/// such line.
pub(crate) fn back_quoted(line: &[u8]) -> Option<Vec<&[u8]>> {
    let line = line.strip_prefix(b"`")?;
    let mut values = Vec::new();
    let mut start = 0;
    for (at, pair) in line.windows(2).enumerate() {
        if pair == b",`" {
            values.push(trimmed(&line[start..at]));
            start = at + 2;
        }
    }
    values.push(trimmed(&line[start..]));
    Some(values)
}

fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Where in a line of titles those that `wanted` names stand, each exactly once.
pub(crate) fn places<const N: usize>(titles: &[&[u8]], wanted: [&[u8]; N]) -> Option<[usize; N]> {
    let mut places = [0; N];
    for (place, wanted) in places.iter_mut().zip(wanted) {
        let mut found = titles.iter().enumerate().filter(|(_, title)| **title == wanted);
        *place = found.next()?.0;
        if found.next().is_some() {
            return None;
        }
    }
    Some(places)
}

/// A number of the provider's or the merchant's, which may be a stranger's: what no such number holds becomes `?`.
pub(crate) fn number(value: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(byte);
    value.iter().take(64).map(|byte| if plain(byte) { char::from(*byte) } else { '?' }).collect()
}

/// ASCII text.
pub(crate) fn ascii(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|text| text.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GBK;
    use proptest::prelude::*;

    #[test]
    fn a_second_byte_parts_nothing() {
        // 鼃 is 0xFC 0x7C, whose second byte is `|`; 閈 is 0xE9 0x60, a back-quote.
        let line = GBK.encode("鼃|a|閈|").0;
        assert!(line.iter().filter(|byte| **byte == b'|').count() > 3, "{line:x?}");
        let values = gbk(&line, b'|').expect("no quotes");
        assert_eq!(values, [&GBK.encode("鼃").0[..], b"a", &GBK.encode("閈").0[..], b""]);
    }

    #[test]
    fn quotes_hold_commas_and_tabs_are_dropped() {
        let line = b"\"a,b\"\"c\",1\t, 2 ,,\"\"";
        assert_eq!(gbk(line, b','), Some(vec![&b"a,b\"\"c"[..], b"1", b"2", b"", b""]));
        for open in [&b"\"a"[..], b"1,\"a\"\"", b"\"a\"b,c"] {
            assert_eq!(gbk(open, b','), None);
        }
        assert_eq!(back_quoted("`罚款, 加急,`1".as_bytes()), Some(vec!["罚款, 加急".as_bytes(), b"1"]));
        assert_eq!(back_quoted(b"1,`2"), None);
    }

    #[test]
    fn a_title_stands_once() {
        let titles: [&[u8]; 3] = [b"a", b"b", b"a"];
        assert_eq!(places(&titles, [b"b"]), Some([1]));
        assert_eq!(places(&titles, [b"a"]), None);
        assert_eq!(places(&titles, [b"c"]), None);
        assert_eq!(number("张三 A-1".as_bytes()), "???????A-1");
    }

    proptest! {
        #[test]
        fn what_is_joined_is_parted_again(values in proptest::collection::vec("[\u{4e00}-\u{9fa0}a-z0-9.-]{0,6}", 1..8)) {
            let line = GBK.encode(&values.join("|")).0.into_owned();
            let parted: Vec<String> =
                gbk(&line, b'|').expect("no quotes").into_iter().map(|value| GBK.decode(value).0.into_owned()).collect();
            prop_assert_eq!(parted, values);
        }

        #[test]
        fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = (gbk(&line, b','), gbk(&line, b'|'), back_quoted(&line), number(&line));
        }
    }
}
