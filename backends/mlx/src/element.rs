//! Element types.

use tachy_graph::DType;
use tachy_runtime::{Error, Result};

use crate::backend::NAME;

/// An element type of MLX's. The numbers are the shim's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Element {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    F32,
    F64,
    Bf16,
    Complex64,
}

impl Element {
    const ALL: [Self; 14] = [
        Self::Bool,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::F16,
        Self::F32,
        Self::F64,
        Self::Bf16,
        Self::Complex64,
    ];

    pub(crate) fn of_code(code: i32) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }

    pub(crate) fn code(self) -> i32 {
        self as i32
    }

    /// What MLX holds a tensor's elements as. Types of few bits, which lie one to a byte, are held as bytes.
    pub fn of(dtype: DType) -> Self {
        match dtype {
            DType::F32 => Self::F32,
            DType::F16 => Self::F16,
            DType::BF16 => Self::Bf16,
            DType::F64 => Self::F64,
            DType::I8 | DType::I4 | DType::I2 => Self::I8,
            DType::I16 => Self::I16,
            DType::U16 => Self::U16,
            DType::I32 => Self::I32,
            DType::U32 => Self::U32,
            DType::I64 => Self::I64,
            DType::U64 => Self::U64,
            DType::Bool => Self::Bool,
            _ => Self::U8,
        }
    }

    /// The type of a tensor with such elements.
    ///
    /// # Errors
    /// If there is none: Tachy has no complex numbers.
    pub fn to_dtype(self) -> Result<DType> {
        Ok(match self {
            Self::Bool => DType::Bool,
            Self::U8 => DType::U8,
            Self::U16 => DType::U16,
            Self::U32 => DType::U32,
            Self::U64 => DType::U64,
            Self::I8 => DType::I8,
            Self::I16 => DType::I16,
            Self::I32 => DType::I32,
            Self::I64 => DType::I64,
            Self::F16 => DType::F16,
            Self::F32 => DType::F32,
            Self::F64 => DType::F64,
            Self::Bf16 => DType::BF16,
            Self::Complex64 => {
                return Err(Error::UnsupportedOption {
                    backend: NAME,
                    detail: "complex numbers have no tensor; take their real and imaginary parts"
                        .to_owned(),
                });
            }
        })
    }

    /// The size of an element in bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::Complex64 => 8,
        }
    }

    /// Whether the elements are real floats.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64 | Self::Bf16)
    }
}
