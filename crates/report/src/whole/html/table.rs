//! Tables that can be sorted by any of their columns.

use crate::html::text::escape;

/// A cell: what stands in it, and what it is sorted by where that is not its text.
pub(super) struct Cell {
    pub(super) html: String,
    pub(super) key: Option<f64>,
}

impl Cell {
    /// A text of somebody's.
    pub(super) fn text(text: &str) -> Self {
        Self { html: escape(text), key: None }
    }

    /// HTML of ours.
    pub(super) fn html(html: String) -> Self {
        Self { html, key: None }
    }

    /// A number as it is shown, and its value.
    pub(super) fn number(shown: &str, value: f64) -> Self {
        Self { html: escape(shown), key: Some(value) }
    }
}

/// A table that a script makes sortable. Titles that end in a colon are of numbers; those that are empty cannot be
/// sorted by. Of its rows, so many are shown; the CSV and the JSON have all.
pub(super) fn table(label: &str, titles: &[&str], rows: Vec<Vec<Cell>>, most: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let more = rows.len().saturating_sub(most);
    let body: String = rows.iter().take(most).map(|cells| row(titles, cells)).collect();
    let note = match more {
        0 => String::new(),
        more => {
            format!("<p class=\"fine\">{more} more lines are in the CSV and in the JSON.</p>\n")
        }
    };
    format!("{}{body}</tbody>\n</table>\n</div>\n{note}", head(label, titles, ""))
}

/// The table's beginning, up to its first row.
pub(super) fn head(label: &str, titles: &[&str], attributes: &str) -> String {
    let titles: String = titles
        .iter()
        .enumerate()
        .map(|(place, title)| {
            let name = title.trim_end_matches(':');
            let class = match (place, title.ends_with(':')) {
                (0, _) => "name",
                (_, true) => "number",
                (_, false) => "",
            };
            let class =
                if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
            format!("<th scope=\"col\"{class}>{name}</th>")
        })
        .collect();
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n<table class=\"sortable\"{attributes}>\n\
         <thead><tr>{titles}</tr></thead>\n<tbody>\n",
        label = escape(label)
    )
}

/// One row, of which the first cell is its name.
fn row(titles: &[&str], cells: &[Cell]) -> String {
    let cells = cells.iter().zip(titles).enumerate().map(|(place, (cell, title))| {
        let key = match cell.key {
            Some(key) if key.is_finite() => format!(" data-key=\"{key:e}\""),
            Some(_) => " data-key=\"\"".to_owned(),
            None => String::new(),
        };
        let html = &cell.html;
        match (place, title.ends_with(':')) {
            (0, _) => format!("<th scope=\"row\" class=\"name\"{key}>{html}</th>"),
            (_, true) => format!("<td{key}>{html}</td>"),
            (_, false) => format!("<td class=\"words\"{key}>{html}</td>"),
        }
    });
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}
