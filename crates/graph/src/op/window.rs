//! Windows that slide over an image: what convolution and pooling have in common.

use super::operator::InferError;
use crate::shape::Shape;

/// A window that slides over the spatial dimensions of an image. All five have one entry per spatial dimension.
///
/// ONNX's `auto_pad` is resolved to explicit padding by the importer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window {
    /// How many elements the window takes in.
    pub kernel: Shape,
    /// How far the window moves from one output element to the next.
    pub strides: Vec<usize>,
    /// The distance between neighbouring elements of the window; 1 if they touch.
    pub dilations: Vec<usize>,
    /// Elements of padding in front.
    pub pads_begin: Vec<usize>,
    /// Elements of padding behind.
    pub pads_end: Vec<usize>,
}

impl Window {
    /// A window of this size that moves by one, without dilation or padding.
    pub fn new(kernel: impl Into<Shape>) -> Self {
        let kernel = kernel.into();
        let rank = kernel.len();
        Self {
            kernel,
            strides: vec![1; rank],
            dilations: vec![1; rank],
            pads_begin: vec![0; rank],
            pads_end: vec![0; rank],
        }
    }

    /// This window with these strides.
    pub fn with_strides(mut self, strides: impl Into<Vec<usize>>) -> Self {
        self.strides = strides.into();
        self
    }

    /// This window with these dilations.
    pub fn with_dilations(mut self, dilations: impl Into<Vec<usize>>) -> Self {
        self.dilations = dilations.into();
        self
    }

    /// This window with the same padding in front and behind.
    pub fn with_padding(mut self, padding: impl Into<Vec<usize>>) -> Self {
        self.pads_begin = padding.into();
        self.pads_end = self.pads_begin.clone();
        self
    }

    /// The number of spatial dimensions.
    pub fn rank(&self) -> usize {
        self.kernel.len()
    }

    /// The number of elements in the window.
    ///
    /// # Errors
    /// If there are more than a process can address.
    pub fn size(&self) -> Result<usize, InferError> {
        Ok(crate::shape::element_count(&self.kernel)?)
    }

    /// The extent of the window along one dimension: dilation · (kernel − 1) + 1.
    pub(crate) fn extent(&self, axis: usize) -> Result<usize, InferError> {
        self.dilations[axis]
            .checked_mul(self.kernel[axis].saturating_sub(1))
            .and_then(|extent| extent.checked_add(1))
            .ok_or_else(|| InferError::new("the window is larger than a process can address"))
    }

    /// Refuses lists of different lengths, and zeros where there must be none.
    pub(crate) fn check(&self, spatial_rank: usize) -> Result<(), InferError> {
        let rank = self.rank();
        if rank == 0 || rank != spatial_rank {
            return Err(InferError(format!(
                "a window of {rank} dimensions does not fit an image of {spatial_rank}"
            )));
        }
        let lists =
            [&self.strides, &self.dilations, &self.pads_begin, &self.pads_end].map(Vec::len);
        if lists.iter().any(|length| *length != rank) {
            return Err(InferError(format!(
                "strides, dilations and padding must have one entry for each of the {rank} spatial dimensions"
            )));
        }
        for (name, list) in [
            ("kernel size", &self.kernel),
            ("stride", &self.strides),
            ("dilation", &self.dilations),
        ] {
            if list.contains(&0) {
                return Err(InferError(format!("a {name} must be at least 1, but one is 0")));
            }
        }
        // Kernels compute positions in `isize`; nothing real comes near this limit.
        let lists =
            [&self.kernel, &self.strides, &self.dilations, &self.pads_begin, &self.pads_end];
        if lists.iter().any(|list| list.iter().any(|value| *value > u32::MAX as usize)) {
            return Err(InferError::new("the window is larger than 2³² in some direction"));
        }
        Ok(())
    }

    /// The spatial sizes of the output for these of the input.
    ///
    /// With `ceil`, a last window that only partly covers the image counts too, unless it would start in the
    /// padding behind.
    pub(crate) fn output_sizes(&self, input: &[usize], ceil: bool) -> Result<Shape, InferError> {
        self.check(input.len())?;
        let overflow = || InferError::new("the padded image is larger than a process can address");
        (0..self.rank())
            .map(|axis| {
                let front = input[axis].checked_add(self.pads_begin[axis]).ok_or_else(overflow)?;
                let padded = front.checked_add(self.pads_end[axis]).ok_or_else(overflow)?;
                let extent = self.extent(axis)?;
                let Some(travel) = padded.checked_sub(extent) else {
                    return Err(InferError(format!(
                        "a window of extent {extent} does not fit an image of size {} padded to {padded}",
                        input[axis]
                    )));
                };
                let stride = self.strides[axis];
                let mut size = if ceil { travel.div_ceil(stride) } else { travel / stride } + 1;
                if ceil && (size - 1).saturating_mul(stride) >= front {
                    size -= 1;
                }
                Ok(size)
            })
            .collect()
    }
}

/// The batch, the channels and the spatial sizes of an image `[N, C, …]`.
pub(crate) fn image<'a>(
    ty: &'a crate::shape::TensorType,
    name: &str,
) -> Result<(usize, usize, &'a [usize]), InferError> {
    match &ty.shape[..] {
        [batch, channels, spatial @ ..] if !spatial.is_empty() => Ok((*batch, *channels, spatial)),
        _ => Err(InferError(format!(
            "{name} must have a batch, a channel and at least one spatial dimension, but is {ty}"
        ))),
    }
}
