//! What an expression is by algebra: one of a few shapes with known parameters.
//!
//! This is how a family is recognised however it is written. It is exact algebra on the tree as typed, with parameters in
//! double precision, and not a comparison at sampled points: a term that lives between the samples cannot hide from it.

use super::expression::{Function, Node};

/// A function of `x > 0` that is one of these by algebra.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// `c0 + c1 x + c2 x^2`.
    Polynomial([f64; 3]),
    /// `scale (x + offset)^exponent + shift`; the exponent is none of 0, 1 and 2.
    Power { scale: f64, offset: f64, exponent: f64, shift: f64 },
    /// `scale log(x + offset) + shift`.
    Log { scale: f64, offset: f64, shift: f64 },
    /// `scale exp(rate x) + shift`.
    Exp { scale: f64, rate: f64, shift: f64 },
    /// `scale f(rate x + offset) + shift` for another function.
    Applied { function: Function, scale: f64, rate: f64, offset: f64, shift: f64 },
}

use Shape::{Applied, Exp, Log, Polynomial, Power};

/// A sum of two numbers that cancel to less than this share of them may be rounding, and no parameter.
const CANCELLED: f64 = 1e-6;

/// Whole numbers cancel exactly.
fn sum(a: f64, b: f64) -> Option<f64> {
    let sum = a + b;
    let is_whole = |c: f64| c.fract() == 0.0 && c.abs() < 2f64.powi(53);
    let is_certain = sum == 0.0 || sum.abs() > CANCELLED * a.abs().max(b.abs()) || is_whole(a) && is_whole(b);
    is_certain.then_some(sum)
}

impl Shape {
    /// The shape of a tree, if it has one and all its parameters are finite.
    pub(super) fn of(node: &Node) -> Option<Self> {
        let shape = match node {
            Node::Constant(c, _) => Polynomial([*c, 0.0, 0.0]),
            Node::Variable => Polynomial([0.0, 1.0, 0.0]),
            Node::Add(a, b) => Self::of(a)?.plus(Self::of(b)?)?,
            Node::Sub(a, b) => Self::of(a)?.plus(Self::of(b)?.times(-1.0))?,
            Node::Neg(a) => Self::of(a)?.times(-1.0),
            Node::Mul(a, b) => Self::of(a)?.product(Self::of(b)?)?,
            Node::Div(a, b) => {
                let a = Self::of(a)?;
                match Self::of(b)? {
                    Polynomial([c, 0.0, 0.0]) => a.times(1.0 / c),
                    b => a.product(b.raised(-1.0)?)?,
                }
            }
            Node::Power(a, p, _) => Self::of(a)?.raised(*p)?,
            Node::Apply(function, a) => Self::of(a)?.applied(*function)?,
        };
        shape.parameters().iter().all(|p| p.is_finite()).then_some(shape)
    }

    fn parameters(self) -> [f64; 4] {
        match self {
            Polynomial([a, b, c]) => [a, b, c, 0.0],
            Power { scale, offset, exponent, shift } => [scale, offset, exponent, shift],
            Log { scale, offset, shift } => [scale, offset, shift, 0.0],
            Exp { scale, rate, shift } => [scale, rate, shift, 0.0],
            Applied { scale, rate, offset, shift, .. } => [scale, rate, offset, shift],
        }
    }

    fn constant(self) -> Option<f64> {
        match self {
            Polynomial([c, 0.0, 0.0]) => Some(c),
            _ => None,
        }
    }

    fn times(self, c: f64) -> Self {
        match self {
            Polynomial(coefficients) => Polynomial(coefficients.map(|a| c * a)),
            Power { scale, offset, exponent, shift } => Power { scale: c * scale, offset, exponent, shift: c * shift },
            Log { scale, offset, shift } => Log { scale: c * scale, offset, shift: c * shift },
            Exp { scale, rate, shift } => Exp { scale: c * scale, rate, shift: c * shift },
            Applied { function, scale, rate, offset, shift } => {
                Applied { function, scale: c * scale, rate, offset, shift: c * shift }
            }
        }
    }

    fn plus(self, other: Self) -> Option<Self> {
        if let (Polynomial(a), Polynomial(b)) = (self, other) {
            return Some(Polynomial([sum(a[0], b[0])?, sum(a[1], b[1])?, sum(a[2], b[2])?]));
        }
        if let Some(c) = other.constant() {
            return self.shifted(c);
        }
        if let Some(c) = self.constant() {
            return other.shifted(c);
        }
        let (unit, factor) = self.without_factor();
        let (other_unit, other_factor) = other.without_factor();
        if unit != other_unit {
            return None;
        }
        let shift = sum(self.shift(), other.shift())?;
        match sum(factor, other_factor)? {
            0.0 => Some(Polynomial([shift, 0.0, 0.0])),
            factor => unit.times(factor).shifted(shift),
        }
    }

    fn shift(self) -> f64 {
        match self {
            Polynomial([c, ..]) => c,
            Power { shift, .. } | Log { shift, .. } | Exp { shift, .. } | Applied { shift, .. } => shift,
        }
    }

    /// The same with a factor of 1 and no shift, and the factor.
    fn without_factor(self) -> (Self, f64) {
        match self {
            Polynomial(_) => (self, 1.0),
            Power { scale, offset, exponent, .. } => (Power { scale: 1.0, offset, exponent, shift: 0.0 }, scale),
            Log { scale, offset, .. } => (Log { scale: 1.0, offset, shift: 0.0 }, scale),
            Exp { scale, rate, .. } => (Exp { scale: 1.0, rate, shift: 0.0 }, scale),
            Applied { function, scale, rate, offset, .. } => {
                (Applied { function, scale: 1.0, rate, offset, shift: 0.0 }, scale)
            }
        }
    }

    fn shifted(self, by: f64) -> Option<Self> {
        let shift = sum(self.shift(), by)?;
        Some(match self {
            Polynomial([_, c1, c2]) => Polynomial([shift, c1, c2]),
            Power { scale, offset, exponent, .. } => Power { scale, offset, exponent, shift },
            Log { scale, offset, .. } => Log { scale, offset, shift },
            Exp { scale, rate, .. } => Exp { scale, rate, shift },
            Applied { function, scale, rate, offset, .. } => Applied { function, scale, rate, offset, shift },
        })
    }

    /// `scale (x + offset)^exponent`, if it is that.
    fn power_of_affine(self) -> Option<[f64; 3]> {
        match self {
            Polynomial([c0, c1, 0.0]) if c1 != 0.0 => Some([c1, c0 / c1, 1.0]),
            Polynomial([0.0, 0.0, c2]) if c2 != 0.0 => Some([c2, 0.0, 2.0]),
            Power { scale, offset, exponent, shift: 0.0 } => Some([scale, offset, exponent]),
            _ => None,
        }
    }

    fn from_power([scale, offset, exponent]: [f64; 3]) -> Self {
        match exponent {
            0.0 => Polynomial([scale, 0.0, 0.0]),
            1.0 => Polynomial([scale * offset, scale, 0.0]),
            2.0 => Polynomial([scale * offset * offset, 2.0 * scale * offset, scale]),
            exponent => Power { scale, offset, exponent, shift: 0.0 },
        }
    }

    fn product(self, other: Self) -> Option<Self> {
        if let Some(c) = self.constant() {
            return Some(other.times(c));
        }
        if let Some(c) = other.constant() {
            return Some(self.times(c));
        }
        if let (Polynomial([a0, a1, 0.0]), Polynomial([b0, b1, 0.0])) = (self, other) {
            return Some(Polynomial([a0 * b0, sum(a0 * b1, a1 * b0)?, a1 * b1]));
        }
        let [a, offset, p] = self.power_of_affine()?;
        let [b, other_offset, q] = other.power_of_affine()?;
        (offset == other_offset).then_some(())?;
        Some(Self::from_power([a * b, offset, sum(p, q)?]))
    }

    fn raised(self, p: f64) -> Option<Self> {
        if let Some(c) = self.constant() {
            return Some(Polynomial([c.powf(p), 0.0, 0.0]));
        }
        let [scale, offset, exponent] = self.power_of_affine()?;
        // A negative factor has integer powers only, and what they do to its sign is left to the tree.
        let factor = if scale > 0.0 {
            scale.powf(p)
        } else if p == -1.0 {
            1.0 / scale
        } else {
            return None;
        };
        // x^(a b) is (x^a)^b for x > 0, but (x + offset)^2 has a root that is not x + offset where that is negative.
        let is_positive = offset >= 0.0;
        (is_positive || exponent == 1.0).then(|| Self::from_power([factor, offset, exponent * p]))
    }

    fn applied(self, function: Function) -> Option<Self> {
        if let Some(c) = self.constant() {
            return Some(Polynomial([function.at(c), 0.0, 0.0]));
        }
        match function {
            Function::Sqrt => self.raised(0.5),
            Function::Cbrt => self.raised(1.0 / 3.0),
            Function::Ln => self.logarithm(),
            Function::Log1p => self.shifted(1.0)?.logarithm(),
            Function::Log2 => Some(self.logarithm()?.times(std::f64::consts::LOG2_E)),
            Function::Log10 => Some(self.logarithm()?.times(std::f64::consts::LOG10_E)),
            Function::Exp => self.exponential(),
            Function::Expm1 => self.exponential()?.shifted(-1.0),
            _ => {
                let Polynomial([offset, rate, 0.0]) = self else { return None };
                // softplus(z) = -logsigmoid(-z).
                Some(match function {
                    Function::Softplus => Applied {
                        function: Function::LogSigmoid,
                        scale: -1.0,
                        rate: -rate,
                        offset: -offset,
                        shift: 0.0,
                    },
                    function => Applied { function, scale: 1.0, rate, offset, shift: 0.0 },
                })
            }
        }
    }

    fn logarithm(self) -> Option<Self> {
        match self {
            Exp { scale, rate, shift: 0.0 } if scale > 0.0 => Some(Polynomial([scale.ln(), rate, 0.0])),
            // log(1 + exp(z)) = -logsigmoid(-z).
            Exp { scale: 1.0, rate, shift: 1.0 } => {
                Some(Applied { function: Function::LogSigmoid, scale: -1.0, rate: -rate, offset: 0.0, shift: 0.0 })
            }
            _ => {
                let [scale, offset, exponent] = self.power_of_affine()?;
                let is_defined = scale > 0.0 && (offset >= 0.0 || exponent == 1.0);
                is_defined.then(|| Log { scale: exponent, offset, shift: scale.ln() })
            }
        }
    }

    fn exponential(self) -> Option<Self> {
        match self {
            Polynomial([c0, c1, 0.0]) => Some(Exp { scale: c0.exp(), rate: c1, shift: 0.0 }),
            Log { scale, offset, shift } => Some(Self::from_power([shift.exp(), offset, scale])),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utility::Expression;

    fn shape(text: &str) -> Option<Shape> {
        Shape::of(Expression::parse(text).expect(text).tree())
    }

    #[test]
    fn a_shape_does_not_depend_on_how_it_is_written() {
        let log = |scale, offset, shift| Some(Log { scale, offset, shift });
        for text in ["log(x)", "2*log(x)-log(x)", "log(x^3)/3", "0.5log(x*x)", "2*log(sqrt(x))", "ln(exp(log(x)))"] {
            assert_eq!(shape(text), log(1.0, 0.0, 0.0), "{text}");
        }
        assert_eq!(shape("log(2x+1)"), log(1.0, 0.5, 2f64.ln()));
        assert_eq!(shape("x/x^2+3"), Some(Power { scale: 1.0, offset: 0.0, exponent: -1.0, shift: 3.0 }));
        assert_eq!(shape("(x+1)(x-1)"), Some(Polynomial([-1.0, 0.0, 1.0])));
        assert_eq!(shape("1e12*sqrt(x)-999999999999*sqrt(x)"), shape("sqrt(x)"));
        assert_eq!(shape("x-sqrt(x-x)"), shape("x"));
        assert_eq!(shape("-log(1+exp(-4x))"), shape("logsigmoid(4x)"));
        assert_eq!(shape("-softplus(-4x)"), shape("logsigmoid(4x)"));
    }

    #[test]
    fn what_is_more_than_a_shape_has_none() {
        for text in [
            "log(x)+1e-6x",
            "x+0.1*exp(-((x-0.8358)/1.1e-4)^2)",
            "x^0.5+x",
            "x-x^2-x^3",
            "log(1+x^2)",
            "0.3log(x)-0.1log(x)-0.2log(x)",
        ] {
            assert_eq!(shape(text), None, "{text}");
        }
    }
}
