//! Who differs from whom: each pair of devices with its ratio and verdict.

use tachy_stats::Outcome;

use super::text::escape;
use crate::quantity::level;
use crate::report::Report;
use crate::sentences::{bracket, times};

/// The triangle of all pairs; nothing where there is but one pair.
pub(super) fn pairs(report: &Report) -> String {
    if report.timed.len() < 3 {
        return String::new();
    }
    let names: Vec<String> = report.timed.iter().map(|timed| escape(&timed.name())).collect();
    let columns = &names[..names.len() - 1];
    let head: String =
        columns.iter().map(|name| format!("<th scope=\"col\"><code>{name}</code></th>")).collect();
    let mut rows = String::new();
    for (slower, name) in names.iter().enumerate().skip(1) {
        rows += &format!("<tr><th scope=\"row\" class=\"name\"><code>{name}</code></th>");
        for faster in 0..columns.len() {
            let pair =
                report.pairs.iter().find(|pair| (pair.slower, pair.faster) == (slower, faster));
            rows += &match pair {
                None => "<td></td>".to_owned(),
                Some(pair) => {
                    let (class, words) = match pair.verdict.outcome {
                        Outcome::Slower => ("slower", "slower"),
                        Outcome::Faster => ("slower", "faster"),
                        Outcome::Same => ("same", "same"),
                        Outcome::Unsure => ("unsure", "unsure"),
                    };
                    let ratio = &pair.verdict.ratio;
                    format!(
                        "<td class=\"{class}\">{} <small>{}</small><em>{words}</em></td>",
                        times(ratio),
                        bracket(ratio)
                    )
                }
            };
        }
        rows += "</tr>\n";
    }
    format!(
        "<section>\n<h2>Each against each</h2>\n<p>The time of the row’s device as a multiple of the column’s, with \
         intervals of {} that hold for all pairs together at 95%.</p>\n\
         <div class=\"scroll\" role=\"region\" aria-label=\"Each device against each\" tabindex=\"0\">\n\
         <table class=\"pairs\">\n<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n",
        level(report.pair_level)
    )
}
