//! Utilities on the whole line, with smoothed labels.

use std::fmt;
use std::sync::Arc;

use super::{Concavity, Derivative, Errors, Jet, Linear, SharedUtility, Utility, UtilityError};

/// `U_q(x) = (1 - q) U(x) + q U(-x)` for every real `x`: what is trained where pairs come in both orders.
///
/// `U` is continued to `x < 0` by [`Utility::extended`]. `q` is the label smoothing, or the probability with which labels are
/// flipped, averaged over flips. For `q > 0` the function has a maximum: rewards stay finite without bounds on them. It is concave
/// wherever `U` is, continuation included, but it is not increasing, so that it is no [`Utility`] of its own.
///
/// ```
/// use reward_collapse::utility::{OnLine, parse};
/// let smoothed = OnLine::new(parse("logsigmoid(x)")?, 0.1)?;
/// // The maximum is at log((1 - q) / q).
/// assert!(smoothed.jet(9.0f64.ln()).slope.abs() < 1e-15);
/// # Ok::<(), reward_collapse::utility::UtilityError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OnLine {
    utility: SharedUtility,
    smoothing: f64,
}

impl OnLine {
    /// `U_q`, with `q` the `smoothing`.
    ///
    /// # Errors
    /// [`UtilityError::InfiniteSlope`] where `U'(0+)` is infinite, so that `U` is `-inf` for `x < 0`;
    /// [`UtilityError::Parameter`] unless `0 <= q < 1/2`.
    pub fn new(utility: SharedUtility, smoothing: f64) -> Result<Self, UtilityError> {
        if !utility.slope_at_zero().is_finite() {
            return Err(UtilityError::InfiniteSlope { utility: utility.to_string() });
        }
        let domain = "0 <= q < 1/2";
        let allowed = |q: f64| (0.0..0.5).contains(&q);
        let smoothing = super::error::parameter_in("label smoothing", "q", smoothing, domain, allowed)?;
        Ok(Self { utility, smoothing })
    }

    /// `U`.
    pub fn utility(&self) -> &SharedUtility {
        &self.utility
    }

    /// `q`.
    pub fn smoothing(&self) -> f64 {
        self.smoothing
    }

    /// `U_q`, `U_q'` and `U_q''` at any finite `x`.
    pub fn jet(&self, x: f64) -> Jet {
        let here = self.utility.extended(x);
        if self.smoothing == 0.0 {
            return here;
        }
        let there = self.utility.extended(-x);
        let (p, q) = (1.0 - self.smoothing, self.smoothing);
        Jet {
            value: p * here.value + q * there.value,
            slope: p * here.slope - q * there.slope,
            curvature: p * here.curvature + q * there.curvature,
        }
    }

    /// Replaces every `x >= 0` by `U_q(x)` or a derivative there, at 0 from the right: one call for many points.
    pub(crate) fn map(&self, derivative: Derivative, points: &mut [f64]) {
        let (p, q) = (1.0 - self.smoothing, self.smoothing);
        if q == 0.0 {
            return self.utility.map(derivative, points);
        }
        if self.utility.extends_by_formula() {
            let jet = |x: f64| self.jet(x);
            return match derivative {
                Derivative::Value => points.iter_mut().for_each(|x| *x = jet(*x).value),
                Derivative::Slope => points.iter_mut().for_each(|x| *x = jet(*x).slope),
                Derivative::Curvature => points.iter_mut().for_each(|x| *x = jet(*x).curvature),
            };
        }
        // The other side is the tangent at 0.
        let (value, slope) = (self.utility.value(0.0), self.utility.slope_at_zero());
        match derivative {
            Derivative::Value => {
                let distances = points.to_vec();
                self.utility.map(derivative, points);
                points.iter_mut().zip(distances).for_each(|(u, x)| *u = p * *u + q * (value - slope * x));
            }
            Derivative::Slope => {
                self.utility.map(derivative, points);
                points.iter_mut().for_each(|u| *u = p * *u - q * slope);
            }
            Derivative::Curvature => {
                self.utility.map(derivative, points);
                points.iter_mut().for_each(|u| *u *= p);
            }
        }
    }

    /// Bounds on the rounding errors of [`OnLine::jet`] at an exact `x`.
    pub fn errors(&self, x: f64) -> Errors {
        let here = self.one_side(x);
        if self.smoothing == 0.0 {
            return here;
        }
        let there = self.one_side(-x);
        let (p, q) = (1.0 - self.smoothing, self.smoothing);
        // Three roundings of each product and the sum, relative to the terms.
        let terms = [(p, self.utility.extended(x)), (q, self.utility.extended(-x))];
        let rounding = 2.0 * f64::EPSILON;
        Errors {
            value: p * here.value
                + q * there.value
                + rounding * terms.iter().map(|(share, jet)| share * jet.value.abs()).sum::<f64>(),
            slope: p * here.slope
                + q * there.slope
                + rounding * terms.iter().map(|(share, jet)| share * jet.slope.abs()).sum::<f64>(),
        }
    }

    /// Those of the continued utility.
    fn one_side(&self, x: f64) -> Errors {
        let own = self.utility.errors(x.abs());
        if x >= 0.0 {
            return own;
        }
        let jet = self.utility.extended(x);
        let at_zero = self.utility.errors(0.0);
        // Either the tangent at 0, whose two terms may cancel, or a formula of its own, whose errors are small relative to what it gives.
        let (constant, linear) = (self.utility.value(0.0), self.utility.slope_at_zero() * x);
        let tangent = at_zero.value + at_zero.slope * -x + 2.0 * f64::EPSILON * (constant.abs() + linear.abs());
        let relative = Errors::relative(jet, 16.0 - 2.0 * x, 16.0 - 2.0 * x);
        Errors { value: tangent + relative.value, slope: at_zero.slope.max(own.slope) + relative.slope }
    }

    /// How it is known that `U` is concave.
    pub fn concavity(&self) -> Concavity {
        self.utility.concavity()
    }
}

impl Default for OnLine {
    /// `U = x`.
    fn default() -> Self {
        Self { utility: Arc::new(Linear), smoothing: 0.0 }
    }
}

impl fmt::Display for OnLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.smoothing == 0.0 {
            return self.utility.fmt(f);
        }
        write!(f, "{} with smoothing {}", self.utility, self.smoothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utility::parse;

    #[test]
    fn the_tangent_keeps_its_error_where_its_terms_cancel() {
        // log(x + 2) has the tangent log 2 + x/2, which is 0 at -2 log 2.
        let utility = OnLine::new(parse("log(x+2)").unwrap(), 0.0).unwrap();
        let at = -2.0 * 2f64.ln();
        let (value, error) = (utility.jet(at).value, utility.errors(at).value);
        assert!(value.abs() < 1e-15 && error > 1e-16 && error >= value.abs(), "{value} {error}");
    }

    #[test]
    fn smoothing_mixes_both_sides_and_needs_a_finite_slope() {
        let (plain, smoothed) = (
            OnLine::new(parse("logsigmoid(2x)").unwrap(), 0.0).unwrap(),
            OnLine::new(parse("logsigmoid(2x)").unwrap(), 0.3).unwrap(),
        );
        for x in [-3.0, -0.2, 0.0, 0.7, 40.0] {
            let (here, there) = (plain.jet(x), plain.jet(-x));
            let mixed = smoothed.jet(x);
            assert!((mixed.value - 0.7 * here.value - 0.3 * there.value).abs() <= smoothed.errors(x).value);
            assert!((mixed.slope - 0.7 * here.slope + 0.3 * there.slope).abs() <= smoothed.errors(x).slope);
        }
        for text in ["logsigmoid(2x)", "log(x+0.1)", "2x-x^2"] {
            for q in [0.0, 0.3] {
                let utility = OnLine::new(parse(text).unwrap(), q).unwrap();
                // At 0 itself the curvature is that from the right.
                for (x, near) in [(0.0, 1e-13), (0.2, 0.2), (0.9, 0.9)] {
                    let (jet, curvature) = (utility.jet(x), utility.jet(near).curvature);
                    let at = |derivative| {
                        let mut point = [x];
                        utility.map(derivative, &mut point);
                        point[0]
                    };
                    // The terms, of the order of 10, may cancel.
                    approx::assert_abs_diff_eq!(at(Derivative::Value), jet.value, epsilon = 1e-13);
                    approx::assert_abs_diff_eq!(at(Derivative::Slope), jet.slope, epsilon = 1e-13);
                    approx::assert_abs_diff_eq!(at(Derivative::Curvature), curvature, epsilon = 1e-9);
                }
            }
        }
        assert!(matches!(OnLine::new(parse("log(x)").unwrap(), 0.0), Err(UtilityError::InfiniteSlope { .. })));
        for q in [-0.1, 0.5, f64::NAN] {
            assert!(matches!(OnLine::new(parse("x").unwrap(), q), Err(UtilityError::Parameter { .. })), "{q}");
        }
    }
}
