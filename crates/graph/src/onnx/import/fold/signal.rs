//! Windows and filter banks, which follow from a few numbers.

use std::f64::consts::{LN_10, PI};

use super::FoldNode;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::tensor::Tensor;

/// `HannWindow`, `HammingWindow` and `BlackmanWindow`: `size` samples of a sum of cosines, over one period
/// (`periodic`) or from end to end.
pub fn window(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let cosines: [f64; 3] = match node.op_type {
        "HannWindow" => [0.5, -0.5, 0.0],
        "HammingWindow" => [25.0 / 46.0, -21.0 / 46.0, 0.0],
        _ => [0.42, -0.5, 0.08],
    };
    let size = integer(node, 0, "size")?;
    let periodic = node.attributes.flag("periodic", true)?;
    // Of a symmetric window of one sample, only the middle is left.
    let period = if periodic || size == 1 { size } else { size.saturating_sub(1) } as f64;
    let mut tensor = node.zeros(DType::F64, &[size])?;
    let samples = tensor.as_mut_slice::<f64>().map_err(|error| error.to_string())?;
    for (index, sample) in samples.iter_mut().enumerate() {
        let angle = 2.0 * PI * index as f64 / period;
        *sample = cosines[0] + cosines[1] * angle.cos() + cosines[2] * (2.0 * angle).cos();
    }
    output(node, &tensor)
}

/// `MelWeightMatrix` `[dft_length / 2 + 1, num_mel_bins]`: a triangle for each mel bin over the bins of a
/// spectrum.
pub fn mel_weight_matrix(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let bins = integer(node, 0, "num_mel_bins")?;
    let length = integer(node, 1, "dft_length")?;
    let rate = integer(node, 2, "sample_rate")?.max(1) as f64;
    let mel = |hertz: f64| 2595.0 * (hertz / 700.0).ln_1p() / LN_10;
    let (low, high) = (mel(number(node, 3)?), mel(number(node, 4)?));
    let spectrum = length / 2 + 1;
    let mut tensor = node.zeros(DType::F64, &[spectrum, bins])?;
    let weights = tensor.as_mut_slice::<f64>().map_err(|error| error.to_string())?;
    let step = (high - low) / (bins as f64 + 2.0);
    let edge = |index: usize| {
        let hertz = 700.0 * ((low + index as f64 * step) / 2595.0 * LN_10).exp_m1();
        let bin = ((length as f64 + 1.0) * hertz / rate).floor();
        if (0.0..=spectrum as f64).contains(&bin) {
            return Ok(bin as usize);
        }
        Err("its frequencies must lie between 0 and half of the sample rate".to_owned())
    };
    for bin in 0..bins {
        let (left, centre, right) = (edge(bin)?, edge(bin + 1)?, edge(bin + 2)?);
        let mut set = |row: usize, weight: f64| {
            if row < spectrum {
                weights[row * bins + bin] = weight;
            }
        };
        for row in left..=centre {
            let width = centre.saturating_sub(left);
            set(row, if width == 0 { 1.0 } else { (row - left) as f64 / width as f64 });
        }
        for row in centre..right {
            set(row, (right - row) as f64 / (right - centre) as f64);
        }
    }
    output(node, &tensor)
}

fn output(node: &FoldNode<'_, '_>, tensor: &Tensor) -> Result<Tensor, String> {
    let dtype = node.attributes.dtype("output_datatype")?.unwrap_or(DType::F32);
    tensor.cast(dtype, Conversion::default()).map_err(|error| error.to_string())
}

fn integer(node: &FoldNode<'_, '_>, index: usize, name: &str) -> Result<usize, String> {
    match node.integers(index)?.as_deref() {
        Some([value]) => usize::try_from(*value).map_err(|_| format!("its `{name}` is {value}")),
        _ => Err(format!("its `{name}` must be one integer")),
    }
}

fn number(node: &FoldNode<'_, '_>, index: usize) -> Result<f64, String> {
    let value = node.value(index)?.cast(DType::F64, Conversion::default());
    match value.map_err(|error| error.to_string())?.as_slice::<f64>() {
        Ok([value]) => Ok(*value),
        _ => Err(format!("input {index} must be one number")),
    }
}
