//! How a person is shown to somebody who only holds the paper.

/// The surname, the rest masked: 张三 as 张*, 张三丰 as 张**. Compound surnames show their first character only.
pub fn name(name: &str) -> String {
    let mut symbols = name.trim().chars();
    let Some(first) = symbols.next() else { return String::new() };
    let rest = symbols.filter(|c| !c.is_whitespace()).count();
    format!("{first}{}", "*".repeat(rest.clamp(1, 2)))
}

/// The first character and the last three of a document's number: E*****567.
pub fn number(number: &str) -> String {
    let symbols: Vec<char> = number.chars().collect();
    let shown = |at: usize| at == 0 || at + 3 >= symbols.len();
    symbols.iter().enumerate().map(|(at, symbol)| if shown(at) { *symbol } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{name, number};

    #[test]
    fn a_masked_number_shows_its_ends() {
        for (whole, masked) in
            [("E12345678", "E*****678"), ("LZTAB1CD2NA000001", "L*************001"), ("", "")]
        {
            assert_eq!(number(whole), masked);
        }
    }

    #[test]
    fn a_masked_name_shows_one_character() {
        for (whole, masked) in
            [("张三", "张*"), ("张三丰", "张**"), ("欧阳娜娜", "欧**"), ("John Smith", "J**"), ("", "")]
        {
            assert_eq!(name(whole), masked);
        }
    }
}
