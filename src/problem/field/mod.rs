//! A term for each reward by itself.

mod error;
mod samples;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use error::FieldError;

use super::Support;
use crate::target::Potential;
use crate::utility::{Concavity, Curve, Errors, Jet, Spline};

/// A function `V` on the support: problem (7) adds `2/n sum_i V(r_i)` to the mean utility of the pairs.
///
/// It is an expression in `x`, a spline through samples, or the [`Potential`] of a law. It may be `-inf` at an end of the support, as
/// `log x` is at 0; the reward then stays away from it. It is concave, unless it was made where that is not asked
/// ([`Field::parse_any`], [`Field::read_any`]).
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
    source: Source,
    concavity: Concavity,
    stiffness: f64,
}

/// What a field is computed from.
#[derive(Debug, Clone)]
enum Source {
    Expression(Arc<Curve>),
    Spline(Arc<Spline>),
    Potential(Arc<Potential>),
}

impl Field {
    /// Reads an expression in `x`, or `potential(LAW; U)`, or what a spline writes, and looks for a proof that it is concave on `support`.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn parse(text: &str, support: Support) -> Result<Self, FieldError> {
        Self::parse_any(text, support)?.checked(support)
    }

    /// As [`Field::parse`], whether it is concave or not.
    ///
    /// # Errors
    /// [`FieldError`] for what is no field, or is not defined on the support.
    pub fn parse_any(text: &str, support: Support) -> Result<Self, FieldError> {
        let start = text.trim_start();
        let source = if start.starts_with("potential(") {
            Source::Potential(Arc::new(text.parse()?))
        } else if start.starts_with("spline(") {
            Source::Spline(Arc::new(text.parse()?))
        } else {
            Source::Expression(Arc::new(Curve::parse(text)?))
        };
        Self::from_source(source, support)
    }

    /// Reads samples `x,V` from CSV, ascending in `x` and concave, and joins them by a concave spline; beyond the first and the last sample it goes on
    /// along its tangent.
    ///
    /// # Errors
    /// [`FieldError`]: a file that cannot be read, a row that is none, samples that are not concave.
    pub fn read(path: &Path, support: Support) -> Result<Self, FieldError> {
        let points = samples::read(path)?;
        samples::check_concave(path, &points)?;
        Self::from_samples(&points, support)?.checked(support)
    }

    /// As [`Field::read`], whether samples are concave or not.
    ///
    /// # Errors
    /// [`FieldError`] for a file that cannot be read or has no samples.
    pub fn read_any(path: &Path, support: Support) -> Result<Self, FieldError> {
        Self::from_samples(&samples::read(path)?, support)
    }

    /// The spline through samples `(x, V)`, ascending in `x`; concave where they are.
    ///
    /// # Errors
    /// [`FieldError::Spline`] for fewer than two samples, or samples that do not ascend.
    pub fn from_samples(points: &[(f64, f64)], support: Support) -> Result<Self, FieldError> {
        Self::from_source(Source::Spline(Arc::new(Spline::through(points)?)), support)
    }

    /// The potential of a law.
    ///
    /// # Errors
    /// None for a support; as [`Field::parse_any`] otherwise.
    pub fn from_potential(potential: Potential, support: Support) -> Result<Self, FieldError> {
        Self::from_source(Source::Potential(Arc::new(potential)), support)
    }

    fn from_source(source: Source, support: Support) -> Result<Self, FieldError> {
        let mut field = Self { source, concavity: Concavity::Sampled, stiffness: 0.0 };
        if let Some(at) = probes(support).into_iter().find(|&x| !field.jet(x).slope.is_finite()) {
            return Err(FieldError::Undefined { field: field.to_string(), at, support: support.to_string() });
        }
        field.concavity = field.examine(support).unwrap_or(Concavity::Refuted);
        if field.concavity != Concavity::Refuted {
            field.stiffness = (-field.largest_curvature(support.lower(), support.upper())).max(0.0);
        }
        Ok(field)
    }

    fn examine(&self, support: Support) -> Result<Concavity, (f64, f64)> {
        match &self.source {
            Source::Expression(curve) => curve.concavity(support.lower(), support.upper()),
            Source::Spline(spline) => spline.concavity(),
            Source::Potential(potential) => potential.concavity(support),
        }
    }

    /// Refuses a field that is convex somewhere.
    fn checked(self, support: Support) -> Result<Self, FieldError> {
        if self.concavity != Concavity::Refuted {
            return Ok(self);
        }
        let (from, to) = self.examine(support).err().unwrap_or((support.lower(), support.upper()));
        Err(FieldError::NotConcave { field: self.to_string(), from, to })
    }

    /// `V`, `V'` and `V''`.
    pub fn jet(&self, x: f64) -> Jet {
        match &self.source {
            Source::Expression(curve) => curve.jet(x),
            Source::Spline(spline) => spline.jet(x),
            Source::Potential(potential) => potential.jet(x),
        }
    }

    /// Bounds on the rounding errors of `V` and `V'` at an exact `x`.
    pub fn errors(&self, x: f64) -> Errors {
        match &self.source {
            Source::Expression(curve) => curve.errors(x),
            Source::Spline(spline) => spline.errors(x),
            Source::Potential(potential) => potential.errors(x),
        }
    }

    /// A number that `V''` is certainly not above between two points; infinite where none is found.
    pub fn largest_curvature(&self, from: f64, to: f64) -> f64 {
        match &self.source {
            Source::Expression(curve) => curve.largest_curvature(from, to),
            Source::Spline(spline) => spline.largest_curvature(from, to),
            Source::Potential(potential) => potential.largest_curvature(from, to),
        }
    }

    /// A number that `-V''` is certainly not below anywhere on the support; 0 where none is found.
    pub fn least_stiffness(&self) -> f64 {
        self.stiffness
    }

    /// How it is known that `V` is concave on its support.
    pub fn concavity(&self) -> Concavity {
        self.concavity
    }

    /// The law whose potential it is, where it is one.
    pub fn potential(&self) -> Option<&Potential> {
        match &self.source {
            Source::Potential(potential) => Some(potential),
            _ => None,
        }
    }

    /// Points between which `V''` is smooth, as far as they are known.
    pub(crate) fn knots(&self) -> Vec<f64> {
        match &self.source {
            Source::Expression(_) => Vec::new(),
            Source::Spline(spline) => spline.knots().collect(),
            Source::Potential(potential) => potential.edges(),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Expression(curve) => f.write_str(curve.text()),
            Source::Spline(spline) => spline.fmt(f),
            Source::Potential(potential) => potential.fmt(f),
        }
    }
}

impl PartialEq for Field {
    /// By what they write.
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
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
