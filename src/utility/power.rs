//! `U(x) = x^gamma`.

use std::fmt;
use std::sync::Arc;

use super::error::parameter_in;
use super::family::{Family, Member};
use super::shape::Shape;
use super::{ClosedForm, Concavity, Jet, Origin, Utility, UtilityError};

/// `U(x) = x^gamma` with `0 < gamma < 1`.
///
/// `U' = gamma x^(gamma-1)`, `U'' = gamma (gamma-1) x^(gamma-2)`, `U'(0+) = inf`.
/// Limit law `Beta((1-gamma)/2, (1-gamma)/2)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    gamma: f64,
}

impl Power {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `0 < gamma < 1`; `gamma = 1` is [`super::Linear`].
    pub fn new(gamma: f64) -> Result<Self, UtilityError> {
        parameter_in("x^gamma", "gamma", gamma, "0 < gamma < 1", |g| g > 0.0 && g < 1.0).map(|gamma| Self { gamma })
    }

    /// The exponent.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }
}

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "Power",
    formula: "x^gamma",
    member: |position| Ok(Arc::new(Power::new(0.02 + 0.96 * position)?)),
    recognise: |shape| match shape {
        Shape::Power { scale, offset: 0.0, exponent, shift } => Member::of(Power::new(exponent), scale, shift),
        _ => None,
    },
};

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x^{}", self.gamma)
    }
}

impl Utility for Power {
    fn value(&self, x: f64) -> f64 {
        x.powf(self.gamma)
    }

    fn slope(&self, x: f64) -> f64 {
        self.jet(x).slope
    }

    fn curvature(&self, x: f64) -> f64 {
        self.jet(x).curvature
    }

    fn jet(&self, x: f64) -> Jet {
        let value = self.value(x);
        let slope = self.gamma * value / x;
        Jet { value, slope, curvature: (self.gamma - 1.0) * slope / x }
    }

    fn origin(&self) -> Origin {
        Origin::Power { gamma: self.gamma, scale: 1.0 }
    }

    fn regular_part(&self, _x: f64) -> f64 {
        0.0
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        Some(ClosedForm::Beta { shape: (1.0 - self.gamma) / 2.0 })
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
