//! Walking an expression from outside: translation into another language, or counting of its operations.

use super::function::{Function, NAMES};
use super::node::Node;
use super::{Expression, NearZero};

/// An operation of an expression, with what became of its operands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Operation<T> {
    /// A number.
    Number(f64),
    /// The variable `x`.
    Variable,
    /// `a + b`.
    Add(T, T),
    /// `a - b`.
    Sub(T, T),
    /// `a b`.
    Mul(T, T),
    /// `a / b`.
    Div(T, T),
    /// `-a`.
    Neg(T),
    /// `a^p` with a constant exponent. An exponent that depends on `x` is written by `exp` and `log`.
    Power(T, f64),
    /// A function of one argument, by a name that people may type: `log`, `log1p`, `expm1`, `sigmoid`, `logsigmoid`, `softplus`, `erf`, `ndtr`, ...
    Call(&'static str, T),
}

impl Expression {
    /// What `each` makes of the expression: it is called once for every operation, operands first, with what it made of them.
    ///
    /// Constants are already combined, and `log(1 + u)` and `exp(u) - 1` written by `log1p` and `expm1`. Close to `x = 0` an expression that is
    /// 0/0 there as typed has [`Expression::series_at_zero`] instead.
    ///
    /// ```
    /// use reward_collapse::utility::{Expression, Operation};
    /// let u = Expression::parse("log(x + 0.1)")?;
    /// let operations = u.fold(&mut |operation: Operation<u32>| match operation {
    ///     Operation::Add(a, b) => a + b + 1,
    ///     Operation::Call(_, a) => a + 1,
    ///     _ => 0,
    /// });
    /// assert_eq!(operations, 2);
    /// # Ok::<(), reward_collapse::utility::UtilityError>(())
    /// ```
    pub fn fold<T>(&self, each: &mut impl FnMut(Operation<T>) -> T) -> T {
        fold(&self.tree, each)
    }

    /// The power series that stands in for the expression on `[0, radius)`, as `radius` and the coefficients from the constant on. `None` where the
    /// expression is evaluated as it is typed.
    pub fn series_at_zero(&self) -> Option<(f64, &[f64])> {
        self.near_zero.as_ref().map(NearZero::series)
    }
}

fn fold<T>(node: &Node, each: &mut impl FnMut(Operation<T>) -> T) -> T {
    let operation = match node {
        Node::Constant(value, _) => Operation::Number(*value),
        Node::Variable => Operation::Variable,
        Node::Add(a, b) => Operation::Add(fold(a, each), fold(b, each)),
        Node::Sub(a, b) => Operation::Sub(fold(a, each), fold(b, each)),
        Node::Mul(a, b) => Operation::Mul(fold(a, each), fold(b, each)),
        Node::Div(a, b) => Operation::Div(fold(a, each), fold(b, each)),
        Node::Neg(a) => Operation::Neg(fold(a, each)),
        Node::Power(a, exponent, _) => Operation::Power(fold(a, each), *exponent),
        Node::Apply(function, a) => Operation::Call(name(*function), fold(a, each)),
    };
    each(operation)
}

/// The first name that people may type.
fn name(function: Function) -> &'static str {
    NAMES.iter().find(|(_, other)| *other == function).map_or("?", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utility::{FAMILIES, Utility};

    /// The value at `x`, by another evaluation of what `fold` shows.
    fn value(expression: &Expression, x: f64) -> f64 {
        expression.fold(&mut |operation: Operation<f64>| match operation {
            Operation::Number(value) => value,
            Operation::Variable => x,
            Operation::Add(a, b) => a + b,
            Operation::Sub(a, b) => a - b,
            Operation::Mul(a, b) => a * b,
            Operation::Div(a, b) => a / b,
            Operation::Neg(a) => -a,
            Operation::Power(a, p) => a.powf(p),
            Operation::Call(name, a) => match name {
                "log" => a.ln(),
                "log1p" => a.ln_1p(),
                "exp" => a.exp(),
                "expm1" => a.exp_m1(),
                "sqrt" => a.sqrt(),
                "tanh" => a.tanh(),
                "logsigmoid" => -(-a).exp().ln_1p(),
                other => panic!("{other}"),
            },
        })
    }

    #[test]
    fn a_fold_shows_what_is_evaluated_for_families_too() {
        let typed = ["log(x+0.1)+tanh(x)", "x^0.8-0.1exp(x)", "sqrt(x)/2+x", "3log(x)-1", "2^x-x^2"].map(str::to_owned);
        let members = FAMILIES.iter().map(|family| (family.member)(0.4).unwrap().to_string());
        for text in members.chain(typed) {
            let expression = Expression::parse(&text).unwrap();
            for x in [0.1, 0.37, 0.9] {
                approx::assert_relative_eq!(value(&expression, x), expression.value(x), max_relative = 1e-12);
            }
        }
    }
}
