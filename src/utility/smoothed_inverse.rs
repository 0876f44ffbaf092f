//! `U(x) = -1/(x + eps)`.

use std::fmt;
use std::sync::Arc;

use super::error::parameter_in;
use super::family::{Family, Member, between};
use super::shape::Shape;
use super::{Concavity, Jet, Origin, Utility, UtilityError};

/// `U(x) = -1/(x + eps)` with `eps > 0`: what the released experiment trains under the name `x_inv`, with `eps = 0.1`.
///
/// `U' = 1/(x+eps)^2`, `U'' = -2/(x+eps)^3`, `U'(0+) = 1/eps^2`. The experiment adds `1/eps`, which makes `U(0) = 0` and
/// changes no reward. The extension to `x < 0` is the tangent at 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmoothedInverse {
    eps: f64,
}

impl SmoothedInverse {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `eps > 0`.
    pub fn new(eps: f64) -> Result<Self, UtilityError> {
        parameter_in("-1/(x + eps)", "eps", eps, "eps > 0", |e| e > 0.0).map(|eps| Self { eps })
    }

    /// The smoothing.
    pub fn eps(&self) -> f64 {
        self.eps
    }
}

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "SmoothedInverse",
    formula: "-1/(x + eps)",
    member: |position| Ok(Arc::new(SmoothedInverse::new(between(1e-4, 10.0, position))?)),
    recognise: |shape| match shape {
        Shape::Power { scale, offset, exponent: -1.0, shift } => {
            Member::of(SmoothedInverse::new(offset), -scale, shift)
        }
        _ => None,
    },
};

impl fmt::Display for SmoothedInverse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-1/(x+{})", self.eps)
    }
}

impl Utility for SmoothedInverse {
    fn value(&self, x: f64) -> f64 {
        -1.0 / (x + self.eps)
    }

    fn slope(&self, x: f64) -> f64 {
        self.jet(x).slope
    }

    fn curvature(&self, x: f64) -> f64 {
        self.jet(x).curvature
    }

    fn jet(&self, x: f64) -> Jet {
        let inverse = 1.0 / (x + self.eps);
        let slope = inverse * inverse;
        Jet { value: -inverse, slope, curvature: -2.0 * slope * inverse }
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(1.0 / (self.eps * self.eps))
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
