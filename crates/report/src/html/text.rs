//! Text in HTML.

use crate::look::tame;

/// Text as it stands between tags and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in tame(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c => out.push(c),
        }
    }
    out
}

/// A sentence, in which names stand between backticks.
pub(crate) fn rich(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let part = |(place, part): (usize, &&str)| match place % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    };
    parts.iter().enumerate().map(part).collect()
}

/// A share as CSS has it.
pub(crate) fn share(value: f64) -> String {
    format!("{:.2}%", value * 100.0)
}

/// The beginning of a long text, and how much is left out.
pub(crate) fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("{}\n… and {left} more characters, which the JSON has", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_taken_for_a_tag() {
        assert_eq!(
            rich("`a<b` & \"c\" 'd'\u{1b}"),
            "<code>a&lt;b</code> &amp; &quot;c&quot; &#39;d&#39;\u{fffd}"
        );
        assert_eq!(rich("a ` b"), "a ` b");
    }
}
