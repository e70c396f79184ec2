//! The first guess: what the cost model says of devices that were not measured on a graph.

use tachy_graph::Graph;
use tachy_graph::cost::MachineModel;
use tachy_measure::operators::Peaks;
use tachy_runtime::Device;

/// Estimated seconds of a graph on a device: node by node, the longer of arithmetic and traffic by the device's peaks, and
/// what each operator costs before it does anything. A device of unknown peaks is taken for a machine of which nothing is
/// known.
pub fn guess(graph: &Graph, device: &Device, peaks: Option<&Peaks>) -> f64 {
    let known = peaks.and_then(|peaks| peaks.of(device));
    let unknown = MachineModel::default();
    let node_seconds = |node: &tachy_graph::Node| {
        let cost = graph.cost(node);
        let by_peaks = known.and_then(|peaks| {
            let dtype = node.outputs.first().map(|id| graph.value(*id).ty.dtype.to_string())?;
            let least = peaks.least_seconds(&cost, &dtype)?;
            Some(least + peaks.overhead.unwrap_or(unknown.kernel_overhead))
        });
        by_peaks.unwrap_or_else(|| unknown.seconds(&cost))
    };
    graph.nodes().iter().map(node_seconds).sum()
}
