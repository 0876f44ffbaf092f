//! A value with its first two derivatives, and a bound on the error that an honest computation in doubles makes in each.
//!
//! The bound runs along with the computation, to first order. An operation passes on the errors of its operands, and adds
//! a few roundings of every term of its derivative formula: another formula for the same derivative may cancel where this
//! one does not. Where first order is not enough, because an argument is uncertain on the scale on which its function
//! changes, the bound is infinite and nothing can be said.

use super::double_double::{Dd, dd};

/// One rounding to nearest, relative.
const ROUNDING: f64 = f64::EPSILON / 2.0;

/// Doubles lose digits below about this, and products of derivatives get there first.
const UNDERFLOW: f64 = 1e-280;

/// Terms beyond this may overflow on another way to the same result.
const OVERFLOW: f64 = 1e140;

/// How uncertain an argument may be, relative to the scale on which its function changes.
const FIRST_ORDER: f64 = 1e-9;

/// `U`, `U'` and `U''` at a point, and the error that each would have in doubles.
#[derive(Debug, Clone, Copy)]
pub struct Jet {
    pub at: [Dd; 3],
    pub error: [f64; 3],
}

/// A function of one variable at a point.
pub struct Outer {
    /// Its value and three derivatives: the error of a second derivative needs the third.
    pub at: [Dd; 4],
    /// The distance within which it does not change much.
    pub scale: f64,
    /// How many roundings the library needs for it.
    pub roundings: f64,
}

impl Jet {
    /// The variable itself at a double.
    pub fn variable(x: f64) -> Self {
        Self { at: [dd(x), dd(1.0), dd(0.0)], error: [0.0; 3] }
    }

    /// A number; one that a double cannot hold is off by a rounding.
    pub fn constant(c: Dd) -> Self {
        let rounding = if c.lo == 0.0 { 0.0 } else { ROUNDING * c.abs() };
        Self { at: [c, dd(0.0), dd(0.0)], error: [rounding, 0.0, 0.0] }
    }

    pub fn is_finite(&self) -> bool {
        self.at.iter().all(|d| d.is_finite())
    }

    /// The same with every part rounded to a double: what an honest implementation would hold.
    pub fn rounded(self) -> Self {
        Self { at: self.at.map(|d| dd(d.hi)), error: self.error }
    }

    fn new(at: [Dd; 3], passed_on: [f64; 3], terms: [f64; 3]) -> Self {
        let lost = terms.iter().any(|&t| t.is_nan() || t >= OVERFLOW) || passed_on.iter().any(|e| e.is_nan());
        let error = |k: usize| {
            if lost { f64::INFINITY } else { passed_on[k] + ROUNDING * terms[k] + UNDERFLOW }
        };
        Self { at, error: [error(0), error(1), error(2)] }
    }

    pub fn negated(self) -> Self {
        Self { at: self.at.map(|d| -d), error: self.error }
    }

    pub fn plus(self, other: Self) -> Self {
        let at: [Dd; 3] = std::array::from_fn(|k| self.at[k] + other.at[k]);
        let passed_on = std::array::from_fn(|k| self.error[k] + other.error[k]);
        Self::new(at, passed_on, at.map(Dd::abs))
    }

    pub fn times(self, other: Self) -> Self {
        let ([a, a1, a2], [b, b1, b2]) = (self.at, other.at);
        let product = |i: usize, j: usize| (self.at[i] * other.at[j]).abs();
        // The error of a product of the i-th and the j-th derivative.
        let passed = |i: usize, j: usize| {
            let (e, f) = (self.error[i], other.error[j]);
            self.at[i].abs() * f + other.at[j].abs() * e + e * f
        };
        Self::new(
            [a * b, a1 * b + a * b1, a2 * b + a1 * b1 * 2.0 + a * b2],
            [passed(0, 0), passed(1, 0) + passed(0, 1), passed(2, 0) + 2.0 * passed(1, 1) + passed(0, 2)],
            [product(0, 0), 2.0 * (product(1, 0) + product(0, 1)), {
                3.0 * (product(2, 0) + 2.0 * product(1, 1) + product(0, 2))
            }],
        )
    }

    /// A function of this: Faa di Bruno's formula, and the errors through it.
    pub fn through(self, outer: &Outer) -> Self {
        let ([_, g1, g2], [f, f1, f2, f3]) = (self.at, outer.at);
        let [e, e1, e2] = self.error;
        let [m1, m2, m3] = [f1.abs(), f2.abs(), f3.abs()];
        let [n1, n2] = [g1.abs(), g2.abs()];
        let known = e <= FIRST_ORDER * outer.scale;
        // Derivatives of the function that underflow are multiplied by those of its argument, which may be large.
        let lost = UNDERFLOW * (n1 + n1 * n1 + n2);
        let first = if known { lost } else { f64::INFINITY };
        Self::new(
            [f, f1 * g1, f2 * g1 * g1 + f1 * g2],
            [
                first + m1 * e,
                first + m1 * e1 + m2 * e * (n1 + e1),
                first + m1 * e2 + m2 * (e1 * (2.0 * n1 + e1) + e * (n2 + e2)) + m3 * e * (n1 + e1).powi(2),
            ],
            [f.abs() * outer.roundings, (outer.roundings + 3.0) * m1 * n1, {
                (outer.roundings + 5.0) * (m2 * n1 * n1 + m1 * n2)
            }],
        )
    }

    /// Adds what the uncertainty `doubt` of a parameter of `outer` does, whose derivative by it is `by_parameter`.
    pub fn with_doubt(mut self, inner: &Self, doubt: f64, by_parameter: [f64; 3]) -> Self {
        if doubt > 0.0 {
            let [b, b1, b2] = by_parameter.map(f64::abs);
            let [n1, n2] = [inner.at[1].abs(), inner.at[2].abs()];
            self.error[0] += doubt * b;
            self.error[1] += doubt * b1 * n1;
            self.error[2] += doubt * (b2 * n1 * n1 + b1 * n2);
        }
        self
    }
}
