//! RSA keys, on `ring`: another implementation than the one under test.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef, der::Decode};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not standard base64.
    Base64,
    /// Not DER of the expected shape, or not RSA.
    Der,
    /// Not an RSA private key of 2048 to 4096 bits.
    Unusable,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "not base64",
            Self::Der => "not a DER SubjectPublicKeyInfo of an RSA key",
            Self::Unusable => "not a PKCS#8 RSA private key of 2048 to 4096 bits",
        })
    }
}

impl std::error::Error for KeyError {}

/// Signs RSASSA-PKCS1-v1_5 with SHA-256: Alipay's `RSA2`, WeChat Pay's `SHA256-RSA2048`.
pub struct PrivateKey(RsaKeyPair);

impl PrivateKey {
    /// From base64 of PKCS#8 DER; white space is ignored.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        RsaKeyPair::from_pkcs8(&decode(text)?).map(Self).map_err(|_| KeyError::Unusable)
    }

    /// DER of the RSAPublicKey (PKCS#1) that belongs to it.
    pub fn public(&self) -> &[u8] {
        self.0.public().as_ref()
    }

    /// The signature of `content` as base64.
    pub fn sign(&self, content: &str) -> String {
        STANDARD.encode(self.sign_bytes(content.as_bytes()))
    }

    /// The signature of `content`.
    pub fn sign_bytes(&self, content: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), content, &mut signature)
            .expect("a 2048-bit modulus holds a SHA-256 digest and the system has randomness");
        signature
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// Checks such signatures.
#[derive(Clone, Debug)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// From base64 of SubjectPublicKeyInfo DER; white space is ignored.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let der = decode(text)?;
        let info = SubjectPublicKeyInfoRef::from_der(&der).map_err(|_| KeyError::Der)?;
        if info.algorithm.oid != RSA_ENCRYPTION {
            return Err(KeyError::Der);
        }
        Ok(Self(info.subject_public_key.as_bytes().ok_or(KeyError::Der)?.to_vec()))
    }

    /// Whether `signature` (base64) belongs to `content`.
    pub fn verifies(&self, content: &str, signature: &str) -> bool {
        STANDARD.decode(signature).is_ok_and(|signature| {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0)
                .verify(content.as_bytes(), &signature)
                .is_ok()
        })
    }
}

/// Base64 in which white space is ignored.
pub fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_| KeyError::Base64)
}
