//! Importers of quantization.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::dtype::DType;
use crate::onnx::ImportError;
use crate::op::quantization::{
    DequantizeLinear, DynamicQuantizeLinear, Granularity, MatMulInteger, QLinearMatMul,
    QuantizeLinear,
};

pub const OPERATORS: &[Entry] = &[
    Entry::new("DequantizeLinear", dequantize).since(10),
    Entry::new("DynamicQuantizeLinear", |node| node.direct(DynamicQuantizeLinear)).since(11),
    Entry::new("MatMulInteger", |node| node.direct(MatMulInteger)).since(10),
    Entry::new("QLinearMatMul", |node| node.direct(QLinearMatMul)).since(10),
    Entry::new("QuantizeLinear", quantize).since(10),
];

/// The shape of the scale says which elements share it. The axis counts only where it is needed.
fn granularity(node: &NodeContext<'_, '_>) -> Result<Granularity, ImportError> {
    let rank = node.input_type(0)?.rank();
    let scale = node.input_type(1)?;
    match node.int("block_size")?.unwrap_or(0) {
        0 if scale.element_count().is_ok_and(|count| count == 1) => Ok(Granularity::PerTensor),
        0 if rank == 1 => Ok(Granularity::PerAxis(0)),
        0 => Ok(Granularity::PerAxis(node.axis("axis", 1, rank)?)),
        size => {
            let axis = node.axis("axis", 1, rank)?;
            let size = usize::try_from(size)
                .map_err(|_| node.error(format!("its blocks cannot have {size} elements")))?;
            Ok(Granularity::Blocked { axis, size })
        }
    }
}

/// An element type that is an attribute, of which 0 means that it is not given.
fn optional_dtype(node: &NodeContext<'_, '_>, name: &str) -> Result<Option<DType>, ImportError> {
    match node.int(name)? {
        None | Some(0) => Ok(None),
        Some(_) => node.dtype(name),
    }
}

fn quantize(node: &mut NodeContext<'_, '_>) -> Imported {
    let zero = node.optional_input_type(2).map(|ty| ty.dtype);
    let output = zero.or(optional_dtype(node, "output_dtype")?).unwrap_or(DType::U8);
    let granularity = granularity(node)?;
    let saturate = node.flag("saturate", true)?;
    let precision = optional_dtype(node, "precision")?;
    node.direct(QuantizeLinear { granularity, output, saturate, precision })
}

fn dequantize(node: &mut NodeContext<'_, '_>) -> Imported {
    let scale = node.input_type(1)?.dtype;
    let output = optional_dtype(node, "output_dtype")?.unwrap_or(scale);
    let granularity = granularity(node)?;
    node.direct(DequantizeLinear { granularity, output })
}
