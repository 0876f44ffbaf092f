//! Objective and gradient with what rounding may have done to them.

use rayon::prelude::*;

use super::objective::CHUNK;
use super::{Comparison, WeightedPairs};
use crate::problem::UNDERFLOW;

const UNIT: f64 = 0.5 * f64::EPSILON;

/// More than the rounding errors of sums of up to 1e9 bounds.
const SLACK: f64 = 1.0 + 1e-6;

/// Numbers with a bound on their errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounded {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

impl Bounded {
    pub(crate) fn low(self) -> f64 {
        self.value - self.error
    }

    pub(crate) fn high(self) -> f64 {
        self.value + self.error
    }
}

/// Value and slope of the utility of a comparison, before its weight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoundedUtility {
    pub(crate) value: Bounded,
    pub(crate) slope: Bounded,
}

/// Objective and gradient, the latter in its two parts.
#[derive(Debug)]
pub(crate) struct BoundedGradient {
    pub(crate) objective: Bounded,
    /// The mean of `|U|` or of `|U' x|` over the comparisons, the larger, and the mean of `|2 V|`.
    pub(crate) scale: f64,
    /// Of the pairs alone, by item.
    pub(crate) pairs: Vec<Bounded>,
    /// All of it.
    pub(crate) whole: Vec<Bounded>,
}

impl WeightedPairs<'_> {
    /// The utility of a comparison at the exact difference of two rewards, `shift` added, less the margin.
    pub(crate) fn bounded_utility(&self, rewards: &[f64], c: &Comparison, shift: f64) -> BoundedUtility {
        let difference = rewards[c.winner as usize] - rewards[c.loser as usize];
        let shifted = difference + shift;
        let x = shifted - c.margin;
        // Each of the three operations is off by half a unit at most.
        let off = f64::EPSILON * (difference.abs() + shifted.abs() + x.abs()) + f64::MIN_POSITIVE;
        let (from, to) = ((x - off).next_down(), (x + off).next_up());
        let jet = self.utility.jet(x);
        // The slope falls, for U is concave.
        let highest = self.utility.jet(from).slope + self.utility.errors(from).slope;
        let lowest = self.utility.jet(to).slope - self.utility.errors(to).slope;
        let slope = (highest - jet.slope).max(jet.slope - lowest).max(0.0) + UNDERFLOW;
        let value = self.utility.errors(x).value + off * highest.abs().max(lowest.abs()) + UNDERFLOW;
        BoundedUtility {
            value: Bounded { value: jet.value, error: value * SLACK },
            slope: Bounded { value: jet.slope, error: slope * SLACK },
        }
    }

    /// `F` and `F'` at `rewards`, taken as exact, with bounds on the rounding errors.
    pub(crate) fn bounded(&self, rewards: &[f64]) -> BoundedGradient {
        let rows = self.preferences.comparisons();
        let total = self.preferences.total();
        let utilities: Vec<BoundedUtility> =
            rows.par_iter().with_min_len(CHUNK).map(|c| self.bounded_utility(rewards, c, 0.0)).collect();
        let (mut objective, mut error) = (crate::problem::summation::Accurate::default(), 0.0);
        let (mut magnitude, mut virial) = (0.0, 0.0);
        for (c, utility) in rows.iter().zip(&utilities) {
            let x = rewards[c.winner as usize] - rewards[c.loser as usize] - c.margin;
            objective.add(c.count * utility.value.value / total);
            error += c.count * utility.value.error;
            magnitude += c.count * utility.value.value.abs();
            virial += c.count * (utility.slope.value * x).abs();
        }
        error = (error + 8.0 * UNIT * magnitude) / total;
        let mut scale = magnitude.max(virial) / total;
        let share = 2.0 / self.n() as f64;
        for &r in rewards {
            let Some(field) = self.field else { break };
            let (jet, errors) = (field.jet(r), field.errors(r));
            objective.add(share * jet.value);
            error += share * (errors.value + 4.0 * UNIT * jet.value.abs());
            scale += share * jet.value.abs();
        }
        let pairs = self.bounded_pairs(&utilities);
        let whole = pairs
            .iter()
            .zip(rewards)
            .map(|(pairs, &r)| {
                let Some(field) = self.field else { return *pairs };
                let (slope, error) = (share * field.jet(r).slope, share * field.errors(r).slope);
                let value = pairs.value + slope;
                let rounding = UNIT * (4.0 * slope.abs() + 2.0 * value.abs());
                Bounded { value, error: (pairs.error + error + rounding) * SLACK }
            })
            .collect();
        let objective = objective.value();
        let error = (error + 4.0 * UNIT * objective.abs()) * SLACK;
        BoundedGradient { objective: Bounded { value: objective, error }, scale, pairs, whole }
    }

    fn bounded_pairs(&self, utilities: &[BoundedUtility]) -> Vec<Bounded> {
        let rows = self.preferences.comparisons();
        let total = self.preferences.total();
        let slopes: Vec<f64> = rows.iter().zip(utilities).map(|(c, u)| c.count * u.slope.value).collect();
        let sums = self.gather(&slopes);
        let of_item = |item: usize| {
            let (mut error, mut magnitude) = (0.0, 0.0);
            let incident = self.of_item(item);
            for incident in incident {
                let at = incident.comparison as usize;
                error += rows[at].count * utilities[at].slope.error;
                magnitude += slopes[at].abs();
            }
            // Products, W and the quotient; and a compensated sum, whose error is one of its result and one of second order.
            let terms = incident.len() as f64 * UNIT;
            let rounding = (8.0 * UNIT + terms * terms) * magnitude;
            Bounded { value: sums[item] / total, error: (error + rounding) / total * SLACK }
        };
        (0..self.n()).into_par_iter().with_min_len(64).map(of_item).collect()
    }
}
