//! The first guess: what the cost model says of devices that were not measured on a graph.

use tachy_graph::cost::MachineModel;
use tachy_graph::{Graph, Node};
use tachy_measure::operators::DevicePeaks;

/// Estimated seconds of a graph on a device: node by node, the longer of arithmetic and traffic by the device's peaks, and
/// what each operator costs before it does anything. A device without peaks is taken for a machine of which nothing is
/// known.
pub fn guess(graph: &Graph, peaks: Option<&DevicePeaks>) -> f64 {
    let unknown = MachineModel::default();
    let node_seconds = |node: &Node| {
        let cost = graph.cost(node);
        let by_peaks = peaks.and_then(|peaks| {
            let dtype = node.outputs.first().map(|id| graph.value(*id).ty.dtype.to_string())?;
            // Where nothing is known of an element type, it is no faster than f32.
            let known = peaks.products.get(&dtype).is_some_and(|rate| rate.per_second().is_some());
            let least = peaks.least_seconds(&cost, if known { &dtype } else { "f32" })?;
            Some(least + peaks.overhead.unwrap_or(unknown.kernel_overhead))
        });
        by_peaks.unwrap_or_else(|| unknown.seconds(&cost))
    };
    graph.nodes().iter().map(node_seconds).sum()
}
