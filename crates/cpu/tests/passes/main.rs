//! Optimised graphs compute what the original ones compute.

mod compare;
mod random;

use std::path::Path;

use compare::{check, noise};
use proptest::prelude::*;
use tachy_graph::onnx::{ImportOptions, import_file};
use tachy_graph::passes::{PassOptions, optimize};
use tachy_graph::zoo::{self, ZooOptions};

proptest! {
    #[test]
    fn random_graphs(seed in any::<u64>(), nodes in 1usize..30) {
        let graph = random::graph(seed, nodes);
        let inputs = noise(&graph, seed);
        check(&graph, &inputs, 1e-4).map_err(TestCaseError::fail)?;
        let options = PassOptions::default();
        let once = optimize(&graph, &options).unwrap();
        let twice = optimize(&once, &options).unwrap();
        prop_assert_eq!(once.to_string(), twice.to_string());
    }
}

#[test]
fn zoo() {
    for entry in zoo::names() {
        let graph = zoo::build(entry.name, &ZooOptions::default()).unwrap();
        let nodes = check(&graph, &noise(&graph, 1), 1e-4).unwrap();
        println!("{}: {} nodes, optimised {nodes}", entry.name, graph.nodes().len());
    }
}

/// As the node tests, these are read from the folder that `TACHY_TEST_DATA` names.
#[test]
fn light_models() {
    let Some(data) = std::env::var_os("TACHY_TEST_DATA") else { return };
    let Ok(entries) = std::fs::read_dir(Path::new(&data).join("light")) else { return };
    for entry in entries.flatten() {
        let path = entry.path().join("model.onnx");
        if path.exists() {
            let graph = import_file(&path, &ImportOptions::default()).unwrap();
            let nodes = check(&graph, &noise(&graph, 1), 1e-3).unwrap();
            println!("{:?}: {} nodes, optimised {nodes}", entry.file_name(), graph.nodes().len());
        }
    }
}
