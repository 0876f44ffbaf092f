//! Rates of convergence as theory expects them.

use std::fmt;

use super::Measure;
use crate::utility::{Origin, Utility};

/// How a distance between the finite maximiser and the limit law is expected to change with `n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PredictedRate {
    /// `c n^exponent`.
    Power {
        /// Negative, but for the energy difference of a pole with `sigma >= 2`.
        exponent: f64,
    },
    /// `c log(n) / n`.
    LogOverN,
    /// `c log(n) / sqrt(n)`.
    LogOverSqrt,
    /// `c / log n`: a pole with `sigma = 1`.
    InverseLog,
    /// At most `1/(2n)`, give or take a smaller order: what rounding to a whole number of responses leaves.
    HalfResponse,
    /// Not known.
    Unknown,
}

impl PredictedRate {
    /// The function of `n` that the distance should be proportional to; NaN where it is not known, or no more than bounded.
    pub fn shape(&self, n: f64) -> f64 {
        match *self {
            PredictedRate::Power { exponent } => n.powf(exponent),
            PredictedRate::LogOverN => n.ln() / n,
            PredictedRate::LogOverSqrt => n.ln() / n.sqrt(),
            PredictedRate::InverseLog => 1.0 / n.ln(),
            PredictedRate::HalfResponse | PredictedRate::Unknown => f64::NAN,
        }
    }
}

impl fmt::Display for PredictedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            PredictedRate::Power { exponent: 0.0 } => f.write_str("c"),
            // Exponents such as 0.3 - 1 carry a last rounding error that says nothing to a reader.
            PredictedRate::Power { exponent } => write!(f, "c n^{}", (exponent * 1e9).round() / 1e9),
            PredictedRate::LogOverN => f.write_str("c log(n) / n"),
            PredictedRate::LogOverSqrt => f.write_str("c log(n) / sqrt(n)"),
            PredictedRate::InverseLog => f.write_str("c / log n"),
            PredictedRate::HalfResponse => f.write_str("at most 1 / (2n)"),
            PredictedRate::Unknown => f.write_str("unknown"),
        }
    }
}

const INVERSE: PredictedRate = PredictedRate::Power { exponent: -1.0 };

/// The rate to expect of the Wasserstein-1 distance: [`Measure::predicted`] of [`Measure::Wasserstein1`].
///
/// A finite slope, `x^gamma` and `log x` give `c/n`. A pole `-x^-sigma` gives `c n^-(1-sigma)` for `sigma < 1`, `c / log n`
/// for `sigma = 1`, and `c n^-min(1, sigma-1)` for `sigma > 1`, with a factor `log n` at `sigma = 2`.
pub fn predicted_rate(utility: &dyn Utility) -> PredictedRate {
    Measure::Wasserstein1.predicted(utility)
}

impl Measure {
    /// The rate to expect of this measure, by how `U` leaves 0; derived in `docs/src/rates.md`.
    pub fn predicted(self, utility: &dyn Utility) -> PredictedRate {
        match (self, utility.origin()) {
            (_, Origin::SlowSlope) => PredictedRate::Unknown,
            (Measure::Energy, Origin::Log { .. }) => PredictedRate::LogOverN,
            (Measure::Energy, Origin::Pole { sigma, .. }) => energy_of_pole(sigma),
            (Measure::Wasserstein1 | Measure::Kolmogorov, Origin::Pole { sigma, .. }) => distance_of_pole(sigma),
            (Measure::Ends, Origin::FiniteSlope(_)) => PredictedRate::HalfResponse,
            // For an infinite slope the share at an end is the one response there.
            (_, Origin::FiniteSlope(_) | Origin::Power { .. } | Origin::Log { .. } | Origin::Pole { .. }) => INVERSE,
        }
    }
}

fn distance_of_pole(sigma: f64) -> PredictedRate {
    if equal(sigma, 1.0) {
        PredictedRate::InverseLog
    } else if equal(sigma, 2.0) {
        PredictedRate::LogOverN
    } else {
        PredictedRate::Power { exponent: -(sigma - 1.0).abs().min(1.0) }
    }
}

/// The absolute difference, whose unit grows like `n^(sigma-1)` beyond `sigma = 1`.
fn energy_of_pole(sigma: f64) -> PredictedRate {
    if equal(sigma, 1.0) {
        PredictedRate::InverseLog
    } else if equal(sigma, 1.5) {
        PredictedRate::LogOverSqrt
    } else if equal(sigma, 2.0) {
        PredictedRate::Power { exponent: 0.0 }
    } else if sigma < 1.5 {
        PredictedRate::Power { exponent: -(sigma - 1.0).abs() }
    } else {
        PredictedRate::Power { exponent: sigma - 2.0 }
    }
}

/// An exponent read off an expression is exact up to rounding.
fn equal(sigma: f64, special: f64) -> bool {
    (sigma - special).abs() < 1e-6
}
