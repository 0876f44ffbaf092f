//! `U(x) = x - b x^2/2`.

use std::fmt;

use super::error::parameter_in;
use super::{ClosedForm, Origin, Utility, UtilityError};

/// `U(x) = x - b x^2/2` with `0 < b <= 1` (beyond 1 it would decrease before `x = 1`).
///
/// `U' = 1 - b x`, `U'' = -b`, `U'(0+) = 1`. Limit law: atoms `1/2 - b/4` at 0 and at 1, uniform density `b/2` between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quadratic {
    b: f64,
}

impl Quadratic {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `0 < b <= 1`.
    pub fn new(b: f64) -> Result<Self, UtilityError> {
        parameter_in("x - b x^2/2", "b", b, "0 < b <= 1", |b| b > 0.0 && b <= 1.0).map(|b| Self { b })
    }

    /// The curvature.
    pub fn b(&self) -> f64 {
        self.b
    }
}

impl fmt::Display for Quadratic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x-{}x^2", self.b / 2.0)
    }
}

impl Utility for Quadratic {
    fn value(&self, x: f64) -> f64 {
        x * (1.0 - 0.5 * self.b * x)
    }

    fn slope(&self, x: f64) -> f64 {
        1.0 - self.b * x
    }

    fn curvature(&self, _x: f64) -> f64 {
        -self.b
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(1.0)
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        Some(ClosedForm::AtomsAndUniform { atom: 0.5 - self.b / 4.0 })
    }
}
