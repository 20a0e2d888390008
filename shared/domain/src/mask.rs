//! How a person is shown to somebody who only holds the paper.

/// The surname, the rest masked: 张三 as 张*, 张三丰 as 张**. Compound surnames show their first character only.
pub fn name(name: &str) -> String {
    let mut symbols = name.trim().chars();
    let Some(first) = symbols.next() else { return String::new() };
    let rest = symbols.filter(|c| !c.is_whitespace()).count();
    format!("{first}{}", "*".repeat(rest.clamp(1, 2)))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_masked_name_shows_one_character() {
        for (whole, masked) in
            [("张三", "张*"), ("张三丰", "张**"), ("欧阳娜娜", "欧**"), ("John Smith", "J**"), ("", "")]
        {
            assert_eq!(name(whole), masked);
        }
    }
}
