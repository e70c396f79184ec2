//! From instructions to steps over tiles.

use super::chain::{Link, chain};
use super::instruction::{Binary, Instruction};
use super::operation::{Arithmetic, Limits, Operation};
use crate::math::Function;

/// An expression, ready to be carried out.
#[derive(Debug, Clone)]
pub struct Program {
    pub(super) steps: Vec<Step>,
    /// The same, for long rows; empty where that cannot be.
    pub(super) chain: Vec<Link<Source>>,
    pub(super) constants: Vec<f32>,
    pub(super) registers: usize,
    pub(super) inputs: usize,
}

/// One pass over a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub operation: Operation,
    /// As many as the operation takes; the others repeat the first.
    pub operands: [Source; 3],
    pub to: Target,
    /// What the step after it, or the first one on the next tile, is the first to touch.
    pub ahead: [Option<Stream>; 4],
}

impl Step {
    /// The operands that it reads.
    pub fn read(&self) -> &[Source] {
        &self.operands[..self.operation.operands()]
    }
}

/// Memory outside of the tiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stream {
    Input(usize),
    Output,
}

/// Where an operand lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Source {
    Register(usize),
    Input(usize),
    Constant(usize),
}

/// Where a result goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    Register(usize),
    Output,
}

impl Program {
    /// The expression whose value is the last instruction's.
    ///
    /// # Panics
    /// If there is no instruction, or one reads a register that is not computed before it.
    pub fn new(instructions: &[Instruction]) -> Self {
        let mut lowering = Lowering::new(instructions);
        for place in 0..instructions.len() {
            if lowering.uses[place] > 0 {
                let value = lowering.lower(place);
                lowering.values[place] = Some(value);
            }
        }
        lowering.finish()
    }

    /// How many inputs it reads: one more than the highest that an instruction names.
    pub fn inputs(&self) -> usize {
        self.inputs
    }
}

/// A value during lowering: what will be a source.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Node(usize),
    Input(usize),
    Constant(usize),
}

/// A step whose operands are not placed yet. `None` once another has taken its work over.
type Node = Option<(Operation, [Value; 3])>;

struct Lowering<'a> {
    instructions: &'a [Instruction],
    /// How often the register of each instruction is read, the expression's value included.
    uses: Vec<usize>,
    values: Vec<Option<Value>>,
    nodes: Vec<Node>,
    constants: Vec<f32>,
}

impl<'a> Lowering<'a> {
    fn new(instructions: &'a [Instruction]) -> Self {
        let mut uses = vec![0; instructions.len()];
        *uses.last_mut().expect("an expression has an instruction") = 1;
        for (place, instruction) in instructions.iter().enumerate().rev() {
            for operand in instruction.operands() {
                assert!(
                    operand < place,
                    "instruction {place} reads a register that is not computed"
                );
                uses[operand] += usize::from(uses[place] > 0);
            }
        }
        let values = vec![None; instructions.len()];
        Self { instructions, uses, values, nodes: Vec::new(), constants: Vec::new() }
    }

    fn lower(&mut self, place: usize) -> Value {
        match self.instructions[place] {
            Instruction::Input(index) => Value::Input(index),
            Instruction::Constant(value) => self.constant(value),
            Instruction::Unary(Function::Relu, a) => {
                let zero = self.constant(0.0);
                self.limit(Binary::Max, a, self.value(a), zero, 0.0)
            }
            Instruction::Unary(function, a) => {
                let a = self.value(a);
                self.push(Operation::Unary(function), [a; 3])
            }
            Instruction::Binary(binary, a, b) => self.binary(binary, a, b),
        }
    }

    fn binary(&mut self, binary: Binary, a: usize, b: usize) -> Value {
        let (x, y) = (self.value(a), self.value(b));
        let arithmetic = match binary {
            Binary::Add => {
                for (product, other, addend) in [(a, x, y), (b, y, x)] {
                    if let Some([first, second]) = self.take_product(product, other) {
                        return self.push(Operation::MulAdd(None), [first, second, addend]);
                    }
                }
                Arithmetic::Add
            }
            Binary::Min | Binary::Max => {
                if let Value::Constant(limit) = y {
                    return self.limit(binary, a, x, y, self.constants[limit]);
                }
                if let Value::Constant(limit) = x {
                    return self.limit(binary, b, y, x, self.constants[limit]);
                }
                if binary == Binary::Min { Arithmetic::Min } else { Arithmetic::Max }
            }
            Binary::Pow => {
                if let Value::Constant(exponent) = y {
                    match self.constants[exponent] {
                        1.0 => return x,
                        2.0 => {
                            let square = Operation::Arithmetic(Arithmetic::Mul, None);
                            return self.push(square, [x; 3]);
                        }
                        _ => {}
                    }
                }
                return self.push(Operation::Pow, [x, y, x]);
            }
            Binary::PRelu => return self.push(Operation::PRelu, [x, y, x]),
            Binary::Sub => Arithmetic::Sub,
            Binary::Mul => Arithmetic::Mul,
            Binary::Div => Arithmetic::Div,
        };
        self.push(Operation::Arithmetic(arithmetic, None), [x, y, x])
    }

    /// The smaller or larger of a value and a constant: if nobody else needs the value, within the step that computes
    /// it.
    fn limit(
        &mut self,
        binary: Binary,
        place: usize,
        value: Value,
        by: Value,
        limit: f32,
    ) -> Value {
        let arithmetic = if binary == Binary::Min { Arithmetic::Min } else { Arithmetic::Max };
        if let Value::Node(node) = value
            && self.uses[place] == 1
            && !limit.is_nan()
            && let Some((operation, _)) = &mut self.nodes[node]
            && let Operation::Arithmetic(_, limits) | Operation::MulAdd(limits) = operation
        {
            let Limits { low, high } = limits.unwrap_or(Limits::NONE);
            *limits = Some(match binary {
                Binary::Min => Limits { low: low.min(limit), high: high.min(limit) },
                _ => Limits { low: low.max(limit), high: high.max(limit) },
            });
            return value;
        }
        self.push(Operation::Arithmetic(arithmetic, None), [value, by, value])
    }

    /// The factors of a product that nobody else needs; its step is given up.
    fn take_product(&mut self, place: usize, value: Value) -> Option<[Value; 2]> {
        let Value::Node(node) = value else { return None };
        if self.uses[place] != 1 {
            return None;
        }
        let Some((Operation::Arithmetic(Arithmetic::Mul, None), [a, b, _])) = self.nodes[node]
        else {
            return None;
        };
        self.nodes[node] = None;
        Some([a, b])
    }

    fn value(&self, place: usize) -> Value {
        self.values[place].expect("computed before, as it is used")
    }

    fn constant(&mut self, value: f32) -> Value {
        self.constants.push(value);
        Value::Constant(self.constants.len() - 1)
    }

    fn push(&mut self, operation: Operation, operands: [Value; 3]) -> Value {
        self.nodes.push(Some((operation, operands)));
        Value::Node(self.nodes.len() - 1)
    }

    /// Gives every step's result a register, or the output.
    fn finish(mut self) -> Program {
        let value = self.value(self.instructions.len() - 1);
        if !matches!(value, Value::Node(_)) {
            self.push(Operation::Copy, [value; 3]);
        }
        let mut last_use = vec![0; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for operand in node.iter().flat_map(|(_, operands)| operands) {
                if let Value::Node(node) = operand {
                    last_use[*node] = index;
                }
            }
        }
        let mut place = vec![0; self.nodes.len()];
        let (mut free, mut registers) = (Vec::new(), 0);
        let mut steps = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let Some((operation, operands)) = node else { continue };
            let sources = operands.map(|operand| match operand {
                Value::Node(node) => Source::Register(place[node]),
                Value::Input(index) => Source::Input(index),
                Value::Constant(index) => Source::Constant(index),
            });
            // A result may take the place of an operand: elements are read before they are written.
            for operand in operands {
                if let Value::Node(node) = operand
                    && last_use[*node] == index
                    && !free.contains(&place[*node])
                {
                    free.push(place[*node]);
                }
            }
            let to = if index + 1 == self.nodes.len() {
                Target::Output
            } else {
                place[index] = free.pop().unwrap_or_else(|| {
                    registers += 1;
                    registers - 1
                });
                Target::Register(place[index])
            };
            steps.push(Step { operation: *operation, operands: sources, to, ahead: [None; 4] });
        }
        look_ahead(&mut steps);
        let named = self.instructions.iter().filter_map(|instruction| match instruction {
            Instruction::Input(index) => Some(index + 1),
            _ => None,
        });
        let inputs = named.max().unwrap_or(0);
        let chain = chain(&steps);
        Program { steps, chain, constants: self.constants, registers, inputs }
    }
}

/// Finds for every step what the next one is the first to touch.
fn look_ahead(steps: &mut [Step]) {
    let mut touched = Vec::new();
    let mut fresh = Vec::new();
    for step in &*steps {
        let mut streams = [None; 4];
        let operands = step.operands.iter().filter_map(|source| match source {
            Source::Input(index) => Some(Stream::Input(*index)),
            _ => None,
        });
        let output = (step.to == Target::Output).then_some(Stream::Output);
        let mut places = streams.iter_mut();
        for stream in operands.chain(output) {
            if !touched.contains(&stream) {
                touched.push(stream);
                *places.next().expect("three operands and a result") = Some(stream);
            }
        }
        fresh.push(streams);
    }
    let following = fresh.iter().cycle().skip(1);
    for (step, ahead) in steps.iter_mut().zip(following) {
        step.ahead = *ahead;
    }
}
