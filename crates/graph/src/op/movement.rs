//! Operators that move elements and leave their values alone.

use super::operator::{InferError, Inputs, Operator};
use crate::shape::{Shape, TensorType, broadcast, element_count};

/// The same elements, in the same order, in another shape. `Squeeze`, `Unsqueeze` and `Flatten` become this.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reshape {
    /// The output's shape.
    pub shape: Shape,
}

impl Operator for Reshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "data")?;
        if input.element_count()? != element_count(&self.shape)? {
            return Err(InferError(format!(
                "{input} has another number of elements than the shape {:?}",
                self.shape
            )));
        }
        Ok(vec![TensorType::new(input.dtype, self.shape.clone())])
    }
}

/// Dimension `i` of the output is dimension `permutation[i]` of the input.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transpose {
    /// Every dimension of the input, once.
    pub permutation: Vec<usize>,
}

impl Operator for Transpose {
    fn name(&self) -> &'static str {
        "Transpose"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "data")?;
        let mut sorted = self.permutation.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..input.rank()) {
            return Err(InferError(format!(
                "{:?} is not a permutation of the dimensions of {input}",
                self.permutation
            )));
        }
        let shape: Shape = self.permutation.iter().map(|&axis| input.shape[axis]).collect();
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}

/// The input read as if it had the output's shape: dimensions of size 1 repeat, as `numpy.broadcast_to`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expand {
    /// The output's shape, to which the input's must broadcast.
    pub shape: Shape,
}

impl Operator for Expand {
    fn name(&self) -> &'static str {
        "Expand"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        if broadcast(&input.shape, &self.shape)? != self.shape {
            return Err(InferError(format!("{input} does not broadcast to {:?}", self.shape)));
        }
        Ok(vec![TensorType::new(input.dtype, self.shape.clone())])
    }
}

/// The whole input, repeated along every dimension, as `numpy.tile`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tile {
    /// How many times, for each dimension of the input.
    pub repeats: Vec<usize>,
}

impl Operator for Tile {
    fn name(&self) -> &'static str {
        "Tile"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        if self.repeats.len() != input.rank() {
            return Err(InferError(format!(
                "{input} needs one repeat for each dimension, but there are {}",
                self.repeats.len()
            )));
        }
        let shape = (input.shape.iter().zip(&self.repeats))
            .map(|(size, repeat)| size.checked_mul(*repeat))
            .collect::<Option<Shape>>()
            .ok_or_else(|| {
                InferError(format!("{input} cannot be repeated {:?} times", self.repeats))
            })?;
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}

/// How the channels of one pixel become a block of pixels, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockOrder {
    /// The position in the block varies slowest along the channels (ONNX: `DCR`).
    PositionFirst,
    /// The new channel varies slowest along the channels (ONNX: `CRD`).
    ChannelFirst,
}

/// Input `[n, c, h, w]`, output `[n, c / b², h·b, w·b]`: channels become blocks of b × b pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DepthToSpace {
    /// b.
    pub block_size: usize,
    /// Which channels make up a block.
    pub order: BlockOrder,
}

impl Operator for DepthToSpace {
    fn name(&self) -> &'static str {
        "DepthToSpace"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        let [n, c, h, w] = image_shape(input)?;
        let b = self.block_size;
        let shape = b
            .checked_mul(b)
            .filter(|area| *area > 0 && c % area == 0)
            .and_then(|area| Some([n, c / area, h.checked_mul(b)?, w.checked_mul(b)?]));
        let shape = shape.ok_or_else(|| {
            InferError(format!("the channels of {input} do not divide into blocks of {b} × {b}"))
        })?;
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}

/// Input `[n, c, h, w]`, output `[n, c·b², h / b, w / b]`: blocks of b × b pixels become channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpaceToDepth {
    /// b.
    pub block_size: usize,
    /// Which channels a block becomes.
    pub order: BlockOrder,
}

impl Operator for SpaceToDepth {
    fn name(&self) -> &'static str {
        "SpaceToDepth"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        let [n, c, h, w] = image_shape(input)?;
        let b = self.block_size;
        let divides = b > 0 && h % b == 0 && w % b == 0;
        let channels = b.checked_mul(b).and_then(|area| area.checked_mul(c));
        let (true, Some(channels)) = (divides, channels) else {
            return Err(InferError(format!("{input} does not divide into blocks of {b} × {b}")));
        };
        Ok(vec![TensorType::new(input.dtype, [n, channels, h / b, w / b])])
    }
}

fn image_shape(input: &TensorType) -> Result<[usize; 4], InferError> {
    <[usize; 4]>::try_from(&input.shape[..])
        .map_err(|_| InferError(format!("it takes a tensor [n, c, h, w], not {input}")))
}
