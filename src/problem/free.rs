//! Problem (1) in all of its `n` rewards.

use argmin::core::{CostFunction, Error, Gradient, Hessian};
use ndarray::{Array1, Array2};

use crate::utility::Utility;

/// Problem (1) as it is written: minimise `-S(r)` over the `n` rewards.
///
/// The cost is infinite where the order is broken; the constraint `0 <= r_1`, `r_n <= 1` is the solver's to keep. At a tie
/// the derivative is the one-sided `U'(0+)` with the later response above. Every evaluation is `O(n^2)`.
///
/// ```
/// use argmin::core::CostFunction;
/// use ndarray::array;
/// use reward_collapse::{problem::FreeRewards, utility::parse};
/// let problem = FreeRewards::new(parse("log(x)")?);
/// assert_eq!(problem.cost(&array![0.0, 1.0])?, 0.0); // -log(1)
/// # Ok::<(), argmin::core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FreeRewards<U> {
    utility: U,
}

impl<U: Utility> FreeRewards<U> {
    /// The problem for one utility; `n` is the length of the rewards that it is evaluated at.
    pub fn new(utility: U) -> Self {
        Self { utility }
    }

    /// The utility.
    pub fn utility(&self) -> &U {
        &self.utility
    }

    fn pairs(rewards: &Array1<f64>) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let n = rewards.len();
        (0..n).flat_map(move |i| (i + 1..n).map(move |j| (i, j, rewards[j] - rewards[i])))
    }
}

impl<U: Utility> CostFunction for FreeRewards<U> {
    type Param = Array1<f64>;
    type Output = f64;

    /// `-S(r)`.
    fn cost(&self, rewards: &Self::Param) -> Result<f64, Error> {
        let total: f64 =
            Self::pairs(rewards).map(|(.., t)| if t < 0.0 { f64::NEG_INFINITY } else { self.utility.value(t) }).sum();
        Ok(-total)
    }
}

impl<U: Utility> Gradient for FreeRewards<U> {
    type Param = Array1<f64>;
    type Gradient = Array1<f64>;

    /// `-dS/dr_i = -sum_{j<i} U'(r_i - r_j) + sum_{j>i} U'(r_j - r_i)`.
    fn gradient(&self, rewards: &Self::Param) -> Result<Array1<f64>, Error> {
        let mut gradient = Array1::zeros(rewards.len());
        for (i, j, t) in Self::pairs(rewards) {
            let slope = self.utility.slope(t);
            gradient[i] += slope;
            gradient[j] -= slope;
        }
        Ok(gradient)
    }
}

impl<U: Utility> Hessian for FreeRewards<U> {
    type Param = Array1<f64>;
    type Hessian = Array2<f64>;

    /// The graph Laplacian with weights `-U''(|r_i - r_j|)`.
    fn hessian(&self, rewards: &Self::Param) -> Result<Array2<f64>, Error> {
        let n = rewards.len();
        let mut hessian = Array2::zeros((n, n));
        for (i, j, t) in Self::pairs(rewards) {
            let weight = -self.utility.curvature(t);
            hessian[(i, i)] += weight;
            hessian[(j, j)] += weight;
            hessian[(i, j)] -= weight;
            hessian[(j, i)] -= weight;
        }
        Ok(hessian)
    }
}
