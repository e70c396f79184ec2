//! The ONNX importer: no panic, and errors in full sentences, whatever the bytes; and what was imported can be
//! exported and imported again.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tachy_fuzz::wire::{Random, mutate};
use tachy_graph::convert::Conversion;
use tachy_graph::onnx::{
    Dimension, ExportOptions, ImportError, ImportOptions, Interface, InterfaceValue, export, import,
};
use tachy_graph::{Graph, Tensor};

/// Graphs with more numbers in constants than this are not exported, to save time.
const MAX_PARAMETERS: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    let mut options = ImportOptions::default();
    options.allow_nan = data.len() % 2 == 0;
    for _ in 0..4 {
        match import(data.to_vec(), &options) {
            Ok(graph) => return check(&graph),
            // What the file leaves open is given, as a user would.
            Err(ImportError::OpenDimension { dimension, .. }) => {
                options.dims.insert(dimension, 2);
            }
            Err(error)
                if options.known_inputs.is_empty()
                    && error.to_string().contains("given when the model is loaded") =>
            {
                options.known_inputs = known_inputs(data);
            }
            Err(error) => {
                let sentence = error.to_string();
                assert!(sentence.ends_with('.'), "{sentence}");
                return;
            }
        }
    }
});

/// Small numbers for every input of integers whose shape the file says.
fn known_inputs(model: &[u8]) -> BTreeMap<String, Tensor> {
    let inputs = Interface::read(model).unwrap_or_default().inputs;
    let values: Vec<i64> =
        model.iter().rev().take(64).map(|byte| i64::from(byte % 8) - 2).collect();
    let known = |input: InterfaceValue| {
        let size = |dimension: &Dimension| match dimension {
            Dimension::Fixed(size) => Some(*size),
            _ => None,
        };
        let shape: Vec<usize> = input.dimensions?.iter().map(size).collect::<Option<_>>()?;
        let count = shape.iter().try_fold(1usize, |count, size| count.checked_mul(*size))?;
        let tensor = Tensor::new(&shape, values.get(..count)?).ok()?;
        Some((input.name, tensor.cast(input.dtype?, Conversion::default()).ok()?))
    };
    inputs.into_iter().filter_map(known).collect()
}

/// Exports a graph and imports it again.
fn check(graph: &Graph) {
    if graph.parameter_count() > MAX_PARAMETERS {
        return;
    }
    let Ok(model) = export(graph, &ExportOptions::default()) else { return };
    let mut options = ImportOptions::default();
    options.allow_nan = true;
    // Whatever decided a shape is part of the exported model.
    let again = import(model, &options).unwrap_or_else(|error| panic!("{error}"));
    let types = |graph: &Graph| {
        let outputs = graph.outputs().iter();
        outputs.map(|output| graph.value(*output).ty.clone()).collect::<Vec<_>>()
    };
    assert_eq!(types(graph), types(&again));
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed);
    // Now and then the bytes are changed as they come.
    if random.below(8) > 0 {
        let mut mutate_bytes = |bytes: &mut Vec<u8>| {
            let length = bytes.len();
            bytes.resize(length + 8, 0);
            let room = bytes.len();
            let length = fuzzer_mutate(bytes, length, room);
            bytes.truncate(length);
        };
        if let Some(bytes) = mutate(&data[..size], &mut random, &mut mutate_bytes)
            && bytes.len() <= max_size
        {
            data[..bytes.len()].copy_from_slice(&bytes);
            return bytes.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});
