//! What was typed, read a second time by another algorithm.
//!
//! A mistake in reading an expression changes `U` and its derivatives alike, so that no certificate can notice it. This
//! reading shares the tokens with the first and nothing else: Dijkstra's two stacks, evaluated in doubles as they go, without a
//! tree, without simplification. Whatever is solved is compared with it.

use super::notation::{Token, tokenize};

/// What waits for its right operand.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Waiting {
    Open,
    Function(super::Function),
    Minus,
    Operator(char),
}

impl Waiting {
    /// The larger binds more.
    fn strength(self, in_exponent: bool) -> u8 {
        match self {
            Waiting::Open => 0,
            Waiting::Operator('+' | '-') => 1,
            Waiting::Operator('*' | '/') => 2,
            Waiting::Minus if !in_exponent => 3,
            Waiting::Operator(_) => 4,
            Waiting::Minus | Waiting::Function(_) => 5,
        }
    }
}

/// The value at `x`, or `None` for a text that is no expression.
pub(super) fn value(text: &str, x: f64) -> Option<f64> {
    let (mut values, mut waiting): (Vec<f64>, Vec<(Waiting, u8)>) = (Vec::new(), Vec::new());
    let mut after_operand = false;
    let mut after_power = false;
    for token in tokenize(text).ok()? {
        let is_operand = !matches!(token, Token::Operator(_) | Token::Close);
        if after_operand && is_operand {
            push(&mut values, &mut waiting, Waiting::Operator('*'), false)?;
        }
        let was_after_power = std::mem::take(&mut after_power);
        match token {
            Token::Number(number) | Token::Constant(number) => values.push(number),
            Token::Variable => values.push(x),
            Token::Function(function) => waiting.push((Waiting::Function(function), 5)),
            Token::Open => waiting.push((Waiting::Open, 0)),
            Token::Close => {
                while waiting.last()?.0 != Waiting::Open {
                    reduce(&mut values, &mut waiting)?;
                }
                waiting.pop();
                if let Some((Waiting::Function(_), _)) = waiting.last() {
                    reduce(&mut values, &mut waiting)?;
                }
            }
            Token::Operator(operator) if after_operand => {
                after_power = operator == '^';
                push(&mut values, &mut waiting, Waiting::Operator(operator), false)?;
            }
            Token::Operator('-') => waiting.push((Waiting::Minus, Waiting::Minus.strength(was_after_power))),
            Token::Operator('+') => {}
            Token::Operator(_) => return None,
        }
        after_operand = matches!(token, Token::Number(_) | Token::Constant(_) | Token::Variable | Token::Close);
    }
    while !waiting.is_empty() {
        reduce(&mut values, &mut waiting)?;
    }
    values.pop()
}

/// Puts an operator to wait, once everything that binds as much or more has been carried out.
fn push(values: &mut Vec<f64>, waiting: &mut Vec<(Waiting, u8)>, next: Waiting, in_exponent: bool) -> Option<()> {
    let strength = next.strength(in_exponent);
    while waiting.last().is_some_and(|(_, before)| *before >= strength) {
        reduce(values, waiting)?;
    }
    waiting.push((next, strength));
    Some(())
}

/// Carries out what waited last.
fn reduce(values: &mut Vec<f64>, waiting: &mut Vec<(Waiting, u8)>) -> Option<()> {
    let (last, _) = waiting.pop()?;
    let right = values.pop()?;
    let result = match last {
        Waiting::Open => return None,
        Waiting::Function(function) => function.at(right),
        Waiting::Minus => -right,
        Waiting::Operator(operator) => {
            let left = values.pop()?;
            match operator {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                '/' => left / right,
                _ => left.powf(right),
            }
        }
    };
    values.push(result);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn precedence_is_that_of_mathematics() {
        let x: f64 = 0.37;
        for (text, expected) in [
            ("-x^2*3", -3.0 * x * x),
            ("x/-x^2*3", -3.0 / x),
            ("x^-0.5", x.powf(-0.5)),
            ("2x^3(x+1)", f64::NAN),
            ("2(x+1)x^3", 2.0 * (x + 1.0) * x.powi(3)),
            ("x-x-x", -x),
            ("-log(x+0.1+0.5*x)", -(1.5 * x + 0.1).ln()),
            ("x^(x)/2", x.powf(x) / 2.0),
            ("sin(cos(x))^2", x.cos().sin().powi(2)),
        ] {
            if expected.is_finite() {
                approx::assert_relative_eq!(value(text, x).unwrap(), expected, max_relative = 1e-15);
            }
        }
    }
}
