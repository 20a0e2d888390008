//! A counter's key pair made here, for `cargo dev`: neither OpenSSL nor Node is needed.

use num_bigint::BigUint;
use pkcs1::RsaPrivateKey;
use pkcs8::{
    PrivateKeyInfo,
    der::{
        Encode,
        asn1::{BitString, Null, OctetString, Uint},
    },
    spki::AlgorithmIdentifier,
};

use super::keys::{PrivateKey, RSA_ENCRYPTION};

const EXPONENT: u32 = 17;
const PRIME_BYTES: usize = 64;
/// A composite survives with a probability below 4^-40.
const ROUNDS: usize = 40;
const SMALL_PRIMES: [u32; 24] =
    [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97];

/// A fresh key of the usual shape: 1024 bits, e = 17. Takes well under a second.
pub fn fresh_key() -> PrivateKey {
    let one = BigUint::from(1_u32);
    let (p, q) = (prime(), prime());
    let e = BigUint::from(EXPONENT);
    let (p1, q1) = (&p - &one, &q - &one);
    let inverse = |of: &BigUint, modulus: &BigUint| {
        of.modinv(modulus).expect("17 divides neither p - 1 nor q - 1, and p is not q")
    };
    let d = inverse(&e, &(&p1 * &q1));
    let integer = |n: &BigUint| Uint::new(&n.to_bytes_be()).expect("128 bytes are no long integer");
    let key = RsaPrivateKey {
        modulus: integer(&(&p * &q)),
        public_exponent: integer(&e),
        private_exponent: integer(&d),
        prime1: integer(&p),
        prime2: integer(&q),
        exponent1: integer(&(&d % &p1)),
        exponent2: integer(&(&d % &q1)),
        coefficient: integer(&inverse(&q, &p)),
        other_prime_infos: None,
    };
    let encoded = "a key of known size can be encoded";
    let pkcs8 = PrivateKeyInfo::<Null, OctetString, BitString> {
        algorithm: AlgorithmIdentifier { oid: RSA_ENCRYPTION, parameters: Some(Null) },
        private_key: OctetString::new(key.to_der().expect(encoded)).expect(encoded),
        public_key: None,
    }
    .to_der()
    .expect(encoded);
    PrivateKey::from_pkcs8(pkcs8).expect("what was made here fits together")
}

/// A prime p of 512 bits, so large that the product of two has 1024, with p - 1 prime to 17.
fn prime() -> BigUint {
    loop {
        let mut bytes = random();
        bytes[0] |= 0xc0;
        bytes[PRIME_BYTES - 1] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let divided = SMALL_PRIMES.iter().any(|&small| &candidate % small == BigUint::ZERO);
        if !divided && &candidate % EXPONENT != BigUint::from(1_u32) && probably_prime(&candidate) {
            return candidate;
        }
    }
}

/// Miller–Rabin with random bases. `n` is odd and larger than 3.
fn probably_prime(n: &BigUint) -> bool {
    let (one, two) = (BigUint::from(1_u32), BigUint::from(2_u32));
    let minus_one = n - &one;
    let twos = minus_one.trailing_zeros().unwrap_or(0);
    let odd = &minus_one >> twos;
    (0..ROUNDS).all(|_| {
        let base = BigUint::from_bytes_be(&random()) % (&minus_one - &two) + &two;
        let mut power = base.modpow(&odd, n);
        if power == one || power == minus_one {
            return true;
        }
        (1..twos).any(|_| {
            power = power.modpow(&two, n);
            power == minus_one
        })
    })
}

fn random() -> [u8; PRIME_BYTES] {
    let mut bytes = [0; PRIME_BYTES];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    // Primes of the Fermat kind and the secp256k1 field from their published definitions; Carmichael numbers from OEIS
    // A002997; the last composite is 2^67 - 1, which Cole factored in 1903.
    #[test]
    fn composites_are_found_out() {
        for n in ["9", "561", "41041", "825265", "321197185", "147573952589676412927"] {
            assert!(!probably_prime(&n.parse().expect("digits")), "{n}");
        }
    }

    #[test]
    fn primes_pass() {
        let field = "115792089237316195423570985008687907853269984665640564039457584007908834671663";
        for n in ["5", "17", "65537", "2147483647", field] {
            assert!(probably_prime(&n.parse().expect("digits")), "{n}");
        }
    }
}
