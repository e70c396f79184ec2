//! Concatenations of channels without a copy: what computes a piece writes it where it belongs.

use tachy_graph::{Graph, Op, Source, ValueId};

/// A value that is written straight into a concatenation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The concatenation's result.
    pub(crate) whole: ValueId,
    /// The first of its channels that is this value's.
    pub(crate) channel: usize,
}

/// For each value, the concatenation that it is written into, if there is one. `last` says which values have their
/// channels innermost.
///
/// A later concatenation goes first: one that gathers all that an earlier one gathers has the earlier one in it.
pub(crate) fn place(graph: &Graph, last: &[bool]) -> Vec<Option<Piece>> {
    let mut pieces: Vec<Option<Piece>> = vec![None; graph.values().len()];
    for node in graph.nodes().iter().rev() {
        let whole = node.outputs[0];
        if !matches!(node.op, Op::Concat(_)) || !last[whole.index()] {
            continue;
        }
        let channels = |id: ValueId| graph.value(id).ty.shape[1];
        let inputs: Vec<ValueId> = node.inputs.iter().flatten().copied().collect();
        if pieces[whole.index()].is_none()
            && let Some(Some(first)) = inputs.first().map(|id| pieces[id.index()])
        {
            let mut channel = first.channel;
            let together = inputs.iter().all(|id| {
                let expected = Piece { whole: first.whole, channel };
                channel += channels(*id);
                pieces[id.index()] == Some(expected)
            });
            if together {
                pieces[whole.index()] = Some(first);
                continue;
            }
        }
        let mut channel = 0;
        for id in inputs {
            let computed = matches!(graph.value(id).source, Source::Node { .. });
            if computed && last[id.index()] && pieces[id.index()].is_none() {
                pieces[id.index()] = Some(Piece { whole, channel });
            }
            channel += channels(id);
        }
    }
    pieces
}
