//! Linear algebra, transforms and MLX's `fast` kernels.

use tachy_runtime::Result;

use super::{Operands, Stream, Unit, unsupported};
use crate::array::Array;
use crate::operation::Operation;

/// How a window moves over an image. Each list has an entry for each spatial dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convolution {
    /// From one output element to the next.
    pub strides: Vec<usize>,
    /// Padding in front; a negative number cuts.
    pub pads_begin: Vec<i64>,
    /// Padding behind.
    pub pads_end: Vec<i64>,
    /// Between neighbouring elements of the window.
    pub dilations: Vec<usize>,
    /// Between neighbouring elements of the image; 1 if they touch.
    pub input_dilations: Vec<usize>,
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// Whether the window is mirrored.
    pub flip: bool,
}

/// Linear algebra.
impl Stream {
    /// The product of matrices, as `numpy.matmul`.
    ///
    /// On GPUs the factors of f32 products are rounded to TF32 if MLX_ENABLE_TF32 is 1 when MLX is loaded; without the
    /// variable they are not.
    ///
    /// # Errors
    /// If the shapes do not fit, or the elements are integers.
    pub fn matmul(&self, a: &Array, b: &Array) -> Result<Array> {
        self.one(Operation::Matmul, &[Some(a), Some(b)], &Operands::none())
    }

    /// alpha · a · b + beta · c.
    ///
    /// # Errors
    /// As [`matmul`](Self::matmul), and if c does not broadcast to the product.
    pub fn addmm(&self, c: &Array, a: &Array, b: &Array, alpha: f32, beta: f32) -> Result<Array> {
        let operands = Operands::none().real(f64::from(alpha)).real(f64::from(beta));
        self.one(Operation::Addmm, &[Some(c), Some(a), Some(b)], &operands)
    }

    /// Products summed over indices, as `numpy.einsum` for letters.
    ///
    /// # Errors
    /// If the equation does not fit.
    pub fn einsum(&self, equation: &str, arrays: &[Array]) -> Result<Array> {
        let arrays: Vec<Option<&Array>> = arrays.iter().map(Some).collect();
        self.one(Operation::Einsum, &arrays, &Operands::none().text(equation)?)
    }

    /// Cross-correlation. The image is `[n, d…, channels]`, the weights are `[m, k…, channels / groups]`.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn convolution(&self, x: &Array, weights: &Array, options: &Convolution) -> Result<Array> {
        let operands = Operands::none()
            .list(&options.strides)
            .list(&options.pads_begin)
            .list(&options.pads_end)
            .list(&options.dilations)
            .list(&options.input_dilations)
            .integer(options.groups)
            .flag(options.flip);
        self.one(Operation::Convolution, &[Some(x), Some(weights)], &operands)
    }

    /// The inverse of a square matrix. MLX has it on the processor only.
    ///
    /// # Errors
    /// If this is a GPU's stream. That a matrix has no inverse is told by [`eval`](Self::eval).
    pub fn inverse(&self, a: &Array) -> Result<Array> {
        if self.unit() == Unit::Gpu {
            return Err(unsupported("MLX inverts matrices on the processor only"));
        }
        self.one(Operation::Inverse, &[Some(a)], &Operands::none())
    }
}

macro_rules! transforms {
    ($($(#[$doc:meta])* $name:ident => $operation:ident;)*) => {
        /// Discrete Fourier transforms along one dimension. The input is cut or padded with zeros to the length.
        impl Stream {
            $($(#[$doc])*
            ///
            /// # Errors
            /// If there is no such dimension, or the length is 0.
            pub fn $name(&self, a: &Array, length: usize, axis: usize) -> Result<Array> {
                let operands = Operands::none().integer(length).integer(axis);
                self.one(Operation::$operation, &[Some(a)], &operands)
            })*
        }
    };
}

transforms! {
    /// The spectrum.
    fft => Fft;
    /// The inverse, divided by the length.
    ifft => Ifft;
    /// The first half of a real signal's spectrum.
    rfft => Rfft;
    /// The real signal of the first half of a spectrum.
    irfft => Irfft;
}

/// MLX's fused kernels.
impl Stream {
    /// The innermost dimension to mean 0 and variance 1, scaled and shifted.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn layer_norm(
        &self,
        x: &Array,
        scale: Option<&Array>,
        bias: Option<&Array>,
        epsilon: f32,
    ) -> Result<Array> {
        let operands = Operands::none().real(f64::from(epsilon));
        self.one(Operation::LayerNorm, &[Some(x), scale, bias], &operands)
    }

    /// The innermost dimension divided by its root mean square, scaled.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn rms_norm(&self, x: &Array, scale: Option<&Array>, epsilon: f32) -> Result<Array> {
        let operands = Operands::none().real(f64::from(epsilon));
        self.one(Operation::RmsNorm, &[Some(x), scale], &operands)
    }

    /// softmax(scale · q kᵀ + mask) v for queries `[b, heads, s, d]` and keys and values `[b, groups, t, d]`.
    ///
    /// A mask of booleans says who is seen; one of floats is added. With `causal`, query i of s sees the keys up to
    /// t − s + i.
    ///
    /// # Errors
    /// If the shapes do not fit, or there is a mask and `causal`.
    pub fn attention(
        &self,
        q: &Array,
        k: &Array,
        v: &Array,
        scale: f32,
        mask: Option<&Array>,
        causal: bool,
    ) -> Result<Array> {
        let kind = match (mask, causal) {
            (None, false) => "",
            (None, true) => "causal",
            (Some(_), false) => "array",
            (Some(_), true) => {
                return Err(unsupported("attention takes a mask or `causal`, not both"));
            }
        };
        let operands = Operands::none().real(f64::from(scale)).text(kind)?;
        self.one(Operation::Attention, &[Some(q), Some(k), Some(v), mask], &operands)
    }
}
