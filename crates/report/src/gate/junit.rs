//! A check as JUnit's XML, which most services that run tests can show.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use tachy_measure::duel;
use tachy_measure::gate::{Class, GateRecord, GatedBenchmark};

use super::words::{sentence, subject};
use crate::look::tame;
use crate::quantity::plain;

/// The check as JUnit's XML: a test case for each metric of each benchmark. A regression is a failure, a benchmark that
/// cannot be measured an error, an unsure verdict a skipped test.
pub fn junit(record: &GateRecord) -> String {
    let mut suite = TestSuite::new(format!("tachy check against {}", record.revisions.against));
    for (name, value) in [
        ("reference", &record.revisions.reference),
        ("candidate", &record.revisions.candidate),
        ("processor", &record.environment.processor),
    ] {
        suite.add_property(Property::new(name, value));
    }
    for benchmark in &record.benchmarks {
        if let Some(failure) = &benchmark.failure {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(text(failure));
            suite.add_test_case(case(&benchmark.name, benchmark, status));
        }
    }
    for verdict in record.verdicts() {
        let message = text(&format!("{}.", sentence(&verdict)));
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
            Class::Tolerated | Class::Improvement | Class::Same => TestCaseStatus::success(),
        };
        let name = subject(&verdict, record);
        suite.add_test_case(case(&name, verdict.benchmark, status));
    }
    let mut report = Report::new("tachy check");
    report.add_test_suite(suite);
    report.to_string().expect("text without control characters can be written as XML")
}

fn case(name: &str, benchmark: &GatedBenchmark, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname("tachy.check");
    let seconds = |record: &Option<duel::Record>| record.as_ref().map_or(0.0, |r| r.duration);
    let seconds = seconds(&benchmark.first) + seconds(&benchmark.second);
    case.set_time(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default());
    case
}

fn text(text: &str) -> String {
    plain(&tame(text))
}
