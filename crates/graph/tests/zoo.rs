//! The zoo: published sizes, and the same model for a seed everywhere.

use tachy_graph::Graph;
use tachy_graph::zoo::{self, ZooOptions};

fn build(name: &str, seed: u64) -> Graph {
    zoo::build(name, &ZooOptions { seed, ..ZooOptions::default() }).unwrap()
}

/// Parameters that training changes: all but the statistics of batch normalisation.
fn trainable(graph: &Graph) -> usize {
    let statistics = |name: &str| name.ends_with(".norm.mean") || name.ends_with(".norm.variance");
    let values = graph.values().iter().filter(|value| !statistics(&value.name));
    values.filter_map(|value| value.constant()).map(|tensor| tensor.element_count()).sum()
}

#[test]
fn published_architectures_have_their_published_sizes() {
    // As torchvision counts them.
    assert_eq!(trainable(&build("mobilenet-v3-small", 0)), 2_542_856);
    assert_eq!(trainable(&build("resnet-18", 0)), 11_689_512);
}

#[test]
fn a_seed_names_one_model() {
    for entry in zoo::names() {
        assert_eq!(build(entry.name, 7), build(entry.name, 7), "{}", entry.name);
        assert_ne!(build(entry.name, 7), build(entry.name, 8), "{}", entry.name);
    }
    // These are to stay as they are: results are compared across machines and versions.
    let graph = build("mlp", 0);
    let weights = graph.values()[1].constant().unwrap();
    assert_eq!(
        weights.as_slice::<f32>().unwrap()[..3],
        [-0.333_031_1, 0.152_824_66, 0.040_235_776]
    );
}

#[test]
fn the_batch_is_the_inputs() {
    for entry in zoo::names() {
        let graph =
            zoo::build(entry.name, &ZooOptions { batch: 3, ..ZooOptions::default() }).unwrap();
        let shape = &graph.value(graph.inputs()[0]).ty.shape;
        assert!(shape[..2].contains(&3), "{}: {shape:?}", entry.name);
    }
}

#[test]
fn an_unknown_name_is_told_the_known_ones() {
    let error = zoo::build("resnet-19", &ZooOptions::default()).unwrap_err().to_string();
    assert!(error.contains("`resnet-19`") && error.contains("`resnet-18`"), "{error}");
}

#[test]
fn images_come_in_other_resolutions_and_nothing_else_does() {
    let options = ZooOptions { resolution: Some(96), ..ZooOptions::default() };
    for entry in zoo::names() {
        match zoo::build(entry.name, &options) {
            Ok(graph) => {
                assert!(entry.has_resolution);
                assert_eq!(graph.value(graph.inputs()[0]).ty.shape, [1, 3, 96, 96]);
            }
            Err(error) => {
                assert!(!entry.has_resolution, "{}: {error}", entry.name);
                assert!(
                    error.to_string().ends_with(
                        "the models that have one are `mobilenet-v3-small`, `resnet-18`."
                    )
                );
            }
        }
    }
}
