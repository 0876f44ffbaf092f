//! `U(x) = log(x + eps)`.

use std::fmt;
use std::sync::Arc;

use super::error::parameter_in;
use super::family::{Family, Member, between};
use super::shape::Shape;
use super::{Concavity, Errors, Jet, Origin, Utility, UtilityError};

/// `U(x) = log(x + eps)` with `eps > 0`: what the released experiment trains under the name `log`, with `eps = 0.1`.
///
/// `U' = 1/(x+eps)`, `U'' = -1/(x+eps)^2`, `U'(0+) = 1/eps`. The experiment subtracts `log eps`, which makes `U(0) = 0` and
/// changes no reward. The extension to `x < 0` is the tangent at 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmoothedLog {
    eps: f64,
}

impl SmoothedLog {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `eps > 0`.
    pub fn new(eps: f64) -> Result<Self, UtilityError> {
        parameter_in("log(x + eps)", "eps", eps, "eps > 0", |e| e > 0.0).map(|eps| Self { eps })
    }

    /// The smoothing.
    pub fn eps(&self) -> f64 {
        self.eps
    }
}

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "SmoothedLog",
    formula: "log(x + eps)",
    member: |position| Ok(Arc::new(SmoothedLog::new(between(1e-4, 10.0, position))?)),
    recognise: |shape| match shape {
        Shape::Log { scale, offset, shift } => Member::of(SmoothedLog::new(offset), scale, shift),
        _ => None,
    },
};

impl fmt::Display for SmoothedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log(x+{})", self.eps)
    }
}

impl Utility for SmoothedLog {
    fn value(&self, x: f64) -> f64 {
        (x + self.eps).ln()
    }

    fn slope(&self, x: f64) -> f64 {
        1.0 / (x + self.eps)
    }

    fn curvature(&self, x: f64) -> f64 {
        let inverse = 1.0 / (x + self.eps);
        -inverse * inverse
    }

    fn jet(&self, x: f64) -> Jet {
        let inverse = 1.0 / (x + self.eps);
        Jet { value: self.value(x), slope: inverse, curvature: -inverse * inverse }
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(1.0 / self.eps)
    }

    /// The rounding of `x + eps` is an error of that size in the logarithm.
    fn errors(&self, x: f64) -> Errors {
        let relative = Errors::relative(self.jet(x), 4.0, 4.0);
        Errors { value: relative.value + f64::EPSILON, ..relative }
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
