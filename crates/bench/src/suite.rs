//! Which benchmarks are wanted.

use std::collections::HashSet;

use tachy_command::failure::Failure;
use tachy_measure::function::Case;

use crate::arguments::Arguments;

/// The benchmarks that the arguments choose, in the program's order.
///
/// # Errors
/// If two have the same name.
pub(crate) fn choose(cases: Vec<Case>, arguments: &Arguments) -> Result<Vec<Case>, Failure> {
    let mut ids = HashSet::new();
    if let Some(twice) = cases.iter().find(|case| !ids.insert(&case.id)) {
        return Err(Failure::Input(format!(
            "two benchmarks are called `{}`; give their arguments names that differ, as in `args = [\"small\" => …]`.",
            twice.id
        )));
    }
    let wanted = |case: &Case| {
        let matches = |filter: &String| match arguments.exact {
            true => case.id == *filter || case.name == *filter,
            false => case.id.contains(filter.as_str()),
        };
        (arguments.filters.is_empty() || arguments.filters.iter().any(matches))
            && arguments.partition.holds(&case.id)
    };
    Ok(cases.into_iter().filter(wanted).collect())
}
