//! What a graph is going to need, counted by hand; chains and patterns of the caller's own.

use tachy_graph::cost::{Cost, MachineModel, MemoryLevel};
use tachy_graph::op::attention::Attention;
use tachy_graph::op::window::Window;
use tachy_graph::passes::{FusionPattern, PassError, PassOptions, fused_chain, optimize};
use tachy_graph::zoo::{self, ZooOptions};
use tachy_graph::{DType, Graph, GraphBuilder, Op, Tensor, TensorType, ValueId};

const F: DType = DType::F32;

fn zeros(builder: &mut GraphBuilder, shape: &[usize]) -> ValueId {
    builder.constant("zeros", Tensor::zeros(F, shape).unwrap())
}

fn finish(mut builder: GraphBuilder, output: ValueId) -> Graph {
    builder.output(output, "output").unwrap();
    builder.build().unwrap()
}

fn flops(build: impl FnOnce(&mut GraphBuilder) -> ValueId) -> f64 {
    let mut builder = GraphBuilder::new("test");
    let output = build(&mut builder);
    let graph = finish(builder, output);
    graph.cost(graph.nodes().last().unwrap()).flops
}

#[test]
fn products_are_counted_exactly() {
    let conv = flops(|b| {
        let x = b.input("x", F, [2, 4, 10, 10]);
        let (w, bias) = (zeros(b, &[6, 2, 3, 3]), zeros(b, &[6]));
        b.conv(x, w, Some(bias), Window::new([3, 3]), 2).unwrap()
    });
    // 2 · 6 · 8 · 8 results, each of 2 · 3 · 3 products and a bias.
    assert_eq!(conv, 768.0 * (2.0 * 18.0 + 1.0));
    let transposed = flops(|b| {
        let x = b.input("x", F, [1, 4, 5]);
        let w = zeros(b, &[4, 3, 2]);
        b.conv_transpose(x, w, None, Window::new([2]).with_strides([2]), 1).unwrap()
    });
    // Each of 4 · 5 inputs goes to 3 filters and 2 places.
    assert_eq!(transposed, 2.0 * 20.0 * 6.0);
    let product = flops(|b| {
        let (x, y) = (b.input("x", F, [7, 3, 4]), b.input("y", F, [4, 5]));
        b.matmul(x, y).unwrap()
    });
    assert_eq!(product, 2.0 * 7.0 * 3.0 * 4.0 * 5.0);
    let linear = flops(|b| {
        let (x, y) = (b.input("x", F, [3, 4]), b.input("y", F, [5, 4]));
        let bias = zeros(b, &[5]);
        b.linear(x, y, bias).unwrap()
    });
    assert_eq!(linear, 15.0 * (2.0 * 4.0 + 1.0));
    let attention = flops(|b| {
        let q = b.input("q", F, [1, 2, 3, 4]);
        let k = b.input("k", F, [1, 2, 5, 4]);
        let v = b.input("v", F, [1, 2, 5, 6]);
        let op = Attention {
            scale: 0.5,
            softcap: 0.0,
            causal: false,
            left_window: None,
            right_window: None,
            present: false,
            scores: None,
        };
        b.apply(op, &[q, k, v]).unwrap()
    });
    // 2 · 3 · 5 scores, each of 4 products, a softmax, and 6 products with values.
    assert_eq!(attention, 30.0 * (8.0 + 12.0 + 3.0));
    let lstm = zoo::build("lstm-256", &ZooOptions::default()).unwrap();
    let node = lstm.nodes().iter().find(|node| matches!(node.op, Op::Lstm(_))).unwrap();
    assert_eq!(lstm.cost(node).flops, 128.0 * 1024.0 * (2.0 * (64.0 + 256.0) + 4.0));
}

#[test]
fn published_models_have_their_published_work() {
    // As their papers count multiplications, which are half of the operations here.
    for (name, multiplications) in [("resnet-18", 1.81e9), ("mobilenet-v3-small", 56e6)] {
        let graph = zoo::build(name, &ZooOptions::default()).unwrap();
        let products =
            graph.nodes().iter().filter(|node| matches!(node.op, Op::Conv(_) | Op::Gemm(_)));
        let flops: f64 = products.map(|node| graph.cost(node).flops).sum();
        let ratio = flops / 2.0 / multiplications;
        assert!((0.97..1.05).contains(&ratio), "{name}: {flops}");
    }
}

#[test]
fn time_is_the_slower_of_arithmetic_and_traffic() {
    let machine = MachineModel {
        flop_rate: 1e9,
        levels: vec![
            MemoryLevel { size: 1e3, bandwidth: 1e10 },
            MemoryLevel { size: 1e6, bandwidth: 1e9 },
        ],
        kernel_overhead: 1.0,
    };
    let seconds = |flops, bytes| {
        machine.seconds(&Cost { flops, bytes_read: bytes / 2.0, bytes_written: bytes / 2.0 })
    };
    assert_eq!(seconds(1e9, 1e3), 2.0);
    assert_eq!(seconds(0.0, 1e3), 1.0 + 1e-7);
    assert_eq!(seconds(0.0, 2e3), 1.0 + 2e-6);
    // The last level takes what is larger than all.
    assert_eq!(seconds(0.0, 1e9), 2.0);
}

#[test]
fn opportunities_name_their_operators() {
    let mut builder = GraphBuilder::new("test");
    let x = builder.input("x", F, [1, 8, 64, 64]);
    let w = zeros(&mut builder, &[8, 8, 1, 1]);
    let parameters = [0; 4].map(|_| zeros(&mut builder, &[8]));
    let y = builder.conv(x, w, None, Window::new([1, 1]), 1).unwrap();
    let y = builder.batch_normalization(y, parameters, 1.0).unwrap();
    let y = builder.add(y, x).unwrap();
    let y = builder.relu(y).unwrap();
    let y = builder.global_average_pool(y).unwrap();
    let y = builder.exp(y).unwrap();
    let y = builder.tanh(y).unwrap();
    let graph = finish(builder, y);
    let opportunities = graph.find_fusion_opportunities();
    let found: Vec<_> =
        opportunities.iter().map(|found| (found.pattern.as_str(), &found.nodes[..])).collect();
    assert_eq!(
        found,
        [("Conv + BatchNormalization + Add + Relu", &[0, 1, 2, 3][..]), ("Exp + Tanh", &[5, 6]),]
    );
    assert!(opportunities.iter().all(|found| found.estimated_speedup > 1.5));
}

#[test]
fn memory_is_shared_and_views_take_none() {
    let mut builder = GraphBuilder::new("test");
    let x = builder.input("x", F, [256, 256]);
    let bytes = 256 * 256 * 4;
    let mut y = x;
    for _ in 0..10 {
        y = builder.matmul(y, x).unwrap();
        y = builder.reshape(y, [65536]).unwrap();
        y = builder.relu(y).unwrap();
        y = builder.reshape(y, [256, 256]).unwrap();
    }
    let graph = finish(builder, y);
    let plan = graph.optimize_memory_layout().unwrap();
    // Inputs and outputs have places of their own; of the products between, two are alive at a time.
    assert_eq!(plan.lower_bound, 4 * bytes);
    assert_eq!(plan.peak, plan.lower_bound);
    assert_eq!(plan.saved, plan.unshared - plan.peak);
    assert_eq!(plan.memory_groups.len(), 4);
    let values: usize = plan.memory_groups.iter().map(|group| group.values.len()).sum();
    assert_eq!(values, 41);
}

#[test]
fn a_plan_adds_up() {
    for entry in zoo::names() {
        let graph = zoo::build(entry.name, &ZooOptions::default()).unwrap();
        let plan = graph.generate_execution_plan().unwrap();
        assert_eq!(plan.steps.len(), graph.topological_sort().unwrap().len());
        let seconds: f64 = plan.steps.iter().map(|step| step.seconds).sum();
        assert_eq!(plan.estimated_execution_time, seconds);
        let parameters = 4 * graph.parameter_count() as u64;
        assert_eq!(plan.estimated_memory_usage, parameters + plan.memory_plan.peak);
        assert!(plan.memory_plan.peak as f64 <= 1.05 * plan.memory_plan.lower_bound as f64);
        let optimized = optimize(&graph, &PassOptions::default()).unwrap();
        let after = optimized.generate_execution_plan().unwrap();
        assert!(after.estimated_execution_time <= plan.estimated_execution_time);
    }
}

fn ty(shape: &[usize]) -> TensorType {
    TensorType::new(F, shape)
}

#[test]
fn chains_by_name() {
    let options = PassOptions::default();
    let text = |operators: &[&str], inputs: &[TensorType]| {
        fused_chain(operators, inputs, &options).map(|graph| graph.map(|graph| graph.to_string()))
    };
    assert_eq!(
        text(&["add", "multiply"], &[ty(&[2]), ty(&[2]), ty(&[1])]).unwrap().unwrap(),
        "output: f32[2] = (input_0 + input_1) * input_2\nreturn output\n"
    );
    assert_eq!(
        text(&["MatMul", "Add", "Relu"], &[ty(&[2, 3]), ty(&[3, 4]), ty(&[4])]).unwrap().unwrap(),
        "output: f32[2, 4] = MatMul(input_0, input_1) then Relu(_ + input_2)\nreturn output\n"
    );
    assert!(text(&["add"], &[ty(&[2]), ty(&[2])]).is_none(), "one operator is fused with nothing");
    assert!(text(&["add", "multiply"], &[ty(&[2]), ty(&[2])]).is_none(), "an input is missing");
    assert!(text(&["add", "frobnicate"], &[ty(&[2]), ty(&[2])]).is_none());
    assert!(text(&["matmul", "matmul"], &[ty(&[2, 2]), ty(&[2, 2]), ty(&[2, 2])]).is_none());
    let error = text(&["add", "relu"], &[ty(&[2]), ty(&[3])]).unwrap().unwrap_err();
    assert!(error.to_string().contains("broadcast"), "{error}");
}

fn scale_and_add() -> FusionPattern {
    FusionPattern::new("scale_and_add", ["multiply", "ADD"], |_, _| Ok(()))
}

fn scaled(used_twice: bool) -> Graph {
    let mut builder = GraphBuilder::new("test");
    let [x, y, z] = ["x", "y", "z"].map(|name| builder.input(name, F, [2, 3]));
    let product = builder.mul(x, y).unwrap();
    let sum = builder.add(z, product).unwrap();
    if used_twice {
        builder.output(product, "product").unwrap();
    }
    finish(builder, sum)
}

#[test]
fn patterns_of_the_callers_own() {
    let mut options = PassOptions::default();
    options.patterns.push(scale_and_add());
    let text = |used_twice| optimize(&scaled(used_twice), &options).unwrap().to_string();
    assert_eq!(text(false), "output: f32[2, 3] = Custom[scale_and_add](x, y, z)\nreturn output\n");
    assert!(!text(true).contains("Custom"), "the product is read elsewhere");
}

#[test]
fn a_pattern_of_another_type_is_an_error_before_anything_runs() {
    let optimized = |pattern: FusionPattern| {
        let mut options = PassOptions::default();
        options.patterns.push(pattern);
        optimize(&scaled(false), &options)
    };
    let wrong = scale_and_add().with_types(|_| Ok(vec![TensorType::new(F, [3, 2])]));
    let error = optimized(wrong).unwrap_err();
    assert!(matches!(error, PassError::PatternType { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("f32[3, 2]") && text.contains("f32[2, 3]"), "{text}");
    let refused = scale_and_add().with_types(|_| Err("not today".to_owned()));
    let error = optimized(refused).unwrap_err().to_string();
    assert!(error.contains("not today") && error.contains("scale_and_add"), "{error}");
}
