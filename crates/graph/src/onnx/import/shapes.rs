//! Shapes that nodes ask for by numbers with special meanings.

use crate::shape::{Shape, element_count, normalize_axis};

/// The shape that `Reshape` gives: 0 keeps a size (unless `allow_zero`), −1 is what remains.
pub fn reshape(input: &[usize], target: &[i64], allow_zero: bool) -> Result<Shape, String> {
    let mut inferred = None;
    let mut shape = Shape::with_capacity(target.len());
    for (axis, &size) in target.iter().enumerate() {
        shape.push(match size {
            -1 if inferred.is_some() => return Err("its shape has two sizes of -1".to_owned()),
            -1 => {
                inferred = Some(axis);
                1
            }
            0 if !allow_zero => *input.get(axis).ok_or_else(|| {
                format!(
                    "its shape {target:?} keeps dimension {axis}, which {input:?} does not have"
                )
            })?,
            size => usize::try_from(size).map_err(|_| format!("its shape holds {size}"))?,
        });
    }
    if let Some(axis) = inferred {
        let count = |shape: &[usize]| element_count(shape).map_err(|error| error.to_string());
        let (elements, others) = (count(input)?, count(&shape)?);
        if others == 0 || elements % others != 0 {
            return Err(format!("{input:?} cannot be divided into the shape {target:?}"));
        }
        shape[axis] = elements / others;
    }
    Ok(shape)
}

/// The shape without the dimensions of size 1 at these axes, or without any if none are named.
pub fn squeeze(input: &[usize], axes: Option<&[i64]>) -> Result<Shape, String> {
    let Some(axes) = axes else {
        return Ok(input.iter().copied().filter(|&size| size != 1).collect());
    };
    let mut dropped = vec![false; input.len()];
    for &axis in axes {
        let axis = normalize_axis(axis, input.len()).map_err(|error| error.to_string())?;
        if input[axis] != 1 {
            return Err(format!("dimension {axis} of {input:?} cannot be dropped: it is not 1"));
        }
        dropped[axis] = true;
    }
    Ok(input.iter().zip(dropped).filter(|(_, dropped)| !dropped).map(|(&size, _)| size).collect())
}

/// The shape with dimensions of size 1 put in, so that they are at these axes of the result.
pub fn unsqueeze(input: &[usize], axes: &[i64]) -> Result<Shape, String> {
    let rank = input.len() + axes.len();
    let mut shape = vec![None; rank];
    for &axis in axes {
        let axis = normalize_axis(axis, rank).map_err(|error| error.to_string())?;
        if shape[axis].replace(1).is_some() {
            return Err(format!("the axis {axis} is given twice"));
        }
    }
    let mut sizes = input.iter().copied();
    Ok(shape.into_iter().map(|one| one.or_else(|| sizes.next()).expect("a size is left")).collect())
}

/// The matrix shape with the dimensions before the axis as rows and the others as columns.
pub fn flatten(input: &[usize], axis: i64) -> Result<Shape, String> {
    let rank = input.len();
    // The axis may be the rank itself: then every element is a row.
    let axis = if axis == rank as i64 {
        rank
    } else {
        normalize_axis(axis, rank).map_err(|error| error.to_string())?
    };
    let count = |shape: &[usize]| element_count(shape).map_err(|error| error.to_string());
    Ok(vec![count(&input[..axis])?, count(&input[axis..])?])
}
