//! The XML of a query's answer: one level of texts, and one below it for each order.
//!
//! The format needs no more, so nothing else is read: no attributes, entities, comments, CDATA or DOCTYPE, and no other
//! element within an element. What no parser here understands cannot mislead it.

/// The answer's texts and its orders, each as (name, text) in the order received.
pub(super) struct Document<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) orders: Vec<Fields<'a>>,
}

/// Elements that hold text only. No name stands twice.
pub(super) type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

/// `<DOCUMENT>` of texts and `<QUERYORDER>`s, after an XML declaration or none.
pub(super) fn read(xml: &[u8]) -> Option<Document<'_>> {
    let mut rest = xml.trim_ascii();
    if let Some(declaration) = rest.strip_prefix(b"<?xml") {
        let end = declaration.iter().position(|&b| b == b'?')?;
        rest = declaration[end..].strip_prefix(b"?>")?.trim_ascii_start();
    }
    let mut document = Document { fields: Vec::new(), orders: Vec::new() };
    rest = rest.strip_prefix(b"<DOCUMENT>")?.trim_ascii_start();
    loop {
        if let Some(after) = rest.strip_prefix(b"</DOCUMENT>") {
            return after.is_empty().then_some(document);
        }
        rest = match rest.strip_prefix(b"<QUERYORDER>") {
            Some(order) => {
                let (fields, after) = order_of(order.trim_ascii_start())?;
                document.orders.push(fields);
                after
            }
            None => field(&mut document.fields, rest)?,
        };
    }
}

fn order_of(mut rest: &[u8]) -> Option<(Fields<'_>, &[u8])> {
    let mut fields = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(b"</QUERYORDER>") {
            return Some((fields, after.trim_ascii_start()));
        }
        rest = field(&mut fields, rest)?;
    }
}

/// Reads `<NAME>text</NAME>` or `<NAME/>`; gives what follows.
fn field<'a>(fields: &mut Fields<'a>, rest: &'a [u8]) -> Option<&'a [u8]> {
    let (name, rest) = until(rest.strip_prefix(b"<")?, b'>')?;
    let (name, text, after) = match name.strip_suffix(b"/") {
        Some(empty) => (empty.trim_ascii_end(), &[][..], rest),
        None => {
            let (text, end) = until(rest, b'<')?;
            (name, text, end.strip_prefix(b"/")?.strip_prefix(name)?.strip_prefix(b">")?)
        }
    };
    let is_plain = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
    if name.is_empty() || !name.iter().all(is_plain) || text.contains(&b'&') {
        return None;
    }
    if [&b"DOCUMENT"[..], b"QUERYORDER"].contains(&name) || fields.iter().any(|(other, _)| *other == name) {
        return None;
    }
    fields.push((name, text));
    Some(after.trim_ascii_start())
}

fn until(bytes: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&b| b == end)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn nothing_but_texts_and_orders_is_read() {
        for bad in [
            "",
            "<DOCUMENT>",
            "<DOCUMENT></DOCUMENT>x",
            "x<DOCUMENT></DOCUMENT>",
            "<DOCUMENT></DOCUMENT><DOCUMENT></DOCUMENT>",
            "<document></document>",
            "<?xml version=\"1.0\"><DOCUMENT></DOCUMENT>",
            "<!DOCTYPE D [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><DOCUMENT><A>&e;</A></DOCUMENT>",
            "<DOCUMENT><A>&amp;</A></DOCUMENT>",
            "<DOCUMENT><A><![CDATA[1]]></A></DOCUMENT>",
            "<DOCUMENT><!-- --><A>1</A></DOCUMENT>",
            "<DOCUMENT><A x=\"1\">1</A></DOCUMENT>",
            "<DOCUMENT><A>1</B></DOCUMENT>",
            "<DOCUMENT><A>1</A</DOCUMENT>",
            "<DOCUMENT><A><B>1</B></A></DOCUMENT>",
            "<DOCUMENT><A>1</A><A>2</A></DOCUMENT>",
            "<DOCUMENT>text<A>1</A></DOCUMENT>",
            "<DOCUMENT><>1</></DOCUMENT>",
            "<DOCUMENT></></DOCUMENT>",
            "<DOCUMENT><QUERYORDER><QUERYORDER></QUERYORDER></QUERYORDER></DOCUMENT>",
            "<DOCUMENT><QUERYORDER></DOCUMENT>",
            "<DOCUMENT><QUERYORDER/></DOCUMENT>",
            "<DOCUMENT><DOCUMENT></DOCUMENT></DOCUMENT>",
        ] {
            assert!(read(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn texts_are_what_stands_between_the_tags() {
        let xml = b"\n<?xml version = \"1.0\" encoding=\"UTF-8\" ?>\n<DOCUMENT>\n\t<A> 1 </A><B></B><C/><D />\n<QUERYORDER><A>\xff</A></QUERYORDER><QUERYORDER>\n</QUERYORDER>\r\n</DOCUMENT>\n";
        let document = read(xml).expect("well-formed");
        let expected: [(&[u8], &[u8]); 4] = [(b"A", b" 1 "), (b"B", b""), (b"C", b""), (b"D", b"")];
        assert_eq!(document.fields, expected);
        assert_eq!(document.orders, [vec![(&b"A"[..], &b"\xff"[..])], vec![]]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "<?xml", "?>", "<DOCUMENT>", "</DOCUMENT>", "<QUERYORDER>", "</QUERYORDER>", "<A>", "</A>", "<", ">",
                "/", "<A/>", "&", " ", "1", "\u{7f5a}",
            ]), 0..24)) {
            let xml = parts.concat();
            for end in 0..=xml.len() {
                let _ = read(&xml.as_bytes()[..end]);
            }
        }
    }
}
