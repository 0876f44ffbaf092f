//! An expression as a tree, simplified as it is built.

use super::function::Function;
use super::number::Number;
use super::rounded::Rounded;

/// A typed expression in `x`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::utility) enum Node {
    /// A number, and a bound on the rounding error with which it was computed from what was typed.
    Constant(f64, f64),
    Variable,
    Add(Box<Node>, Box<Node>),
    Sub(Box<Node>, Box<Node>),
    Mul(Box<Node>, Box<Node>),
    Div(Box<Node>, Box<Node>),
    Neg(Box<Node>),
    /// A power with a constant exponent, known up to an error.
    Power(Box<Node>, f64, f64),
    Apply(Function, Box<Node>),
}

use Node::{Add, Apply, Constant, Div, Mul, Neg, Power, Sub};

impl Node {
    pub(super) fn number(value: f64) -> Self {
        Constant(value, 0.0)
    }

    /// Constants are computed at once, with their rounding error.
    fn constant(number: Rounded) -> Self {
        Constant(number.value, number.error)
    }

    fn rounded(&self) -> Option<Rounded> {
        match *self {
            Constant(value, error) => Some(Rounded { value, error }),
            _ => None,
        }
    }

    fn is_one(&self) -> bool {
        *self == Constant(1.0, 0.0)
    }

    pub(super) fn sum(a: Node, b: Node) -> Node {
        match (a.rounded(), b.rounded()) {
            (Some(a), Some(b)) => Self::constant(a.add(b)),
            _ => Add(a.into(), b.into()),
        }
    }

    /// `exp(u) - 1` and `1 - exp(u)` are written by `expm1`, which does not cancel.
    pub(super) fn difference(a: Node, b: Node) -> Node {
        if let (Some(a), Some(b)) = (a.rounded(), b.rounded()) {
            return Self::constant(a.sub(b));
        }
        match (a, b) {
            (Apply(Function::Exp, u), b) if b.is_one() => Apply(Function::Expm1, u),
            (a, Apply(Function::Exp, u)) if a.is_one() => Self::negative(Apply(Function::Expm1, u)),
            (a, b) => Sub(a.into(), b.into()),
        }
    }

    pub(super) fn product(a: Node, b: Node) -> Node {
        match (a.rounded(), b.rounded()) {
            (Some(a), Some(b)) => Self::constant(a.mul(b)),
            _ => Mul(a.into(), b.into()),
        }
    }

    pub(super) fn quotient(a: Node, b: Node) -> Node {
        match (a.rounded(), b.rounded()) {
            (Some(a), Some(b)) => Self::constant(a.div(b)),
            _ => Div(a.into(), b.into()),
        }
    }

    pub(super) fn negative(a: Node) -> Node {
        match a {
            Constant(value, error) => Constant(-value, error),
            Neg(a) => *a,
            a => Neg(a.into()),
        }
    }

    /// `a^b`; an exponent that depends on `x` by the exponential of a logarithm.
    pub(super) fn raised(a: Node, b: Node) -> Node {
        match (a.rounded(), b) {
            (None, Constant(p, error)) => Power(a.into(), p, error),
            (Some(a), Constant(p, error)) => Self::constant(super::jet::Algebra::power(a, p, error)),
            (_, b) => Self::applied(Function::Exp, Self::product(b, Self::applied(Function::Ln, a))),
        }
    }

    /// `log(1 + u)` is written by `log1p`, which does not cancel.
    pub(super) fn applied(function: Function, u: Node) -> Node {
        if let Some(u) = u.rounded() {
            return Self::constant(function.value(u));
        }
        match (function, u) {
            (Function::Ln, Add(a, b)) if a.is_one() => Apply(Function::Log1p, b),
            (Function::Ln, Add(a, b)) if b.is_one() => Apply(Function::Log1p, a),
            (Function::Ln, Sub(a, b)) if a.is_one() => Apply(Function::Log1p, Self::negative(*b).into()),
            (function, u) => Apply(function, u.into()),
        }
    }
}
