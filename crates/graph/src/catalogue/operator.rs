//! The operators of the catalogue.

use std::fmt;
use std::str::FromStr;

use super::case::CaseError;
use crate::dtype::DType;

/// An operator of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CatalogueOperator {
    /// The product of two square matrices.
    MatMul,
    /// The sum of two square matrices.
    Add,
    /// The product of two square matrices, element by element.
    Multiply,
    /// A one-dimensional convolution.
    Conv1d,
    /// A two-dimensional convolution.
    Conv2d,
    /// Layer normalisation.
    LayerNorm,
    /// Group normalisation.
    GroupNorm,
    /// Softmax.
    Softmax,
    /// The fast Fourier transform of real signals.
    Fft,
    /// A long short-term memory.
    Lstm,
    /// Floats to 8-bit integers.
    Quantize,
    /// 8-bit integers to floats.
    Dequantize,
    /// The product of two square matrices of 8-bit integers.
    QMatMul,
}

const FLOATS: &[DType] = &[DType::F32, DType::F16, DType::BF16];

impl CatalogueOperator {
    /// Every operator, in the order of lists.
    pub const ALL: [Self; 13] = [
        Self::MatMul,
        Self::Add,
        Self::Multiply,
        Self::Conv1d,
        Self::Conv2d,
        Self::LayerNorm,
        Self::GroupNorm,
        Self::Softmax,
        Self::Fft,
        Self::Lstm,
        Self::Quantize,
        Self::Dequantize,
        Self::QMatMul,
    ];

    /// The name: `matmul`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MatMul => "matmul",
            Self::Add => "add",
            Self::Multiply => "multiply",
            Self::Conv1d => "conv1d",
            Self::Conv2d => "conv2d",
            Self::LayerNorm => "layernorm",
            Self::GroupNorm => "groupnorm",
            Self::Softmax => "softmax",
            Self::Fft => "fft",
            Self::Lstm => "lstm",
            Self::Quantize => "quantize",
            Self::Dequantize => "dequantize",
            Self::QMatMul => "qmatmul",
        }
    }

    /// What is computed for a size n.
    pub const fn description(self) -> &'static str {
        match self {
            Self::MatMul => "[n, n] · [n, n]",
            Self::Add => "[n, n] + [n, n]",
            Self::Multiply => "[n, n] × [n, n], element by element",
            Self::Conv1d => "[1, 64, n] with 64 filters of 3",
            Self::Conv2d => "[1, 64, n, n] with 64 filters of 3 × 3",
            Self::LayerNorm => "[n, n], each row normalised",
            Self::GroupNorm => "[1, 64, n, n], 8 groups of channels normalised",
            Self::Softmax => "[n, n], along each row",
            Self::Fft => "64 real signals of n samples, one-sided spectra",
            Self::Lstm => "64 steps of n numbers, n units",
            Self::Quantize => "[n, n] to u8",
            Self::Dequantize => "[n, n] from u8",
            Self::QMatMul => "[n, n] of u8 · [n, n] of i8, to i32",
        }
    }

    /// The element types that the operator is there for: of what it computes with, for `dequantize` of what it gives. The
    /// first is the usual one.
    pub const fn dtypes(self) -> &'static [DType] {
        match self {
            Self::Fft => &[DType::F32],
            Self::Lstm | Self::Quantize | Self::Dequantize => &[DType::F32, DType::F16],
            Self::QMatMul => &[DType::U8],
            _ => FLOATS,
        }
    }

    /// Sizes from what fits into the nearest cache to what fits into none.
    pub const fn sizes(self) -> &'static [usize] {
        match self {
            Self::MatMul | Self::QMatMul => &[64, 128, 256, 512, 1024],
            Self::Conv1d => &[256, 1024, 4096, 16384],
            Self::Conv2d | Self::GroupNorm => &[8, 16, 32, 64, 128],
            Self::Fft => &[256, 1024, 4096, 16384],
            Self::Lstm => &[32, 64, 128, 256],
            _ => &[64, 256, 1024, 2048],
        }
    }

    /// All names, with commas between them.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for CatalogueOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CatalogueOperator {
    type Err = CaseError;

    fn from_str(text: &str) -> Result<Self, CaseError> {
        let named = |operator: &Self| operator.name() == text;
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| CaseError::UnknownOperator { name: text.to_owned() })
    }
}
