//! Hashes that other systems have stored.

use super::ct_eq;
use crate::hex;
use base64ct::{Base64Bcrypt, Encoding as _};
use sha2::Digest as _;
use std::ops::RangeInclusive;

/// bcrypt as PHP (`$2y$`), Java (`$2a$`) and OpenBSD (`$2b$`) write it, which mean the same.
pub(super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    hash: [u8; HASH],
}

/// bcrypt drops the last byte.
const HASH: usize = 23;
/// Each more doubles the work: 12 takes most of a second in Wasm.
const COSTS: RangeInclusive<u32> = 4..=12;
/// What bcrypt looks at of a password and the zero byte after it.
const KEY: usize = 72;

impl Bcrypt {
    pub(super) fn parse(stored: &str) -> Option<Self> {
        let [b'$', b'2', b'a' | b'b' | b'y', b'$', tens, ones, b'$', rest @ ..] = stored.as_bytes() else {
            return None;
        };
        let digit = |byte: u8| char::from(byte).to_digit(10);
        let cost = digit(*tens)? * 10 + digit(*ones)?;
        let (salt, hash) = rest.split_at_checked(22)?;
        let (mut bytes, mut expected) = ([0; 16], [0; HASH]);
        let read = COSTS.contains(&cost)
            && Base64Bcrypt::decode(salt, &mut bytes).is_ok_and(|read| read.len() == 16)
            && Base64Bcrypt::decode(hash, &mut expected).is_ok_and(|read| read.len() == HASH);
        read.then_some(Self { cost, salt: bytes, hash: expected })
    }

    pub(super) fn verifies(&self, password: &str) -> bool {
        let mut key = password.as_bytes().to_vec();
        key.push(0);
        key.truncate(KEY);
        let hash = bcrypt::bcrypt(self.cost, self.salt, &key);
        ct_eq(&hash[..HASH], &self.hash).into()
    }
}

/// `sha256$<salt>$<64 hex digits>`: SHA-256 of the salt's text and the password after it.
pub(super) struct Sha256<'a> {
    salt: &'a str,
    hash: [u8; 32],
}

impl<'a> Sha256<'a> {
    pub(super) fn parse(stored: &'a str) -> Option<Self> {
        let (salt, hash) = stored.strip_prefix("sha256$")?.rsplit_once('$')?;
        Some(Self { salt, hash: hex::decode(hash.as_bytes())?.try_into().ok()? })
    }

    pub(super) fn verifies(&self, password: &str) -> bool {
        let hash = sha2::Sha256::new().chain_update(self.salt).chain_update(password).finalize();
        ct_eq(&hash, &self.hash).into()
    }
}

#[cfg(test)]
mod tests {
    use crate::password::{outdated, verify};

    fn is_right(password: &str, stored: &str) -> bool {
        assert!(outdated(stored), "{stored}");
        verify(password, Some(stored)).expect("a short password")
    }

    /// Vectors of jBCrypt, which are those of OpenBSD's regression tests.
    #[test]
    fn bcrypts_published_vectors_verify_and_their_neighbours_do_not() {
        let alphabet = "abcdefghijklmnopqrstuvwxyz";
        for (password, stored) in [
            ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
            ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
            (alphabet, "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz."),
            (alphabet, "$2a$10$fVH8e28OQRj9tqiDXs1e1uxpsjN0c7II7YPKXua2NAKYvM6iQk7dq"),
            (
                "~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
                "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
            ),
        ] {
            assert!(is_right(password, stored), "{stored}");
            assert!(!is_right(&format!("{password}a"), stored), "{stored}");
        }
    }

    /// `perl -e 'print crypt($password, $setting)'` with libxcrypt.
    #[test]
    fn libxcrypt_agrees_on_every_prefix_on_chinese_and_beyond_72_bytes() {
        let long = "$2y$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
        for (password, stored) in [
            ("correct horse battery", "$2y$10$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2"),
            ("密码 pass", "$2b$04$abcdefghijklmnopqrstuuIMw1a8/ufwvOB98lNArdGtxkkcdHSgS"),
            (&"x".repeat(71), "$2y$04$abcdefghijklmnopqrstuu.gc7UY/21CSNJGJg21jJzx9QiOpJ9bO"),
            (&"x".repeat(72), long),
            (&"x".repeat(100), long),
            ("p", "$2y$12$abcdefghijklmnopqrstuuvPWI06hgDIy/aLSdSG6kQenhrAvjIee"),
        ] {
            assert!(is_right(password, stored), "{stored}");
        }
        assert!(!is_right(&"x".repeat(71), long));
    }

    /// `printf '2019-salt密码 pass' | sha256sum`, and the same of `saltpassword`.
    #[test]
    fn sha256sum_agrees_on_salt_and_password_in_this_order() {
        let hash = "116cdfc5d3eddb9b769af9755d0c74d54f9fe459c993f45cdc96236e49c2aa8b";
        let stored = |salt: &str| format!("sha256${salt}${hash}");
        assert!(is_right("密码 pass", &stored("2019-salt")));
        assert!(is_right(
            "密码 pass",
            &stored("2019-salt").to_uppercase().replace("SHA256$2019-SALT", "sha256$2019-salt")
        ));
        assert!(!is_right("密码 pas", &stored("2019-salt")));
        assert!(!is_right("2019-salt", &stored("密码 pass")));
        assert!(!is_right("密码 pass", &stored("2019")));
        let hash = "13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322";
        assert!(is_right("password", &format!("sha256$salt${hash}")));
        assert!(!is_right("password", &format!("sha256$salt${}", &hash[2..])));
        assert!(!is_right("password", &format!("sha256$salt{hash}")));
    }

    #[test]
    fn a_form_that_is_not_known_is_never_right() {
        let good = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert!(is_right("a", good));
        for bad in [
            "",
            "a",
            "0cc175b9c0f1b6a831c399e269772661",
            &good.replace("$2a", "$2x"),
            &good.replace("$2a", "$2"),
            &good.replace("$06", "$6"),
            &good.replace("$06", "$03"),
            &good.replace("$06", "$31"),
            &good[..good.len() - 1],
            &format!("{good}."),
            &good.replace("3rS2K", "3r+2K"),
            // Spare bits that are not zero.
            &good.replace("zDGO", "zDGP"),
        ] {
            assert!(!is_right("a", bad), "{bad}");
        }
    }

    #[test]
    fn a_form_that_is_not_known_takes_the_time_of_a_known_one() {
        let time = |stored: &str| {
            let start = std::time::Instant::now();
            assert_eq!(verify("x", Some(stored)), Ok(false));
            start.elapsed()
        };
        let known = format!("{}{}${}", crate::password::PREFIX, "A".repeat(22), "A".repeat(43));
        let shortest = (0..3).map(|_| time(&known)).min().expect("three");
        for stored in ["plain", &format!("sha256$salt${}", "0".repeat(64))] {
            assert!(time(stored) > shortest / 2, "{stored}");
        }
    }
}
