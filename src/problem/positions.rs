//! Symmetric rewards, held by their lower half.

use thiserror::Error;

use super::summation::two_sum;

/// Why numbers are not the lower half of symmetric rewards.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PositionsError {
    /// Their number is not `floor(n/2)`.
    #[error("the lower half of {n} rewards has {expected} positions, got {found}")]
    Count {
        /// The number of responses.
        n: usize,
        /// The number of positions that it takes.
        expected: usize,
        /// The number given.
        found: usize,
    },
    /// One lies outside [0, 1/2] or below the one before it.
    #[error("position {index} is {value}: positions must ascend from 0 to 1/2")]
    Disordered {
        /// Its place, from 0.
        index: usize,
        /// Its value.
        value: f64,
    },
}

/// Symmetric ascending rewards `0 = r_1 <= ... <= r_n = 1` with `r_i + r_{n+1-i} = 1`, held by the lower half.
///
/// Each position is an unevaluated sum of two doubles. Neighbours among thousands are `1e-4` apart and less; in plain
/// doubles their distance would keep twelve digits, and a utility such as `-x^-8` would lose most of those. A reward close
/// to 1 is held by its distance from 1, so that `1 - 1e-46` keeps its meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Positions {
    n: usize,
    high: Vec<f64>,
    low: Vec<f64>,
}

impl Positions {
    /// The rewards of `n` responses whose lower half is given: `floor(n/2)` ascending positions in [0, 1/2]. For odd `n` the
    /// middle reward is 1/2.
    ///
    /// # Errors
    /// [`PositionsError`] for another number of positions, and for positions that are not such.
    pub fn new(n: usize, lower_half: Vec<f64>) -> Result<Self, PositionsError> {
        if lower_half.len() != n / 2 {
            return Err(PositionsError::Count { n, expected: n / 2, found: lower_half.len() });
        }
        let in_order = |i: usize| lower_half[i] >= if i == 0 { 0.0 } else { lower_half[i - 1] } && lower_half[i] <= 0.5;
        match (0..lower_half.len()).find(|&i| !in_order(i)) {
            Some(index) => Err(PositionsError::Disordered { index, value: lower_half[index] }),
            None => Ok(Self::from_half(n, lower_half)),
        }
    }

    /// The same for positions that are known to fit.
    pub(crate) fn from_half(n: usize, lower_half: Vec<f64>) -> Self {
        debug_assert_eq!(lower_half.len(), n / 2);
        let low = vec![0.0; lower_half.len()];
        Self { n, high: lower_half, low }
    }

    /// The number of responses.
    pub fn n(&self) -> usize {
        self.n
    }

    /// The lower half, rounded to doubles.
    pub fn lower_half(&self) -> &[f64] {
        &self.high
    }

    /// Whether `n` is odd, so that a middle response sits at 1/2.
    pub fn has_middle(&self) -> bool {
        self.n % 2 == 1
    }

    /// `x_j - x_i` for `i < j` in the lower half.
    pub(crate) fn near(&self, i: usize, j: usize) -> f64 {
        (self.high[j] - self.high[i]) + (self.low[j] - self.low[i])
    }

    /// `1 - x_i - x_j`: the distance from `i` to the mirror image of `j`.
    pub(crate) fn far(&self, i: usize, j: usize) -> f64 {
        let (sum, error) = two_sum(self.high[i], self.high[j]);
        ((1.0 - sum) - error) - (self.low[i] + self.low[j])
    }

    /// `1/2 - x_i`: the distance to the middle response.
    pub(crate) fn to_middle(&self, i: usize) -> f64 {
        (0.5 - self.high[i]) - self.low[i]
    }

    /// `r_j - r_i` for `i <= j` among all `n` responses.
    pub(crate) fn distance(&self, i: usize, j: usize) -> f64 {
        let m = self.high.len();
        // The mirror image of a response above the middle.
        let image = |k: usize| self.n - 1 - k;
        match (i < m, j < m) {
            (true, true) => self.near(i, j),
            (true, false) if image(j) < m => self.far(i, image(j)),
            (true, false) => self.to_middle(i),
            (false, _) if image(i) < m => self.near(image(j), image(i)),
            (false, _) if image(j) < m => self.to_middle(image(j)),
            (false, _) => 0.0,
        }
    }

    /// `x_i` here less `x_i` in `other`.
    pub(crate) fn difference(&self, other: &Self, i: usize) -> f64 {
        (self.high[i] - other.high[i]) + (self.low[i] - other.low[i])
    }

    /// These positions moved by `step * direction`, and stopped at 0.
    pub(crate) fn moved(&self, direction: &[f64], step: f64) -> Self {
        let mut moved = self.clone();
        for (i, d) in direction.iter().enumerate().filter(|(_, d)| **d != 0.0) {
            let (high, error) = two_sum(self.high[i], step * d);
            let (high, low) = two_sum(high, error + self.low[i]);
            (moved.high[i], moved.low[i]) = if high > 0.0 { (high, low) } else { (0.0, 0.0) };
        }
        moved
    }

    /// These positions with the first `count` of them at 0.
    pub(crate) fn tied(&self, count: usize) -> Self {
        let mut tied = self.clone();
        tied.high[..count].fill(0.0);
        tied.low[..count].fill(0.0);
        tied
    }

    /// Positions from the first and the `floor(n/2)` gaps up to the middle, the gaps scaled so that they end at 1/2.
    pub(crate) fn from_gaps(n: usize, first: f64, gaps: Vec<f64>) -> Self {
        let total: f64 = gaps.iter().sum();
        let scale = (0.5 - first) / total;
        let mut positions = Self::from_half(n, vec![first; gaps.len()]);
        for i in 1..gaps.len() {
            let (high, error) = two_sum(positions.high[i - 1], gaps[i - 1] * scale);
            (positions.high[i], positions.low[i]) = two_sum(high, error + positions.low[i - 1]);
        }
        positions
    }

    /// All `n` rewards, ascending, rounded to doubles.
    pub fn rewards(&self) -> Vec<f64> {
        let mut rewards = self.high.clone();
        rewards.extend(self.has_middle().then_some(0.5));
        rewards.extend(self.high.iter().zip(&self.low).rev().map(|(high, low)| (1.0 - high) - low));
        rewards
    }
}
