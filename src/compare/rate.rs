//! Rates of convergence as they are measured.

use std::fmt;

use super::PredictedRate;

/// `distance ~ constant n^exponent`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// The slope in log-log coordinates, negative for convergence.
    pub exponent: f64,
    /// The factor.
    pub constant: f64,
    /// How many of the largest `n` were fitted.
    pub points: usize,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} n^{:.3}", self.constant, self.exponent)
    }
}

/// Least-squares line through `(log n, log distance)` for the upper half of the sizes, and at least three where there are
/// as many: the small ones have not reached their asymptotic regime.
///
/// Sizes of 0 and distances that are not positive are left out; `None` if fewer than two different sizes remain.
///
/// ```
/// use reward_collapse::compare::fit_rate;
/// let rate = fit_rate(&[100, 200, 400], &[0.02, 0.01, 0.005]).unwrap();
/// assert!((rate.exponent + 1.0).abs() < 1e-12 && (rate.constant - 2.0).abs() < 1e-10);
/// ```
pub fn fit_rate(ns: &[usize], distances: &[f64]) -> Option<Rate> {
    let points: Vec<(f64, f64)> = usable(ns, distances).into_iter().map(|(n, d)| (n.ln(), d.ln())).collect();
    let fitted = points.len().div_ceil(2).max(3).min(points.len());
    let points = &points[points.len() - fitted..];
    let count = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    let joint: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let exponent = joint / spread;
    exponent.is_finite().then(|| Rate { exponent, constant: (y - exponent * x).exp(), points: fitted })
}

/// How steady `distance / predicted shape` is over the last decade: its value at the largest `n`, divided by that at the
/// size nearest to a tenth of it. 1 where the prediction holds, whatever its constant.
///
/// Unlike a fitted power, this also judges a prediction such as `c / log n`. `None` where the shape is not known, or no
/// size lies within a factor of two of that tenth.
///
/// ```
/// use reward_collapse::compare::{PredictedRate, drift};
/// let drift = drift(&[100, 1000], &[0.03 / 100f64.ln(), 0.03 / 1000f64.ln()], PredictedRate::InverseLog).unwrap();
/// assert!((drift - 1.0).abs() < 1e-12);
/// ```
pub fn drift(ns: &[usize], distances: &[f64], predicted: PredictedRate) -> Option<f64> {
    let points = usable(ns, distances);
    let &(largest, distance) = points.last()?;
    let off = |n: f64| (n / (0.1 * largest)).ln().abs();
    let &(n, before) = points.iter().min_by(|a, b| off(a.0).total_cmp(&off(b.0)))?;
    let ratio = (distance / predicted.shape(largest)) / (before / predicted.shape(n));
    // Sizes that double leave a factor of 1.25; the small tolerance admits 2 itself.
    (off(n) <= 2.001_f64.ln() && ratio.is_finite()).then_some(ratio)
}

/// Sizes and distances that have logarithms, by size.
fn usable(ns: &[usize], distances: &[f64]) -> Vec<(f64, f64)> {
    let positive = ns.iter().zip(distances).filter(|(n, d)| **n > 0 && **d > 0.0 && d.is_finite());
    let mut points: Vec<(f64, f64)> = positive.map(|(&n, &d)| (n as f64, d)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}
