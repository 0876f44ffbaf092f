//! `U(x) = log(x + eps)`.

use std::fmt;

use super::error::parameter_in;
use super::{Jet, Origin, Utility, UtilityError};

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
}
