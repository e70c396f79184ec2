//! The shapes of an ONNX model's inputs at a batch size and a resolution.

use std::collections::BTreeMap;

use tachy_graph::Shape;
use tachy_graph::onnx::{Dimension, Interface, InterfaceValue};

use super::graph::VariantError;

/// What is bound: sizes of dimensions by name, and whole shapes of inputs.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Bound {
    pub dims: BTreeMap<String, usize>,
    pub shapes: BTreeMap<String, Shape>,
    /// Whether a size that the file fixes is replaced.
    pub replaces: bool,
    /// The batch size that was replaced, if the file fixes one.
    pub own_batch: Option<usize>,
}

/// Binds the batch size and the resolution. `dims` and `shapes` are what the caller has bound already; whole shapes go
/// before what the file says.
pub(super) fn bind(
    interface: &Interface,
    batch: Option<usize>,
    resolution: Option<usize>,
    dims: &BTreeMap<String, usize>,
    shapes: &BTreeMap<String, Shape>,
) -> Result<Bound, VariantError> {
    let mut bound = Bound { dims: dims.clone(), shapes: shapes.clone(), ..Bound::default() };
    let mut changes: BTreeMap<String, BTreeMap<usize, usize>> = BTreeMap::new();
    if let Some(batch) = batch {
        let mut leading = interface
            .inputs
            .iter()
            .filter_map(|input| Some((input, dimensions(input, shapes)?.into_iter().next()?)));
        let Some((_, first)) = leading.next() else { return Err(VariantError::NoBatch) };
        bound.own_batch = match first {
            Dimension::Fixed(size) if size != batch => Some(size),
            _ => None,
        };
        let inputs = interface.inputs.iter();
        for input in inputs {
            let own = dimensions(input, shapes).and_then(|own| own.into_iter().next());
            // What begins with another size is no batch.
            if own.is_some_and(|own| own == first) {
                changes.entry(input.name.clone()).or_default().insert(0, batch);
            }
        }
    }
    if let Some(resolution) = resolution {
        let mut found = false;
        for input in &interface.inputs {
            let Some(own) = dimensions(input, shapes) else { continue };
            let Some(axes) = image_axes(input, &own) else { continue };
            found = true;
            for axis in axes {
                changes.entry(input.name.clone()).or_default().insert(axis, resolution);
            }
        }
        if !found {
            return Err(VariantError::NoImages);
        }
    }
    // Names first: what they stand for holds for all inputs.
    for (name, axes) in &changes {
        for (&axis, &size) in axes {
            if let Some(Dimension::Named(symbol)) = own_dimension(interface, shapes, name, axis) {
                bound.dims.insert(symbol, size);
            }
        }
    }
    for (name, axes) in &changes {
        let needs_shape =
            axes.iter().any(|(&axis, &size)| match own_dimension(interface, shapes, name, axis) {
                Some(Dimension::Fixed(own)) => own != size,
                Some(Dimension::Named(_)) => false,
                Some(Dimension::Unknown) | None => true,
            });
        if needs_shape {
            let shape = whole(interface, shapes, name, axes, &bound.dims)?;
            bound.shapes.insert(name.clone(), shape);
            bound.replaces = true;
        }
    }
    Ok(bound)
}

/// The dimensions of an input: those of the shape that the caller gives, or the file's.
fn dimensions(input: &InterfaceValue, shapes: &BTreeMap<String, Shape>) -> Option<Vec<Dimension>> {
    match shapes.get(&input.name) {
        Some(shape) => Some(shape.iter().map(|&size| Dimension::Fixed(size)).collect()),
        None => input.dimensions.clone(),
    }
}

fn own_dimension(
    interface: &Interface,
    shapes: &BTreeMap<String, Shape>,
    name: &str,
    axis: usize,
) -> Option<Dimension> {
    let input = interface.inputs.iter().find(|input| input.name == name)?;
    dimensions(input, shapes)?.into_iter().nth(axis)
}

/// Where the rows and columns of an image are: behind the colours, of which there are 1, 3 or 4, or else before them.
fn image_axes(input: &InterfaceValue, dimensions: &[Dimension]) -> Option<[usize; 2]> {
    let is_float = input.dtype.is_none_or(|dtype| dtype.is_float());
    let [_, second, _, last] = dimensions else { return None };
    let is_colours = |dimension: &Dimension| matches!(dimension, Dimension::Fixed(1 | 3 | 4));
    match (is_float, is_colours(second), is_colours(last)) {
        (false, ..) => None,
        (true, false, true) => Some([1, 2]),
        (true, ..) => Some([2, 3]),
    }
}

/// The whole shape of an input with these sizes on these axes.
fn whole(
    interface: &Interface,
    shapes: &BTreeMap<String, Shape>,
    name: &str,
    axes: &BTreeMap<usize, usize>,
    dims: &BTreeMap<String, usize>,
) -> Result<Shape, VariantError> {
    let input = interface.inputs.iter().find(|input| input.name == name);
    let own = input.and_then(|input| dimensions(input, shapes)).unwrap_or_default();
    own.iter()
        .enumerate()
        .map(|(axis, dimension)| match (axes.get(&axis), dimension) {
            (Some(&size), _) => Ok(size),
            (None, Dimension::Fixed(size)) => Ok(*size),
            (None, Dimension::Named(symbol)) => dims.get(symbol).copied().ok_or_else(|| {
                VariantError::Open { input: name.to_owned(), dimension: symbol.clone() }
            }),
            (None, Dimension::Unknown) => {
                Err(VariantError::Unknown { input: name.to_owned(), axis })
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use tachy_graph::DType;

    use super::*;

    fn interface(inputs: &[(&str, &[Dimension])]) -> Interface {
        let input = |(name, dimensions): &(&str, &[Dimension])| InterfaceValue {
            name: (*name).to_owned(),
            dtype: Some(DType::F32),
            dimensions: Some(dimensions.to_vec()),
        };
        Interface { inputs: inputs.iter().map(input).collect(), outputs: Vec::new() }
    }

    fn named(name: &str) -> Dimension {
        Dimension::Named(name.to_owned())
    }

    fn bound(interface: &Interface, batch: Option<usize>, resolution: Option<usize>) -> Bound {
        bind(interface, batch, resolution, &BTreeMap::new(), &BTreeMap::new()).unwrap()
    }

    use Dimension::{Fixed, Unknown};

    #[test]
    fn names_are_bound_by_name() {
        let open = [named("batch"), Fixed(3), named("rows"), named("columns")];
        let interface = interface(&[("image", &open), ("mask", &[named("batch"), named("rows")])]);
        let bound = bound(&interface, Some(8), Some(160));
        let expected = [("batch", 8), ("columns", 160), ("rows", 160)];
        let expected = expected.map(|(name, size)| (name.to_owned(), size));
        assert_eq!(bound.dims, BTreeMap::from(expected));
        assert!(bound.shapes.is_empty() && !bound.replaces);
        assert_eq!(bound.own_batch, None);
    }

    #[test]
    fn fixed_sizes_are_replaced_in_every_input_that_begins_with_the_batch() {
        let image = [Fixed(1), Fixed(3), Fixed(224), Fixed(224)];
        let interface = interface(&[
            ("image", &image),
            ("state", &[Fixed(1), Fixed(16)]),
            ("table", &[Fixed(10)]),
        ]);
        let bound = bound(&interface, Some(8), Some(160));
        let expected = [("image", vec![8, 3, 160, 160]), ("state", vec![8, 16])];
        let expected = expected.map(|(name, shape)| (name.to_owned(), shape));
        assert_eq!(bound.shapes, BTreeMap::from(expected));
        assert_eq!((bound.replaces, bound.own_batch), (true, Some(1)));
    }

    #[test]
    fn the_sizes_that_a_model_has_change_nothing() {
        let interface = interface(&[("image", &[Fixed(1), Fixed(224), Fixed(224), Fixed(3)])]);
        assert_eq!(bound(&interface, Some(1), Some(224)), Bound::default());
        let changed = bound(&interface, None, Some(128));
        assert_eq!(changed.shapes["image"], [1, 128, 128, 3], "the colours come last here");
    }

    #[test]
    fn what_cannot_be_bound_says_what_would_help() {
        let refuse = |inputs: &[(&str, &[Dimension])], batch, resolution| {
            let none = (BTreeMap::new(), BTreeMap::new());
            bind(&interface(inputs), batch, resolution, &none.0, &none.1).unwrap_err().to_string()
        };
        assert!(refuse(&[("x", &[Fixed(1), Fixed(8)])], None, Some(64)).contains("--resolution"));
        assert!(refuse(&[("x", &[])], Some(2), None).contains("--batch"));
        let open = [Fixed(1), named("time")];
        assert!(refuse(&[("x", &open)], Some(2), None).contains("`--dim time=SIZE`"));
        let unknown = [Fixed(1), Unknown];
        assert!(refuse(&[("x", &unknown)], Some(2), None).contains("`--shape x="));
    }
}
