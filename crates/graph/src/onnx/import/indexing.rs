//! Importers of operators that read and write at places which other tensors name.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::onnx::ImportError;
use crate::op::indexing::{Gather, GatherElements, GatherNd, OneHot};
use crate::op::scattering::{ScatterElements, ScatterNd, ScatterReduction, TensorScatter};

pub const OPERATORS: &[Entry] = &[
    Entry::new("Gather", |node| {
        let axis = axis(node, 0)?;
        node.direct(Gather { axis })
    }),
    Entry::new("GatherElements", |node| {
        let axis = axis(node, 0)?;
        node.direct(GatherElements { axis })
    })
    .since(11),
    Entry::new("GatherND", gather_nd).since(11),
    Entry::new("OneHot", one_hot).since(9).note("The depth must be known at load."),
    // The old name lives on in versions that deprecate it.
    Entry::new("Scatter", scatter_elements).since(9).note("Becomes `ScatterElements`."),
    Entry::new("ScatterElements", scatter_elements).since(11),
    Entry::new("ScatterND", |node| {
        let reduction = reduction(node)?;
        node.direct(ScatterNd { reduction })
    })
    .since(11),
    Entry::new("TensorScatter", tensor_scatter).since(24),
];

fn axis(node: &NodeContext<'_, '_>, default: i64) -> Result<usize, ImportError> {
    node.axis("axis", default, node.input_type(0)?.rank())
}

fn gather_nd(node: &mut NodeContext<'_, '_>) -> Imported {
    let batch_dims = node.int("batch_dims")?.unwrap_or(0);
    let batch_dims = usize::try_from(batch_dims);
    let batch_dims =
        batch_dims.map_err(|_| node.error("its attribute `batch_dims` is negative"))?;
    node.direct(GatherNd { batch_dims })
}

fn one_hot(node: &mut NodeContext<'_, '_>) -> Imported {
    let rank = node.input_type(0)?.rank();
    // The new axis is one of the output's.
    let axis = node.axis("axis", -1, rank + 1)?;
    let depth = node.required_constant(1, "depth")?;
    let depth = depth.cast(DType::I64, Conversion::default());
    let depth = depth.map_err(|error| node.error(error.to_string()))?;
    let depth = match depth.as_slice::<i64>() {
        Ok([depth]) => usize::try_from(*depth).ok(),
        _ => None,
    };
    let depth = depth.ok_or_else(|| node.error("its depth must be one number, not negative"))?;
    let inputs = [node.input(0)?, node.input(2)?];
    Ok(vec![node.apply(OneHot { axis, depth }, &inputs)?])
}

fn scatter_elements(node: &mut NodeContext<'_, '_>) -> Imported {
    let (axis, reduction) = (axis(node, 0)?, reduction(node)?);
    node.direct(ScatterElements { axis, reduction })
}

fn reduction(node: &NodeContext<'_, '_>) -> Result<ScatterReduction, ImportError> {
    match node.string("reduction")?.unwrap_or("none") {
        "none" => Ok(ScatterReduction::Replace),
        "add" => Ok(ScatterReduction::Add),
        "mul" => Ok(ScatterReduction::Mul),
        "min" => Ok(ScatterReduction::Min),
        "max" => Ok(ScatterReduction::Max),
        other => Err(node.error(format!("its attribute `reduction` is `{other}`"))),
    }
}

fn tensor_scatter(node: &mut NodeContext<'_, '_>) -> Imported {
    let axis = axis(node, -2)?;
    let circular = match node.string("mode")?.unwrap_or("linear") {
        "linear" => false,
        "circular" => true,
        other => return Err(node.error(format!("its attribute `mode` is `{other}`"))),
    };
    node.direct(TensorScatter { axis, circular })
}
