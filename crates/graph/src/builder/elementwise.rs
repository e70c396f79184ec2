//! Builder methods for element-wise operators.

use super::GraphBuilder;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::graph::{GraphError, ValueId};
use crate::op::conversion::Cast;
use crate::op::elementwise::{Binary, Unary};

macro_rules! unary {
    ($($(#[$doc:meta])* $method:ident => $op:expr;)*) => {
        impl GraphBuilder {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If the operator does not take the element type.
                pub fn $method(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
                    self.apply($op, &[x])
                }
            )*
        }
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $method:ident => $op:expr;)*) => {
        impl GraphBuilder {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If the shapes do not broadcast or the element types differ.
                pub fn $method(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
                    self.apply($op, &[a, b])
                }
            )*
        }
    };
}

unary! {
    /// max(0, x).
    relu => Unary::Relu;
    /// 1 / (1 + e⁻ˣ).
    sigmoid => Unary::Sigmoid;
    /// Hyperbolic tangent.
    tanh => Unary::Tanh;
    /// eˣ.
    exp => Unary::Exp;
    /// Square root.
    sqrt => Unary::Sqrt;
    /// x · max(0, min(1, x/6 + 1/2)).
    hard_swish => Unary::HardSwish;
    /// max(0, min(1, x/6 + 1/2)).
    hard_sigmoid => Unary::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 };
    /// x · Φ(x), exactly (by `erf`).
    gelu => Unary::Gelu { tanh: false };
    /// x · sigmoid(x).
    silu => Unary::Swish { alpha: 1.0 };
}

binary! {
    /// a + b, broadcast.
    add => Binary::Add;
    /// a − b, broadcast.
    sub => Binary::Sub;
    /// a · b, broadcast.
    mul => Binary::Mul;
    /// a / b, broadcast.
    div => Binary::Div;
    /// aᵇ, broadcast.
    pow => Binary::Pow;
}

impl GraphBuilder {
    /// The same values as another element type.
    ///
    /// # Errors
    /// None today: every element type converts to every other.
    pub fn cast(&mut self, x: ValueId, to: DType) -> Result<ValueId, GraphError> {
        self.apply(Cast { to, conversion: Conversion::default() }, &[x])
    }
}
