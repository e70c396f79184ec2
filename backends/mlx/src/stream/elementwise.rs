//! Operations on elements at the same place.

use tachy_runtime::Result;

use super::{Operands, Stream};
use crate::array::Array;
use crate::element::Element;
use crate::operation::Operation;

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $operation:ident;)*) => {
        /// One array in, one of the same shape out.
        impl Stream {
            $($(#[$doc])*
            ///
            /// # Errors
            /// If MLX refuses the element type.
            pub fn $name(&self, a: &Array) -> Result<Array> {
                self.one(Operation::$operation, &[Some(a)], &Operands::none())
            })*
        }
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $operation:ident;)*) => {
        /// Two arrays in, broadcast together; of two element types MLX takes the wider.
        impl Stream {
            $($(#[$doc])*
            ///
            /// # Errors
            /// If the shapes do not broadcast, or MLX refuses the element types.
            pub fn $name(&self, a: &Array, b: &Array) -> Result<Array> {
                self.one(Operation::$operation, &[Some(a), Some(b)], &Operands::none())
            })*
        }
    };
}

unary! {
    /// |a|.
    abs => Abs;
    /// −a.
    negative => Negative;
    /// −1, 0 or 1.
    sign => Sign;
    /// Largest integer not above.
    floor => Floor;
    /// Smallest integer not below.
    ceil => Ceil;
    /// Nearest integer, halves to even.
    round => Round;
    /// Towards zero.
    trunc => Trunc;
    /// √a.
    sqrt => Sqrt;
    /// 1/√a.
    rsqrt => Rsqrt;
    /// a².
    square => Square;
    /// 1/a.
    reciprocal => Reciprocal;
    /// eᵃ.
    exp => Exp;
    /// eᵃ − 1.
    expm1 => Expm1;
    /// ln a.
    log => Log;
    /// ln(1 + a).
    log1p => Log1p;
    /// Gauss error function.
    erf => Erf;
    /// Sine.
    sin => Sin;
    /// Cosine.
    cos => Cos;
    /// Tangent.
    tan => Tan;
    /// Inverse sine.
    arcsin => Arcsin;
    /// Inverse cosine.
    arccos => Arccos;
    /// Inverse tangent.
    arctan => Arctan;
    /// Hyperbolic sine.
    sinh => Sinh;
    /// Hyperbolic cosine.
    cosh => Cosh;
    /// Hyperbolic tangent.
    tanh => Tanh;
    /// Inverse hyperbolic sine.
    arcsinh => Arcsinh;
    /// Inverse hyperbolic cosine.
    arccosh => Arccosh;
    /// Inverse hyperbolic tangent.
    arctanh => Arctanh;
    /// 1/(1 + e⁻ᵃ).
    sigmoid => Sigmoid;
    /// Not a.
    logical_not => LogicalNot;
    /// The complement of an integer's bits.
    bitwise_invert => BitwiseInvert;
    /// Whether a is NaN.
    isnan => Isnan;
    /// Whether a is +∞.
    isposinf => Isposinf;
    /// Whether a is −∞.
    isneginf => Isneginf;
    /// The real part.
    real => Real;
    /// The imaginary part.
    imag => Imag;
    /// The same elements, row by row without gaps; the array itself if it is so already.
    contiguous => Contiguous;
}

binary! {
    /// a + b.
    add => Add;
    /// a − b.
    subtract => Subtract;
    /// a · b.
    multiply => Multiply;
    /// a / b; integers become f32.
    divide => Divide;
    /// ⌊a / b⌋; integers are truncated, and must not be divided by zero.
    floor_divide => FloorDivide;
    /// The remainder with the sign of b; integers must not be divided by zero.
    remainder => Remainder;
    /// aᵇ.
    power => Power;
    /// The larger; NaN wins.
    maximum => Maximum;
    /// The smaller; NaN wins.
    minimum => Minimum;
    /// a and b.
    logical_and => LogicalAnd;
    /// a or b.
    logical_or => LogicalOr;
    /// Bitwise and.
    bitwise_and => BitwiseAnd;
    /// Bitwise or.
    bitwise_or => BitwiseOr;
    /// Bitwise exclusive or.
    bitwise_xor => BitwiseXor;
    /// The bits of a, b places to the left.
    left_shift => LeftShift;
    /// The bits of a, b places to the right.
    right_shift => RightShift;
    /// a = b.
    equal => Equal;
    /// a ≠ b.
    not_equal => NotEqual;
    /// a > b.
    greater => Greater;
    /// a ≥ b.
    greater_equal => GreaterEqual;
    /// a < b.
    less => Less;
    /// a ≤ b.
    less_equal => LessEqual;
    /// ln(eᵃ + eᵇ).
    logaddexp => Logaddexp;
}

/// Choice and conversion.
impl Stream {
    /// a where the condition holds, b elsewhere; all are broadcast.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn select(&self, condition: &Array, a: &Array, b: &Array) -> Result<Array> {
        self.one(Operation::Where, &[Some(condition), Some(a), Some(b)], &Operands::none())
    }

    /// The elements as numbers of another type.
    ///
    /// # Errors
    /// If MLX has no such conversion.
    pub fn cast(&self, a: &Array, element: Element) -> Result<Array> {
        if a.element() == element {
            return Ok(a.clone());
        }
        self.one(Operation::Astype, &[Some(a)], &Operands::none().integer(element.code()))
    }

    /// The same bits as another type; the last dimension changes with the width.
    ///
    /// # Errors
    /// If the last dimension does not allow it.
    pub fn view(&self, a: &Array, element: Element) -> Result<Array> {
        self.one(Operation::View, &[Some(a)], &Operands::none().integer(element.code()))
    }

    /// Bytes that are floats of 8 bits with 4 bits of exponent, as floats.
    ///
    /// # Errors
    /// If the elements are no bytes.
    pub fn from_fp8(&self, a: &Array, element: Element) -> Result<Array> {
        self.one(Operation::FromFp8, &[Some(a)], &Operands::none().integer(element.code()))
    }

    /// Floats as floats of 8 bits with 4 bits of exponent, held as bytes.
    ///
    /// # Errors
    /// If the elements are no floats.
    pub fn to_fp8(&self, a: &Array) -> Result<Array> {
        self.one(Operation::ToFp8, &[Some(a)], &Operands::none())
    }

    /// One number, with no dimensions.
    ///
    /// # Errors
    /// If MLX fails.
    pub fn scalar(&self, value: f64, element: Element) -> Result<Array> {
        self.full(&[], value, element)
    }
}
