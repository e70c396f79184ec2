//! The page as a whole.

use tachy_measure::Unit;

use super::agreement::agreement;
use super::document::{STYLE, document};
use super::evidence::pairs;
use super::overview::overview;
use super::samples::device;
use super::table::table;
use super::text::{beginning, escape, rich};
use crate::lists::absences;
use crate::quantity::{count, duration, moment, quantity};
use crate::report::Report;
use crate::sentences::wrongness;

/// Characters of a message that are shown.
const MESSAGE: usize = 6_000;

impl Report<'_> {
    /// One page that stands alone, for a browser, a phone or paper: it loads nothing and runs no script.
    ///
    /// It shows the result, all devices on one axis, every figure, each device's samples in run order and their
    /// distribution, the agreement of outputs, and the machine. Of many samples only some are drawn, which it says;
    /// all of them are in [`Report::json`].
    pub fn html(&self) -> String {
        let title = format!("{} · Tachy", self.comparison.model.name);
        let mut body = self.head();
        body += "<main>\n";
        if !self.timed.is_empty() {
            body += &format!("<section aria-label=\"Ranking\">\n{}</section>\n", overview(self));
        }
        body += &self.notes();
        body += &self.not_ranked();
        if !self.timed.is_empty() {
            body += &format!("<section>\n<h2>All figures</h2>\n{}</section>\n", table(self));
            let devices = self.timed.iter().enumerate();
            let devices: String =
                devices.map(|(place, timed)| device(timed, place, self.timed.len())).collect();
            body += &format!(
                "<section>\n<h2>Samples</h2>\n<p>Every dot is the time of a run, in run order; each colour is a \
                 process of its own. At the right, how they are distributed.</p>\n{devices}</section>\n"
            );
        }
        body += &pairs(self);
        body += &agreement(self);
        body += &self.absent();
        body += &self.circumstances();
        body += "</main>\n";
        document(&title, &[STYLE], &body, None)
    }

    fn head(&self) -> String {
        let model = &self.comparison.model;
        let parameters = model
            .parameters
            .map_or(String::new(), |parameters| format!(" · {} parameters", count(parameters)));
        let ports =
            |ports: &[String]| ports.iter().map(|port| escape(port)).collect::<Vec<_>>().join(", ");
        format!(
            "<header class=\"top\">\n<p class=\"kicker\"><b>Tachy</b> comparison · {}</p>\n<h1>{}</h1>\n\
             <p class=\"model\"><strong>{}</strong>{parameters} · {}<br>\n<span>{} → {}</span></p>\n</header>\n",
            moment(self.comparison.started),
            rich(&self.result()),
            escape(&model.name),
            quantity(model.bytes as f64, Unit::Bytes),
            ports(&model.inputs),
            ports(&model.outputs),
        )
    }

    fn notes(&self) -> String {
        let item =
            |class: &str, text: &String| format!("<li class=\"{class}\">{}</li>\n", rich(text));
        let ties: String = self.ties().iter().map(|tie| item("tie", tie)).collect();
        let warnings: String =
            self.warnings().iter().map(|warning| item("caution", warning)).collect();
        match ties + &warnings {
            items if items.is_empty() => items,
            items => format!(
                "<section aria-label=\"Notes\">\n<ul class=\"notes\">\n{items}</ul>\n</section>\n"
            ),
        }
    }

    fn not_ranked(&self) -> String {
        let wrong = self.wrong.iter().map(|(row, agreement)| {
            format!(
                "<article class=\"refused\">\n<h3><code>{}</code> is wrong</h3>\n<p class=\"engine\">{}</p>\n\
                 <p>{}</p>\n</article>\n",
                escape(&row.device.to_string()),
                escape(&row.description),
                rich(&capital(&wrongness(agreement)))
            )
        });
        let failed = self.failed.iter().map(|failed| {
            format!(
                "<article class=\"refused\">\n<h3><code>{}</code> failed while {}</h3>\n<p class=\"engine\">{}</p>\n\
                 <pre tabindex=\"0\">{}</pre>\n</article>\n",
                escape(&failed.row.device.to_string()),
                failed.stage.name(),
                escape(&failed.row.description),
                escape(&beginning(failed.message.trim_end(), MESSAGE))
            )
        });
        match wrong.chain(failed).collect::<String>() {
            articles if articles.is_empty() => articles,
            articles => {
                format!("<section>\n<h2>Neither timed nor ranked</h2>\n{articles}</section>\n")
            }
        }
    }

    fn absent(&self) -> String {
        let items = absences(&self.comparison.absent).into_iter().map(|absence| {
            format!(
                "<div><dt><code>{}</code></dt><dd>{}<br>{}</dd></div>\n",
                escape(&absence.name),
                rich(absence.reason),
                rich(absence.remedy)
            )
        });
        match items.collect::<String>() {
            items if items.is_empty() => items,
            items => format!(
                "<section>\n<h2>Absent here</h2>\n<dl class=\"absent\">\n{items}</dl>\n</section>\n"
            ),
        }
    }

    fn circumstances(&self) -> String {
        let environment = &self.comparison.environment;
        let settings = &self.comparison.settings;
        let or_unknown = |value: Option<String>| value.unwrap_or_else(|| "not told".to_owned());
        let simd = match environment.simd.join(" ") {
            none if none.is_empty() => "none that matters".to_owned(),
            simd => simd,
        };
        let facts = [
            ("Processor", environment.processor.clone()),
            ("Architecture", environment.architecture.clone()),
            ("Logical processors", environment.logical_processors.to_string()),
            ("SIMD", simd),
            ("Memory", quantity(environment.memory as f64, Unit::Bytes)),
            ("System", environment.system.clone()),
            ("Frequency governor", or_unknown(environment.governor.clone())),
            ("Load at the start", or_unknown(environment.load.map(|load| format!("{load:.2}")))),
            ("Clock tick", quantity(environment.clock_tick, Unit::Seconds)),
            ("Tachy", environment.tachy.clone()),
            ("Threads of each engine", settings.threads.to_string()),
            ("Processes of each device", settings.processes.to_string()),
            ("Measuring asked for", format!("{} for each device", duration(settings.seconds))),
            ("Inputs", settings.inputs.clone()),
            ("Seed", settings.seed.to_string()),
            ("Whole duration", duration(self.comparison.duration)),
        ];
        let items: String = facts
            .iter()
            .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(value)))
            .collect();
        let interval_note = match self.timed.is_empty() {
            true => String::new(),
            false => format!(
                "<p class=\"fine\">{} The raw samples are in the JSON record.</p>\n",
                escape(&self.interval_note())
            ),
        };
        format!(
            "<section>\n<h2>Circumstances</h2>\n<dl class=\"circumstances\">\n{items}</dl>\n{interval_note}</section>\n"
        )
    }
}

/// The text with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().collect::<String>());
    first.unwrap_or_default() + characters.as_str()
}
