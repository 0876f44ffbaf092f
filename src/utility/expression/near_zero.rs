//! The expression close to 0, where it is 0/0 as typed.

use super::jet::Jet;
use super::program::Program;
use super::rounded::Rounded;
use super::series::Series;
use crate::utility;

/// A power series that stands in for the expression on `[0, radius]`.
///
/// How well it does is measured at the radius, against the expression and its running error bound: it is no enclosure, and an
/// expression that needs it counts as sampled, not proved.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NearZero {
    radius: f64,
    coefficients: Vec<f64>,
    /// Relative to the largest of the three, what the series and the expression differ by at the radius.
    error: f64,
}

/// The largest radius tried, and how it shrinks.
const LARGEST: f64 = 0.25;
const SHRINK: f64 = 0.5;
const SHRINKINGS: i32 = 16;

/// Largest difference at the radius, relative to the coefficients that matter there.
const TOLERANCE: f64 = 1e-13;

impl NearZero {
    /// `None` where the expression is defined at 0 as it is, or has no power series there.
    pub(super) fn of(program: &Program) -> Option<Self> {
        let at_zero = program.run(Jet::variable(0.0)).0;
        if at_zero.iter().all(|derivative| derivative.is_finite()) {
            return None;
        }
        let series = program.run(Series::variable());
        if !series.coefficients().iter().all(|c| c.is_finite()) {
            return None;
        }
        (0..SHRINKINGS).map(|k| LARGEST * SHRINK.powi(k)).find_map(|radius| {
            let near = Self { radius, coefficients: series.coefficients().to_vec(), error: 0.0 };
            let ours = near.jet(radius);
            let theirs = program.run(Jet::variable(<Rounded as super::number::Number>::constant(radius, 0.0))).0;
            let scale = [1.0, 1.0 / radius, 1.0 / (radius * radius)].map(|unit| unit * near.variation());
            let differences = [ours.value, ours.slope, ours.curvature].into_iter().zip(theirs).zip(scale);
            let differences = differences
                .map(|((ours, theirs), scale)| ((ours - theirs.value).abs() - theirs.error).max(0.0) / scale);
            let error = differences.fold(0.0, f64::max);
            (error <= TOLERANCE).then_some(Self { error: error.max(f64::EPSILON), ..near })
        })
    }

    /// How much the series varies over the radius.
    fn variation(&self) -> f64 {
        let powers = self.coefficients.iter().scan(1.0, |power, c| {
            let term = c * *power;
            *power *= self.radius;
            Some(term.abs())
        });
        powers.skip(1).fold(f64::MIN_POSITIVE, f64::max)
    }

    pub(super) fn contains(&self, x: f64) -> bool {
        x < self.radius
    }

    pub(super) fn jet(&self, x: f64) -> utility::Jet {
        let (mut value, mut slope, mut half) = (0.0, 0.0, 0.0);
        for c in self.coefficients.iter().rev() {
            half = half * x + slope;
            slope = slope * x + value;
            value = value * x + c;
        }
        utility::Jet { value, slope, curvature: 2.0 * half }
    }

    /// Estimated errors of value and slope.
    pub(super) fn errors(&self, x: f64) -> utility::Errors {
        let jet = self.jet(x);
        let unit = 4.0 * f64::EPSILON + self.error;
        let variation = self.variation();
        utility::Errors {
            value: f64::EPSILON * jet.value.abs() + unit * variation,
            slope: f64::EPSILON * jet.slope.abs() + unit * variation / self.radius,
        }
    }
}
