//! An expression as a list of instructions for a stack, which any algebra can run.

use super::function::Function;
use super::jet::Algebra;
use super::node::Node;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Instruction {
    Constant(f64, f64),
    Variable,
    Add,
    Sub,
    Mul,
    Div,
    Neg,
    /// Times a constant.
    Scale(f64, f64),
    /// Over a constant.
    Over(f64, f64),
    /// A constant over.
    Under(f64, f64),
    Power(f64, f64),
    Apply(Function),
}

/// Intermediate results kept without asking for memory, and those that most expressions have.
const SHALLOW: usize = 8;
const VERY_SHALLOW: usize = 2;

/// A compiled expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Program {
    instructions: Vec<Instruction>,
    depth: usize,
}

impl Program {
    pub(super) fn new(root: &Node) -> Self {
        let mut program = Self { instructions: Vec::new(), depth: 0 };
        program.emit(root, 1);
        program
    }

    /// The number of instructions, at least 1.
    pub(super) fn len(&self) -> usize {
        self.instructions.len().max(1)
    }

    /// `depth` results are on the stack once this one is.
    fn emit(&mut self, node: &Node, depth: usize) {
        self.depth = self.depth.max(depth);
        let binary = match node {
            &Node::Constant(value, error) => return self.instructions.push(Instruction::Constant(value, error)),
            Node::Variable => return self.instructions.push(Instruction::Variable),
            Node::Neg(a) => return self.after(a, Instruction::Neg, depth),
            Node::Power(a, p, error) => return self.after(a, Instruction::Power(*p, *error), depth),
            Node::Apply(function, a) => return self.after(a, Instruction::Apply(*function), depth),
            Node::Mul(a, b) => match (a.as_ref(), b.as_ref()) {
                (other, &Node::Constant(c, error)) | (&Node::Constant(c, error), other) => {
                    return self.after(other, Instruction::Scale(c, error), depth);
                }
                _ => (a, b, Instruction::Mul),
            },
            Node::Div(a, b) => match (a.as_ref(), b.as_ref()) {
                (a, &Node::Constant(c, error)) => return self.after(a, Instruction::Over(c, error), depth),
                (&Node::Constant(c, error), b) => return self.after(b, Instruction::Under(c, error), depth),
                _ => (a, b, Instruction::Div),
            },
            Node::Add(a, b) => (a, b, Instruction::Add),
            Node::Sub(a, b) => (a, b, Instruction::Sub),
        };
        let (a, b, instruction) = binary;
        self.emit(a, depth);
        self.emit(b, depth + 1);
        self.instructions.push(instruction);
    }

    fn after(&mut self, argument: &Node, instruction: Instruction, depth: usize) {
        self.emit(argument, depth);
        self.instructions.push(instruction);
    }

    /// The expression's value at `x`, in the algebra of `x`.
    pub(super) fn run<A: Algebra>(&self, x: A) -> A {
        if self.depth <= VERY_SHALLOW {
            self.run_on(x, &mut [x; VERY_SHALLOW])
        } else if self.depth <= SHALLOW {
            self.run_on(x, &mut [x; SHALLOW])
        } else {
            self.run_on(x, &mut vec![x; self.depth])
        }
    }

    /// Places below `top` hold results; one more than the depth is never needed, and compilation knows the depth.
    fn run_on<A: Algebra>(&self, x: A, stack: &mut [A]) -> A {
        let mut top = 0;
        for instruction in &self.instructions {
            match *instruction {
                Instruction::Constant(value, error) => {
                    stack[top] = A::constant(value, error);
                    top += 1;
                }
                Instruction::Variable => {
                    stack[top] = x;
                    top += 1;
                }
                Instruction::Neg => stack[top - 1] = stack[top - 1].neg(),
                Instruction::Scale(c, error) => stack[top - 1] = stack[top - 1].scale(c, error),
                Instruction::Over(c, error) => stack[top - 1] = stack[top - 1].over(c, error),
                Instruction::Under(c, error) => stack[top - 1] = stack[top - 1].under(c, error),
                Instruction::Power(p, error) => stack[top - 1] = stack[top - 1].power(p, error),
                Instruction::Apply(function) => stack[top - 1] = stack[top - 1].apply(function),
                Instruction::Add | Instruction::Sub | Instruction::Mul | Instruction::Div => {
                    let (a, b) = (stack[top - 2], stack[top - 1]);
                    top -= 1;
                    stack[top - 1] = match instruction {
                        Instruction::Add => a.add(b),
                        Instruction::Sub => a.sub(b),
                        Instruction::Mul => a.mul(b),
                        _ => a.div(b),
                    };
                }
            }
        }
        stack[0]
    }
}
