//! Which passwords are taken (NIST SP 800-63B-4): length counts, mixtures do not, common ones are refused.

/// What a password is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// 15 characters or more: it stands alone.
    Alone,
    /// 8 to 14: good together with a second factor.
    WithSecondFactor,
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Fewer than 8 characters.
    TooShort,
    /// More than 1024 bytes.
    TooLong,
    /// Among those that everybody tries first.
    Common,
}

/// Most that is hashed, in bytes.
pub const MAX_BYTES: usize = 1024;
const MIN_CHARS: usize = 8;
const ALONE_CHARS: usize = 15;

/// Beginnings that make a password common whatever few characters follow, in lower case.
const COMMON: [&str; 45] = [
    "password",
    "passw0rd",
    "qwerty",
    "qwertz",
    "asdfgh",
    "zxcvbn",
    "1q2w3e",
    "1qaz2wsx",
    "q1w2e3",
    "abc123",
    "abcd123",
    "a123456",
    "aa123456",
    "iloveyou",
    "woaini",
    "5201314",
    "welcome",
    "admin123",
    "letmein",
    "dragon",
    "monkey123",
    "sunshine",
    "football",
    "baseball",
    "superman",
    "princess",
    "starwars",
    "trustno1",
    "computer",
    "whatever",
    "freedom",
    "michael",
    "charlie",
    "qazwsx",
    "zaq12wsx",
    "wsxedc",
    "qwe123",
    "asd123",
    "zxc123",
    "a1b2c3",
    "nihao",
    "woaiwojia",
    "aini1314",
    "zhang123",
    "wang123",
];

/// Whether `password` is taken from somebody whose log-in name is `own`, which it may not contain.
pub fn judge(password: &str, own: &str) -> Result<Strength, Refused> {
    if password.len() > MAX_BYTES {
        return Err(Refused::TooLong);
    }
    let length = password.chars().count();
    if length < MIN_CHARS {
        return Err(Refused::TooShort);
    }
    if length < ALONE_CHARS && is_common(password, own) {
        return Err(Refused::Common);
    }
    // A long one made of one thing over and over is no better.
    if has_few_symbols(password) || is_a_run(password) {
        return Err(Refused::Common);
    }
    Ok(if length < ALONE_CHARS { Strength::WithSecondFactor } else { Strength::Alone })
}

fn is_common(password: &str, own: &str) -> bool {
    let lower = password.to_lowercase();
    // Years, phones, cards: all of it is guessed from what is known of a person.
    if lower.bytes().all(|b| b.is_ascii_digit()) || is_nearly_a_run(&lower) {
        return true;
    }
    let begins = COMMON.iter().any(|common| lower.starts_with(common) && lower.len() < common.len() + 6);
    begins || (!own.is_empty() && lower.contains(own))
}

/// Three different characters or fewer.
fn has_few_symbols(password: &str) -> bool {
    let mut seen = Vec::new();
    for symbol in password.chars() {
        if !seen.contains(&symbol) {
            seen.push(symbol);
        }
        if seen.len() > 3 {
            return false;
        }
    }
    true
}

/// `12345678`, `hgfedcba`: each character one step from the one before.
fn is_a_run(password: &str) -> bool {
    let codes: Vec<u32> = password.chars().map(u32::from).collect();
    let steps = |up: bool| {
        codes.windows(2).all(|pair| {
            let (from, to) = if up { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
            to == from + 1 || (from == u32::from('9') && to == u32::from('0'))
        })
    };
    steps(true) || steps(false)
}

/// `123456789a`, `11223344qq`: all but three characters at most are one run, each written once or several times.
fn is_nearly_a_run(password: &str) -> bool {
    let mut codes: Vec<u32> = password.chars().map(u32::from).collect();
    codes.dedup();
    let longest = |up: bool| {
        let step = |pair: &[u32]| if up { pair[0] + 1 == pair[1] } else { pair[1] + 1 == pair[0] };
        let runs = codes.windows(2).scan(1, |run, pair| {
            *run = if step(pair) { *run + 1 } else { 1 };
            Some(*run)
        });
        runs.max().unwrap_or(1)
    };
    let longest = longest(true).max(longest(false));
    longest > 3 && longest + 3 >= codes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for bad in [
            "password",
            "Password1",
            "qwerty123",
            "12345678",
            "1234567890",
            "87654321",
            "aaaaaaaa",
            "abababab",
            "19850607",
            "aa123456",
            "woaini1314",
            "5201314520",
            "13800138000",
            "x13800138000",
            "123456789a",
            "zz87654321",
            "11223344qq",
            "147258369",
            "20081998",
            "qazwsxedc",
            "Abcd1234",
            "1111111111111111",
            "abcdefghijklmnop",
        ] {
            assert_eq!(judge(bad, "13800138000"), Err(Refused::Common), "{bad}");
        }
    }

    #[test]
    fn length_is_what_counts() {
        assert_eq!(judge("k7 Mond", ""), Err(Refused::TooShort));
        assert_eq!(judge("k7 Mond!", ""), Ok(Strength::WithSecondFactor));
        assert_eq!(judge("abc7 Mond 12", ""), Ok(Strength::WithSecondFactor));
        assert_eq!(judge("correct horse battery", ""), Ok(Strength::Alone));
        // Fifteen characters of any script.
        assert_eq!(judge("春眠不觉晓处处闻啼鸟夜来风雨声", ""), Ok(Strength::Alone));
        assert_eq!(judge("春眠不觉晓处处闻", ""), Ok(Strength::WithSecondFactor));
        assert_eq!(judge(&"xyz1".repeat(257), ""), Err(Refused::TooLong));
    }
}
