//! New keys for a development machine. Production keys come from the operator's key management.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use rsa::PrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};

/// A secret of 32 random bytes, base64url.
pub fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}

/// A ring of one fresh key, in use since 2020 so that tests may move the clock back.
pub fn ring() -> Result<String, getrandom::Error> {
    Ok(format!(r#"{{"keys":[{{"kid":1,"key":"{}","not_before":"2020-01-01T00:00:00Z"}}]}}"#, secret()?))
}

/// The value of `index_key`.
pub fn single() -> Result<String, getrandom::Error> {
    Ok(format!(r#"{{"key":"{}"}}"#, secret()?))
}

/// An RSA-2048 key pair: base64 of PKCS#8 and of SubjectPublicKeyInfo.
pub fn rsa() -> Result<(String, String), Box<dyn std::error::Error>> {
    let private = PrivateKey::new(&mut getrandom::rand_core::UnwrapErr(getrandom::SysRng), 2048)?;
    let public = private.to_public_key().to_public_key_der()?;
    Ok((
        Base64::encode_string(&private.to_pkcs8_der()?.as_bytes()),
        Base64::encode_string(&public.as_bytes()),
    ))
}
