//! Graphs and expressions as text for people.

use std::fmt;

use crate::graph::{Graph, Node, ValueId};
use crate::op::elementwise::{Binary, Unary};
use crate::op::fused::{Expression, Instruction};
use crate::op::{Op, Operator};

/// One line for each node, `result: type = Operator(operands)`; scalars and vectors of one element stand there as numbers, and
/// fused expressions are written out.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in self.nodes() {
            for (place, output) in node.outputs.iter().enumerate() {
                let value = self.value(*output);
                let separator = if place > 0 { ", " } else { "" };
                write!(f, "{separator}{}: {}", value.name, value.ty)?;
            }
            writeln!(f, " = {}", node_text(self, node))?;
        }
        let outputs = self.outputs().iter().map(|id| operand(self, Some(*id)));
        writeln!(f, "return {}", outputs.collect::<Vec<_>>().join(", "))
    }
}

fn node_text(graph: &Graph, node: &Node) -> String {
    let operands: Vec<String> = node.inputs.iter().map(|id| operand(graph, *id)).collect();
    match &node.op {
        Op::Pointwise(op) => expression_text(&op.expression, &operands),
        Op::Fused(op) => {
            let (own, others) = operands.split_at(op.anchor_inputs.min(operands.len()));
            let names: Vec<String> =
                std::iter::once("_".to_owned()).chain(others.iter().cloned()).collect();
            let epilogue = expression_text(&op.epilogue, &names);
            format!("{}({}) then {epilogue}", operator(&op.anchor), own.join(", "))
        }
        op => format!("{}({})", operator(op), operands.join(", ")),
    }
}

/// The operator's name, and what decides a movement of elements that the types do not show.
fn operator(op: &Op) -> String {
    match op {
        Op::Transpose(op) => format!("Transpose{:?}", op.permutation),
        Op::Concat(op) => format!("Concat[{}]", op.axis),
        Op::Split(op) => format!("Split[{}]", op.axis),
        Op::Unary(op) => unary(*op),
        Op::Custom(op) => format!("Custom[{}]", op.name),
        other => other.name().to_owned(),
    }
}

fn operand(graph: &Graph, id: Option<ValueId>) -> String {
    let Some(value) = id.map(|id| graph.value(id)) else { return "-".to_owned() };
    let small = value.constant().filter(|tensor| tensor.rank() <= 1);
    let numbers = small.and_then(|tensor| tensor.as_slice::<f32>().ok());
    match numbers {
        Some([number]) => number.to_string(),
        _ => value.name.clone(),
    }
}

/// The formula, with names for the inputs; what is used more than once gets a name of its own.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = (0..self.arity()).map(|index| format!("x{index}")).collect();
        f.write_str(&expression_text(self, &names))
    }
}

fn expression_text(expression: &Expression, names: &[String]) -> String {
    let instructions = expression.instructions();
    let mut uses = vec![0usize; instructions.len()];
    instructions.iter().flat_map(|i| i.operands()).for_each(|operand| uses[operand] += 1);
    let mut texts: Vec<String> = Vec::with_capacity(instructions.len());
    let mut text = String::new();
    let mut named = 0;
    for (instruction, uses) in instructions.iter().zip(uses) {
        let at = |register: usize| texts[register].as_str();
        let written = match *instruction {
            Instruction::Input(index) => names[index].clone(),
            Instruction::Constant(number) => number.to_string(),
            Instruction::Unary(op, x) => format!("{}({})", unary(op), bare(at(x))),
            Instruction::Binary(op, a, b) => binary(op, at(a), at(b)),
            Instruction::Min(a, b) => format!("Min({}, {})", bare(at(a)), bare(at(b))),
            Instruction::Max(a, b) => format!("Max({}, {})", bare(at(a)), bare(at(b))),
        };
        let leaf = matches!(instruction, Instruction::Input(_) | Instruction::Constant(_));
        if uses > 1 && !leaf {
            named += 1;
            text.push_str(&format!("t{named} := {}; ", bare(&written)));
            texts.push(format!("t{named}"));
        } else {
            texts.push(written);
        }
    }
    text + texts.last().map_or("", |last| bare(last))
}

fn unary(op: Unary) -> String {
    match op {
        Unary::Gelu { tanh: true } => "GeluTanh".to_owned(),
        Unary::Swish { alpha: 1.0 } => "Silu".to_owned(),
        op => op.name().to_owned(),
    }
}

fn binary(op: Binary, a: &str, b: &str) -> String {
    let sign = match op {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        op => return format!("{}({}, {})", op.name(), bare(a), bare(b)),
    };
    format!("({a} {sign} {b})")
}

/// A text without the brackets around all of it. Only sums and products start with one, and they end with it.
fn bare(text: &str) -> &str {
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}
