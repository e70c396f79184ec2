//! Whether every device computed the same: errors on a logarithmic scale, with what is accepted.

use tachy_measure::Agreement;

use super::text::{escape, share};
use crate::quantity::error;
use crate::report::Report;
use crate::sentences::wrongness;

/// The scale's ends, as powers of ten.
const ENDS: (f64, f64) = (-9.0, 0.0);

/// The section: right devices, then wrong ones.
pub(super) fn agreement(report: &Report) -> String {
    let reference = &report.comparison.reference;
    let right = report.timed.iter().map(|timed| (timed.row, &timed.measured.agreement, false));
    let wrong = report.wrong.iter().map(|(row, agreement)| (*row, *agreement, true));
    let rows: String = right
        .chain(wrong)
        .filter(|(row, agreement, _)| row.device != *reference || agreement.relative_l2 > 0.0)
        .map(|(row, agreement, wrong)| line(&row.device.to_string(), agreement, wrong))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let ticks: String = [-9, -6, -3, 0]
        .iter()
        .map(|power| {
            let label =
                if *power == 0 { "1".to_owned() } else { format!("10<sup>−{}</sup>", -power) };
            format!("<span style=\"left:{}\">{label}</span>", share(place(10f64.powi(*power))))
        })
        .collect();
    format!(
        "<section>\n<h2>Agreement</h2>\n<p>How far each device’s outputs are from those of <code>{}</code>: the \
         relative L2 error ‖a − b‖ / ‖b‖, on a logarithmic scale. Right of the mark it is refused as wrong.</p>\n\
         <div class=\"agreement\">\n{rows}<div class=\"error axis\" aria-hidden=\"true\"><div class=\"plot\">{ticks}\
         </div></div>\n</div>\n</section>\n",
        escape(&reference.to_string())
    )
}

fn line(name: &str, agreement: &Agreement, wrong: bool) -> String {
    let dot = share(place(agreement.relative_l2));
    let mark = match agreement.tolerance {
        0.0 => String::new(),
        tolerance => format!("<i class=\"limit\" style=\"left:{}\"></i>", share(place(tolerance))),
    };
    let (class, note) = if wrong {
        (" wrong", format!("<p class=\"note\">{}</p>\n", super::text::rich(&wrongness(agreement))))
    } else {
        ("", String::new())
    };
    let value = match agreement.relative_l2 {
        0.0 => "equal".to_owned(),
        relative => error(relative),
    };
    format!(
        "<div class=\"error{class}\"><p class=\"label\"><code>{}</code></p>\
         <div class=\"plot\" aria-hidden=\"true\">{mark}<b style=\"left:{dot}\"></b></div>\
         <p class=\"value\">{value}</p>\n{note}</div>\n",
        escape(name)
    )
}

fn place(error: f64) -> f64 {
    let (low, high) = ENDS;
    ((error.max(f64::MIN_POSITIVE).log10() - low) / (high - low)).clamp(0.0, 1.0)
}
