//! Shapes that a model computes are followed when it is loaded, and functions and branches are written out.

use tachy_graph::onnx::{ImportOptions, import};
use tachy_graph::{DType, Graph, Tensor};

use super::wire::*;

const F: DType = DType::F32;
const I: DType = DType::I64;

fn operators(graph: &Graph) -> Vec<&'static str> {
    use tachy_graph::Operator;
    graph.nodes().iter().map(|node| node.op.name()).collect()
}

fn output_shape(graph: &Graph) -> &[usize] {
    &graph.value(graph.outputs()[0]).ty.shape
}

fn axis(value: i64) -> Field {
    attribute_int("axis", value)
}

#[test]
fn a_shape_that_is_taken_apart_and_put_together() {
    // As exporters flatten everything but the first dimension: x.reshape(x.shape[0], -1).
    let graph = [
        input("x", F, &[Dim::Name("batch"), Dim::Size(3), Dim::Size(4)]),
        output("y", F),
        initializer(integers("zero", &[], &[0])),
        initializer(integers("rest", &[1], &[-1])),
        initializer(integers("axes", &[1], &[0])),
        node("s", "Shape", &["x"], &["shape"]),
        node_with("g", "Gather", &["shape", "zero"], &["first"], &[axis(0)]),
        node("u", "Unsqueeze", &["first", "axes"], &["firsts"]),
        node_with("c", "Concat", &["firsts", "rest"], &["target"], &[axis(0)]),
        node("r", "Reshape", &["x", "target"], &["y"]),
    ];
    let mut options = ImportOptions::default();
    options.dims.insert("batch".into(), 8);
    let graph = import(model(&graph), &options).unwrap();
    assert_eq!(operators(&graph), ["Reshape"]);
    assert_eq!(output_shape(&graph), [8, 12]);
    assert!(graph.fixed_inputs().is_empty(), "a shape depends on no value");
}

#[test]
fn arithmetic_on_shapes() {
    // Half the height of an image, by way of floats: floor(float(shape[1:2]) * 0.5).
    let to = |number| attribute_int("to", number);
    let graph = [
        input("x", F, &[Dim::Size(3), Dim::Size(7)]),
        output("y", F),
        initializer(integers("one", &[1], &[1])),
        initializer(integers("two", &[1], &[2])),
        initializer(floats("half", &[], &[0.5])),
        node("s", "Shape", &["x"], &["shape"]),
        node("l", "Slice", &["shape", "one", "two"], &["width"]),
        node_with("a", "Cast", &["width"], &["width_f"], &[to(1)]),
        node("b", "Mul", &["width_f", "half"], &["half_f"]),
        node("c", "Floor", &["half_f"], &["floor_f"]),
        node_with("d", "Cast", &["floor_f"], &["size"], &[to(7)]),
        node_with("e", "Concat", &["two", "size"], &["target"], &[axis(0)]),
        node("f", "ConstantOfShape", &["target"], &["zeros"]),
        node("g", "Shape", &["zeros"], &["shape_of_zeros"]),
        node_with(
            "h",
            "ReduceProd",
            &["shape_of_zeros"],
            &["count"],
            &[attribute_int("keepdims", 0)],
        ),
        node_with("i", "Cast", &["count"], &["count_f"], &[to(1)]),
        node("j", "Add", &["x", "count_f"], &["y"]),
    ];
    let graph = import(model(&graph), &ImportOptions::default()).unwrap();
    assert_eq!(operators(&graph), ["Add"]);
    let count = graph.values().iter().find_map(|value| value.constant()).unwrap();
    assert_eq!(count, &Tensor::scalar(6f32));
}

#[test]
fn a_shape_from_an_input_is_noted() {
    let graph = [
        input("x", F, &[Dim::Size(6)]),
        input("rows", I, &[Dim::Size(1)]),
        output("y", F),
        output("twice", I),
        initializer(integers("rest", &[1], &[-1])),
        node_with("c", "Concat", &["rows", "rest"], &["target"], &[axis(0)]),
        node("r", "Reshape", &["x", "target"], &["y"]),
        node("d", "Add", &["rows", "rows"], &["twice"]),
    ];
    let rows = Tensor::new(&[1], &[2i64]).unwrap();
    let mut options = ImportOptions::default();
    options.known_inputs.insert("rows".into(), rows.clone());
    let graph = import(model(&graph), &options).unwrap();
    // The sum is computed from the input as it comes; the shape is not computed at all.
    assert_eq!(operators(&graph), ["Reshape", "Add"]);
    assert_eq!(output_shape(&graph), [2, 3]);
    assert_eq!(graph.inputs().len(), 2);
    let [fixed] = graph.fixed_inputs() else { panic!("one input decides a shape") };
    assert_eq!((fixed.input, &fixed.value), (graph.inputs()[1], &rows));
}

#[test]
fn a_value_that_decides_no_shape_is_not_noted() {
    let graph =
        [input("x", F, &[Dim::Size(2)]), output("y", F), node("a", "Add", &["x", "x"], &["y"])];
    let mut options = ImportOptions::default();
    options.known_inputs.insert("x".into(), Tensor::new(&[2], &[1f32, 2.]).unwrap());
    let graph = import(model(&graph), &options).unwrap();
    assert_eq!(operators(&graph), ["Add"]);
    assert!(graph.fixed_inputs().is_empty());
}

#[test]
fn outputs_that_are_inputs_or_constants() {
    let graph = [
        input("x", F, &[Dim::Size(2)]),
        output("x", F),
        output("w", F),
        output("same", F),
        initializer(floats("w", &[1], &[5.0])),
        node("i", "Identity", &["w"], &["same"]),
    ];
    let graph = load(model(&graph));
    let names: Vec<_> =
        graph.outputs().iter().map(|output| graph.value(*output).name.as_str()).collect();
    assert_eq!(names, ["x", "w", "same"]);
    assert_eq!(operators(&graph), ["Identity", "Identity"]);
}

#[test]
fn nodes_in_any_order_and_without_use() {
    let graph = [
        input("x", F, &[Dim::Size(2)]),
        output("y", F),
        node("second", "Neg", &["u"], &["y"]),
        node("first", "Relu", &["x"], &["u"]),
        node("unused", "Frobnicate", &["u"], &["v"]),
    ];
    assert_eq!(operators(&load(model(&graph))), ["Relu", "Neg"]);
}

#[test]
fn names_of_the_file_are_kept() {
    let graph = [
        input("x", F, &[Dim::Size(2)]),
        output("y", F),
        node("", "Relu", &["x"], &["u"]),
        node("negation", "Neg", &["u"], &["y"]),
    ];
    let graph = load(model(&graph));
    let nodes: Vec<_> = graph.nodes().iter().map(|node| node.name.as_str()).collect();
    assert_eq!(nodes, ["u", "negation"]);
    let values: Vec<_> = graph.values().iter().map(|value| value.name.as_str()).collect();
    assert_eq!(values, ["x", "u", "y"]);
}

#[test]
fn a_branch_of_which_the_condition_is_known() {
    let branch = |operator: &str, name: &str| {
        // The branch reads `x` from around it.
        attribute_graph(name, &[node("inner", operator, &["x"], &["z"]), output("z", F)])
    };
    let graph = |value: u8| {
        model(&[
            input("x", F, &[Dim::Size(2)]),
            output("y", F),
            initializer(tensor("c", DType::Bool, &[], bytes(9, [value]))),
            node_with(
                "choice",
                "If",
                &["c"],
                &["y"],
                &[branch("Relu", "then_branch"), branch("Neg", "else_branch")],
            ),
        ])
    };
    assert_eq!(operators(&load(graph(1))), ["Relu"]);
    assert_eq!(operators(&load(graph(0))), ["Neg"]);
}

#[test]
fn a_function_is_written_out() {
    // leak(a) = LeakyRelu(a, alpha = slope), and slope is 0.5 unless the call says something else.
    let reference = message(5, &[bytes(1, "alpha"), bytes(21, "slope"), number(20, 1)]);
    let body = node_with("body", "LeakyRelu", &["a"], &["b"], &[reference]);
    let float = |value: f32| [&[2 << 3 | 5][..], &value.to_le_bytes()].concat();
    let slope = |tag, value| message(tag, &[bytes(1, "slope"), float(value), number(20, 1)]);
    let function = message(
        25,
        &[
            bytes(1, "leak"),
            bytes(4, "a"),
            bytes(5, "b"),
            // The nodes of a function have another tag than those of a graph.
            [&[0x3a], &body[1..]].concat(),
            message(9, &[number(2, 17)]),
            bytes(10, "local"),
            slope(11, 0.5),
        ],
    );
    let domain = bytes(7, "local");
    let graph = [
        input("x", F, &[Dim::Size(2)]),
        output("y", F),
        node_with("first", "leak", &["x"], &["u"], std::slice::from_ref(&domain)),
        node_with("second", "leak", &["u"], &["y"], &[domain, slope(5, 0.25)]),
    ];
    use tachy_graph::op::elementwise::Unary::LeakyRelu;
    let graph = load(model_with(17, &graph, &[function]));
    let nodes: Vec<_> = graph.nodes().iter().map(|n| (n.name.as_str(), n.op.clone())).collect();
    assert_eq!(
        nodes,
        [
            ("first/body", LeakyRelu { alpha: 0.5 }.into()),
            ("second/body", LeakyRelu { alpha: 0.25 }.into())
        ]
    );
    assert_eq!(graph.value(graph.outputs()[0]).name, "y");
}
