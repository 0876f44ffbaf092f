//! What is measured between a finite maximiser and the limit law.

use super::{ConvergenceRow, PredictedRate, Rate, drift, fit_rate};
use crate::utility::{Origin, Utility};

/// A number that says how far `n` optimal rewards are from their limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The Wasserstein-1 distance, in units of reward.
    Wasserstein1,
    /// The Kolmogorov distance, a probability.
    Kolmogorov,
    /// [`ConvergenceRow::energy_difference`], in units of `U`.
    Energy,
    /// `|end_share - atom|`, a probability; for a utility of finite slope, whose law has atoms.
    Ends,
}

impl Measure {
    /// All, in the order of tables.
    pub const ALL: [Measure; 4] = [Measure::Wasserstein1, Measure::Kolmogorov, Measure::Energy, Measure::Ends];

    /// The name used in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Wasserstein1 => "w1",
            Measure::Kolmogorov => "ks",
            Measure::Energy => "energy_difference",
            Measure::Ends => "end_share",
        }
    }

    /// The measure of one finite problem.
    pub fn of(self, row: &ConvergenceRow) -> f64 {
        match self {
            Measure::Wasserstein1 => row.w1,
            Measure::Kolmogorov => row.ks,
            Measure::Energy => row.energy_difference,
            Measure::Ends => (row.end_share - row.atom).abs(),
        }
    }

    /// Whether it says anything about `utility`: without atoms, the share at the ends is one response of `n`.
    pub fn applies_to(self, utility: &dyn Utility) -> bool {
        self != Measure::Ends || matches!(utility.origin(), Origin::FiniteSlope(_))
    }
}

/// How one measure falls with `n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// What is measured.
    pub measure: Measure,
    /// The power of `n` fitted to it, where there are two sizes or more and it is not 0.
    pub fit: Option<Rate>,
    /// What theory expects.
    pub predicted: PredictedRate,
    /// How steady measured over predicted is over the last decade: see [`drift`].
    pub drift: Option<f64>,
}

impl Trend {
    /// The trend of `measure` over rows of one utility.
    pub fn of(measure: Measure, utility: &dyn Utility, rows: &[ConvergenceRow]) -> Self {
        let sizes: Vec<usize> = rows.iter().map(|row| row.n).collect();
        let values: Vec<f64> = rows.iter().map(|row| measure.of(row)).collect();
        let predicted = measure.predicted(utility);
        Self { measure, fit: fit_rate(&sizes, &values), predicted, drift: drift(&sizes, &values, predicted) }
    }
}
