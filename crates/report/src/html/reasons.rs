//! A list of devices with what is to be said of each.

use super::text::{escape, rich};

/// A section under this title; nothing without entries, which are a device and a sentence or more.
pub(crate) fn reasons(title: &str, entries: &[(String, String)]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let item = |(device, reason): &(String, String)| {
        format!("<li><code>{}</code> {}</li>\n", escape(device), rich(reason))
    };
    let items: String = entries.iter().map(item).collect();
    format!("<section><h2>{title}</h2><ul>\n{items}</ul></section>\n")
}
