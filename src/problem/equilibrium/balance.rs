//! Objective and forces of an [`Equilibrium`], with bounds on rounding.

use super::Equilibrium;
use crate::problem::summation::{Accurate, Sum, sum_rows};

/// `S` at some rewards, with bounds on the errors of rounding, and of interpolation where there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// `S(r)`.
    pub objective: f64,
    /// A bound on its error.
    pub objective_error: f64,
    /// The sum of the sizes of its terms, of a pair at distance `t` the larger of `|U|` and `|U'| t`; a little less where the sums
    /// are fast.
    pub magnitude: f64,
    /// `dS/dr_i`: the force on each reward.
    pub gradient: Vec<f64>,
    /// A bound on the error of each.
    pub errors: Vec<f64>,
    /// The sum of the forces on all rewards from each one on.
    pub cuts: Vec<f64>,
    /// A bound on the error of each, often far less than the errors of the forces in it: what pairs on one side do to each other
    /// is no part of it.
    pub cut_errors: Vec<f64>,
}

/// What pairs make of a [`Balance`].
#[derive(Debug)]
pub(in crate::problem) struct OfPairs {
    /// The force on each reward.
    pub(in crate::problem) forces: Vec<Bounded>,
    /// The force across the cut before each reward, 0 before the first.
    pub(in crate::problem) cuts: Vec<Bounded>,
    /// The sum of `U_q`.
    pub(in crate::problem) objective: Bounded,
    /// As [`Balance::magnitude`].
    pub(in crate::problem) magnitude: f64,
    /// Additions that a sum consists of at most.
    pub(in crate::problem) additions: usize,
}

/// A sum with its own rounding error, and the errors of its terms.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::problem) struct Bounded {
    sum: Accurate,
    error: f64,
}

impl Bounded {
    /// A number that is off by at most `error`.
    pub(in crate::problem) fn new(value: f64, error: f64) -> Self {
        let mut bounded = Self::default();
        bounded.add(value, error);
        bounded
    }

    fn add(&mut self, term: f64, error: f64) {
        self.sum.add(term);
        self.error += error;
    }

    /// The value, and a bound on its error for `terms` terms, each with an error of a unit in its last place at least.
    fn finish(self, terms: usize) -> (f64, f64) {
        let value = self.sum.value();
        let of_summation = 1.0 + 16.0 * terms as f64 * f64::EPSILON;
        (value, self.error * of_summation + f64::EPSILON * value.abs())
    }

    fn negated(self) -> Self {
        Self { sum: self.sum.negated(), error: self.error }
    }
}

impl Sum for Bounded {
    fn merge(&mut self, other: Self) {
        self.sum.merge(other.sum);
        self.error += other.error;
    }
}

/// The forces across all cuts, from whichever side has the smaller errors: the forces of pairs sum to 0.
fn across_cuts(forces: &[Bounded]) -> Vec<Bounded> {
    let n = forces.len();
    let mut cuts = vec![Bounded::default(); n];
    let mut below = Bounded::default();
    for k in 1..n {
        below.merge(forces[k - 1]);
        cuts[k] = below.negated();
    }
    let mut above = Bounded::default();
    for k in (1..n).rev() {
        above.merge(forces[k]);
        if above.error < cuts[k].error {
            cuts[k] = above;
        }
    }
    cuts
}

impl Equilibrium {
    /// `S` and its gradient at `rewards`, with bounds on the rounding errors of both. `O(n^2)`.
    pub fn balance(&self, rewards: &[f64]) -> Balance {
        let n = rewards.len();
        // After the forces: the objective, and the sizes of its terms.
        let mut sums: Vec<Bounded> = sum_rows(n, n + 2, |i, sums: &mut [Bounded]| {
            for j in i + 1..n {
                let difference = rewards[j] - rewards[i];
                let (jet, errors) = (self.pairs.jet(difference), self.pairs.errors(difference));
                // The difference itself is rounded.
                let moved = f64::EPSILON * difference.abs();
                let of_slope = errors.slope + moved * jet.curvature.abs() + f64::EPSILON * jet.slope.abs();
                let of_value = errors.value + moved * jet.slope.abs() + f64::EPSILON * jet.value.abs();
                sums[j].add(jet.slope, of_slope);
                sums[i].add(-jet.slope, of_slope);
                sums[n].add(jet.value, of_value);
                sums[n + 1].add(jet.value.abs().max(jet.slope.abs() * difference.abs()), 0.0);
            }
        });
        let (objective, magnitude) = (sums[n], sums[n + 1].sum.value());
        sums.truncate(n);
        let cuts = across_cuts(&sums);
        self.with_own_terms(rewards, &[], OfPairs { forces: sums, cuts, objective, magnitude, additions: 3 * n })
    }

    /// Adds the field and the centring. `remainders` are what the rewards are more than these doubles, if they are.
    pub(in crate::problem) fn with_own_terms(&self, rewards: &[f64], remainders: &[f64], pairs: OfPairs) -> Balance {
        let n = rewards.len();
        let mut own = vec![Bounded::default(); n + 2];
        self.add_field(rewards, remainders, &mut own);
        self.add_centering(rewards, &mut own);
        let terms = pairs.additions + 3;
        let mut objective = pairs.objective;
        objective.merge(own[n]);
        let (objective, objective_error) = objective.finish(terms * n.max(1));
        let magnitude = pairs.magnitude + own[n + 1].sum.value();
        let mut after = Bounded::default();
        let mut cuts: Vec<(f64, f64)> = pairs
            .cuts
            .into_iter()
            .zip(&own[..n])
            .rev()
            .map(|(mut cut, own)| {
                after.merge(*own);
                cut.merge(after);
                cut.finish(terms + n)
            })
            .collect();
        cuts.reverse();
        let total = |(mut force, own): (Bounded, &Bounded)| {
            force.merge(*own);
            force.finish(terms)
        };
        let (gradient, errors) = pairs.forces.into_iter().zip(&own).map(total).unzip();
        let (cuts, cut_errors) = cuts.into_iter().unzip();
        Balance { objective, objective_error, magnitude, gradient, errors, cuts, cut_errors }
    }

    /// The forces of the field and the centring.
    pub(in crate::problem) fn own_forces(&self, rewards: &[f64], remainders: &[f64]) -> Vec<f64> {
        let mut own = vec![Bounded::default(); rewards.len() + 2];
        self.add_field(rewards, remainders, &mut own);
        self.add_centering(rewards, &mut own);
        own[..rewards.len()].iter().map(|own| own.sum.value()).collect()
    }

    fn add_field(&self, rewards: &[f64], remainders: &[f64], sums: &mut [Bounded]) {
        let Some(field) = &self.field else { return };
        let n = rewards.len();
        let weight = n as f64 - 1.0;
        for (i, &reward) in rewards.iter().enumerate() {
            let (jet, errors) = (field.jet(reward), field.errors(reward));
            let rounded = |term: f64, error: f64| weight * (error + f64::EPSILON * term.abs());
            // The remainder is a rounding of the reward. It enters to first order, and its size counts as an error.
            let rest = remainders.get(i).copied().unwrap_or(0.0);
            let [of_slope, of_value] =
                [jet.curvature, jet.slope].map(|rate| if rest == 0.0 { 0.0 } else { rate * rest });
            sums[i].add(weight * (jet.slope + of_slope), rounded(jet.slope, errors.slope + of_slope.abs()));
            sums[n].add(weight * (jet.value + of_value), rounded(jet.value, errors.value + of_value.abs()));
            sums[n + 1].add(weight * jet.value.abs(), 0.0);
        }
    }

    fn add_centering(&self, rewards: &[f64], sums: &mut [Bounded]) {
        if self.centering == 0.0 {
            return;
        }
        let n = rewards.len();
        let mut total = Accurate::default();
        let mut sizes = 0.0;
        rewards.iter().for_each(|&reward| {
            total.add(reward);
            sizes += reward.abs();
        });
        let (total, others) = (total.value(), n as f64 - 2.0);
        let mut squares = Accurate::default();
        for (i, &reward) in rewards.iter().enumerate() {
            let size = 2.0 * self.centering * (others * reward.abs() + sizes);
            sums[i].add(-2.0 * self.centering * (others * reward + total), 8.0 * f64::EPSILON * size);
            squares.add(reward * reward);
        }
        // sum_{i<j} (r_i + r_j)^2 = (n - 2) sum_i r_i^2 + (sum_i r_i)^2.
        let paid = self.centering * (others * squares.value() + total * total);
        let size = self.centering * (others * squares.value() + sizes * sizes);
        sums[n].add(-paid, 8.0 * f64::EPSILON * size);
        sums[n + 1].add(paid.abs(), 0.0);
    }
}
