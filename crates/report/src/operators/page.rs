//! A comparison on operators as one page that stands alone.

use std::fmt::Write as _;

use tachy_measure::Unit;

use super::crossings::sentence;
use super::figures::{FamilyReport, OperatorReport};
use crate::html::document::{STYLE, document};
use crate::html::reasons::reasons;
use crate::html::text::{escape, rich};
use crate::lists::absences_told;
use crate::quantity::{error, percent, quantity, significant};
use crate::sentences::relative_interval;

const OWN_STYLE: &str = "\
.wide { overflow-x: auto; } .wide table { border-collapse: collapse; min-width: 46rem; }\n\
.wide th, .wide td { padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); }\n\
.wide th { font-weight: 600; color: var(--soft); } .wide .word { text-align: left; }\n\
.first { color: var(--accent); font-weight: 600; } .untimed { color: var(--bad); }\n\
figure { max-width: 46rem; margin-bottom: 1rem; } section li { margin-left: 1.2rem; color: var(--soft); }\n";

impl OperatorReport<'_> {
    /// The page: for each operator a picture, a table, and who overtakes whom.
    pub fn html(&self) -> String {
        let mut body = format!(
            "<header class=\"top\"><p class=\"kicker\"><b>Tachy</b> · operators by device</p>\n<h1>{}</h1>\n\
             <p class=\"model\">{}</p></header>\n<main>\n",
            escape(&self.headline()),
            rich(&self.occasion())
        );
        for family in &self.families {
            let _ = write!(
                body,
                "<section><h2>{}</h2>\n<p>{}</p>\n<figure>{}</figure>\n{}",
                escape(&family.family.to_string()),
                escape(family.family.operator.description()),
                self.figure(family),
                table(family, self.has_energy())
            );
            let name = family.family.to_string();
            let sentences = self.crossings.iter().filter(|crossings| crossings.family == name);
            let items: String = sentences
                .flat_map(|crossings| {
                    let transfers = crossings.transfers.name();
                    let pairs = crossings.pairs.iter();
                    pairs.map(move |pair| {
                        format!("<li>{transfers}: {}</li>\n", rich(&sentence(pair)))
                    })
                })
                .collect();
            let _ = write!(body, "<ul>\n{items}</ul></section>\n");
        }
        body += &reasons("Not timed", &self.untimed());
        body += &reasons("Absent here", &absences_told(&self.comparison.absent));
        let energy = self.energy_notes().whole();
        let energy: String = energy.iter().map(|note| format!("<p>{}</p>\n", rich(note))).collect();
        let _ = write!(body, "<section>{energy}<p>{}</p></section>\n</main>\n", rich(&self.note()));
        document("Operators by device", &[STYLE, OWN_STYLE], &body, None)
    }

    fn headline(&self) -> String {
        let (operators, devices) = (self.families.len(), self.comparison.devices.len());
        let plural = |count: usize, word: &str| {
            format!("{count} {word}{}", if count == 1 { "" } else { "s" })
        };
        format!("{} on {}", plural(operators, "operator"), plural(devices, "device"))
    }
}

fn table(family: &FamilyReport, with_energy: bool) -> String {
    let mut out = "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th>size</th><th class=\"word\">device</th><th>run</th>\
                   <th>95%</th><th>GFLOP/s</th><th>GB/s</th><th>of peak</th><th>with transfers</th><th>upload</th>\
                   <th>fetch</th><th>error</th>"
        .to_owned();
    if with_energy {
        out += "<th>energy of a call</th><th>power</th>";
    }
    out += "</tr></thead>\n<tbody>\n";
    let time = |value: Option<f64>| value.map_or(String::new(), |v| quantity(v, Unit::Seconds));
    for line in &family.lines {
        let device = escape(&line.device.to_string());
        match &line.figures {
            Err(untimed) => {
                let _ = writeln!(
                    out,
                    "<tr><td>{}</td><td class=\"word\">{device}</td><td class=\"untimed\">{}</td><td colspan=\"{}\"></td></tr>",
                    line.size,
                    untimed.state,
                    if with_energy { 10 } else { 8 }
                );
            }
            Ok(rates) => {
                let cells = [
                    relative_interval(&rates.run),
                    significant(rates.flops / 1e9),
                    significant(rates.bytes / 1e9),
                    rates.share.map_or(String::new(), percent),
                    time(rates.call),
                    time(rates.upload),
                    time(rates.fetch),
                    if rates.is_reference { "reference".to_owned() } else { error(rates.error) },
                ];
                let energy = with_energy.then(|| {
                    let show = |value: Option<f64>, unit| {
                        value.map_or(String::new(), |v| quantity(v, unit))
                    };
                    [show(rates.energy, Unit::Joules), show(rates.power, Unit::Watts)]
                });
                let cells: String = cells
                    .iter()
                    .chain(energy.iter().flatten())
                    .map(|cell| format!("<td>{}</td>", escape(cell)))
                    .collect();
                let class = if rates.fastest { " class=\"first\"" } else { "" };
                let _ = writeln!(
                    out,
                    "<tr><td>{}</td><td class=\"word\">{device}</td><td{class}>{}</td>{cells}</tr>",
                    line.size,
                    time(Some(rates.run.value))
                );
            }
        }
    }
    out + "</tbody></table></div>\n"
}
