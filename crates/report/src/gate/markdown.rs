//! A check as GitHub's Markdown, for a comment on a pull request.

use tachy_measure::gate::{Class, GateRecord};

use super::words::{class, headline, method, occasion, reason, revisions, subject};
use crate::markdown::{fenced, inline};
use crate::quantity::{plain, quantity};
use crate::sentences::{bracket, times};

/// The check as Markdown.
pub fn markdown(record: &GateRecord) -> String {
    let mut blocks = vec![format!("**{}**", inline(&headline(record))), inline(&revisions(record))];
    let verdicts = record.verdicts();
    if !verdicts.is_empty() {
        let mut lines = vec![
            "| benchmark | metric | before | here | ratio | interval | verdict |".to_owned(),
            "| :--- | :--- | ---: | ---: | ---: | :--- | :--- |".to_owned(),
        ];
        lines.extend(verdicts.iter().map(|verdict| {
            let [before, here] =
                verdict.medians.map(|value| quantity(value, verdict.metric.unit()));
            let ratio = &verdict.judgement.ratio;
            let strong = if matches!(verdict.class, Class::Regression(_)) { "**" } else { "" };
            format!(
                "| {} | {} | {before} | {here} | {} | {} | {strong}{}{strong} |",
                inline(verdict.name),
                verdict.metric.name(),
                times(ratio),
                bracket(ratio),
                class(verdict)
            )
        }));
        blocks.push(lines.join("\n"));
    }
    let mut items: Vec<String> = (record.benchmarks.iter())
        .filter_map(|benchmark| {
            let failure = benchmark.failure.as_ref()?;
            let name = inline(&format!("`{}` could not be measured:", benchmark.name));
            Some(format!("- {name}\n{}", fenced(failure)))
        })
        .collect();
    items.extend(
        verdicts.iter().filter(|verdict| verdict.class == Class::Unsure).map(|verdict| {
            inline(&format!("- `{}`: {}.", subject(verdict, record), reason(verdict)))
        }),
    );
    items.extend(record.alarm().map(|alarm| inline(&format!("- {alarm}."))));
    if !items.is_empty() {
        blocks.push(items.join("\n"));
    }
    blocks.push(inline(&method(record)));
    blocks.push(inline(&occasion(record)));
    plain(&blocks.join("\n\n")) + "\n"
}
