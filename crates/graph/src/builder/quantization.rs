//! Builder methods for quantization.

use super::GraphBuilder;
use crate::graph::{GraphError, ValueId};
use crate::op::quantization::{DequantizeLinear, Granularity, QuantizeLinear};

impl GraphBuilder {
    /// x / scale + zero point, rounded and saturated to the zero point's element type.
    ///
    /// # Errors
    /// If scale and zero point do not fit to x and the granularity.
    pub fn quantize(
        &mut self,
        x: ValueId,
        scale: ValueId,
        zero_point: ValueId,
        granularity: Granularity,
    ) -> Result<ValueId, GraphError> {
        let output = self.ty(zero_point).dtype;
        let op = QuantizeLinear { granularity, output, saturate: true, precision: None };
        self.apply(op, &[x, scale, zero_point])
    }

    /// (x − zero point) · scale, of the scale's element type.
    ///
    /// # Errors
    /// If scale and zero point do not fit to x and the granularity.
    pub fn dequantize(
        &mut self,
        x: ValueId,
        scale: ValueId,
        zero_point: ValueId,
        granularity: Granularity,
    ) -> Result<ValueId, GraphError> {
        let output = self.ty(scale).dtype;
        self.apply(DequantizeLinear { granularity, output }, &[x, scale, zero_point])
    }
}
