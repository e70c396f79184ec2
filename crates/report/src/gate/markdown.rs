//! A check as GitHub's Markdown, for a comment on a pull request.

use tachy_measure::gate::{Class, Conclusion};

use super::words::{class, compared, headline, method, occasion, subject};
use crate::markdown::{fenced, inline};
use crate::quantity::{plain, quantity};
use crate::sentences::{bracket, times};

/// The check as Markdown.
pub fn markdown(conclusion: &Conclusion) -> String {
    let mut blocks =
        vec![format!("**{}**", inline(&headline(conclusion))), inline(&compared(conclusion))];
    let verdicts = &conclusion.verdicts;
    if !verdicts.is_empty() {
        let mut lines = vec![
            "| benchmark | metric | before | here | ratio | interval | verdict |".to_owned(),
            "| :--- | :--- | ---: | ---: | ---: | :--- | :--- |".to_owned(),
        ];
        lines.extend(verdicts.iter().map(|verdict| {
            let [before, here] =
                verdict.medians.map(|value| quantity(value, verdict.metric.unit()));
            let ratio = &verdict.ratio;
            let strong = if matches!(verdict.class, Class::Regression(_)) { "**" } else { "" };
            format!(
                "| {} | {} | {before} | {here} | {} | {} | {strong}{}{strong} |",
                inline(&verdict.name),
                verdict.metric.name(),
                times(ratio),
                bracket(ratio),
                class(verdict)
            )
        }));
        blocks.push(lines.join("\n"));
    }
    let mut items: Vec<String> = (conclusion.failures.iter())
        .map(|failure| {
            let name = inline(&format!("`{}` could not be measured:", failure.name));
            format!("- {name}\n{}", fenced(&failure.how))
        })
        .collect();
    let unsure = verdicts.iter().filter(|verdict| verdict.class == Class::Unsure);
    items.extend(unsure.map(|verdict| {
        inline(&format!("- `{}`: {}.", subject(verdict, conclusion), verdict.reason))
    }));
    items.extend(conclusion.alarm.map(|alarm| inline(&format!("- {alarm}."))));
    if !items.is_empty() {
        blocks.push(items.join("\n"));
    }
    blocks.push(inline(&method(conclusion)));
    blocks.push(inline(&occasion(conclusion)));
    plain(&blocks.join("\n\n")) + "\n"
}
