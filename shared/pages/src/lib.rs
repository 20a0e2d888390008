//! The look of the functions' pages: plain HTML for a phone, no script, one stylesheet in the page itself.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod qr;

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// A whole page. `refresh_s` lets the browser ask again by itself.
pub fn page(title: &str, refresh_s: Option<u32>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = refresh_s { meta http-equiv="refresh" content=(seconds); }
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    page.into_string()
}

/// Names and values of a table, in the order given.
pub fn facts(rows: &[(&str, &str)]) -> Markup {
    html! { dl { @for (name, value) in rows { dt { (name) } dd { (value) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        let page = page("<b>", None, &facts(&[("地点", "<script>alert(1)</script>\"'&")]));
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script") && !page.contains("<b>"));
    }
}
