//! The functions in which a processor was found.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::stacks::{Stack, Stacks};

/// The functions that call stacks were met in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Functions {
    /// Those with most weight of their own first.
    pub rows: Vec<FunctionRow>,
    /// The weight of all stacks, in the unit of their last value.
    pub weight: u64,
    /// How many stacks were met: the sum of the first value.
    pub samples: u64,
}

/// One function. Its places in a program are one row, whatever called it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FunctionRow {
    /// Its name.
    pub name: String,
    /// The weight of the stacks that end in it.
    pub own: u64,
    /// The weight of the stacks that it is in.
    pub total: u64,
    /// `own`, as a share of all stacks.
    pub share: f64,
    /// The operation that it was met in most often, of the spans that were open; none if most often in none.
    pub operation: Option<String>,
    /// The share of `own` that was met in that operation.
    pub operation_share: f64,
}

/// The functions that call stacks were met in, by the last of their values.
pub fn functions(stacks: &Stacks) -> Functions {
    let weight = stacks.weight();
    let mut merged: HashMap<&str, Merged> = HashMap::new();
    for stack in &stacks.stacks {
        let worth = stack.values.last().copied().unwrap_or(0);
        let path = |span: bool| {
            stack
                .frames
                .iter()
                .filter_map(|frame| stacks.frames.get(*frame as usize))
                .filter(move |frame| frame.span == span)
                .map(|frame| frame.name.as_str())
        };
        let mut names: Vec<&str> = path(false).collect();
        if let Some(innermost) = names.last() {
            let operation = path(true).next_back();
            let function = merged.entry(innermost).or_default();
            function.own = function.own.saturating_add(worth);
            let met = function.operations.entry(operation).or_default();
            *met = met.saturating_add(worth);
        }
        // A function that calls itself is in its stack once.
        names.sort_unstable();
        names.dedup();
        for name in names {
            let function = merged.entry(name).or_default();
            function.total = function.total.saturating_add(worth);
        }
    }
    let mut rows: Vec<FunctionRow> =
        merged.into_iter().map(|(name, function)| function.row(name, weight)).collect();
    rows.sort_by(|a, b| (b.own, b.total).cmp(&(a.own, a.total)).then_with(|| a.name.cmp(&b.name)));
    let samples = stacks.stacks.iter().filter_map(first_value).fold(0, u64::saturating_add);
    Functions { rows, weight, samples }
}

fn first_value(stack: &Stack) -> Option<u64> {
    stack.values.first().copied()
}

#[derive(Default)]
struct Merged<'s> {
    own: u64,
    total: u64,
    operations: HashMap<Option<&'s str>, u64>,
}

impl Merged<'_> {
    fn row(self, name: &str, weight: u64) -> FunctionRow {
        let share =
            |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let most = self.operations.iter().max_by_key(|(name, met)| (**met, **name));
        let (operation, met) = most.map_or((None, 0), |(name, met)| (*name, *met));
        FunctionRow {
            name: name.to_owned(),
            own: self.own,
            total: self.total,
            share: share(self.own, weight),
            operation: operation.map(str::to_owned),
            operation_share: share(met, self.own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stacks::{Frame, Value};

    #[test]
    fn own_and_total_and_where() {
        let frame = |name: &str, span| Frame { name: name.to_owned(), span, ..Frame::default() };
        let stack = |frames: &[u32], samples| Stack {
            frames: frames.to_vec(),
            values: vec![samples, 10 * samples],
            ..Stack::default()
        };
        let stacks = Stacks {
            values: vec![Value::new("samples", "count"), Value::new("cpu", "nanoseconds")],
            frames: vec![
                frame("run", true),
                frame("Conv", true),
                frame("main", false),
                frame("inner", false),
            ],
            // `inner` calls itself once.
            stacks: vec![stack(&[0, 1, 2, 3, 3], 6), stack(&[0, 2, 3], 1), stack(&[2], 3)],
            ..Stacks::default()
        };
        let found = functions(&stacks);
        assert_eq!((found.weight, found.samples), (100, 10));
        let [inner, main] = &found.rows[..] else { panic!("{found:?}") };
        assert_eq!(
            (inner.name.as_str(), inner.own, inner.total, inner.share),
            ("inner", 70, 70, 0.7)
        );
        assert_eq!((inner.operation.as_deref(), inner.operation_share), (Some("Conv"), 6.0 / 7.0));
        assert_eq!((main.own, main.total, main.operation.as_deref()), (30, 100, None));
        assert_eq!(functions(&Stacks::default()), Functions::default());
    }
}
