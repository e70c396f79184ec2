//! How much memory import takes: the file, its tensors, and little else, whatever the file says.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tachy_graph::onnx::{ExportOptions, ImportOptions, export, import};
use tachy_graph::{DType, Graph, GraphBuilder, Tensor};

#[path = "onnx/wire.rs"]
#[allow(dead_code)]
mod wire;

use wire::*;

/// The system's allocator, and how many bytes are taken from it now and were taken at most.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on as it comes; counting does not touch the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Imports a model; gives the outcome, and the most memory that was taken at a time, the file itself included.
fn measure(model: Vec<u8>) -> (Result<Graph, String>, usize) {
    let size = model.len();
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = import(model, &ImportOptions::default()).map_err(|error| error.to_string());
    (result, PEAK.load(Relaxed) - before + size)
}

// One test, since a second one at the same time would be counted too.
#[test]
fn import_takes_what_the_file_and_its_tensors_take() {
    // Weights are copied once.
    let mut builder = GraphBuilder::new("weights");
    let x = builder.input("x", DType::F32, [1024]);
    let weights = builder.constant("w", Tensor::zeros(DType::F32, &[4096, 1024]).unwrap());
    let y = builder.add(x, weights).unwrap();
    builder.output(y, "y").unwrap();
    let model = export(&builder.build().unwrap(), &ExportOptions::default()).unwrap();
    let size = model.len();
    let (result, peak) = measure(model);
    assert!(result.is_ok());
    assert!(peak <= 2 * size + 64 * KIB, "{peak} bytes for a file of {size}");

    // Shapes that nothing fills take nothing.
    let billion = 1_000_000_000;
    let io = [input("x", DType::F32, &[Dim::Size(billion), Dim::Size(1)]), output("y", DType::F32)];
    let row = initializer(integers("row", &[2], &[1, billion]));
    let wide = [row, node("n", "Expand", &["x", "row"], &["y"])];
    let (result, peak) = measure(model_of(&io, &wide));
    assert!(result.is_ok());
    assert!(peak <= 64 * KIB, "{peak} bytes");

    // Neither does data that is not there.
    let weight = initializer(floats("w", &[billion], &[1.0]));
    let (result, peak) = measure(model_of(&io, &[weight, node("n", "Add", &["x", "w"], &["y"])]));
    assert!(result.is_err());
    assert!(peak <= 64 * KIB, "{peak} bytes");

    // Constants that the file describes without holding them are left to those who run the graph.
    let shape = initializer(integers("shape", &[1], &[billion]));
    let fill = node("n", "ConstantOfShape", &["shape"], &["y"]);
    let (result, peak) = measure(model_of(&io, &[shape.clone(), fill.clone()]));
    assert!(result.is_ok());
    assert!(peak <= 64 * KIB, "{peak} bytes");
    let mut graph = vec![initializer(integers("size", &[1], &[16 * MIB as i64]))];
    for index in 0..100 {
        let outputs = [format!("z{index}"), format!("y{index}")];
        graph.push(node("", "ConstantOfShape", &["size"], &[&outputs[0]]));
        graph.push(node("", "Add", &["x", &outputs[0]], &[&outputs[1]]));
        graph.push(output(&outputs[1], DType::F32));
    }
    let x = input("x", DType::F32, &[Dim::Size(1)]);
    let (result, peak) = measure(model_of(&[x], &graph));
    assert!(result.is_ok());
    assert!(peak <= 257 * MIB, "{peak} bytes");

    // Many small messages would decode to hundreds of times the file.
    for message in [bytes(1, ""), bytes(5, ""), bytes(11, ""), message(1, &[bytes(5, "")])] {
        let model = model_of(&[], &[message.repeat(MIB)]);
        let size = model.len();
        let (result, peak) = measure(model);
        assert!(result.unwrap_err().contains("out of proportion"));
        assert!(peak <= size + 64 * KIB, "{peak} bytes for a file of {size}");
    }
}

fn model_of(some: &[Field], others: &[Field]) -> Vec<u8> {
    model(&[some, others].concat())
}
