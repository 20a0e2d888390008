//! Blind index: equal values of one field have equal indexes, and only the key holder can make one.

use crate::{hex, mac};

/// 64 lower-case hex characters. `value` is already in its normal form.
pub fn index(key: &[u8; 32], field: &str, value: &str) -> String {
    let length = (field.len() as u64).to_be_bytes();
    hex::encode(&mac::mac(key, &[&length, field.as_bytes(), value.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::index;

    #[test]
    fn fields_do_not_run_into_values() {
        let key = [1; 32];
        assert_ne!(index(&key, "ab", "c"), index(&key, "a", "bc"));
        assert_ne!(index(&key, "a", "b"), index(&[2; 32], "a", "b"));
        assert_eq!(index(&key, "a", "b"), index(&key, "a", "b"));
        assert_eq!(index(&key, "a", "b").len(), 64);
    }
}
