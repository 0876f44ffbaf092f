//! Objective and forces of an [`Equilibrium`], with bounds on rounding.

use super::Equilibrium;
use crate::problem::summation::{Accurate, Sum, sum_rows};

/// `S` at some rewards, with bounds on rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// `S(r)`.
    pub objective: f64,
    /// A bound on its rounding error.
    pub objective_error: f64,
    /// The sum of the sizes of its terms: of a pair at distance `t`, the larger of `|U|` and `|U'| t`.
    pub magnitude: f64,
    /// `dS/dr_i`: the force on each reward.
    pub gradient: Vec<f64>,
    /// A bound on the rounding error of each.
    pub errors: Vec<f64>,
}

/// A sum with its own rounding error, and the errors of its terms.
#[derive(Debug, Clone, Copy, Default)]
struct Bounded {
    sum: Accurate,
    error: f64,
}

impl Bounded {
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
}

impl Sum for Bounded {
    fn merge(&mut self, other: Self) {
        self.sum.merge(other.sum);
        self.error += other.error;
    }
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
        self.add_field(rewards, &mut sums);
        self.add_centering(rewards, &mut sums);
        let terms = 3 * n + 3;
        let (objective, objective_error) = sums[n].finish(terms * n.max(1));
        let magnitude = sums[n + 1].sum.value();
        let (gradient, errors) = sums[..n].iter().map(|sum| sum.finish(terms)).unzip();
        Balance { objective, objective_error, magnitude, gradient, errors }
    }

    fn add_field(&self, rewards: &[f64], sums: &mut [Bounded]) {
        let Some(field) = &self.field else { return };
        let n = rewards.len();
        let weight = n as f64 - 1.0;
        for (i, &reward) in rewards.iter().enumerate() {
            let (jet, errors) = (field.jet(reward), field.errors(reward));
            let rounded = |term: f64, error: f64| weight * (error + f64::EPSILON * term.abs());
            sums[i].add(weight * jet.slope, rounded(jet.slope, errors.slope));
            sums[n].add(weight * jet.value, rounded(jet.value, errors.value));
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
