//! New keys for a development machine. Production keys come from the operator's key management.

use crate::hex;
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
    let (private, public) = pair(2048, 65_537)?;
    Ok((Base64::encode_string(&private), Base64::encode_string(&public)))
}

/// A key pair of the shape that a counter of CCB has, RSA-1024 with the exponent 17: base64 of PKCS#8, and hex of
/// SubjectPublicKeyInfo.
pub fn ccb() -> Result<(String, String), Box<dyn std::error::Error>> {
    let (private, public) = pair(1024, 17)?;
    Ok((Base64::encode_string(&private), hex::encode(&public)))
}

fn pair(bits: usize, exponent: u64) -> Result<(Vec<u8>, Vec<u8>), Box<dyn std::error::Error>> {
    let mut random = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
    let private = PrivateKey::new_with_exp(&mut random, bits, exponent.into())?;
    let public = private.to_public_key().to_public_key_der()?;
    Ok((private.to_pkcs8_der()?.as_bytes().to_vec(), public.into_vec()))
}

#[cfg(test)]
mod tests {
    use crate::ccb::Counter;

    #[test]
    fn a_fresh_counter_key_has_the_shape_of_the_banks() {
        for _ in 0..4 {
            let (_, public) = super::ccb().expect("a key");
            assert!(
                public.starts_with("30819d300d06092a864886f70d010101050003818b00")
                    && public.ends_with("020111")
            );
            let text = format!(
                r#"{{"merchant_id":"1","pos_id":"2","branch_id":"3","public_key":"{public}","query_password":"4"}}"#
            );
            assert!(Counter::parse(&text).is_ok());
        }
    }
}
