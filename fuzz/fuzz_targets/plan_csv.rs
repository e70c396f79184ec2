//! The planner's CSV files: no panic, whatever the text; what was read can be written and read again; and every plan
//! of it is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tachy_plan::{Limits, PlanError, check, csv, plan};

fuzz_target!(|text: &str| {
    let Ok(table) = csv::read(text) else { return };
    assert_eq!(csv::read(&csv::write(&table)).as_ref(), Ok(&table));
    match plan(&table.problem, &Limits::default().with_steps(100)) {
        Ok(plan) => assert_eq!(check(&table.problem, &plan), Ok(())),
        Err(error) => assert!(matches!(error, PlanError::Problem(_)), "{error}"),
    }
});
