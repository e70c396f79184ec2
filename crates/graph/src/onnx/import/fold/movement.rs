//! Elements of known values, moved: of any type, since their values do not matter.

use super::array::{broadcast_places, strided_places};
use super::{FoldNode, check_size};
use crate::op::slicing::SliceAxis;
use crate::shape::{Shape, broadcast, contiguous_strides, normalize_axis};
use crate::tensor::Tensor;

/// The outputs of an operator that moves elements; `None` if it is not one.
pub fn fold(node: &FoldNode<'_, '_>) -> Option<Result<Vec<Tensor>, String>> {
    if node.op_type == "Split" {
        return Some(split(node));
    }
    let tensor = match node.op_type {
        "Concat" => concat(node),
        "Expand" => expand(node),
        "Gather" => gather(node),
        "Slice" => slice(node),
        "Tile" => tile(node),
        "Transpose" => transpose(node),
        _ => return None,
    };
    Some(tensor.map(|tensor| vec![tensor]))
}

/// Makes a tensor of elements of another, taken from these places.
fn pick(source: &Tensor, shape: &[usize], places: &[usize]) -> Result<Tensor, String> {
    let size = source.dtype().size();
    let mut tensor = Tensor::zeros(source.dtype(), shape).map_err(|error| error.to_string())?;
    let elements = tensor.bytes_mut().chunks_exact_mut(size);
    for (element, place) in elements.zip(places) {
        let from = place.checked_mul(size).and_then(|at| source.bytes().get(at..)?.get(..size));
        element.copy_from_slice(from.ok_or("it reads outside of its input")?);
    }
    Ok(tensor)
}

fn axis(node: &FoldNode<'_, '_>, default: i64, rank: usize) -> Result<usize, String> {
    let axis = node.attributes.int("axis")?.unwrap_or(default);
    normalize_axis(axis, rank).map_err(|error| error.to_string())
}

fn concat(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let inputs = (0..node.types.len()).map(|i| node.value(i)).collect::<Result<Vec<_>, _>>()?;
    let first = *inputs.first().ok_or("it has no inputs")?;
    let axis = axis(node, 0, first.rank())?;
    let mut shape = first.shape().to_vec();
    shape[axis] = 0;
    for input in &inputs {
        let mut others = input.shape().to_vec();
        let size = others.get_mut(axis).map(std::mem::take).ok_or("its inputs differ in rank")?;
        shape[axis] = shape[axis].checked_add(size).ok_or("its output is too large")?;
        if input.dtype() != first.dtype() || others[..axis] != shape[..axis] {
            return Err("its inputs differ".to_owned());
        }
        if others[axis + 1..] != shape[axis + 1..] {
            return Err("its inputs differ".to_owned());
        }
    }
    check_size(&shape)?;
    let mut tensor = Tensor::zeros(first.dtype(), &shape).map_err(|error| error.to_string())?;
    let row = |input: &Tensor| {
        let elements: usize = input.shape()[axis..].iter().product();
        elements * input.dtype().size()
    };
    let mut rest = tensor.bytes_mut();
    for index in 0..shape[..axis].iter().product() {
        for input in &inputs {
            let length = row(input);
            let (target, others) = std::mem::take(&mut rest).split_at_mut(length);
            target.copy_from_slice(&input.bytes()[index * length..][..length]);
            rest = others;
        }
    }
    Ok(tensor)
}

fn expand(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let input = node.value(0)?;
    let target = node.integers(1)?.ok_or("it has no shape")?;
    let target = crate::onnx::tensor::shape(&target)?;
    let shape = broadcast(input.shape(), &target).map_err(|error| error.to_string())?;
    check_size(&shape)?;
    pick(input, &shape, &broadcast_places(input.shape(), &shape))
}

fn gather(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let (data, indices) = (node.value(0)?, node.value(1)?);
    let axis = axis(node, 0, data.rank())?;
    let (before, after) = (&data.shape()[..axis], &data.shape()[axis + 1..]);
    let shape: Shape = [before, indices.shape(), after].concat();
    check_size(&shape)?;
    let size = data.shape()[axis];
    let indices = node.integers(1)?.unwrap_or_default();
    let indices: Vec<usize> = indices
        .iter()
        .map(|&index| {
            normalize_axis(index, size)
                .map_err(|_| format!("the index {index} is outside of its input"))
        })
        .collect::<Result<_, _>>()?;
    let strides = contiguous_strides(data.shape());
    let stride = strides[axis];
    let mut places = strided_places(before, &strides[..axis], 0);
    places =
        places.iter().flat_map(|place| indices.iter().map(move |i| place + i * stride)).collect();
    places = places
        .iter()
        .flat_map(|&place| strided_places(after, &strides[axis + 1..], place))
        .collect();
    pick(data, &shape, &places)
}

/// The bounds are attributes before version 10 of the operators and inputs from then on.
fn slice(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let input = node.value(0)?;
    let starts = node.attribute_or_input("starts", 10, 1)?.ok_or("it has no starts")?;
    let ends = node.attribute_or_input("ends", 10, 2)?.ok_or("it has no ends")?;
    let axes = node.attribute_or_input("axes", 10, 3)?;
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = if node.opset < 10 { None } else { node.integers(4)? };
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("its bounds differ in number".to_owned());
    }
    let mut taken: Vec<_> = input.shape().iter().map(|&size| SliceAxis::whole(size)).collect();
    for (((start, end), axis), step) in starts.into_iter().zip(ends).zip(axes).zip(steps) {
        let axis = normalize_axis(axis, input.rank()).map_err(|error| error.to_string())?;
        let bounds = SliceAxis::resolve(start, end, step, input.shape()[axis]);
        taken[axis] = bounds.ok_or("its step is 0")?;
    }
    let shape: Shape = taken.iter().map(|axis| axis.size).collect();
    check_size(&shape)?;
    if shape.contains(&0) {
        return pick(input, &shape, &[]);
    }
    let strides = contiguous_strides(input.shape());
    let start = taken.iter().zip(&strides).map(|(axis, stride)| axis.start * stride).sum();
    let strides: Vec<i64> = taken
        .iter()
        .zip(&strides)
        .map(|(axis, &stride)| axis.step.saturating_mul(stride as i64))
        .collect();
    pick(input, &shape, &strided_places(&shape, &strides, start))
}

fn split(node: &FoldNode<'_, '_>) -> Result<Vec<Tensor>, String> {
    let input = node.value(0)?;
    let axis = axis(node, 0, input.rank())?;
    let total = input.shape()[axis];
    let sizes = match node.attribute_or_input("split", 13, 1)? {
        Some(sizes) => crate::onnx::tensor::shape(&sizes)?,
        None => {
            let chunk = total.div_ceil(node.outputs.max(1));
            let size = |index: usize| chunk.min(total.saturating_sub(index.saturating_mul(chunk)));
            (0..node.outputs).map(size).collect()
        }
    };
    if sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size)) != Some(total) {
        return Err("its sizes do not add up to its input's".to_owned());
    }
    check_size(input.shape())?;
    let strides = contiguous_strides(input.shape());
    let mut start = 0;
    let part = |size: usize| {
        let mut shape = input.shape().to_vec();
        shape[axis] = size;
        let places = strided_places(&shape, &strides, start * strides[axis]);
        start += size;
        pick(input, &shape, &places)
    };
    sizes.into_iter().map(part).collect()
}

fn tile(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let input = node.value(0)?;
    let repeats = node.integers(1)?.ok_or("it has no repeats")?;
    let repeats = crate::onnx::tensor::shape(&repeats)?;
    if repeats.len() != input.rank() {
        return Err("its repeats differ in number from its input's dimensions".to_owned());
    }
    let shape: Option<Shape> =
        input.shape().iter().zip(&repeats).map(|(size, times)| size.checked_mul(*times)).collect();
    let shape = shape.ok_or("its output is too large")?;
    check_size(&shape)?;
    let strides = contiguous_strides(input.shape());
    let mut places = vec![0];
    for ((&to, &from), &stride) in shape.iter().zip(input.shape()).zip(&strides) {
        let step = |place: usize| (0..to).map(move |index| place + index % from * stride);
        places = places.into_iter().flat_map(step).collect();
    }
    pick(input, &shape, &places)
}

fn transpose(node: &FoldNode<'_, '_>) -> Result<Tensor, String> {
    let input = node.value(0)?;
    let rank = input.rank();
    check_size(input.shape())?;
    let axes: Vec<usize> = match node.attributes.ints("perm")? {
        Some(axes) => axes.iter().map(|&axis| usize::try_from(axis).unwrap_or(rank)).collect(),
        None => (0..rank).rev().collect(),
    };
    let mut sorted = axes.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err("its `perm` is not a permutation of its input's dimensions".to_owned());
    }
    let own = contiguous_strides(input.shape());
    let shape: Shape = axes.iter().map(|&axis| input.shape()[axis]).collect();
    let strides: Vec<usize> = axes.iter().map(|&axis| own[axis]).collect();
    pick(input, &shape, &strided_places(&shape, &strides, 0))
}
