//! The look of the simulated pages: one small stylesheet, no script.

use axum::response::{Html, IntoResponse, Response};

const STYLE: &str = "body{margin:0;font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;background:#f4f6fa;color:#1c2430}\
main{max-width:30rem;margin:0 auto;padding:1rem}header{background:#1459c7;color:#fff;text-align:center;padding:.8rem}\
.mark{background:#fff3cd;color:#664d03;text-align:center;padding:.4rem;font-size:.875rem}\
section{background:#fff;border-radius:.6rem;padding:1rem;margin:1rem 0;overflow-wrap:anywhere}\
.amount{font-size:2.25rem;text-align:center;margin:.2rem 0}dt{color:#5b6675;font-size:.875rem}dd{margin:0 0 .6rem}\
button{width:100%;min-height:3rem;font:inherit;font-size:1.125rem;border:0;border-radius:.6rem;background:#1459c7;color:#fff}\
a{color:#1459c7}.quit{display:block;text-align:center;padding:.8rem}code{font-size:.875rem}";

/// `body` is HTML; `title` is text.
pub fn page(title: &str, body: &str) -> Response {
    let title = escape(title);
    Html(format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
<style>{STYLE}</style></head><body><header>{title}</header>\
<div class=\"mark\">模拟环境：不扣款，不发短信，不核验真人</div><main>{body}</main></body></html>"
    ))
    .into_response()
}

/// Text as HTML, also within quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
