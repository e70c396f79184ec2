//! Identities, common subexpressions, constants.

use super::*;
use crate::op::elementwise::Unary;

#[test]
fn what_changes_nothing_is_left_out() {
    let graph = graph(&[2, 3], |b, x| {
        let (zero, one) = (constant(b, "zero", &[], &[0.0]), constant(b, "one", &[3], &[1.0]));
        let x = b.apply(Unary::Identity, &[x]).unwrap();
        let x = b.add(x, zero).unwrap();
        let x = b.mul(one, x).unwrap();
        let x = b.div(x, one).unwrap();
        let x = b.reshape(x, [2, 3]).unwrap();
        let x = b.transpose(x, [1, 0]).unwrap();
        let x = b.transpose(x, [1, 0]).unwrap();
        let x = b.concat(&[x], 0).unwrap();
        let x = b.slice(x, 1, 0..3).unwrap();
        let x = b.pad(x, [(0, 0), (0, 0)]).unwrap();
        let x = b.expand(x, [2, 3]).unwrap();
        let x = b.cast(x, F).unwrap();
        let x = b.tile(x, [1, 1]).unwrap();
        let x = b.reshape(x, [6]).unwrap();
        let x = b.reshape(x, [3, 2]).unwrap();
        let x = b.relu(x).unwrap();
        b.apply(Unary::Identity, &[x]).unwrap()
    });
    check(
        &graph,
        &[Pass::Identities],
        "Reshape_14: f32[3, 2] = Reshape(x)\ny: f32[3, 2] = Relu(Reshape_14)\nreturn y\n",
    );
}

#[test]
fn an_operand_that_makes_the_result_larger_stays() {
    let graph = graph(&[3], |b, x| {
        let zero = constant(b, "zero", &[2, 1], &[0.0]);
        b.add(x, zero).unwrap()
    });
    check(&graph, &[Pass::Identities], "y: f32[2, 3] = Add(x, zero)\nreturn y\n");
}

#[test]
fn outputs_keep_their_names_even_as_copies() {
    let mut builder = GraphBuilder::new("test");
    let x = builder.input("x", F, [2]);
    let relu = builder.relu(x).unwrap();
    let same = builder.apply(Unary::Identity, &[relu]).unwrap();
    let again = builder.relu(x).unwrap();
    builder.output(same, "same").unwrap();
    builder.output(x, "copy").unwrap();
    builder.output(relu, "relu").unwrap();
    builder.output(again, "again").unwrap();
    let graph = builder.build().unwrap();
    let result = check(
        &graph,
        &Pass::ALL,
        "relu: f32[2] = Relu(x)\nsame: f32[2] = Identity(relu)\ncopy: f32[2] = Identity(x)\nagain: f32[2] = Identity(relu)\nreturn same, copy, relu, again\n",
    );
    assert_eq!(result.inputs().len(), 1);
}

#[test]
fn what_is_computed_twice_is_computed_once() {
    let graph = graph(&[2], |b, x| {
        let (c, d) = (constant(b, "c", &[], &[2.0]), constant(b, "d", &[], &[2.0]));
        let (left, right) = (b.mul(x, c).unwrap(), b.mul(x, d).unwrap());
        let (left, right) = (b.exp(left).unwrap(), b.exp(right).unwrap());
        b.add(left, right).unwrap()
    });
    check(
        &graph,
        &[Pass::CommonSubexpressions],
        "Mul_0: f32[2] = Mul(x, 2)\nExp_2: f32[2] = Exp(Mul_0)\ny: f32[2] = Add(Exp_2, Exp_2)\nreturn y\n",
    );
}

/// Computes sums and expansions; everything else it refuses.
struct Sums;

impl crate::passes::Evaluate for Sums {
    fn evaluate(
        &self,
        node: &crate::Node,
        inputs: &[Option<&Tensor>],
        outputs: &[&crate::TensorType],
    ) -> Result<Vec<Tensor>, String> {
        use crate::Op;
        use crate::op::elementwise::Binary;
        let numbers = |index: usize| inputs[index].unwrap().as_slice::<f32>().unwrap();
        let computed: Vec<f32> = match node.op {
            Op::Binary(Binary::Add) => {
                numbers(0).iter().zip(numbers(1)).map(|(a, b)| a + b).collect()
            }
            Op::Expand(_) => vec![numbers(0)[0]; outputs[0].element_count().unwrap()],
            _ => return Err("it only adds".to_owned()),
        };
        Ok(vec![Tensor::new(&outputs[0].shape, &computed).unwrap()])
    }
}

#[test]
fn what_depends_on_constants_alone_is_computed() {
    let graph = graph(&[2], |b, x| {
        let c = constant(b, "c", &[2], &[1.0, 2.0]);
        let reshaped = b.reshape(c, [1, 2]).unwrap();
        let sum = b.add(reshaped, reshaped).unwrap();
        let refused = b.exp(sum).unwrap();
        b.add(x, refused).unwrap()
    });
    let options = only(&[Pass::ConstantFolding]).with_evaluate(&Sums);
    let result = optimized(&graph, &options);
    assert_eq!(
        result.to_string(),
        "Exp_2: f32[1, 2] = Exp(Add_1)\ny: f32[1, 2] = Add(x, Exp_2)\nreturn y\n"
    );
    assert_eq!(numbers(&result, "Add_1"), [2.0, 4.0]);
}

#[test]
fn small_constants_do_not_become_large_ones() {
    let graph = graph(&[1], |b, x| {
        let c = constant(b, "c", &[1], &[1.0]);
        let small = b.expand(c, [100]).unwrap();
        let large = b.expand(c, [100_000]).unwrap();
        let sum = b.add(x, small).unwrap();
        let sum = b.reshape(sum, [100, 1]).unwrap();
        b.add(sum, large).unwrap()
    });
    let result = optimized(&graph, &only(&[Pass::ConstantFolding]).with_evaluate(&Sums));
    let names: Vec<_> = result.nodes().iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["Expand_1", "Add_2", "Reshape_3", "Add_4"]);
}

#[test]
fn constants_that_add_up_to_nan_are_an_error() {
    let graph = graph(&[1], |b, x| {
        let up = constant(b, "up", &[1], &[f32::INFINITY]);
        let down = constant(b, "down", &[1], &[-f32::INFINITY]);
        let sum = b.add(up, down).unwrap();
        b.add(x, sum).unwrap()
    });
    let options = PassOptions::default().with_evaluate(&Sums);
    let error = optimize(&graph, &options).unwrap_err().to_string();
    assert!(error.contains("`Add_0`"), "{error}");
}

#[test]
fn products_of_halves_compute_with_f32() {
    let mut b = GraphBuilder::new("test");
    let x = b.input("x", DType::F16, [2, 300]);
    let numbers: Vec<half::f16> = (0..300 * 400).map(|i| half::f16::from_f32(i as f32)).collect();
    let w = b.constant("w", Tensor::new(&[300, 400], &numbers).unwrap());
    let y = b.matmul(x, w).unwrap();
    let y = b.relu(y).unwrap();
    b.output(y, "y").unwrap();
    let graph = b.build().unwrap();
    // The weights are beyond the limit for constants that grow.
    let result = check(
        &graph,
        &[Pass::HalfPrecision, Pass::ConstantFolding],
        "x:f32: f32[2, 300] = Cast(x)\n\
         MatMul_0: f32[2, 400] = MatMul(x:f32, w:f32)\n\
         MatMul_0_1: f16[2, 400] = Cast(MatMul_0)\n\
         y: f16[2, 400] = Relu(MatMul_0_1)\n\
         return y\n",
    );
    assert_eq!(self::numbers(&result, "w:f32")[300], 300.0);
}
