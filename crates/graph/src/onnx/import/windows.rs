//! Windows of convolution and pooling, out of ONNX's attributes.

use super::context::NodeContext;
use crate::onnx::ImportError;
use crate::op::window::Window;
use crate::shape::Shape;

/// How a node is padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoPad {
    /// As its attribute `pads` says.
    Explicit,
    /// Not at all.
    Valid,
    /// So that the output is the input divided by the strides; what is odd goes behind.
    SameUpper,
    /// The same, but what is odd goes in front.
    SameLower,
}

/// The attribute `auto_pad`.
pub fn auto_pad(node: &NodeContext<'_, '_>) -> Result<AutoPad, ImportError> {
    match node.string("auto_pad")?.unwrap_or("NOTSET") {
        "NOTSET" | "" => Ok(AutoPad::Explicit),
        "VALID" => Ok(AutoPad::Valid),
        "SAME_UPPER" => Ok(AutoPad::SameUpper),
        "SAME_LOWER" => Ok(AutoPad::SameLower),
        other => Err(node.error(format!("its attribute `auto_pad` is `{other}`"))),
    }
}

impl AutoPad {
    /// A total of padding, divided into front and behind.
    pub fn divide(self, total: usize) -> (usize, usize) {
        let (less, more) = (total / 2, total.div_ceil(2));
        if self == AutoPad::SameUpper { (less, more) } else { (more, less) }
    }
}

/// A list of sizes or distances, none of them negative or beyond what an image can have.
pub fn sizes(node: &NodeContext<'_, '_>, name: &str) -> Result<Option<Vec<usize>>, ImportError> {
    let Some(values) = node.ints(name)? else { return Ok(None) };
    let values: Result<Vec<_>, _> = values.iter().map(|&value| u32::try_from(value)).collect();
    match values {
        Ok(values) => Ok(Some(values.into_iter().map(|value| value as usize).collect())),
        Err(_) => Err(node.error(format!("its attribute `{name}` must lie between 0 and 2³² − 1"))),
    }
}

/// The window, without its padding, over an image of so many spatial dimensions. The kernel is the attribute
/// `kernel_shape`, or `weights` where that is left out.
pub fn unpadded(
    node: &NodeContext<'_, '_>,
    rank: usize,
    weights: Option<&[usize]>,
) -> Result<Window, ImportError> {
    let kernel: Shape = match (sizes(node, "kernel_shape")?, weights) {
        (Some(kernel), _) => kernel,
        (None, Some(weights)) => weights.to_vec(),
        (None, None) => return Err(node.error("its attribute `kernel_shape` is missing")),
    };
    let mut window = Window::new(kernel);
    for (list, name) in [(&mut window.strides, "strides"), (&mut window.dilations, "dilations")] {
        *list = sizes(node, name)?.unwrap_or_else(|| vec![1; rank]);
    }
    if [&window.kernel, &window.strides, &window.dilations].iter().any(|list| list.len() != rank) {
        return Err(node.error(format!(
            "its kernel, strides and dilations must have an entry for each of {rank} spatial dimensions"
        )));
    }
    window.pads_begin = vec![0; rank];
    window.pads_end = vec![0; rank];
    Ok(window)
}

/// The attribute `pads` as front and behind; zeros if it is left out.
pub fn explicit_pads(
    node: &NodeContext<'_, '_>,
    rank: usize,
) -> Result<(Vec<usize>, Vec<usize>), ImportError> {
    let pads = sizes(node, "pads")?.unwrap_or_else(|| vec![0; 2 * rank]);
    if pads.len() != 2 * rank {
        return Err(node.error(format!(
            "its attribute `pads` has {} entries; there must be two for each of {rank} spatial dimensions",
            pads.len()
        )));
    }
    let (begin, end) = pads.split_at(rank);
    Ok((begin.to_vec(), end.to_vec()))
}

/// The window over an image `[N, C, …]` of this shape, with its padding; and whether that was explicit.
pub fn window(
    node: &NodeContext<'_, '_>,
    image: &[usize],
    weights: Option<&[usize]>,
) -> Result<(Window, bool), ImportError> {
    let spatial = image.get(2..).unwrap_or(&[]);
    let mut window = unpadded(node, spatial.len(), weights)?;
    let mode = auto_pad(node)?;
    match mode {
        AutoPad::Explicit => {
            (window.pads_begin, window.pads_end) = explicit_pads(node, spatial.len())?;
        }
        AutoPad::Valid => {}
        AutoPad::SameUpper | AutoPad::SameLower => {
            for (axis, &size) in spatial.iter().enumerate() {
                let stride = window.strides[axis].max(1);
                // All factors are below 2³², except that of the image itself.
                let total = (|| {
                    let travel = (size.div_ceil(stride).max(1) - 1).checked_mul(stride)?;
                    let extent = window.dilations[axis] * window.kernel[axis].saturating_sub(1) + 1;
                    Some(travel.checked_add(extent)?.saturating_sub(size))
                })();
                let total = total.ok_or_else(|| node.error("its image is too large"))?;
                (window.pads_begin[axis], window.pads_end[axis]) = mode.divide(total);
            }
        }
    }
    Ok((window, mode == AutoPad::Explicit))
}

/// A number of groups, at least 1.
pub fn groups(node: &NodeContext<'_, '_>, name: &str) -> Result<usize, ImportError> {
    let groups = node.int(name)?.unwrap_or(1);
    usize::try_from(groups).ok().filter(|groups| *groups > 0).ok_or_else(|| {
        node.error(format!("its attribute `{name}` is {groups}; it must be positive"))
    })
}
