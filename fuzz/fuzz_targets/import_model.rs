//! The ONNX importer: no panic, and errors in full sentences, whatever the bytes; and what was imported can be
//! exported and imported again.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tachy_fuzz::wire::{Random, mutate};
use tachy_graph::onnx::{ExportOptions, ImportError, ImportOptions, export, import};
use tachy_graph::Graph;

/// Graphs with more numbers in constants than this are not exported, to save time.
const MAX_PARAMETERS: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    let mut options = ImportOptions::default();
    options.allow_nan = data.len() % 2 == 0;
    for _ in 0..4 {
        match import(data.to_vec(), &options) {
            Ok(graph) => return check(&graph),
            // Sizes that the file leaves open are given, as a user would.
            Err(ImportError::OpenDimension { dimension, .. }) => {
                options.dims.insert(dimension, 2);
            }
            Err(error) => {
                let sentence = error.to_string();
                assert!(sentence.ends_with('.'), "{sentence}");
                return;
            }
        }
    }
});

/// Exports a graph and imports it again.
fn check(graph: &Graph) {
    if graph.parameter_count() > MAX_PARAMETERS {
        return;
    }
    let Ok(model) = export(graph, &ExportOptions::default()) else { return };
    let mut options = ImportOptions::default();
    options.allow_nan = true;
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
