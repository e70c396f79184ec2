//! What is wrong with a model is said in a full sentence, and nothing panics.

use proptest::prelude::*;
use tachy_graph::onnx::{ExportOptions, ImportOptions, export, import, import_file};
use tachy_graph::{DType, GraphBuilder, Tensor};

use super::wire::*;

const F: DType = DType::F32;
const I: DType = DType::I64;

fn x() -> Field {
    input("x", F, &[Dim::Size(2), Dim::Size(3)])
}

fn y() -> Field {
    output("y", F)
}

#[test]
fn not_a_model() {
    assert_eq!(wrong(vec![]), "this is not a valid ONNX model: it has no graph.");
    assert_eq!(
        wrong(b"\x93NUMPY\x01\x00 a file of another kind".to_vec()),
        "this is not a valid ONNX model: a field has the wire type 3."
    );
    assert_eq!(
        wrong(b"\x3a\x7f".to_vec()),
        "this is not a valid ONNX model: it is cut off: a field of 127 bytes has only 0."
    );
    assert_eq!(
        wrong(model_with(6, &[x(), y(), node("n", "Relu", &["x"], &["y"])], &[])),
        "the model uses version 6 of ONNX's operators; versions 7 to 28 can be read. Convert it, for example with `onnx.version_converter`."
    );
    assert_eq!(
        import_file("absent/model.onnx", &ImportOptions::default()).unwrap_err().to_string(),
        "`absent/model.onnx` cannot be read: No such file or directory (os error 2)."
    );
}

#[test]
fn nodes_that_cannot_be() {
    let cases = [
        (
            vec![node("n", "Relu", &["z"], &["y"])],
            "node `n` (Relu): it reads `z`, which is neither an input, an initializer nor an output of a node.",
        ),
        (
            vec![node("n", "Frobnicate", &["x"], &["y"])],
            "node `n`: the operator `Frobnicate (version 17)` is not supported. `docs/operators.md` lists those that are.",
        ),
        (
            vec![node_with("n", "Relu", &["x"], &["y"], &[bytes(7, "com.example")])],
            "node `n`: the operator `com.example.Relu` is not supported. `docs/operators.md` lists those that are.",
        ),
        (
            vec![
                node("a", "Add", &["x", "v"], &["u"]),
                node("b", "Relu", &["u"], &["v"]),
                node("c", "Neg", &["v"], &["y"]),
            ],
            "the graph has a cycle: node `b` needs, by way of others, its own output `v`.",
        ),
        (
            vec![node("n", "Add", &["y", "x"], &["y"])],
            "the graph has a cycle: node `n` needs, by way of others, its own output `y`.",
        ),
        (
            vec![node("n", "Relu", &["x"], &["y"]), node("m", "Neg", &["x"], &["y"])],
            "the value `y`: two nodes have it as an output, but each value has one origin.",
        ),
        (
            vec![node("n", "Relu", &["x"], &["x"])],
            "the graph has a cycle: node `n` needs, by way of others, its own output `x`.",
        ),
        (
            vec![node("n", "Neg", &["x"], &["z"])],
            "the value `y`: it is an output of the graph, but nothing computes it.",
        ),
        (
            vec![node("n", "And", &["x", "x"], &["y"])],
            "node `n` (And): it takes booleans, not f32.",
        ),
        (
            vec![node("n", "MatMul", &["x", "x"], &["y"])],
            "node `n` (MatMul): the shapes [2, 3] and [2, 3] cannot be multiplied: 3 columns meet 2 rows.",
        ),
        (
            vec![node("n", "Relu", &["x"], &["y", "z"])],
            "node `n` (Relu): it has 1 outputs, so `z` does not exist.",
        ),
        (
            vec![node("n", "Relu", &[], &["y"])],
            "node `n` (Relu): input 0 (X) is missing, but is required.",
        ),
        (
            vec![node_with("n", "Transpose", &["x"], &["y"], &[attribute_int("perm", 1)])],
            "node `n` (Transpose): its attribute `perm` must be a list of integers.",
        ),
        (
            vec![node_with("n", "Flatten", &["x"], &["y"], &[attribute_int("axis", 4)])],
            "node `n` (Flatten): axis 4 is outside of a tensor of rank 2.",
        ),
        (
            vec![node("n", "IsNaN", &["x"], &["y"])],
            "the value `y`: the file says that this output is f32, but its operators give bool.",
        ),
        (
            vec![node("n", "Loop", &["x"], &["y"])],
            "node `n`: the operator `Loop (version 17)` is not supported. `docs/operators.md` lists those that are.",
        ),
        (
            vec![node("n", "NonZero", &["x"], &["y"])],
            "node `n`: the operator `NonZero` is not supported. How many results there are depends on the data, but every shape is fixed before a model runs.",
        ),
        (
            vec![input("c", DType::Bool, &[]), node("n", "If", &["c"], &["y"])],
            "node `n` (If): control flow is supported only if the condition is known when the model is loaded.",
        ),
    ];
    for (nodes, expected) in cases {
        assert_eq!(wrong(model(&[&[x(), y()], &nodes[..]].concat())), expected);
    }
}

#[test]
fn names_that_stand_for_two_things() {
    let twice = "the value `x`: the name is given twice, but each value needs a name of its own.";
    let relu = node("n", "Relu", &["x"], &["y"]);
    assert_eq!(wrong(model(&[x(), x(), y(), relu.clone()])), twice);
    let weight = initializer(floats("x", &[], &[1.0]));
    assert_eq!(wrong(model(&[weight.clone(), weight, y(), relu.clone()])), twice);
    assert_eq!(
        wrong(model(&[x(), y(), y(), relu])),
        "two values are named `y`; every input and output needs a name of its own."
    );
}

#[test]
fn sizes_that_are_not_given() {
    let graph =
        |dims: &[Dim]| model(&[input("x", F, dims), y(), node("n", "Relu", &["x"], &["y"])]);
    let named = || graph(&[Dim::Name("batch"), Dim::Size(3)]);
    assert_eq!(
        wrong(named()),
        "dimension 0 of the input `x` is `batch` in the file, so its size must be given, for example with `--dim batch=1`."
    );
    assert_eq!(
        wrong(graph(&[Dim::Size(2), Dim::Open])),
        "dimension 1 of the input `x` has neither a size nor a name in the file; give the whole shape of `x` when the model is loaded."
    );
    assert_eq!(
        wrong(model(&[input_of_any_rank("x", F), y(), node("n", "Relu", &["x"], &["y"])])),
        "the file does not say the shape of the input `x`; give it when the model is loaded."
    );
    let mut options = ImportOptions::default();
    options.dims.insert("bach".into(), 8);
    assert_eq!(
        wrong_with(named(), &options),
        "the model has no dimension named `bach`; it has `batch`."
    );
    let mut options = ImportOptions::default();
    options.input_shapes.insert("x".into(), vec![8, 4]);
    assert_eq!(
        wrong_with(named(), &options),
        "dimension 1 of the input `x` is 3 in the file, but is given as 4."
    );
    let mut options = ImportOptions::default();
    options.known_inputs.insert("x".into(), Tensor::scalar(1i64));
    assert_eq!(
        wrong_with(named(), &options),
        "the input `x` is f32 in the file, but the value given for it is i64[]."
    );
    let mut options = ImportOptions::default();
    options.input_shapes.insert("z".into(), vec![8, 4]);
    assert_eq!(wrong_with(named(), &options), "the model has no input `z`; it has `x`.");
}

#[test]
fn sizes_beyond_all_bounds() {
    let billion = 1_000_000_000;
    let graph =
        |dims: &[Dim], nodes: &[Field]| model(&[&[input("x", F, dims), y()], nodes].concat());
    let cube = [Dim::Size(billion), Dim::Size(billion), Dim::Size(billion)];
    assert_eq!(
        wrong(graph(&cube, &[node("n", "Relu", &["x"], &["y"])])),
        "the input `x` cannot exist: the shape [1000000000, 1000000000, 1000000000] has more elements than a process can address."
    );
    let column = [Dim::Size(10 * billion), Dim::Size(1)];
    let row = initializer(integers("row", &[2], &[1, 10 * billion]));
    let expand = node("n", "Expand", &["x", "row"], &["y"]);
    assert_eq!(
        wrong(graph(&column, &[row, expand])),
        "node `n` (Expand): the shape [10000000000, 10000000000] has more elements than a process can address."
    );
    let shape = initializer(integers("shape", &[2], &[billion, -billion]));
    let fill = node("n", "ConstantOfShape", &["shape"], &["y"]);
    assert_eq!(
        wrong(graph(&[], &[shape, fill])),
        "node `n` (ConstantOfShape): a dimension has the size -1000000000."
    );
    let ones = initializer(integers("ones", &[100], &[1; 100]));
    let reshape = node("n", "Reshape", &["x", "ones"], &["y"]);
    assert_eq!(
        wrong(graph(&[Dim::Size(1)], &[ones, reshape])),
        "node `n` (Reshape): its output has 100 dimensions; at most 64 are supported."
    );
}

#[test]
fn weights_that_are_not_what_they_should_be() {
    let graph = |fields| {
        let add = node("n", "Add", &["x", "w"], &["y"]);
        model(&[x(), y(), initializer(fields), add])
    };
    let cases = [
        (
            floats("w", &[3], &[1.0, f32::NAN, 3.0]),
            "its data contains NaN, which would spread to the results; if that is meant, allow NaN when the model is loaded",
        ),
        (floats("w", &[3], &[1.0]), "the shape [3] of f32 takes 12 bytes, but the data has 4"),
        (
            floats("w", &[1_000_000_000], &[]),
            "the shape [1000000000] of f32 takes 4000000000 bytes, but the data has 0",
        ),
        (
            floats("w", &[1 << 40, 1 << 40], &[]),
            "the shape [1099511627776, 1099511627776] has more elements than a process can address",
        ),
        (floats("w", &[-3], &[]), "a dimension has the size -3"),
        (
            tensor("w", I, &[3], bytes(7, [1, 2])),
            "the shape [3] of i64 takes 3 numbers, but the data has 2",
        ),
        (
            tensor("w", DType::Bool, &[1], bytes(5, [2])),
            "its data holds 2, which is not a value of bool",
        ),
        (tensor("w", DType::Bool, &[1], bytes(9, [2])), "the data holds a byte that is not a bool"),
        (
            vec![number(1, 1), number(2, 8), bytes(8, "w")],
            "the element type 8 (strings) is not supported",
        ),
        (vec![bytes(8, "w")], "the element type 0 (undefined) is not supported"),
        (
            external("w", &[3], "w.bin", &[]),
            "its data is in the file `w.bin`, but the model was given without its folder; load it by its path",
        ),
    ];
    for (fields, expected) in cases {
        assert_eq!(wrong(graph(fields)), format!("the value `w`: {expected}."));
    }
    let mut options = ImportOptions::default();
    options.allow_nan = true;
    let nan = graph(floats("w", &[3], &[1.0, f32::NAN, 3.0]));
    assert!(import(nan, &options).is_ok());
    let value = attribute("value", 4, message(5, &floats("", &[], &[f32::NAN])));
    let constant = node_with("n", "Constant", &[], &["y"], &[value]);
    assert_eq!(
        wrong(model(&[y(), constant])),
        "node `n` (Constant): its data contains NaN, which would spread to the results; if that is meant, allow NaN when the model is loaded."
    );
}

#[test]
fn external_data_stays_in_its_folder() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("model");
    std::fs::create_dir_all(folder.join("weights")).unwrap();
    std::fs::write(outer.path().join("secret.bin"), [0; 12]).unwrap();
    let data: Vec<u8> = [0f32, 0., 1., 2., 3., 0.].iter().flat_map(|v| v.to_le_bytes()).collect();
    std::fs::write(folder.join("weights/w.bin"), data).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.bin", folder.join("link.bin")).unwrap();

    let import_at = |location: &str, extra: &[(&str, &str)]| {
        let weight = initializer(external("w", &[3], location, extra));
        let path = folder.join("model.onnx");
        let model = model(&[x(), y(), weight, node("n", "Add", &["x", "w"], &["y"])]);
        std::fs::write(&path, model).unwrap();
        import_file(path, &ImportOptions::default())
    };
    let graph = import_at("weights/w.bin", &[("offset", "8"), ("length", "12")]).unwrap();
    let weight = graph.values().iter().find_map(|value| value.constant()).unwrap();
    assert_eq!(weight, &Tensor::new(&[3], &[1f32, 2., 3.]).unwrap());

    let wrong = |location: &str, extra: &[(&str, &str)]| {
        let error = import_at(location, extra).unwrap_err().to_string();
        error.strip_prefix("the value `w`: ").unwrap().to_owned()
    };
    let absolute = outer.path().join("secret.bin");
    for location in
        ["../secret.bin", "weights/../../secret.bin", absolute.to_str().unwrap(), ".", ""]
    {
        assert_eq!(
            wrong(location, &[]),
            format!(
                "its data is in `{location}`, which is outside of the model's folder; only files within it are read."
            )
        );
    }
    #[cfg(unix)]
    assert_eq!(
        wrong("link.bin", &[]),
        "its data is in `link.bin`, which is outside of the model's folder; only files within it are read."
    );
    assert_eq!(
        wrong("weights/w.bin", &[("offset", "16")]),
        "its data is 12 bytes from byte 16 of `weights/w.bin`, which has only 24."
    );
    assert_eq!(
        wrong("weights/w.bin", &[("length", "4")]),
        "it takes 12 bytes, but `weights/w.bin` is said to hold 4."
    );
    assert_eq!(
        wrong("weights/w.bin", &[("offset", "-1")]),
        "the `offset` of its external data is `-1`."
    );
    assert_eq!(
        wrong("weights", &[]),
        "its data is 12 bytes from byte 0 of `weights`, which is not a file."
    );
    assert!(wrong("absent.bin", &[]).starts_with("`absent.bin` cannot be read: "));
}

#[test]
fn values_that_must_be_known() {
    let shape = input("shape", I, &[Dim::Size(1)]);
    let reshape = node("n", "Reshape", &["x", "shape"], &["y"]);
    assert_eq!(
        wrong(model(&[x(), shape.clone(), y(), reshape])),
        "node `n` (Reshape): its `shape` decides a shape and comes from the input `shape`, whose value must be given when the model is loaded."
    );
    let nodes = [node("a", "Neg", &["shape"], &["s"]), node("n", "Reshape", &["x", "s"], &["y"])];
    assert_eq!(
        wrong(model(&[&[x(), shape, y()], &nodes[..]].concat())),
        "node `n` (Reshape): its `shape` decides a shape, but is `s`, which is computed from the data; the values of inputs that it depends on must be given when the model is loaded."
    );
}

/// A function of this name, without a domain of its own.
fn function(name: &str, nodes: &[Field]) -> Field {
    // The nodes of a function have another tag than those of a graph.
    let nodes: Vec<u8> = nodes.iter().flat_map(|node| [&[0x3a], &node[1..]].concat()).collect();
    message(
        25,
        &[
            bytes(1, name),
            bytes(4, "a"),
            bytes(5, "b"),
            nodes,
            bytes(10, "local"),
            message(9, &[number(2, 17)]),
        ],
    )
}

fn call(name: &str, function: &str, input: &str, output: &str) -> Field {
    node_with(name, function, &[input], &[output], &[bytes(7, "local")])
}

#[test]
fn functions_without_end() {
    let graph = [x(), y(), call("n", "f0", "x", "y")];
    let itself = function("f0", &[call("again", "f0", "a", "b")]);
    let error = wrong(model_with(17, &graph, &[itself]));
    assert!(error.ends_with("(f0): functions call each other more than 24 deep."), "{error}");

    let twice = |number: usize| {
        let next = format!("f{}", number + 1);
        function(&format!("f{number}"), &[call("p", &next, "a", "c"), call("q", &next, "c", "b")])
    };
    let mut functions: Vec<Field> = (0..22).map(twice).collect();
    functions.push(function("f22", &[node("r", "Relu", &["a"], &["b"])]));
    let error = wrong(model_with(17, &graph, &functions));
    assert!(
        error.ends_with("the model's functions take too much memory once they are written out."),
        "{error}"
    );
}

#[test]
fn structure_without_end() {
    // A graph in a node of a graph, and so on.
    let mut graph = vec![node("n", "Relu", &["x"], &["y"])];
    for _ in 0..100 {
        graph =
            vec![node_with("n", "If", &["x"], &["y"], &[attribute_graph("then_branch", &graph)])];
    }
    assert_eq!(
        wrong(model(&graph)),
        "this is not a valid ONNX model: messages are nested more than 60 deep."
    );
    // Nodes of two bytes each.
    let nodes = bytes(1, "").repeat(1 << 20);
    assert_eq!(
        wrong(model(&[nodes])),
        "this is not a valid ONNX model: its structure would take more than 88 MiB of memory, which is out of proportion to its size."
    );
}

/// A model of several kinds of nodes and weights.
fn example() -> Vec<u8> {
    let mut builder = GraphBuilder::new("example");
    let x = builder.input("x", F, [2, 3]);
    let weights = builder.constant("w", Tensor::zeros(F, &[4, 3]).unwrap());
    let bias = builder.constant("b", Tensor::zeros(F, &[4]).unwrap());
    let y = builder.linear(x, weights, bias).unwrap();
    let y = builder.hard_sigmoid(y).unwrap();
    let y = builder.reshape(y, [2, 2, 2]).unwrap();
    let y = builder.transpose(y, [2, 0, 1]).unwrap();
    builder.output(y, "y").unwrap();
    export(&builder.build().unwrap(), &ExportOptions::default()).unwrap()
}

#[test]
fn models_that_are_cut_off() {
    let model = example();
    for length in 0..model.len() {
        let error = wrong(model[..length].to_vec());
        assert!(error.ends_with('.'), "{length}: {error}");
    }
}

proptest! {
    #[test]
    fn models_with_wrong_bytes(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut model = example();
        for (place, byte) in changes {
            let place = place.index(model.len());
            model[place] = byte;
        }
        if let Err(error) = import(model, &ImportOptions::default()) {
            prop_assert!(error.to_string().ends_with('.'));
        }
    }
}
