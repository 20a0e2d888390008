//! The counter's RSA key, on plain big integers: another implementation than the one under test.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use num_bigint::BigUint;
use pkcs1::{ObjectIdentifier, RsaPrivateKeyRef};
use pkcs8::{
    PrivateKeyInfoRef,
    der::{
        Decode, Encode,
        asn1::{BitStringRef, Null},
    },
    spki::{AlgorithmIdentifier, SubjectPublicKeyInfo},
};

pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Of a modulus of 1023 bits as of one of 1024.
const MODULUS_BYTES: usize = 128;
/// RFC 8017, 9.2, note 1: the DER of a DigestInfo up to its MD5 digest.
const MD5_DIGEST_INFO: [u8; 18] = [
    0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04,
    0x10,
];

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not standard base64.
    Base64,
    /// Not PKCS#8 DER of an RSA key.
    Der,
    /// The modulus has neither 1023 nor 1024 bits.
    Size,
    /// The public exponent is neither 17 nor 65537.
    Exponent,
    /// Private and public exponent do not belong together.
    Unsound,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "not base64",
            Self::Der => "not a PKCS#8 RSA private key",
            Self::Size => "not a modulus of 1023 or 1024 bits",
            Self::Exponent => "not a public exponent of 17 or 65537",
            Self::Unsound => "the private exponent does not belong to the public one",
        })
    }
}

impl std::error::Error for KeyError {}

/// Signs RSASSA-PKCS1-v1_5 with MD5, CCB's `MD5withRSA`.
#[derive(Clone)]
pub struct PrivateKey {
    modulus: BigUint,
    private_exponent: BigUint,
    pkcs8: Vec<u8>,
    public_hex: String,
}

impl PrivateKey {
    /// From base64 of PKCS#8 DER; white space is ignored.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let text: String = text.split_ascii_whitespace().collect();
        Self::from_pkcs8(STANDARD.decode(text).map_err(|_| KeyError::Base64)?)
    }

    pub(super) fn from_pkcs8(pkcs8: Vec<u8>) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::from_der(&pkcs8).map_err(|_| KeyError::Der)?;
        if info.algorithm.oid != RSA_ENCRYPTION {
            return Err(KeyError::Der);
        }
        let key = RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).map_err(|_| KeyError::Der)?;
        let integer = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
        let modulus = integer(key.modulus.as_bytes());
        let public_exponent = integer(key.public_exponent.as_bytes());
        let private_exponent = integer(key.private_exponent.as_bytes());
        if !(1023..=1024).contains(&modulus.bits()) {
            return Err(KeyError::Size);
        }
        if ![17_u32, 65537].map(BigUint::from).contains(&public_exponent) {
            return Err(KeyError::Exponent);
        }
        let probe = BigUint::from(2_u32);
        if probe.modpow(&private_exponent, &modulus).modpow(&public_exponent, &modulus) != probe {
            return Err(KeyError::Unsound);
        }
        let public = key.public_key().to_der().map_err(|_| KeyError::Der)?;
        let public_hex = hex(&public_key_info(&public).map_err(|_| KeyError::Der)?);
        Ok(Self { modulus, private_exponent, public_hex, pkcs8 })
    }

    /// Base64 of PKCS#8 DER, as the configuration has it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.pkcs8)
    }

    /// Lower-case hex of DER SubjectPublicKeyInfo, as the merchant copies it from the bank's merchant platform.
    pub fn public_hex(&self) -> &str {
        &self.public_hex
    }

    /// The last 30 characters of the public key: `PUB` of every MAC.
    pub(super) fn public_tail(&self) -> &str {
        &self.public_hex[self.public_hex.len() - 30..]
    }

    /// The signature of `content` as 256 lower-case hex characters.
    pub fn sign(&self, content: &[u8]) -> String {
        // EMSA-PKCS1-v1_5: 00 01 FF … FF 00 DigestInfo.
        let mut message = vec![0xff; MODULUS_BYTES];
        message[..2].copy_from_slice(&[0, 1]);
        let info_at = MODULUS_BYTES - MD5_DIGEST_INFO.len() - 16;
        message[info_at - 1] = 0;
        message[info_at..MODULUS_BYTES - 16].copy_from_slice(&MD5_DIGEST_INFO);
        message[MODULUS_BYTES - 16..].copy_from_slice(&Md5::digest(content));
        let signature = BigUint::from_bytes_be(&message).modpow(&self.private_exponent, &self.modulus);
        format!("{signature:0>width$x}", width = 2 * MODULUS_BYTES)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

fn public_key_info(rsa_public_key: &[u8]) -> pkcs8::der::Result<Vec<u8>> {
    SubjectPublicKeyInfo {
        algorithm: AlgorithmIdentifier { oid: RSA_ENCRYPTION, parameters: Some(Null) },
        subject_public_key: BitStringRef::from_bytes(rsa_public_key)?,
    }
    .to_der()
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
