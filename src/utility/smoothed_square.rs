//! `U(x) = (x + eps)^2`.

use std::fmt;

use super::error::parameter_in;
use super::{Origin, Utility, UtilityError};

/// `U(x) = (x + eps)^2 - eps^2` with `eps >= 0`, which the released code also offers.
///
/// It is *convex*: the free-reward theory does not apply, and [`Utility::refusal`] says so. It is here so that a training
/// configuration that names it can be read and answered with a reason.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmoothedSquare {
    eps: f64,
}

impl SmoothedSquare {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `eps >= 0`.
    pub fn new(eps: f64) -> Result<Self, UtilityError> {
        parameter_in("(x + eps)^2", "eps", eps, "eps >= 0", |e| e >= 0.0).map(|eps| Self { eps })
    }
}

impl fmt::Display for SmoothedSquare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(x+{eps})^2-{eps}^2", eps = self.eps)
    }
}

impl Utility for SmoothedSquare {
    fn value(&self, x: f64) -> f64 {
        x * (x + 2.0 * self.eps)
    }

    fn slope(&self, x: f64) -> f64 {
        2.0 * (x + self.eps)
    }

    fn curvature(&self, _x: f64) -> f64 {
        2.0
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(2.0 * self.eps)
    }

    fn refusal(&self) -> Option<UtilityError> {
        Some(UtilityError::NotConcave {
            utility: self.to_string(),
            from: "0".into(),
            to: "1".into(),
            worst: "2".into(),
        })
    }
}
