//! `U(x) = x - b x^2/2`.

use std::fmt;
use std::sync::Arc;

use super::error::parameter_in;
use super::family::{Family, Member, between};
use super::shape::Shape;
use super::{ClosedForm, Concavity, Errors, Origin, Utility, UtilityError};

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

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "Quadratic",
    formula: "x - b x^2/2",
    member: |position| Ok(Arc::new(Quadratic::new(between(0.01, 1.0, position))?)),
    recognise: |shape| match shape {
        Shape::Polynomial([shift, scale, c2]) => Member::of(Quadratic::new(-2.0 * c2 / scale), scale, shift),
        _ => None,
    },
};

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

    /// The slope `1 - b x` may cancel.
    fn errors(&self, x: f64) -> Errors {
        Errors { slope: 2.0 * f64::EPSILON, ..Errors::relative(self.jet(x), 8.0, 0.0) }
    }

    fn concavity(&self) -> Concavity {
        Concavity::Proved
    }

    fn is_strictly_concave(&self) -> bool {
        true
    }
}
