//! Executables cached by the shapes of their inputs.
#![allow(missing_docs)]

#[path = "../../graph/tests/onnx/wire.rs"]
#[allow(dead_code)]
mod wire;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tachy_cpu::CpuBackend;
use tachy_graph::{DType, GraphBuilder, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device, Error, PlanCache};

/// A cache for `x · 2` with any shape, and how many times it has prepared.
fn doubling(capacity: usize) -> (PlanCache, Arc<AtomicUsize>) {
    let prepared = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&prepared);
    let cache = PlanCache::new(NonZeroUsize::new(capacity).unwrap(), move |shapes| {
        count.fetch_add(1, Ordering::Relaxed);
        let mut builder = GraphBuilder::new("doubling");
        let x = builder.input("x", DType::F32, shapes[0]);
        let two = builder.constant("two", Tensor::scalar(2.0f32));
        let y = builder.mul(x, two).unwrap();
        builder.output(y, "y").unwrap();
        CpuBackend.compile(
            &builder.build().unwrap(),
            &Device::of("cpu"),
            &CompileOptions::default(),
        )
    });
    (cache, prepared)
}

fn of_length(length: usize) -> Tensor {
    let elements: Vec<f32> = (0..length).map(|index| index as f32).collect();
    Tensor::new(&[length], &elements).unwrap()
}

#[test]
fn every_shape_is_prepared_once() {
    let (mut cache, prepared) = doubling(4);
    for round in 0..5 {
        for length in 1..=4 {
            let outputs = cache.call(&[of_length(length)]).unwrap();
            let expected: Vec<f32> = (0..length).map(|index| 2.0 * index as f32).collect();
            assert_eq!(outputs[0].as_slice::<f32>().unwrap(), expected, "round {round}");
        }
    }
    assert_eq!(prepared.load(Ordering::Relaxed), 4);
    let statistics = cache.statistics();
    assert_eq!((statistics.hits, statistics.misses, statistics.evictions), (16, 4, 0));
}

#[test]
fn the_one_not_used_for_longest_makes_room() {
    let (mut cache, prepared) = doubling(2);
    for length in [1, 2, 1, 3, 1] {
        cache.call(&[of_length(length)]).unwrap();
    }
    // 2 has gone when 3 came, 1 has stayed.
    assert_eq!((cache.len(), prepared.load(Ordering::Relaxed)), (2, 3));
    cache.call(&[of_length(2)]).unwrap();
    assert_eq!((cache.statistics().evictions, prepared.load(Ordering::Relaxed)), (2, 4));
}

#[test]
fn a_wrong_element_type_is_named_and_does_no_harm() {
    let (mut cache, _) = doubling(2);
    cache.call(&[of_length(3)]).unwrap();
    let wrong = Tensor::new(&[3], &[1i64, 2, 3]).unwrap();
    assert!(matches!(cache.call(&[wrong]), Err(Error::Type { name, .. }) if name == "x"));
    assert_eq!(cache.call(&[of_length(3)]).unwrap()[0].shape(), [3]);
}

#[test]
fn a_model_with_open_dimensions() {
    use wire::{Dim, input, model, node, output};
    let relu = model(&[
        input("x", DType::F32, &[Dim::Name("batch"), Dim::Size(2)]),
        output("y", DType::F32),
        node("n", "Relu", &["x"], &["y"]),
    ]);
    let capacity = NonZeroUsize::new(2).unwrap();
    let device = Device::of("cpu");
    let options = CompileOptions::default();
    let mut cache =
        PlanCache::of_model(Arc::new(CpuBackend), relu.into(), device, options, capacity);
    for batch in [1, 3, 1, 3] {
        let x = Tensor::new(&[batch, 2], &vec![-1.0f32; 2 * batch]).unwrap();
        assert_eq!(cache.call(&[x]).unwrap()[0].shape(), [batch, 2]);
    }
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (2, 2));
    let wrong = Tensor::new(&[1, 3], &[0.0f32; 3]).unwrap();
    let message = cache.call(&[wrong]).unwrap_err().to_string();
    assert!(message.contains("dimension 1 of the input `x`"), "{message}");
    assert_eq!(cache.len(), 2);
}
