//! A term for each reward by itself.

use std::fmt;

use thiserror::Error;

use super::Support;
use crate::utility::{Concavity, Curve, Errors, Jet, UtilityError};

/// A concave function `V` on the support: problem (7) adds `2/n sum_i V(r_i)` to the mean utility of the pairs.
///
/// It may be `-inf` at an end of the support, as `log x` is at 0; the reward then stays away from it.
///
/// ```
/// use reward_collapse::problem::{Field, Support};
/// let field = Field::parse("-x^2/2", Support::LINE)?;
/// assert_eq!(field.jet(-3.0).slope, 3.0);
/// assert!(Field::parse("x^2", Support::LINE).is_err()); // convex
/// # Ok::<(), reward_collapse::problem::FieldError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Field {
    curve: Curve,
    concavity: Concavity,
    stiffness: f64,
}

/// Why a field was refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The text is no expression.
    #[error("the field: {0}")]
    Expression(#[from] UtilityError),
    /// It is not finite inside the support.
    #[error("the field `{field}` is not defined near x = {at}, which the support {support} contains")]
    Undefined {
        /// The field.
        field: String,
        /// A point where it fails.
        at: f64,
        /// The support.
        support: String,
    },
    /// It is convex somewhere.
    #[error("the field `{field}` is not concave on {from} <= x <= {to}: rewards then need not have one best state")]
    NotConcave {
        /// The field.
        field: String,
        /// Where the interval begins.
        from: f64,
        /// Where it ends.
        to: f64,
    },
}

impl Field {
    /// Reads an expression in `x`, and looks for a proof that it is concave on `support`.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn parse(text: &str, support: Support) -> Result<Self, FieldError> {
        let curve = Curve::parse(text)?;
        let name = || curve.text().to_owned();
        if let Some(at) = probes(support).into_iter().find(|&x| !curve.jet(x).slope.is_finite()) {
            return Err(FieldError::Undefined { field: name(), at, support: support.to_string() });
        }
        match curve.concavity(support.lower(), support.upper()) {
            Ok(concavity) => {
                let stiffness = (-curve.largest_curvature(support.lower(), support.upper())).max(0.0);
                Ok(Self { curve, concavity, stiffness })
            }
            Err((from, to)) => Err(FieldError::NotConcave { field: name(), from, to }),
        }
    }

    /// `V`, `V'` and `V''`.
    pub fn jet(&self, x: f64) -> Jet {
        self.curve.jet(x)
    }

    /// Bounds on the rounding errors of `V` and `V'` at an exact `x`.
    pub fn errors(&self, x: f64) -> Errors {
        self.curve.errors(x)
    }

    /// A number that `-V''` is certainly not below anywhere on the support; 0 where none is found.
    pub fn least_stiffness(&self) -> f64 {
        self.stiffness
    }

    /// How it is known that `V` is concave on its support.
    pub fn concavity(&self) -> Concavity {
        self.concavity
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.curve.text())
    }
}

/// Points inside the support at which a field has to be defined.
fn probes(support: Support) -> Vec<f64> {
    // Towards infinity a field may overflow, as -exp(x) does.
    let low = if support.lower().is_finite() { support.lower() } else { support.upper().min(10.0) - 20.0 };
    let high = if support.upper().is_finite() { support.upper() } else { low + 20.0 };
    (1..64).map(|k| low + (high - low) * f64::from(k) / 64.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concave_fields_are_proved_and_others_refused() {
        let half_line = Support::new(0.0, f64::INFINITY).unwrap();
        for (text, support) in [
            ("-x^2/2", Support::LINE),
            ("-x^4", Support::LINE),
            ("-0.1x^2-x^4", Support::LINE),
            ("-x/2", half_line),
            ("2*log(x)-x", half_line),
            ("0.3*log(x)+0.2*log(1-x)", Support::UNIT),
            ("-exp(x)-exp(-x)", Support::LINE),
        ] {
            let field = Field::parse(text, support).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(field.concavity(), Concavity::Proved, "{text}");
            for x in [0.1, 0.37, 0.9] {
                let h = 1e-5;
                let slope = (field.jet(x + h).value - field.jet(x - h).value) / (2.0 * h);
                assert!((field.jet(x).slope - slope).abs() < 1e-7 * slope.abs().max(1.0), "{text}");
            }
        }
        for text in ["x^2", "-x^2+4exp(-(x-3)^2)", "log(x)", "sin(x)"] {
            assert!(Field::parse(text, Support::LINE).is_err(), "{text}");
        }
    }
}
