//! A check as JUnit's XML, which most services that run tests can show.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use tachy_measure::gate::{Class, Compared, Conclusion};

use super::words::{sentence, subject};
use crate::look::tame;
use crate::quantity::plain;

/// The check as JUnit's XML: a test case for each metric of each benchmark. A regression is a failure, a benchmark that
/// cannot be measured an error, an unsure verdict a skipped test.
pub fn junit(conclusion: &Conclusion) -> String {
    let (against, reference, candidate) = match &conclusion.compared {
        Compared::Revisions(revisions) => {
            (&revisions.against, Some(&revisions.reference), Some(&revisions.candidate))
        }
        Compared::Baseline { name, reference, candidate, .. } => {
            (name, reference.as_ref(), candidate.as_ref())
        }
    };
    let mut suite = TestSuite::new(text(&format!("tachy check against {against}")));
    for (name, value) in [
        ("reference", reference),
        ("candidate", candidate),
        ("processor", Some(&conclusion.environment.processor)),
    ] {
        if let Some(value) = value {
            suite.add_property(Property::new(name, text(value)));
        }
    }
    for failure in &conclusion.failures {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(text(&failure.how));
        suite.add_test_case(case(&failure.name, 0.0, status));
    }
    for verdict in &conclusion.verdicts {
        let message = text(&format!("{}.", sentence(verdict)));
        let status = match verdict.class {
            Class::Regression(severity) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_type(format!("{severity} regression"));
                status.set_message(message);
                status
            }
            Class::Unsure => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(message);
                status
            }
            Class::Tolerated | Class::Improvement | Class::Same | Class::Within => {
                TestCaseStatus::success()
            }
        };
        let name = subject(verdict, conclusion);
        suite.add_test_case(case(&name, verdict.seconds, status));
    }
    let mut report = Report::new("tachy check");
    report.add_test_suite(suite);
    report.to_string().expect("text without control characters can be written as XML")
}

fn case(name: &str, seconds: f64, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(text(name), status);
    case.set_classname("tachy.check");
    case.set_time(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default());
    case
}

fn text(text: &str) -> String {
    plain(&tame(text))
}
