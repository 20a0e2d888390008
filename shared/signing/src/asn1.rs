//! DER (X.690) one level at a time: the elements of a structure are walked and named where they are used.
//!
//! Keys and certificates have few fields. A derived decoder for each structure around them (PKCS#8, PKCS#1, X.509)
//! would cost more than everything that is done with them.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag};

/// What is left of the content of one structure.
#[derive(Clone)]
pub(crate) struct Elements<'a>(SliceReader<'a>);

impl<'a> Elements<'a> {
    /// The elements of the SEQUENCE that `der` is, to its last byte.
    pub(crate) fn of_sequence(der: &'a [u8]) -> Option<Self> {
        let mut outer = Self::of(der)?;
        let inner = outer.sequence()?;
        outer.end()?;
        Some(inner)
    }

    /// The elements of a structure's content.
    pub(crate) fn of(content: &'a [u8]) -> Option<Self> {
        SliceReader::new(content).ok().map(Self)
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Option<AnyRef<'a>> {
        AnyRef::decode(&mut self.0).ok()
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn content(&mut self, tag: Tag) -> Option<&'a [u8]> {
        let next = self.any()?;
        (next.header().tag() == tag).then(|| next.value())
    }

    /// The elements of the next element, a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Option<Self> {
        Self::of(self.content(Tag::Sequence)?)
    }

    /// The next element, an INTEGER that is not negative: big-endian without leading zeros.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.content(Tag::Integer)? {
            [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => None,
            [0, rest @ ..] => Some(rest),
            whole => Some(whole),
        }
    }

    /// The next element, a BIT STRING of whole bytes.
    pub(crate) fn bytes_of_bits(&mut self) -> Option<&'a [u8]> {
        self.content(Tag::BitString)?.strip_prefix(&[0])
    }

    /// Whether nothing is left.
    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_finished().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::Elements;
    use der::Tag;

    #[test]
    fn lengths_and_numbers_have_one_form() {
        let first = |der: &'static [u8]| Elements::of_sequence(der).and_then(|mut inner| inner.unsigned());
        assert_eq!(first(&[0x30, 3, 2, 1, 5]), Some(&[5][..]));
        assert_eq!(first(&[0x30, 4, 2, 2, 0, 0x80]), Some(&[0x80][..]));
        assert_eq!(first(&[0x30, 3, 2, 1, 0]), Some(&[][..]), "zero");
        for bad in [
            &[0x30, 3, 2, 1, 0x80][..],
            &[0x30, 4, 2, 2, 0, 0x7f],
            &[0x30, 2, 2, 0],
            &[0x30, 0x81, 3, 2, 1, 5],
            &[0x30, 4, 2, 0x81, 1, 5],
            &[0x30, 3, 2, 2, 5],
            &[0x30, 3, 4, 1, 5],
            &[0x30, 3, 2, 1, 5, 0],
            &[0x31, 3, 2, 1, 5],
            &[],
        ] {
            assert_eq!(first(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn bits_that_are_not_whole_bytes_are_none() {
        let bits =
            |der: &'static [u8]| Elements::of_sequence(der).and_then(|mut inner| inner.bytes_of_bits());
        assert_eq!(bits(&[0x30, 4, 3, 2, 0, 9]), Some(&[9][..]));
        assert_eq!(bits(&[0x30, 4, 3, 2, 1, 8]), None);
        assert_eq!(bits(&[0x30, 2, 3, 0]), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(der in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            let Some(mut elements) = Elements::of_sequence(&der) else { return Ok(()) };
            while elements.content(Tag::Sequence).is_some() {}
            proptest::prop_assert!(elements.end().is_none() || elements.any().is_none());
        }
    }
}
