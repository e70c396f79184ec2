//! The types that weights are kept in: sums are of f32 whatever they are.

use half::{bf16, f16};

use crate::AlignedVec;
use crate::lanes::Lanes;

/// What a weight is kept as. Kernels widen it to f32 on its way from memory to a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WeightType {
    /// IEEE 754 single precision.
    #[default]
    F32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
}

impl WeightType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// Bytes of a weight.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// Its name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }

    /// The nearest number that it holds.
    pub fn nearest(self, number: f32) -> f32 {
        match self {
            Self::F32 => number,
            Self::F16 => f16::from_f32(number).to_f32(),
            Self::Bf16 => bf16::from_f32(number).to_f32(),
        }
    }

    /// Whether it holds every one of these weights exactly. Infinities may be among them; NaN may not.
    pub fn holds(self, weights: &[f32]) -> bool {
        let all = |holds: fn(u32) -> bool| {
            // Whole pieces without a branch for each weight. Most models in f32 are found out in the first one.
            const PIECE: usize = 1024;
            weights
                .chunks(PIECE)
                .all(|piece| piece.iter().fold(true, |all, x| all & holds(x.to_bits())))
        };
        match self {
            Self::F32 => true,
            Self::F16 => all(is_f16),
            Self::Bf16 => all(is_bf16),
        }
    }

    /// The smallest type that holds all of these weights exactly, f16 before bf16.
    pub fn exact(weights: &[&[f32]]) -> Self {
        let holds = |kept_as: &Self| weights.iter().all(|weights| kept_as.holds(weights));
        [Self::F16, Self::Bf16].into_iter().find(holds).unwrap_or(Self::F32)
    }
}

/// At what rates weights are read and multiplied, by one thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// Bytes that each level of memory holds, and bytes a second at which weights come from there.
    pub levels: Vec<(f64, f64)>,
    /// Weights multiplied in a second.
    pub multiplied: f64,
}

impl Default for Rates {
    /// A first guess: a server's core with AVX-512. `examples/half.rs` prints what they are on the machine at hand.
    fn default() -> Self {
        let kibibyte = 1024.0;
        Self {
            levels: vec![
                (24.0 * kibibyte, 160e9),
                (800.0 * kibibyte, 90e9),
                (24.0 * 1024.0 * kibibyte, 24e9),
                (f64::INFINITY, 12e9),
            ],
            multiplied: 65e9,
        }
    }
}

impl Rates {
    /// The type to keep so many weights as, which this type holds exactly, if each pass over them meets so many rows: the
    /// faster one. The smaller one, if both are as fast.
    pub fn choose(&self, exact: WeightType, weights: usize, rows: usize) -> WeightType {
        const AS_FAST: f64 = 1.03;
        let narrow = self.seconds(exact, weights, rows);
        let wide = self.seconds(WeightType::F32, weights, rows);
        if narrow <= wide * AS_FAST { exact } else { WeightType::F32 }
    }

    fn seconds(&self, kept_as: WeightType, weights: usize, rows: usize) -> f64 {
        let bytes = (weights * kept_as.size()) as f64;
        let level = self.levels.iter().find(|(size, _)| bytes <= *size);
        let reading = level.map_or(0.0, |(_, rate)| bytes / rate);
        let multiplying = |rows: usize| (weights * rows) as f64 / self.multiplied;
        match kept_as {
            WeightType::F32 => reading.max(multiplying(rows)),
            // In registers, to widen a weight takes as long as to multiply it.
            _ if rows <= WIDENED_IN_REGISTERS => reading.max(multiplying(rows + 1)),
            _ => reading + multiplying(rows),
        }
    }
}

/// Rows of a task up to which weights of 16 bits are widened in registers: while some are computed with, the next ones
/// are on their way from memory. More rows are worth a pass of its own, of a panel that stays in the second cache.
pub const WIDENED_IN_REGISTERS: usize = 4;

/// Whether f16 holds the number with these bits exactly.
#[inline(always)]
fn is_f16(bits: u32) -> bool {
    let magnitude = bits & 0x7fff_ffff;
    let exponent = magnitude >> 23;
    // Eleven bits of a mantissa, the leading one included, from 2⁻¹⁴ up to 2¹⁵.
    let normal = (exponent.wrapping_sub(113) < 30) & (bits & 0x1fff == 0);
    // A multiple of 2⁻²⁴: the smaller the exponent, the fewer bits.
    let fraction = (1u32 << (126 - exponent.clamp(103, 112))) - 1;
    let subnormal = (exponent.wrapping_sub(103) < 10) & (bits & fraction == 0);
    normal | subnormal | (magnitude == 0) | (magnitude == f32::INFINITY.to_bits())
}

/// Whether bf16 holds the number with these bits exactly.
#[inline(always)]
fn is_bf16(bits: u32) -> bool {
    (bits & 0xffff == 0) & (bits & 0x7fff_ffff <= f32::INFINITY.to_bits())
}

/// A type of weights.
pub trait Weight: bytemuck::Pod + Send + Sync {
    /// Which one.
    const TYPE: WeightType;

    /// Rows of the largest tile that meets weights of this type. Each size of a tile is code of its own.
    const TILE_ROWS: usize;

    /// The nearest weight.
    fn of(value: f32) -> Self;

    /// As many as a vector has lanes, widened.
    ///
    /// # Safety
    /// There must be as many, and the processor must have the instruction set of `L`.
    unsafe fn load<L: Lanes>(pointer: *const Self) -> L;
}

impl Weight for f32 {
    const TYPE: WeightType = WeightType::F32;
    const TILE_ROWS: usize = usize::MAX;

    fn of(value: f32) -> Self {
        value
    }

    #[inline(always)]
    unsafe fn load<L: Lanes>(pointer: *const Self) -> L {
        // SAFETY: as for this function.
        unsafe { L::load(pointer) }
    }
}

impl Weight for f16 {
    const TYPE: WeightType = WeightType::F16;
    const TILE_ROWS: usize = WIDENED_IN_REGISTERS;

    fn of(value: f32) -> Self {
        f16::from_f32(value)
    }

    #[inline(always)]
    unsafe fn load<L: Lanes>(pointer: *const Self) -> L {
        // SAFETY: as for this function.
        unsafe { L::load_f16(pointer) }
    }
}

impl Weight for bf16 {
    const TYPE: WeightType = WeightType::Bf16;
    const TILE_ROWS: usize = WIDENED_IN_REGISTERS;

    fn of(value: f32) -> Self {
        bf16::from_f32(value)
    }

    #[inline(always)]
    unsafe fn load<L: Lanes>(pointer: *const Self) -> L {
        // SAFETY: as for this function.
        unsafe { L::load_bf16(pointer) }
    }
}

/// Weights of one type, the first of them at a cache line.
#[derive(Clone)]
pub(crate) struct Weights<T> {
    memory: AlignedVec,
    length: usize,
    of: std::marker::PhantomData<T>,
}

impl<T: Weight> Weights<T> {
    /// The nearest of each.
    pub(crate) fn nearest(values: AlignedVec) -> Self {
        let length = values.len();
        let of = std::marker::PhantomData;
        if T::TYPE == WeightType::F32 {
            return Self { memory: values, length, of };
        }
        let memory = AlignedVec::zeros((length * size_of::<T>()).div_ceil(size_of::<f32>()));
        let mut narrow = Self { memory, length, of };
        let places: &mut [T] = bytemuck::cast_slice_mut(&mut narrow.memory);
        for (place, value) in places.iter_mut().zip(&*values) {
            *place = T::of(*value);
        }
        narrow
    }
}

impl<T: Weight> std::ops::Deref for Weights<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: there is memory for so many, aligned and initialised, and any bits are a weight. Small products take
        // less time than to check that again.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    use super::{Rates, Weight, WeightType, is_bf16, is_f16};
    use crate::lanes::{Isa, Lanes, Work};

    /// All lanes of one load.
    struct Load<T>(*const T, *mut f32);

    impl<T: Weight> Work for Load<T> {
        type Output = ();
        #[inline(always)]
        unsafe fn run<L: Lanes>(self) {
            // SAFETY: there are as many elements on both sides.
            unsafe { T::load::<L>(self.0).store(self.1) }
        }
    }

    fn widened<T: Weight>(isa: Isa, narrow: &[T]) -> Vec<f32> {
        let mut wide = vec![0.0; narrow.len()];
        for (from, to) in narrow.chunks_exact(isa.lanes()).zip(wide.chunks_exact_mut(isa.lanes())) {
            isa.run(Load(from.as_ptr(), to.as_mut_ptr()));
        }
        wide
    }

    #[test]
    fn every_narrow_number_is_widened_to_itself() {
        let f16s: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
        let bf16s: Vec<bf16> = (0..=u16::MAX).map(bf16::from_bits).collect();
        for isa in Isa::all() {
            for (narrow, wide) in f16s.iter().zip(widened(isa, &f16s)) {
                let expected = narrow.to_f32();
                let same =
                    expected.to_bits() == wide.to_bits() || expected.is_nan() && wide.is_nan();
                assert!(same, "{wide} instead of {expected} on {}", isa.name());
                assert!(is_f16(expected.to_bits()) || expected.is_nan(), "{expected} is exact");
            }
            for (narrow, wide) in bf16s.iter().zip(widened(isa, &bf16s)) {
                assert_eq!(wide.to_bits(), u32::from(narrow.to_bits()) << 16, "{}", isa.name());
            }
        }
    }

    #[test]
    fn what_is_said_to_be_exact_comes_back() {
        // Every exponent with mantissas around those that are just narrow enough.
        for exponent in 0..=255u32 {
            for shift in 0..23 {
                for mantissa in [0, 1 << shift, (1 << shift) | (1 << 22), 0x7f_ffff << shift] {
                    let bits = (exponent << 23) | (mantissa & 0x7f_ffff);
                    let x = f32::from_bits(bits);
                    let comes_back = |narrow: f32| narrow.to_bits() == bits && !x.is_nan();
                    assert_eq!(is_f16(bits), comes_back(f16::from_f32(x).to_f32()), "{x:e}");
                    assert_eq!(is_bf16(bits), comes_back(bf16::from_f32(x).to_f32()), "{x:e}");
                }
            }
        }
    }

    #[test]
    fn the_smallest_exact_type() {
        let mut weights = vec![0.5; 5000];
        assert_eq!(WeightType::exact(&[&weights]), WeightType::F16);
        weights[4999] = 1e20;
        assert_eq!(WeightType::exact(&[&weights]), WeightType::F32);
        weights[4999] = f32::from_bits(0x6000_0000);
        assert_eq!(WeightType::exact(&[&weights]), WeightType::Bf16);
        weights[0] = 1.0 + f32::EPSILON;
        assert_eq!(WeightType::exact(&[&weights]), WeightType::F32);
        assert_eq!(WeightType::exact(&[&[f32::NAN]]), WeightType::F32);
    }

    #[test]
    fn few_rows_of_many_weights_are_worth_16_bits() {
        let rates = Rates::default();
        let choose = |weights, rows| rates.choose(WeightType::F16, weights, rows);
        assert_eq!(choose(64 * 64, 1), WeightType::F32, "they stay in the first cache");
        assert_eq!(choose(256 * 256, 1), WeightType::F16);
        assert_eq!(choose(4096 * 4096, 4), WeightType::F16);
        assert_eq!(choose(4096 * 4096, 16), WeightType::F32, "widening is a pass of its own");
        assert_eq!(choose(1024 * 1024, 16), WeightType::F32, "arithmetic takes longer");
        assert_eq!(choose(1024 * 1024, 256), WeightType::F16, "as fast, and smaller");
        assert_eq!(rates.choose(WeightType::F32, 4096 * 4096, 1), WeightType::F32);
    }
}
