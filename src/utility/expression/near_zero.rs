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
    /// What value and slope differ by from the true ones, where that was measured.
    errors: [f64; 2],
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
            let mut near = Self { radius, coefficients: series.coefficients().to_vec(), errors: [0.0; 2] };
            for share in MEASURED_AT {
                let [value, slope, _] = near.differences(program, share * radius)?;
                near.errors = [near.errors[0].max(value), near.errors[1].max(slope)];
            }
            Some(near)
        })
    }

    /// How far value, slope and curvature may be from the true ones at `x`: their distance from the expression, and its
    /// own rounding error. `None` where the series differs by more than rounding explains, relative to what it varies by over the
    /// radius, or where the expression cannot tell.
    fn differences(&self, program: &Program, x: f64) -> Option<[f64; 3]> {
        let jet = self.jet(x);
        let ours = [jet.value, jet.slope, jet.curvature];
        let theirs = program.run(Jet::variable(<Rounded as Number>::constant(x, 0.0))).0;
        let mut differences = [0.0; 3];
        for (k, scale) in [1.0, 1.0 / self.radius, 1.0 / (self.radius * self.radius)].into_iter().enumerate() {
            let scale = scale * self.variation();
            let Rounded { value, error } = theirs[k];
            let difference = (ours[k] - value).abs();
            let fits = difference <= error + TOLERANCE * scale && error <= MEASURABLE * scale;
            fits.then_some(())?;
            differences[k] = difference + error;
        }
        Some(differences)
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

    /// The radius and the coefficients, from the constant on.
    pub(super) fn series(&self) -> (f64, &[f64]) {
        (self.radius, &self.coefficients)
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

    /// Estimated errors of value and slope: twice what was measured.
    pub(super) fn errors(&self, x: f64) -> utility::Errors {
        let jet = self.jet(x);
        utility::Errors {
            value: 2.0 * self.errors[0] + 4.0 * f64::EPSILON * jet.value.abs(),
            slope: 2.0 * self.errors[1] + 4.0 * f64::EPSILON * jet.slope.abs(),
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
