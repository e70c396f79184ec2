//! Grades, and what there is to know first.

use super::super::grade::{Grade, GradedAspect};
use super::super::summary::ExecutiveSummary;
use crate::html::text::{escape, rich};

/// The section's content.
pub(super) fn summary(summary: &ExecutiveSummary) -> String {
    let findings: String =
        summary.findings.iter().map(|finding| format!("<li>{}</li>\n", rich(finding))).collect();
    let findings = match findings.is_empty() {
        true => String::new(),
        false => format!("<ul class=\"findings\">\n{findings}</ul>\n"),
    };
    let cards: String = summary.aspects.iter().map(card).collect();
    format!(
        "{findings}<div class=\"grades\">\n{cards}</div>\n<p class=\"fine\">{overall} {scale}</p>\n",
        overall = overall(summary.grade),
        scale = scale()
    )
}

fn overall(grade: Option<Grade>) -> String {
    match grade {
        Some(grade) => format!("The whole has grade {}, the worst of these.", grade.letter()),
        None => "Nothing could be graded.".to_owned(),
    }
}

/// What the letters mean.
fn scale() -> String {
    let all = [Grade::A, Grade::B, Grade::C, Grade::D];
    let meanings: Vec<String> =
        all.iter().map(|grade| format!("{}: {}", grade.letter(), grade.meaning())).collect();
    format!("{}. A dash: no evidence.", meanings.join("; "))
}

fn card(aspect: &GradedAspect) -> String {
    let (class, letter, spoken) = match aspect.grade {
        Some(grade) => {
            let class = match grade {
                Grade::A => "good",
                Grade::B => "fair",
                Grade::C => "weak",
                Grade::D => "bad",
            };
            (class, grade.letter(), format!("grade {}", grade.letter()))
        }
        None => ("none", "–", "no evidence".to_owned()),
    };
    let numbers: String = aspect
        .numbers
        .iter()
        .map(|number| {
            format!(
                "<div><dt>{}</dt><dd>{}</dd></div>",
                escape(&number.name),
                escape(&number.text())
            )
        })
        .collect();
    format!(
        "<article class=\"grade {class}\">\n<p class=\"letter\" aria-hidden=\"true\">{letter}</p>\n\
         <div><h3>{name} <span class=\"hidden\">{spoken}</span></h3>\n<p>{because}</p>\n\
         <details><summary>Numbers and rule</summary>\n<dl class=\"numbers\">{numbers}</dl>\n<p class=\"rule\">{rule}</p>\n\
         </details></div>\n</article>\n",
        name = aspect.aspect.name(),
        because = rich(&aspect.because),
        rule = escape(aspect.rule),
    )
}
