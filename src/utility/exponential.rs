//! `U(x) = 1 - exp(-k x)`.

use std::fmt;
use std::sync::Arc;

use super::error::parameter_in;
use super::family::{Family, Member, between};
use super::shape::Shape;
use super::{ClosedForm, Concavity, Errors, Jet, Origin, Utility, UtilityError};

/// `U(x) = 1 - exp(-k x)` with `k > 0`.
///
/// `U' = k exp(-k x)`, `U'' = -k^2 exp(-k x)`, `U'(0+) = k`. Limit law: atoms `1/(k+2)` at 0 and at 1, uniform density
/// `k/(k+2)` between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    k: f64,
}

impl Exponential {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `k > 0`.
    pub fn new(k: f64) -> Result<Self, UtilityError> {
        parameter_in("1 - exp(-k x)", "k", k, "k > 0", |k| k > 0.0).map(|k| Self { k })
    }

    /// The rate.
    pub fn k(&self) -> f64 {
        self.k
    }
}

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "Exponential",
    formula: "1 - exp(-k x)",
    member: |position| Ok(Arc::new(Exponential::new(between(0.01, 1000.0, position))?)),
    recognise: |shape| match shape {
        // scale exp(rate x) + shift = -scale (1 - exp(rate x)) + (shift + scale).
        Shape::Exp { scale, rate, shift } => Member::of(Exponential::new(-rate), -scale, shift + scale),
        _ => None,
    },
};

impl fmt::Display for Exponential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.k == 1.0 { f.write_str("1-exp(-x)") } else { write!(f, "1-exp(-{}x)", self.k) }
    }
}

impl Utility for Exponential {
    fn value(&self, x: f64) -> f64 {
        -(-self.k * x).exp_m1()
    }

    fn slope(&self, x: f64) -> f64 {
        self.k * (-self.k * x).exp()
    }

    fn curvature(&self, x: f64) -> f64 {
        -self.k * self.slope(x)
    }

    fn jet(&self, x: f64) -> Jet {
        let slope = self.slope(x);
        Jet { value: self.value(x), slope, curvature: -self.k * slope }
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(self.k)
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        Some(ClosedForm::AtomsAndUniform { atom: 1.0 / (self.k + 2.0) })
    }

    /// The rounding of `k x` is an error of that size in the logarithm of the slope, and what the exponential loses to underflow
    /// is multiplied by `k`.
    fn errors(&self, x: f64) -> Errors {
        Errors::relative(self.jet(x), 8.0, 8.0 + 2.0 * (self.k * x).abs()).with_underflow(self.k)
    }

    fn concavity(&self) -> Concavity {
        Concavity::Proved
    }

    fn is_strictly_concave(&self) -> bool {
        true
    }

    fn slope_is_completely_monotone(&self) -> bool {
        true
    }
}
