//! Normalisation.

use super::context::{Attributes, ExportContext};
use crate::dtype::DType;
use crate::onnx::ExportError;
use crate::op::normalization::{
    BatchNormalization, GroupNormalization, InstanceNormalization, LayerNormalization,
    LocalResponseNormalization, LpNormalization, MeanVarianceNormalization, RmsNormalization,
};

pub fn batch(op: &BatchNormalization, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    if op.training {
        node.require_opset(14);
    }
    let attributes = Attributes::new()
        .with("epsilon", op.epsilon)
        .with("momentum", op.momentum)
        .unless("training_mode", op.training, false);
    node.direct("BatchNormalization", attributes);
    Ok(())
}

pub fn instance(
    op: &InstanceNormalization,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    node.direct("InstanceNormalization", Attributes::new().with("epsilon", op.epsilon));
    Ok(())
}

/// Version 18 has a scale and a bias for each group only.
pub fn group(op: &GroupNormalization, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(21);
    let attributes = Attributes::new().with("num_groups", op.groups).with("epsilon", op.epsilon);
    node.direct("GroupNormalization", attributes);
    Ok(())
}

pub fn layer(op: &LayerNormalization, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(17);
    let attributes = Attributes::new().with("axis", op.axis).with("epsilon", op.epsilon).unless(
        "stash_type",
        op.statistics_dtype,
        DType::F32,
    );
    node.direct("LayerNormalization", attributes);
    Ok(())
}

pub fn rms(op: &RmsNormalization, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(23);
    let attributes = Attributes::new().with("axis", op.axis).with("epsilon", op.epsilon);
    node.direct("RMSNormalization", attributes);
    Ok(())
}

pub fn local_response(
    op: &LocalResponseNormalization,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    let attributes = Attributes::new()
        .with("size", op.size)
        .with("alpha", op.alpha)
        .with("beta", op.beta)
        .with("bias", op.bias);
    node.direct("LRN", attributes);
    Ok(())
}

pub fn lp(op: &LpNormalization, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let attributes = Attributes::new().with("axis", op.axis).with("p", i64::from(op.p));
    node.direct("LpNormalization", attributes);
    Ok(())
}

pub fn mean_variance(
    op: &MeanVarianceNormalization,
    node: &mut ExportContext<'_>,
) -> Result<(), ExportError> {
    node.direct("MeanVarianceNormalization", Attributes::new().with("axes", &op.axes[..]));
    Ok(())
}
