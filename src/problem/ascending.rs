//! Rewards on a line, in ascending order.

use super::Support;
use super::summation::two_sum;

/// Ascending rewards, each an unevaluated sum of two doubles.
///
/// Neighbours may come closer to each other than doubles are spaced there: for `x^0.5` and a thousand responses, the two rewards
/// that are nearest to the upper end 1 are `1e-12` apart, and it is their distance that their forces depend on.
///
/// ```
/// use reward_collapse::problem::Ascending;
/// let rewards = Ascending::from(vec![0.0, 0.25, 1.0]);
/// assert_eq!((rewards.len(), rewards.gap(1)), (3, 0.75));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ascending {
    high: Vec<f64>,
    low: Vec<f64>,
}

impl From<Vec<f64>> for Ascending {
    /// Rewards that are doubles; the sums over pairs refuse those that do not ascend.
    fn from(high: Vec<f64>) -> Self {
        let low = vec![0.0; high.len()];
        Self { high, low }
    }
}

impl Ascending {
    /// The number of rewards.
    pub fn len(&self) -> usize {
        self.high.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.high.is_empty()
    }

    /// The rewards, rounded to doubles.
    pub fn rounded(&self) -> &[f64] {
        &self.high
    }

    /// The distance from reward `i` to the next.
    pub fn gap(&self, i: usize) -> f64 {
        self.between(i, i + 1)
    }

    /// The distance from reward `i` to `j`.
    pub(crate) fn between(&self, i: usize, j: usize) -> f64 {
        (self.high[j] - self.high[i]) + (self.low[j] - self.low[i])
    }

    /// How far reward `i` is above a point.
    pub(crate) fn above(&self, i: usize, point: f64) -> f64 {
        (self.high[i] - point) + self.low[i]
    }

    /// What is left of each reward by rounding to doubles.
    pub(super) fn remainders(&self) -> &[f64] {
        &self.low
    }

    /// Whether they do ascend.
    pub(crate) fn is_in_order(&self) -> bool {
        (1..self.len()).all(|i| self.gap(i - 1) >= 0.0)
    }

    /// The reward at a share of the way from `i` to the next.
    fn on_the_way(&self, i: usize, share: f64) -> (f64, f64) {
        if i + 1 >= self.len() || share == 0.0 {
            return (self.high[i], self.low[i]);
        }
        let (high, error) = two_sum(self.high[i], share * self.gap(i));
        two_sum(high, error + self.low[i])
    }

    /// As many rewards as asked for, at least two, on the straight lines between these over their ranks, ends included.
    pub(crate) fn refined(&self, n: usize) -> Self {
        let last = (self.len() - 1) as f64;
        let at = |i: usize| {
            let place = i as f64 * last / (n as f64 - 1.0);
            let below = (place.floor() as usize).min(self.len() - 1);
            self.on_the_way(below, place - below as f64)
        };
        let (high, low) = (0..n).map(at).unzip();
        Self { high, low }
    }

    /// These rewards moved by `step * direction`, as far as `support` lets them.
    pub(crate) fn moved(&self, direction: &[f64], step: f64, support: Support) -> Self {
        let mut moved = self.clone();
        for (i, d) in direction.iter().enumerate().filter(|(_, d)| **d != 0.0) {
            let (high, error) = two_sum(self.high[i], step * d);
            (moved.high[i], moved.low[i]) = two_sum(high, error + self.low[i]);
            if moved.above(i, support.lower()) < 0.0 {
                (moved.high[i], moved.low[i]) = (support.lower(), 0.0);
            } else if moved.above(i, support.upper()) > 0.0 {
                (moved.high[i], moved.low[i]) = (support.upper(), 0.0);
            }
        }
        moved
    }

    /// Put in order.
    pub(crate) fn sorted(mut self) -> Self {
        if !self.is_in_order() {
            let mut pairs: Vec<(f64, f64)> = self.high.into_iter().zip(self.low).collect();
            pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            (self.high, self.low) = pairs.into_iter().unzip();
        }
        self
    }

    /// Reward `i` here less that in `other`.
    pub(crate) fn difference(&self, other: &Self, i: usize) -> f64 {
        (self.high[i] - other.high[i]) + (self.low[i] - other.low[i])
    }

    /// All moved by one number.
    pub(crate) fn shifted(&self, shift: f64) -> Self {
        self.moved(&vec![1.0; self.len()], shift, Support::LINE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_survive_where_doubles_are_too_coarse() {
        let rewards = Ascending::from(vec![0.0, 1.0, 1.0]).moved(&[0.0, -1.0, 0.0], 1e-25, Support::UNIT);
        assert_eq!((rewards.gap(1), rewards.above(1, 1.0)), (1e-25, -1e-25));
        assert_eq!(rewards.rounded(), [0.0, 1.0, 1.0]);
        let between = rewards.refined(5);
        assert_eq!((between.gap(2), between.gap(3)), (0.5e-25, 0.5e-25));
        assert_eq!(between.rounded()[1], 0.5);
        let swapped = rewards.moved(&[0.0, 1.0, -1.0], 3e-25, Support::UNIT);
        assert!(!swapped.is_in_order());
        let sorted = swapped.sorted();
        assert!(sorted.is_in_order() && (sorted.gap(1) - 3e-25).abs() < 1e-40);
    }
}
