//! `U(x) = -x^-sigma`.

use std::fmt;
use std::sync::Arc;

use super::error::parameter_in;
use super::family::{Family, Member, between};
use super::shape::Shape;
use super::{ClosedForm, Concavity, Jet, Origin, Utility, UtilityError};

/// `U(x) = -x^-sigma` with `sigma > 0`; `sigma = 1` is `-1/x`, the one-dimensional Thomson problem.
///
/// `U' = sigma x^(-sigma-1)`, `U'' = -sigma (sigma+1) x^(-sigma-2)`, `U'(0+) = inf`.
/// Limit law `Beta((1+sigma)/2, (1+sigma)/2)` for `sigma < 1` and `Uniform(0, 1)` for `sigma >= 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InversePower {
    sigma: f64,
}

impl InversePower {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `sigma > 0`.
    pub fn new(sigma: f64) -> Result<Self, UtilityError> {
        parameter_in("-x^(-sigma)", "sigma", sigma, "sigma > 0", |s| s > 0.0).map(|sigma| Self { sigma })
    }

    /// The exponent.
    pub fn sigma(&self) -> f64 {
        self.sigma
    }
}

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "InversePower",
    formula: "-x^-sigma",
    member: |position| Ok(Arc::new(InversePower::new(between(0.02, 8.0, position))?)),
    recognise: |shape| match shape {
        Shape::Power { scale, offset: 0.0, exponent, shift } => Member::of(InversePower::new(-exponent), -scale, shift),
        _ => None,
    },
};

impl fmt::Display for InversePower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sigma == 1.0 { f.write_str("-1/x") } else { write!(f, "-x^-{}", self.sigma) }
    }
}

impl Utility for InversePower {
    fn value(&self, x: f64) -> f64 {
        if self.sigma == 1.0 { -1.0 / x } else { -x.powf(-self.sigma) }
    }

    fn slope(&self, x: f64) -> f64 {
        self.jet(x).slope
    }

    fn curvature(&self, x: f64) -> f64 {
        self.jet(x).curvature
    }

    fn jet(&self, x: f64) -> Jet {
        let value = self.value(x);
        let slope = -self.sigma * value / x;
        Jet { value, slope, curvature: -(self.sigma + 1.0) * slope / x }
    }

    fn origin(&self) -> Origin {
        Origin::Pole { sigma: self.sigma, scale: 1.0 }
    }

    fn regular_part(&self, _x: f64) -> f64 {
        0.0
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        Some(if self.sigma < 1.0 { ClosedForm::Beta { shape: (1.0 + self.sigma) / 2.0 } } else { ClosedForm::Uniform })
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
