//! The expression close to 0, where it is 0/0 as typed.

use super::jet::Jet;
use super::number::Number;
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

/// Shares of the radius at which the series is measured.
const MEASURED_AT: [f64; 3] = [1.0, 0.8, 0.6];

/// Largest difference there, relative to what the series varies by.
const TOLERANCE: f64 = 1e-13;

/// Largest rounding error of the expression, relative to the same, with which it is measured.
const MEASURABLE: f64 = 1e-6;

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
            let error = MEASURED_AT.iter().map(|share| near.difference(program, share * radius)).fold(0.0, f64::max);
            (error <= TOLERANCE).then_some(Self { error: error.max(f64::EPSILON), ..near })
        })
    }

    /// How far series and expression are apart beyond what rounding explains, relative to what the series varies by over
    /// the radius; infinite where the expression cannot tell.
    fn difference(&self, program: &Program, x: f64) -> f64 {
        let ours = self.jet(x);
        let theirs = program.run(Jet::variable(<Rounded as Number>::constant(x, 0.0))).0;
        let scale = [1.0, 1.0 / self.radius, 1.0 / (self.radius * self.radius)].map(|unit| unit * self.variation());
        let of_one = |((ours, theirs), scale): ((f64, Rounded), f64)| {
            let difference = (ours - theirs.value).abs();
            if difference.is_finite() && theirs.error <= MEASURABLE * scale {
                (difference - theirs.error).max(0.0) / scale
            } else {
                f64::INFINITY
            }
        };
        [ours.value, ours.slope, ours.curvature].into_iter().zip(theirs).zip(scale).map(of_one).fold(0.0, f64::max)
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

#[cfg(test)]
mod tests {
    use crate::utility::{Expression, Utility};

    #[test]
    fn removable_singularities_are_removed() {
        // Value, slope and curvature at 0+ from the series by hand.
        for (text, [value, slope, curvature]) in [
            ("-(1-exp(-x))/x", [-1.0, 0.5, -1.0 / 3.0]),
            ("-x/(exp(x)-1)", [-1.0, 0.5, -1.0 / 6.0]),
            ("sin(x)/x", [1.0, 0.0, -1.0 / 3.0]),
            ("tanh(x)/log1p(x)", [1.0, 0.5, -5.0 / 6.0]),
        ] {
            let utility = Expression::parse(text).unwrap();
            for x in [0.0, 1e-300, 1e-20, 1e-12] {
                let jet = utility.jet(x);
                approx::assert_relative_eq!(jet.value, value, max_relative = 1e-11);
                approx::assert_relative_eq!(jet.slope, slope, epsilon = 1e-11, max_relative = 1e-11);
                approx::assert_relative_eq!(jet.curvature, curvature, max_relative = 1e-11);
            }
        }
    }

    #[test]
    fn a_series_stands_in_only_where_it_converges() {
        // The power has its branch point at 4e-4, and beyond it the expression is not defined.
        let utility = Expression::parse("log(12(4e-4-x)^1.3-(x/x)+1)").unwrap();
        let x = 2.4077464116187893e-4;
        approx::assert_relative_eq!(utility.value(x), -8.883840360683486, max_relative = 1e-11);
    }
}
