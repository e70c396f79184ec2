//! The choice among the ways to convolve.

use super::depthwise::Depthwise;
use super::direct::Direct;
use super::geometry::Geometry;
use super::region::Outlet;
use super::winograd::Winograd;
use crate::lanes::Isa;
use crate::team::Team;

/// A convolution of images whose channels are innermost, with its weights packed.
pub struct Convolution(Way);

enum Way {
    Direct(Direct),
    Depthwise(Depthwise),
    Winograd(Winograd),
}

/// A way to convolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// As a matrix product, straight from the image.
    Direct,
    /// Channel by channel.
    Depthwise,
    /// Winograd's F(4 × 4, 3 × 3).
    Winograd,
}

impl Convolution {
    /// Packs the weights, `[outputs, inputs of a group, height, width]`, for so many threads.
    ///
    /// # Panics
    /// If weights or bias do not fit the geometry.
    pub fn new(
        isa: Isa,
        threads: usize,
        geometry: Geometry,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        Self::with(Self::best(isa, &geometry), isa, threads, geometry, weights, bias)
    }

    /// As [`new`](Self::new), by this algorithm.
    ///
    /// # Panics
    /// If weights or bias do not fit the geometry, or the algorithm does not.
    pub fn with(
        algorithm: Algorithm,
        isa: Isa,
        threads: usize,
        geometry: Geometry,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        let taps = geometry.kernel[0] * geometry.kernel[1];
        let expected = geometry.output.channels * geometry.group_inputs() * taps;
        assert_eq!(weights.len(), expected, "the weights fit the geometry");
        assert!(
            bias.is_none_or(|bias| bias.len() == geometry.output.channels),
            "there is a bias for every output channel"
        );
        let dense = geometry.input.is_dense() && geometry.output.is_dense();
        assert!(
            dense || algorithm == Algorithm::Direct,
            "only one way takes images with gaps between their rows"
        );
        Self(match algorithm {
            Algorithm::Direct => Way::Direct(Direct::new(isa, threads, geometry, weights, bias)),
            Algorithm::Depthwise => {
                assert!(geometry.is_depthwise(), "every channel is a group");
                Way::Depthwise(Depthwise::new(isa, threads, geometry, weights, bias))
            }
            Algorithm::Winograd => {
                assert!(Winograd::fits(&geometry), "the filter is 3 × 3, and so on");
                Way::Winograd(Winograd::new(isa, threads, geometry, weights, bias))
            }
        })
    }

    /// The algorithm that should be the fastest.
    pub fn best(isa: Isa, geometry: &Geometry) -> Algorithm {
        if geometry.is_depthwise() && geometry.input.is_dense() && geometry.output.is_dense() {
            return Algorithm::Depthwise;
        }
        let dense = geometry.input.is_dense() && geometry.output.is_dense();
        if !dense || !Winograd::fits(geometry) {
            return Algorithm::Direct;
        }
        // Cycles, by what the two ways compute and what streams from the third cache.
        let (inputs, outputs) = (geometry.input.channels as f64, geometry.output.channels as f64);
        let pixels = (geometry.batch * geometry.output.pixels()) as f64;
        let tiles = (geometry.batch
            * geometry.output.height.div_ceil(4)
            * geometry.output.width.div_ceil(4)) as f64;
        let lanes = isa.lanes() as f64;
        let direct = pixels * outputs * inputs * 9.0 / (2.0 * lanes) / 0.8;
        let products = tiles * outputs * inputs * 36.0 / (2.0 * lanes) / 0.75;
        let transforms = tiles * (inputs + outputs) / lanes * 160.0;
        let weights = 36.0 * inputs * outputs * 4.0;
        let stream = if weights > 500e3 { weights / 8.0 } else { 0.0 };
        match products.max(stream) + transforms < direct {
            true => Algorithm::Winograd,
            false => Algorithm::Direct,
        }
    }

    /// Which algorithm it is.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Way::Direct(_) => Algorithm::Direct,
            Way::Depthwise(_) => Algorithm::Depthwise,
            Way::Winograd(_) => Algorithm::Winograd,
        }
    }

    /// Bytes of the packed weights.
    pub fn weight_bytes(&self) -> usize {
        match &self.0 {
            Way::Direct(direct) => direct.weight_bytes(),
            Way::Depthwise(depthwise) => depthwise.weight_bytes(),
            Way::Winograd(winograd) => winograd.weight_bytes(),
        }
    }

    /// Elements of scratch memory that a run needs.
    pub fn scratch(&self) -> usize {
        match &self.0 {
            Way::Direct(direct) => direct.scratch(),
            Way::Depthwise(_) => 0,
            Way::Winograd(winograd) => winograd.scratch(),
        }
    }

    /// Convolves.
    ///
    /// # Safety
    /// With gaps between the output's rows, there is no addend and nobody asks for finished regions. `input` and the
    /// outlet's pointers lead to memory as the geometry says, and nobody else writes to the output.
    ///
    /// # Panics
    /// If the scratch is too short.
    pub unsafe fn run(
        &self,
        team: &Team,
        input: *const f32,
        outlet: &Outlet<'_>,
        scratch: &mut [f32],
    ) {
        // SAFETY: the caller answers for the memory.
        unsafe {
            match &self.0 {
                Way::Direct(direct) => direct.run(team, input, outlet, scratch),
                Way::Depthwise(depthwise) => depthwise.run(team, input, outlet),
                Way::Winograd(winograd) => winograd.run(team, input, outlet, scratch),
            }
        }
    }
}
