//! RSA keys as operators paste them, and PKCS#1 v1.5 signatures with SHA-256.

use crate::asn1::Elements;
use base64ct::{Base64, Encoding as _};
use der::Tag;
use rsa::{BoxedUint, Pkcs1v15Sign, PrivateKey, PublicKey};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// Bits of a modulus, for signatures with SHA-256.
pub(crate) const SIZES: RangeInclusive<usize> = 2048..=4096;

/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// The bytes of base64 text, with or without PEM lines.
pub(crate) fn der(text: &str) -> Option<Vec<u8>> {
    let mut body = String::with_capacity(text.len());
    for line in text.split('\n').filter(|line| !line.starts_with("-----")) {
        for part in line.split([' ', '\r']) {
            body.push_str(part);
        }
    }
    Base64::decode_vec(&body).ok()
}

/// A private key in base64 of PKCS#8 (RFC 5958) or PKCS#1 (RFC 8017).
pub(crate) fn private(text: &str) -> Option<PrivateKey> {
    let der = der(text)?;
    pkcs8(&der).or_else(|| pkcs1(&der))
}

fn pkcs8(der: &[u8]) -> Option<PrivateKey> {
    let mut info = Elements::of_sequence(der)?;
    let _version = info.unsigned()?;
    is_rsa(info.sequence()?)?;
    pkcs1(info.content(Tag::OctetString)?)
}

fn pkcs1(der: &[u8]) -> Option<PrivateKey> {
    let mut key = Elements::of_sequence(der)?;
    let _two_primes = key.unsigned().filter(|version| version.is_empty())?;
    let (n, e, d, p, q) =
        (key.unsigned()?, key.unsigned()?, key.unsigned()?, key.unsigned()?, key.unsigned()?);
    SIZES.contains(&(n.len() * 8)).then_some(())?;
    // Of public width, so that the secret parts do not show theirs.
    let bits = u32::try_from(n.len() * 8).ok()?;
    let number = |bytes| BoxedUint::from_be_slice(bytes, bits).ok();
    let primes = vec![number(p)?, number(q)?];
    PrivateKey::from_components(number(n)?, BoxedUint::from_be_slice_vartime(e), number(d)?, primes).ok()
}

/// A public key in base64 of SubjectPublicKeyInfo.
pub(crate) fn public(text: &str) -> Option<PublicKey> {
    public_of(Elements::of_sequence(&der(text)?)?, SIZES)
}

/// The public key of SubjectPublicKeyInfo (RFC 5280) whose modulus has as many bits as `sizes` allow.
pub(crate) fn public_of(mut info: Elements<'_>, sizes: RangeInclusive<usize>) -> Option<PublicKey> {
    is_rsa(info.sequence()?)?;
    let mut key = Elements::of_sequence(info.bytes_of_bits()?)?;
    let (n, e) = (key.unsigned()?, key.unsigned()?);
    info.end()?;
    key.end()?;
    let (n, e) = (BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e));
    PublicKey::new_with_size_limits(n, e, sizes).ok()
}

fn is_rsa(mut algorithm: Elements<'_>) -> Option<()> {
    (algorithm.content(Tag::ObjectIdentifier)? == RSA).then_some(())
}

/// Whether one of the keys made `signature` (base64) over `content`.
pub(crate) fn signed_by<'a>(
    mut keys: impl Iterator<Item = &'a PublicKey>,
    content: &[u8],
    signature: &str,
) -> bool {
    let Ok(signature) = Base64::decode_vec(signature) else { return false };
    let digest = Sha256::digest(content);
    keys.any(|key| key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &signature).is_ok())
}

/// Our signature over `content`, base64. None where the key cannot sign.
pub(crate) fn sign(key: &PrivateKey, content: &[u8]) -> Option<String> {
    let digest = Sha256::digest(content);
    // Blinded: private-key operations are where timing could speak.
    key.sign_with_rng(&mut getrandom::SysRng, Pkcs1v15Sign::new::<Sha256>(), &digest)
        .map(|signature| Base64::encode_string(&signature))
        .ok()
}
