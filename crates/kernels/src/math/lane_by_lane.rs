//! Functions that models use rarely: through memory, one lane after the other.

use crate::lanes::Lanes;

/// At least as many as any instruction set has.
const MOST_LANES: usize = 16;

/// The function of every lane.
#[inline(always)]
pub(super) unsafe fn each<L: Lanes>(x: L, function: fn(f32) -> f32) -> L {
    const { assert!(L::LANES <= MOST_LANES) }
    let mut lanes = [0.0; MOST_LANES];
    x.store(lanes.as_mut_ptr());
    for lane in &mut lanes[..L::LANES] {
        *lane = function(*lane);
    }
    L::load(lanes.as_ptr())
}

/// xʸ as C's `powf`.
#[inline(always)]
pub unsafe fn pow<L: Lanes>(x: L, y: L) -> L {
    let (mut bases, mut exponents) = ([0.0; MOST_LANES], [0.0; MOST_LANES]);
    x.store(bases.as_mut_ptr());
    y.store(exponents.as_mut_ptr());
    for (base, exponent) in bases.iter_mut().zip(&exponents).take(L::LANES) {
        *base = libm::powf(*base, *exponent);
    }
    L::load(bases.as_ptr())
}

/// max(0, x) + min(0, α(e^(x/α) − 1)), also for α < 0.
#[inline(always)]
pub unsafe fn celu_of_any_alpha<L: Lanes>(x: L, alpha: f32) -> L {
    let alpha = L::splat(alpha);
    let zero = L::splat(0.0);
    let below = alpha.mul(each(x.div(alpha), libm::expm1f));
    zero.max(x).add(zero.min(below))
}

macro_rules! through_libm {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name<L: Lanes>(x: L) -> L {
            each(x, libm::$function)
        }
    )*};
}

through_libm! {
    /// Tangent.
    tan = tanf;
    /// Inverse sine.
    asin = asinf;
    /// Inverse cosine.
    acos = acosf;
    /// Inverse tangent.
    atan = atanf;
    /// Hyperbolic sine.
    sinh = sinhf;
    /// Hyperbolic cosine.
    cosh = coshf;
    /// Inverse hyperbolic sine.
    asinh = asinhf;
    /// Inverse hyperbolic cosine.
    acosh = acoshf;
    /// Inverse hyperbolic tangent.
    atanh = atanhf;
}
