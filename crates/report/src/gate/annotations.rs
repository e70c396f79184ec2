//! A check as workflow commands of GitHub Actions, which show as annotations of the run.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use tachy_measure::gate::{Class, Conclusion};

use super::words::{compared, headline, sentence, subject};
use crate::look::tame;
use crate::quantity::plain;

/// The check as workflow commands: an error for each regression and failure, a warning for what is unsure, a notice for
/// the whole.
pub fn annotations(conclusion: &Conclusion) -> String {
    let mut lines = Vec::new();
    for failure in &conclusion.failures {
        let title = format!("{} could not be measured", failure.name);
        lines.push(command("error", &title, &format!("{}.", failure.how)));
    }
    for verdict in &conclusion.verdicts {
        let name = subject(verdict, conclusion);
        let (level, title) = match verdict.class {
            Class::Regression(severity) => ("error", format!("{name}: {severity} regression")),
            Class::Unsure => ("warning", format!("{name}: unsure")),
            Class::Tolerated | Class::Improvement | Class::Same | Class::Within => continue,
        };
        lines.push(command(level, &title, &format!("{}.", sentence(verdict))));
    }
    lines.extend(
        (conclusion.alarm).map(|alarm| command("warning", "one-sided", &format!("{alarm}."))),
    );
    let text = format!("{} {}", headline(conclusion), compared(conclusion));
    lines.push(command("notice", "tachy check", &text));
    lines.concat()
}

fn command(level: &str, title: &str, text: &str) -> String {
    format!("::{level} title={}::{}\n", property(title), data(text))
}

/// Text as the value of a property: what would end it is written as in URLs.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn data(text: &str) -> String {
    plain(&tame(text)).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(
            command("error", "a: b, c", "50%\nmore: x"),
            "::error title=a%3A b%2C c::50%25%0Amore: x\n"
        );
    }
}
