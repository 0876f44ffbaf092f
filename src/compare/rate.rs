//! Rates of convergence: what theory expects of the Wasserstein-1 distance, and what was measured.

use std::fmt;

use crate::utility::{Origin, Utility};

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
    let usable = ns.iter().zip(distances).filter(|(n, d)| **n > 0 && **d > 0.0 && d.is_finite());
    let mut points: Vec<(f64, f64)> = usable.map(|(&n, d)| ((n as f64).ln(), d.ln())).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
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

/// How the Wasserstein-1 distance between the finite maximiser and the limit law is expected to fall with `n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PredictedRate {
    /// `c n^exponent`.
    Power {
        /// Negative.
        exponent: f64,
    },
    /// `c log(n) / n`: a pole with `sigma = 2`, between two powers.
    LogOverN,
    /// `c / log n`: a pole with `sigma = 1`.
    InverseLog,
    /// Not known.
    Unknown,
}

impl PredictedRate {
    /// The function of `n` that the distance should be proportional to; NaN where it is not known.
    pub fn shape(&self, n: f64) -> f64 {
        match *self {
            PredictedRate::Power { exponent } => n.powf(exponent),
            PredictedRate::LogOverN => n.ln() / n,
            PredictedRate::InverseLog => 1.0 / n.ln(),
            PredictedRate::Unknown => f64::NAN,
        }
    }
}

impl fmt::Display for PredictedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            // Exponents such as 0.3 - 1 carry a last rounding error that says nothing to a reader.
            PredictedRate::Power { exponent } => write!(f, "c n^{}", (exponent * 1e9).round() / 1e9),
            PredictedRate::LogOverN => f.write_str("c log(n) / n"),
            PredictedRate::InverseLog => f.write_str("c / log n"),
            PredictedRate::Unknown => f.write_str("unknown"),
        }
    }
}

/// The rate to expect, by how `U` leaves 0.
///
/// A finite slope, `x^gamma` and `log x` give `c/n`. A pole `-x^-sigma` gives `c n^-(1-sigma)` for `sigma < 1`, `c / log n`
/// for `sigma = 1`, and `c n^-min(1, sigma-1)` for `sigma > 1`, with a factor `log n` at `sigma = 2`.
pub fn predicted_rate(utility: &dyn Utility) -> PredictedRate {
    /// An exponent read off an expression is equal to 1 or 2 up to rounding.
    const EQUAL: f64 = 1e-6;
    match utility.origin() {
        Origin::FiniteSlope(_) | Origin::Power { .. } | Origin::Log { .. } => PredictedRate::Power { exponent: -1.0 },
        Origin::Pole { sigma, .. } if (sigma - 1.0).abs() < EQUAL => PredictedRate::InverseLog,
        Origin::Pole { sigma, .. } if (sigma - 2.0).abs() < EQUAL => PredictedRate::LogOverN,
        Origin::Pole { sigma, .. } => PredictedRate::Power { exponent: -(sigma - 1.0).abs().min(1.0) },
        Origin::SlowSlope => PredictedRate::Unknown,
    }
}
