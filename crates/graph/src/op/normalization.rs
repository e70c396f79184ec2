//! Normalisation.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::TensorType;

/// Refuses a parameter that does not have one element per channel.
fn expect_per_channel(ty: &TensorType, name: &str, channels: usize) -> Result<(), InferError> {
    expect_dtype(ty, ty.dtype.is_float(), "floats")?;
    if ty.shape == [channels] {
        return Ok(());
    }
    Err(InferError(format!(
        "{name} must have one element for each of {channels} channels, not {ty}"
    )))
}

fn channels(x: &TensorType) -> Result<usize, InferError> {
    expect_dtype(x, x.dtype.is_float(), "floats")?;
    match x.shape[..] {
        [_, channels, ..] => Ok(channels),
        // ONNX: a vector is a batch of samples with one channel.
        [_] => Ok(1),
        [] => Err(InferError::new("X must have a batch and a channel dimension, but is a scalar")),
    }
}

fn expect_axis(axis: usize, x: &TensorType) -> Result<(), InferError> {
    if axis < x.rank() {
        return Ok(());
    }
    Err(InferError(format!("axis {axis} is outside of {x}")))
}

/// scale · (x − mean) / √(variance + ε) + bias, channel by channel (Ioffe and Szegedy, 2015).
///
/// Inputs: X `[N, C, …]`; scale, bias, mean and variance, each `[C]`. Output: Y like X; in training mode also
/// the running mean and variance `[C]`, while Y is normalised by the batch's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormalization {
    /// ε.
    pub epsilon: f32,
    /// Weight of the old running statistics in training mode.
    pub momentum: f32,
    /// Whether the batch's own statistics are used, and the running ones updated.
    pub training: bool,
}

impl Operator for BatchNormalization {
    fn name(&self) -> &'static str {
        "BatchNormalization"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(5)?;
        let x = inputs.required(0, "X")?;
        let channels = channels(x)?;
        for (index, name) in [(1, "scale"), (2, "B"), (3, "input_mean"), (4, "input_var")] {
            expect_per_channel(inputs.required(index, name)?, name, channels)?;
        }
        let mut types = vec![x.clone()];
        if self.training {
            types.extend(
                [inputs.required(3, "input_mean")?, inputs.required(4, "input_var")?]
                    .map(TensorType::clone),
            );
        }
        Ok(types)
    }
}

/// Each channel of each sample to mean 0 and variance 1, then scaled and shifted (Ulyanov et al., 2016).
///
/// Inputs: X `[N, C, D…]`, scale `[C]`, bias `[C]`. Output: like X.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InstanceNormalization {
    /// ε, added to the variance.
    pub epsilon: f32,
}

impl Operator for InstanceNormalization {
    fn name(&self) -> &'static str {
        "InstanceNormalization"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "input")?;
        if x.rank() < 2 {
            return Err(InferError(format!("the input must be [N, C, …], but is {x}")));
        }
        let channels = channels(x)?;
        for (index, name) in [(1, "scale"), (2, "B")] {
            expect_per_channel(inputs.required(index, name)?, name, channels)?;
        }
        Ok(vec![x.clone()])
    }
}

/// Groups of channels of each sample to mean 0 and variance 1, then scaled and shifted (Wu and He, 2018).
///
/// Inputs: X `[N, C, …]`, scale and bias, `[C]` each. Output: like X. Opset 18's scale and bias for each group
/// are spread over the group's channels by the importer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupNormalization {
    /// ε, added to the variance.
    pub epsilon: f32,
    /// The number of groups.
    pub groups: usize,
}

impl Operator for GroupNormalization {
    fn name(&self) -> &'static str {
        "GroupNormalization"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "X")?;
        if x.rank() < 2 {
            return Err(InferError(format!("the input must be [N, C, …], but is {x}")));
        }
        let channels = channels(x)?;
        if self.groups == 0 || !channels.is_multiple_of(self.groups) {
            return Err(InferError(format!(
                "{channels} channels cannot be shared among {} groups",
                self.groups
            )));
        }
        for (index, name) in [(1, "scale"), (2, "bias")] {
            expect_per_channel(inputs.required(index, name)?, name, channels)?;
        }
        Ok(vec![x.clone()])
    }
}

/// The dimensions from `axis` on to mean 0 and variance 1, then scaled and shifted (Ba et al., 2016).
///
/// Inputs: X, scale and optionally bias, both of which broadcast to X's dimensions from `axis` on. Outputs: Y
/// like X; with `statistics` also the mean and the inverse standard deviation, of X's shape with ones from
/// `axis` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerNormalization {
    /// The first dimension that is normalised over.
    pub axis: usize,
    /// ε, added to the variance.
    pub epsilon: f32,
    /// Whether the second and third outputs are there.
    pub statistics: bool,
    /// The element type of the statistics.
    pub statistics_dtype: DType,
}

impl Operator for LayerNormalization {
    fn name(&self) -> &'static str {
        "LayerNormalization"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "X")?;
        inputs.same_dtype()?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        expect_axis(self.axis, x)?;
        expect_scale(inputs.required(1, "Scale")?, x, "Scale")?;
        if let Some(bias) = inputs.get(2) {
            expect_scale(bias, x, "B")?;
        }
        let mut types = vec![x.clone()];
        if self.statistics {
            if !self.statistics_dtype.is_float() {
                return Err(InferError(format!(
                    "the statistics cannot be {}",
                    self.statistics_dtype
                )));
            }
            let mut shape = x.shape.clone();
            shape[self.axis..].fill(1);
            types.extend(vec![TensorType::new(self.statistics_dtype, shape); 2]);
        }
        Ok(types)
    }
}

/// Refuses a scale or bias that does not broadcast to X without changing its shape.
fn expect_scale(ty: &TensorType, x: &TensorType, name: &str) -> Result<(), InferError> {
    if crate::shape::broadcast(&ty.shape, &x.shape)? == x.shape {
        return Ok(());
    }
    Err(InferError(format!("{name} is {ty}, which does not broadcast to {x}")))
}

/// x / √(mean of x² over the dimensions from `axis` on + ε), scaled (Zhang and Sennrich, 2019).
///
/// Inputs: X and a scale that broadcasts to it. Output: of the scale's element type, shaped like X.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsNormalization {
    /// The first dimension that is normalised over.
    pub axis: usize,
    /// ε, added to the mean square.
    pub epsilon: f32,
}

impl Operator for RmsNormalization {
    fn name(&self) -> &'static str {
        "RMSNormalization"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let x = inputs.required(0, "X")?;
        let scale = inputs.required(1, "scale")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        expect_dtype(scale, scale.dtype.is_float(), "floats")?;
        expect_axis(self.axis, x)?;
        expect_scale(scale, x, "scale")?;
        Ok(vec![TensorType::new(scale.dtype, x.shape.clone())])
    }
}

/// x / (k + α/n · Σ x²)^β, the sum over n neighbouring channels (Krizhevsky et al., 2012).
///
/// Input: X `[N, C, D…]`. Output: like X.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalResponseNormalization {
    /// The number n of channels summed over.
    pub size: usize,
    /// α.
    pub alpha: f32,
    /// β.
    pub beta: f32,
    /// k.
    pub bias: f32,
}

impl Operator for LocalResponseNormalization {
    fn name(&self) -> &'static str {
        "LRN"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "X")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        if x.rank() < 2 || self.size == 0 {
            return Err(InferError(format!(
                "it sums over {} neighbouring channels of [N, C, …], not of {x}",
                self.size
            )));
        }
        Ok(vec![x.clone()])
    }
}

/// x / ‖x‖ along one axis; 0 where the norm is 0.
///
/// Input: X. Output: like X.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LpNormalization {
    /// The axis.
    pub axis: usize,
    /// The order of the norm, 1 or 2.
    pub p: u32,
}

impl Operator for LpNormalization {
    fn name(&self) -> &'static str {
        "LpNormalization"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "input")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        expect_axis(self.axis, x)?;
        if !matches!(self.p, 1 | 2) {
            return Err(InferError(format!("the norm's order must be 1 or 2, not {}", self.p)));
        }
        Ok(vec![x.clone()])
    }
}

/// (x − mean) / (standard deviation + 10⁻⁹) over some axes.
///
/// Input: X. Output: like X.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MeanVarianceNormalization {
    /// The axes, ascending.
    pub axes: Vec<usize>,
}

impl Operator for MeanVarianceNormalization {
    fn name(&self) -> &'static str {
        "MeanVarianceNormalization"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "X")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        for axis in &self.axes {
            expect_axis(*axis, x)?;
        }
        if !self.axes.is_sorted_by(|left, right| left < right) {
            return Err(InferError(format!("the axes {:?} are not ascending", self.axes)));
        }
        Ok(vec![x.clone()])
    }
}
