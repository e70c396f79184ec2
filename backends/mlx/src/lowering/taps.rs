//! Elements read at places that are computed, and weighted: what lies between the elements of images.

use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;
use crate::element::Element;
use crate::stream::Unit;

/// What every point reads along one axis: a place within it, and its weight (none: 1).
pub(super) struct Tap {
    /// Of 32-bit integers.
    pub(super) place: Array,
    pub(super) weight: Option<Array>,
}

/// The floats to interpolate in: exact for integers on the processor.
pub(super) fn wide(cx: &Context<'_>, x: Element) -> Result<Element> {
    let narrow = matches!(x, Element::I8 | Element::U8 | Element::I16 | Element::U16);
    match x {
        Element::F64 => Ok(Element::F64),
        _ if x.is_float() || narrow => Ok(Element::F32),
        _ if cx.stream.unit() == Unit::Cpu => Ok(Element::F64),
        _ => Err(cx.unsupported("f32 does not hold such integers, and a GPU has no f64 in MLX")),
    }
}

/// An image `[n, c, d…]` as a table with a row of channels for each of its elements.
pub(super) fn table(cx: &Context<'_>, image: &Array) -> Result<Array> {
    let s = cx.stream;
    let shape = image.shape();
    let (n, c) = (shape[0], shape[1]);
    let elements: usize = shape[2..].iter().product();
    if i32::try_from(n * elements).is_err() {
        return Err(cx.unsupported("there are more elements than MLX can count in 32 bits"));
    }
    let apart = s.reshape(image, &[n, c, elements])?;
    s.reshape(&s.transpose(&apart, &[0, 2, 1])?, &[n * elements, c])
}

/// Whole floats as places within a size. MLX does not check places, so that whatever is beyond, and whatever a conversion
/// makes of NaN, is the nearest end.
pub(super) fn inside(cx: &Context<'_>, position: &Array, size: usize) -> Result<Array> {
    let s = cx.stream;
    let kept = |x: &Array| {
        let last = cx.number(size.saturating_sub(1) as f64, x)?;
        s.minimum(&s.maximum(x, &cx.number(0.0, x)?)?, &last)
    };
    kept(&s.cast(&kept(position)?, Element::I32)?)
}

/// The two whole positions around a coordinate, and their weights.
pub(super) fn linear(cx: &Context<'_>, coordinate: &Array) -> Result<[(Array, Array); 2]> {
    let s = cx.stream;
    let one = cx.number(1.0, coordinate)?;
    let below = s.floor(coordinate)?;
    let fraction = s.subtract(coordinate, &below)?;
    let above = s.add(&below, &one)?;
    Ok([(below, s.subtract(&one, &fraction)?), (above, fraction)])
}

/// A tap that counts nothing beyond the axis.
pub(super) fn or_zero(
    cx: &Context<'_>,
    position: &Array,
    weight: Option<&Array>,
    size: usize,
) -> Result<Tap> {
    let s = cx.stream;
    let zero = cx.number(0.0, position)?;
    let first = s.greater_equal(position, &zero)?;
    let last = s.less_equal(position, &cx.number(size as f64 - 1.0, position)?)?;
    let one = cx.number(1.0, position)?;
    let weight = s.select(&s.logical_and(&first, &last)?, weight.unwrap_or(&one), &zero)?;
    Ok(Tap { place: inside(cx, position, size)?, weight: Some(weight) })
}

/// Rows of a table of images at points, `[points…, width]` as `[product of points, width]`.
///
/// `images` tells which image each point reads; each of the `axes` has the image's size along it and the taps. All of
/// these are broadcast to the points. The rows of every combination of taps, times their weights, are combined.
pub(super) fn weighted(
    cx: &Context<'_>,
    table: &Array,
    images: &Array,
    axes: &[(usize, Vec<Tap>)],
    points: &[usize],
    combine: impl Fn(&Array, &Array) -> Result<Array>,
) -> Result<Array> {
    let s = cx.stream;
    let count: usize = points.iter().product();
    let combinations: usize = axes.iter().map(|(_, taps)| taps.len()).product();
    let mut combined: Option<Array> = None;
    for combination in 0..combinations {
        let mut rest = combination;
        let mut row = images.clone();
        let mut weight: Option<Array> = None;
        for (size, taps) in axes {
            let tap = &taps[rest % taps.len()];
            rest /= taps.len();
            row = s.add(&s.multiply(&row, &cx.number(*size as f64, &row)?)?, &tap.place)?;
            weight = match (weight, &tap.weight) {
                (Some(weight), Some(other)) => Some(s.multiply(&weight, other)?),
                (weight, other) => weight.or_else(|| other.clone()),
            };
        }
        let flat = s.reshape(&s.broadcast_to(&row, points)?, &[count])?;
        let mut read = s.take(table, &flat, 0)?;
        if let Some(weight) = weight {
            let weight = s.reshape(&s.broadcast_to(&weight, points)?, &[count, 1])?;
            read = s.multiply(&read, &weight)?;
        }
        combined = Some(match combined {
            Some(combined) => combine(&combined, &read)?,
            None => read,
        });
    }
    combined.ok_or_else(|| cx.unsupported("there is no axis to read along"))
}
