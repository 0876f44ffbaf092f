//! `U(x) = log sigmoid(k x)`.

use std::fmt;
use std::sync::Arc;

use super::error::parameter_in;
use super::expression::Function;
use super::family::{Family, Member, between};
use super::shape::Shape;
use super::{Concavity, Errors, Jet, Origin, Utility, UtilityError};

/// `U(x) = log sigmoid(k x)` with `k > 0` (`k = 1/sigma` in the paper): the Bradley-Terry loss of reward modelling.
///
/// `U' = k sigmoid(-k x)`, `U'' = -k^2 sigmoid(k x) sigmoid(-k x)`, `U'(0+) = k/2`. It is concave on the whole line, so it is
/// its own extension to `x < 0`. No closed limit law is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogSigmoid {
    k: f64,
}

impl LogSigmoid {
    /// # Errors
    /// [`UtilityError::Parameter`] unless `k > 0`.
    pub fn new(k: f64) -> Result<Self, UtilityError> {
        parameter_in("log sigmoid(k x)", "k", k, "k > 0", |k| k > 0.0).map(|k| Self { k })
    }

    /// The slope of the sigmoid's argument.
    pub fn k(&self) -> f64 {
        self.k
    }
}

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "LogSigmoid",
    formula: "log sigmoid(k x)",
    member: |position| Ok(Arc::new(LogSigmoid::new(between(0.01, 1000.0, position))?)),
    recognise: |shape| match shape {
        Shape::Applied { function: Function::LogSigmoid, scale, rate, offset: 0.0, shift } => {
            Member::of(LogSigmoid::new(rate), scale, shift)
        }
        _ => None,
    },
};

impl fmt::Display for LogSigmoid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.k == 1.0 { f.write_str("logsigmoid(x)") } else { write!(f, "logsigmoid({}x)", self.k) }
    }
}

impl Utility for LogSigmoid {
    fn value(&self, x: f64) -> f64 {
        // The exponential of a negative number only: no overflow on either side, and no cancellation near 0 or infinity.
        let z = self.k * x;
        z.min(0.0) - (-z.abs()).exp().ln_1p()
    }

    /// Without the logarithm that the value needs, which takes as long as the rest.
    fn slope(&self, x: f64) -> f64 {
        let z = self.k * x;
        let decay = (-z.abs()).exp();
        let total = 1.0 + decay;
        self.k * if z >= 0.0 { decay / total } else { 1.0 / total }
    }

    fn curvature(&self, x: f64) -> f64 {
        self.jet(x).curvature
    }

    fn jet(&self, x: f64) -> Jet {
        let z = self.k * x;
        let decay = (-z.abs()).exp();
        let total = 1.0 + decay;
        let upper = 1.0 / total;
        let lower = decay / total;
        Jet {
            value: z.min(0.0) - decay.ln_1p(),
            slope: self.k * if z >= 0.0 { lower } else { upper },
            curvature: -self.k * self.k * lower * upper,
        }
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(self.k / 2.0)
    }

    fn extended(&self, x: f64) -> Jet {
        self.jet(x)
    }

    fn extends_by_formula(&self) -> bool {
        true
    }

    /// The rounding of `k x` is an error of that size in the logarithm of either derivative, and what the exponential loses to
    /// underflow is multiplied by `k`.
    fn errors(&self, x: f64) -> Errors {
        let units = 8.0 + 2.0 * (self.k * x).abs();
        Errors::relative(self.jet(x), units, units).with_underflow(self.k)
    }

    fn concavity(&self) -> Concavity {
        Concavity::Proved
    }

    fn is_strictly_concave(&self) -> bool {
        true
    }
}
