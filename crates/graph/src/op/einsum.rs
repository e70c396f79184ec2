//! Einstein's summation convention.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::shape::{Shape, TensorType, contiguous_strides};

/// Products of elements, summed over the indices that the output does not have, as an equation such as
/// `bij,bjk->bik` says. Inputs: one tensor for each term of the equation, of one element type.
///
/// Letters are indices; one that stands twice in a term takes the diagonal. `...` stands for any leading, inner or
/// trailing dimensions, which are broadcast. Without `->`, the output has the dimensions of `...`, then the
/// letters that stand once, in the order of their code points.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Einsum {
    /// The equation.
    pub equation: String,
}

/// An equation applied to inputs of certain shapes: loops over indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EinsumLoops {
    /// The sizes of the indices that the output has, in its order.
    pub output: Shape,
    /// The sizes of the indices that are summed over.
    pub summed: Shape,
    /// For each input, its strides along the output's indices and then along those that are summed over, in
    /// elements; 0 where it does not have the index.
    pub strides: Vec<Vec<usize>>,
}

/// An index: a letter, or a dimension of the ellipsis, counted from its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Index {
    Ellipsis(usize),
    Letter(char),
}

impl Einsum {
    /// The loops for inputs of these shapes.
    ///
    /// # Errors
    /// If the equation is malformed or does not fit the shapes.
    pub fn loops(&self, shapes: &[&[usize]]) -> Result<EinsumLoops, InferError> {
        let equation: String = self.equation.chars().filter(|c| *c != ' ').collect();
        let (left, right) = match equation.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (&equation[..], None),
        };
        let terms: Vec<&str> = left.split(',').collect();
        if terms.len() != shapes.len() {
            return Err(InferError(format!(
                "the equation `{equation}` has {} terms for {} inputs",
                terms.len(),
                shapes.len()
            )));
        }
        let terms = terms
            .iter()
            .zip(shapes)
            .map(|(term, shape)| indices(term, Some(shape.len())))
            .collect::<Result<Vec<_>, _>>()?;
        let sizes = sizes(&terms, shapes)?;
        let output = match right {
            Some(right) => {
                let dims = sizes.iter().filter(|(i, _)| matches!(i, Index::Ellipsis(_))).count();
                let letters = right.chars().filter(|c| c.is_alphabetic()).count();
                let rank = if right.contains("...") { letters + dims } else { letters };
                indices(right, Some(rank))?
            }
            None => implicit_output(&terms),
        };
        for (place, index) in output.iter().enumerate() {
            if output[..place].contains(index) || !sizes.iter().any(|(known, _)| known == index) {
                return Err(InferError(format!(
                    "each index of the output of `{equation}` must stand there once, and in an input"
                )));
            }
        }
        let summed = sizes.iter().map(|(index, _)| *index).filter(|index| !output.contains(index));
        let order: Vec<Index> = output.iter().copied().chain(summed).collect();
        let size = |index: &Index| {
            let known = sizes.iter().find(|(known, _)| known == index);
            known.map_or(1, |(_, size)| *size)
        };
        let strides = terms.iter().zip(shapes).map(|(term, shape)| {
            let own = contiguous_strides(shape);
            let stride = |index: &Index| {
                let places = (0..term.len()).filter(|place| term[*place] == *index);
                let strides = places.filter(|place| shape[*place] != 1).map(|place| own[place]);
                strides.fold(0, usize::saturating_add)
            };
            order.iter().map(stride).collect()
        });
        Ok(EinsumLoops {
            output: output.iter().map(size).collect(),
            summed: order[output.len()..].iter().map(size).collect(),
            strides: strides.collect(),
        })
    }
}

/// The indices of a term for a tensor of this rank.
fn indices(term: &str, rank: Option<usize>) -> Result<Vec<Index>, InferError> {
    let malformed =
        || InferError(format!("`{term}` is not a term of letters and at most one `...`"));
    let letters = |text: &str| {
        let letter = |c: char| c.is_ascii_alphabetic().then_some(Index::Letter(c));
        text.chars().map(|c| letter(c).ok_or_else(malformed)).collect::<Result<Vec<_>, _>>()
    };
    let indices = match term.split_once("...") {
        None => letters(term)?,
        Some((before, after)) => {
            let (mut before, after) = (letters(before)?, letters(after)?);
            let rank = rank.unwrap_or(before.len() + after.len());
            let dims = rank.checked_sub(before.len() + after.len()).ok_or_else(|| {
                InferError(format!(
                    "the term `{term}` has more letters than its input's {rank} dimensions"
                ))
            })?;
            before.extend((0..dims).rev().map(Index::Ellipsis));
            before.extend(after);
            before
        }
    };
    match rank {
        Some(rank) if rank != indices.len() => Err(InferError(format!(
            "the term `{term}` has {} indices for {rank} dimensions",
            indices.len()
        ))),
        _ => Ok(indices),
    }
}

/// Every index and its size, in the order in which they come. A size of 1 is broadcast.
fn sizes(terms: &[Vec<Index>], shapes: &[&[usize]]) -> Result<Vec<(Index, usize)>, InferError> {
    let mut sizes: Vec<(Index, usize)> = Vec::new();
    for (index, size) in terms.iter().flatten().zip(shapes.iter().copied().flatten()) {
        match sizes.iter_mut().find(|(known, _)| known == index) {
            None => sizes.push((*index, *size)),
            Some((_, known)) if *known == 1 => *known = *size,
            Some((_, known)) if *known == *size || *size == 1 => {}
            Some((_, known)) => {
                return Err(InferError(format!("one index has the sizes {known} and {size}")));
            }
        }
    }
    Ok(sizes)
}

/// The dimensions of the ellipsis, then the letters that stand once.
fn implicit_output(terms: &[Vec<Index>]) -> Vec<Index> {
    let all: Vec<Index> = terms.iter().flatten().copied().collect();
    let dims = all.iter().filter_map(|index| match index {
        Index::Ellipsis(dim) => Some(dim + 1),
        Index::Letter(_) => None,
    });
    let mut output: Vec<Index> = (0..dims.max().unwrap_or(0)).rev().map(Index::Ellipsis).collect();
    let once = |index: &&Index| {
        matches!(index, Index::Letter(_)) && all.iter().filter(|other| other == index).count() == 1
    };
    let mut letters: Vec<Index> = all.iter().filter(once).copied().collect();
    letters.sort_unstable();
    output.extend(letters);
    output
}

impl Operator for Einsum {
    fn name(&self) -> &'static str {
        "Einsum"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let first = inputs.required(0, "Inputs")?;
        expect_dtype(first, first.dtype.is_number(), "numbers")?;
        inputs.same_dtype()?;
        let shapes = (0..inputs.len())
            .map(|index| Ok(&inputs.required(index, "Inputs")?.shape[..]))
            .collect::<Result<Vec<_>, InferError>>()?;
        Ok(vec![TensorType::new(first.dtype, self.loops(&shapes)?.output)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(equation: &str, shapes: &[&[usize]]) -> Result<Shape, InferError> {
        Ok(Einsum { equation: equation.to_owned() }.loops(shapes)?.output)
    }

    #[test]
    fn equations_give_shapes() {
        assert_eq!(output("bij, bjk -> bik", &[&[2, 3, 4], &[2, 4, 5]]), Ok(vec![2, 3, 5]));
        assert_eq!(output("ba", &[&[2, 3]]), Ok(vec![3, 2]));
        assert_eq!(output("i...j,j", &[&[2, 5, 6, 3], &[3]]), Ok(vec![5, 6, 2]));
        assert_eq!(output("...ii->...i", &[&[4, 3, 3]]), Ok(vec![4, 3]));
        assert_eq!(output("...i,...i->...", &[&[4, 1, 3], &[5, 3]]), Ok(vec![4, 5]));
    }

    #[test]
    fn malformed_equations_are_refused() {
        for (equation, shapes) in [
            ("ij", &[&[2usize][..]][..]),
            ("i->ii", &[&[2]]),
            ("i->j", &[&[2]]),
            ("i,i", &[&[2], &[3]]),
            ("i,j", &[&[2]]),
            ("i.j", &[&[2, 2]]),
            ("ij...", &[&[2]]),
        ] {
            assert!(output(equation, shapes).is_err(), "{equation}");
        }
    }
}
