//! A comparison of variants as one page that stands alone.

use std::fmt::Write as _;

use tachy_measure::Unit;

use super::figures::{FamilyReport, VariantReport};
use super::words::error_of;
use crate::html::document::{STYLE, document};
use crate::html::reasons::reasons;
use crate::html::text::{escape, rich};
use crate::lists::absences_told;
use crate::quantity::{quantity, significant};
use crate::sentences::relative_interval;

const OWN_STYLE: &str = "\
.wide { overflow-x: auto; margin-bottom: 1rem; } .wide table { border-collapse: collapse; min-width: 46rem; }\n\
.wide th, .wide td { padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }\n\
.wide th { font-weight: 600; color: var(--soft); } .wide .word { text-align: left; }\n\
.wide tr.begins td { border-top: 2px solid var(--soft); }\n\
.first { color: var(--accent); font-weight: 600; } .untimed { color: var(--bad); } .declined { color: var(--soft); }\n\
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1.5rem; margin-bottom: 1rem; }\n\
section li { margin-left: 1.2rem; color: var(--soft); } section h3 { margin: 1.2rem 0 0.4rem; }\n\
dl.guide { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.2rem; } dl.guide dd { color: var(--soft); }\n\
dl.guide dd code { color: var(--ink); }\n\
@media (max-width: 40rem) { dl.guide { grid-template-columns: 1fr; } }\n";

impl VariantReport<'_> {
    /// The page: for each model at each resolution pictures, a table, who overtakes whom, and which row for what.
    pub fn html(&self) -> String {
        let mut body = format!(
            "<header class=\"top\"><p class=\"kicker\"><b>Tachy</b> · precisions, resolutions and batch sizes by device</p>\n\
             <h1>{}</h1>\n<p class=\"model\">{}</p></header>\n<main>\n",
            escape(&self.headline()),
            rich(&self.occasion())
        );
        for family in &self.families {
            let pictures: String = [self.error_picture(family), self.batch_picture(family)]
                .iter()
                .filter(|picture| !picture.is_empty())
                .map(|picture| format!("<figure>{picture}</figure>\n"))
                .collect();
            let _ = write!(
                body,
                "<section><h2>{}</h2>\n{}<div class=\"pictures\">\n{pictures}</div>\n{}",
                escape(&family.name),
                ports(family),
                self.page_table(family)
            );
            let sentences = self.crossing_sentences(&family.name, true);
            if !sentences.is_empty() {
                let items = sentences.iter().map(|text| format!("<li>{}</li>\n", rich(text)));
                let _ = writeln!(body, "<ul>\n{}</ul>", items.collect::<String>());
            }
            let _ = writeln!(body, "{}</section>", guide(family));
        }
        body += &reasons("Not timed", &self.untimed());
        body += &reasons("Absent here", &absences_told(&self.comparison.absent));
        let notes = self.energy_notes().whole().into_iter().chain([self.note()]);
        let notes: String = notes.map(|note| format!("<p>{}</p>\n", rich(&note))).collect();
        let _ = write!(body, "<section>\n{notes}</section>\n</main>\n");
        document(&self.headline(), &[STYLE, OWN_STYLE], &body, None)
    }

    fn page_table(&self, family: &FamilyReport<'_>) -> String {
        let energy = match self.has_energy() {
            true => "<th>energy/item</th><th>power</th>",
            false => "",
        };
        let mut out = format!(
            "<div class=\"wide\" role=\"region\" aria-label=\"All rows of {}\" tabindex=\"0\"><table><thead><tr><th>batch</th>\
             <th class=\"word\">precision</th><th class=\"word\">device</th><th>latency</th><th>95%</th><th>items/s</th>\
             <th>error</th><th>memory</th><th>weights</th>{energy}<th class=\"word\">best for</th></tr></thead>\n<tbody>\n",
            escape(&family.name)
        );
        let mut last = None;
        for line in &family.lines {
            let show = |value: Option<f64>, unit| {
                value.map_or(String::new(), |value| quantity(value, unit))
            };
            let begins = match last.replace(line.point.batch) {
                Some(batch) if batch != line.point.batch => " class=\"begins\"",
                _ => "",
            };
            let batch = line.point.batch.map_or("–".to_owned(), |batch| batch.to_string());
            let weights = show(line.row.weight_bytes.map(|bytes| bytes as f64), Unit::Bytes);
            let _ = write!(
                out,
                "<tr{begins}><td>{batch}</td><td class=\"word\">{}</td><td class=\"word\"><code>{}</code></td>",
                line.row.precision,
                escape(&line.row.device.to_string())
            );
            match &line.figures {
                Err(untimed) => {
                    let class = if untimed.state == "refused" { "declined" } else { "untimed" };
                    let rest = if self.has_energy() { 3 } else { 1 };
                    let _ = writeln!(
                        out,
                        "<td class=\"{class}\">{}</td><td colspan=\"4\"></td><td>{weights}</td><td colspan=\"{rest}\"></td></tr>",
                        untimed.state
                    );
                }
                Ok(figures) => {
                    let mut cells = vec![
                        relative_interval(&figures.latency),
                        significant(figures.rate),
                        error_of(figures),
                        show(figures.memory, Unit::Bytes),
                        weights,
                    ];
                    if self.has_energy() {
                        cells.push(show(figures.energy, Unit::Joules));
                        cells.push(show(figures.power, Unit::Watts));
                    }
                    let cells: String =
                        cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
                    let class = if line.best.is_empty() { "" } else { " class=\"first\"" };
                    let _ = writeln!(
                        out,
                        "<td{class}>{}</td>{cells}<td class=\"word first\">{}</td></tr>",
                        quantity(figures.latency.value, Unit::Seconds),
                        escape(&line.best.join(", "))
                    );
                }
            }
        }
        out + "</tbody></table></div>\n"
    }
}

/// What goes in and comes out at the first batch size.
fn ports(family: &FamilyReport<'_>) -> String {
    let Some(line) = family.lines.first().filter(|line| !line.point.inputs.is_empty()) else {
        return String::new();
    };
    let text = format!("{} → {}", line.point.inputs.join(", "), line.point.outputs.join(", "));
    format!("<p class=\"model\"><span>{}</span></p>\n", escape(&text))
}

fn guide(family: &FamilyReport<'_>) -> String {
    let entry = |answer: &crate::guide::Answer| {
        let device = answer
            .device
            .as_ref()
            .map_or("–".to_owned(), |device| format!("<code>{}</code>", escape(device)));
        format!("<dt>{}</dt><dd>{device} · {}</dd>\n", escape(answer.aim), rich(&answer.evidence))
    };
    let entries: String = family.guide.answers.iter().map(entry).collect();
    format!("<h3>Which for what?</h3>\n<dl class=\"guide\">\n{entries}</dl>\n")
}
