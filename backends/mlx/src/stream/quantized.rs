//! Matrices of few bits, and products with them.

use tachy_runtime::Result;

use super::{Operands, Stream};
use crate::array::Array;
use crate::element::Element;
use crate::operation::Operation;

/// How numbers of few bits stand for floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuantizationMode {
    /// A scale and an offset for each group; 2, 3, 4, 5, 6 or 8 bits.
    Affine,
    /// 4-bit floats with a power of two for each 32 (OCP Microscaling Formats 1.0).
    Mxfp4,
    /// 8-bit floats with a power of two for each 32 (OCP Microscaling Formats 1.0).
    Mxfp8,
    /// 4-bit floats with an 8-bit float for each 16.
    Nvfp4,
}

impl QuantizationMode {
    fn name(self) -> &'static str {
        match self {
            Self::Affine => "affine",
            Self::Mxfp4 => "mxfp4",
            Self::Mxfp8 => "mxfp8",
            Self::Nvfp4 => "nvfp4",
        }
    }

    fn parts(self) -> usize {
        if self == Self::Affine { 3 } else { 2 }
    }
}

/// A kind of quantisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantization {
    /// How numbers stand for floats.
    pub mode: QuantizationMode,
    /// Neighbours along a row that share a scale: 32, 64 or 128; the mode's own if `None`.
    pub group_size: Option<usize>,
    /// Bits of a number; the mode's own if `None`.
    pub bits: Option<usize>,
}

impl Quantization {
    /// A scale and an offset for each group of so many.
    pub fn affine(bits: usize, group_size: usize) -> Self {
        Self { mode: QuantizationMode::Affine, group_size: Some(group_size), bits: Some(bits) }
    }

    /// A mode with the group size and the bits that belong to it.
    pub fn of(mode: QuantizationMode) -> Self {
        Self { mode, group_size: None, bits: None }
    }

    fn operands(self, operands: Operands) -> Result<Operands> {
        operands
            .integer(self.group_size.unwrap_or(0))
            .integer(self.bits.unwrap_or(0))
            .text(self.mode.name())
    }
}

/// A quantised matrix.
#[derive(Debug, Clone)]
pub struct Quantized {
    /// The numbers, packed into words of 32 bits.
    pub weights: Array,
    /// The groups' scales.
    pub scales: Array,
    /// The groups' offsets, where the mode has any.
    pub biases: Option<Array>,
    /// How it was made.
    pub quantization: Quantization,
}

/// Quantisation.
impl Stream {
    /// Quantises the rows of a matrix, whose length is a multiple of the group size.
    ///
    /// # Errors
    /// If it is not, or MLX has no such quantisation.
    pub fn quantize(&self, w: &Array, quantization: Quantization) -> Result<Quantized> {
        let operands = quantization.operands(Operands::none())?;
        let parts = quantization.mode.parts();
        let mut parts = self.many(Operation::Quantize, &[Some(w)], &operands, parts)?.into_iter();
        let mut next = || parts.next().ok_or_else(|| super::unsupported("a part is missing"));
        let (weights, scales) = (next()?, next()?);
        Ok(Quantized { weights, scales, biases: next().ok(), quantization })
    }

    /// The matrix that a quantised one stands for.
    ///
    /// # Errors
    /// If the parts do not belong together.
    pub fn dequantize(&self, w: &Quantized, element: Element) -> Result<Array> {
        let operands = w.quantization.operands(Operands::none())?.integer(element.code());
        let arrays = [Some(&w.weights), Some(&w.scales), w.biases.as_ref()];
        self.one(Operation::Dequantize, &arrays, &operands)
    }

    /// x · wᵀ if transposed, x · w otherwise.
    ///
    /// # Errors
    /// If the shapes do not fit, or MLX lacks the product.
    pub fn quantized_matmul(&self, x: &Array, w: &Quantized, transpose: bool) -> Result<Array> {
        let operands = w.quantization.operands(Operands::none().flag(transpose))?;
        let arrays = [Some(x), Some(&w.weights), Some(&w.scales), w.biases.as_ref()];
        self.one(Operation::QuantizedMatmul, &arrays, &operands)
    }
}
