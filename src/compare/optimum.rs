//! What theory says of one utility: the finite optimum and its limit.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::limit::LimitLaw;
use crate::solution::{Solution, SolveError, solve};
use crate::utility::{Concavity, Utility};

/// Whose optimum rewards are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// That of the utility as the paper names it.
    Named,
    /// That of the utility as it was trained.
    Trained,
}

impl Prediction {
    /// Both.
    pub const BOTH: [Prediction; 2] = [Prediction::Named, Prediction::Trained];

    /// The name used in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            Prediction::Named => "named",
            Prediction::Trained => "trained",
        }
    }
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The optimal rewards of `n` responses under a utility, and the law that they tend to.
#[derive(Debug, Clone)]
pub struct Optimum {
    /// The utility's expression.
    pub utility: String,
    /// Ascending.
    pub rewards: Vec<f64>,
    /// The certificate of the rewards, per pair.
    pub gap: f64,
    /// How it is known that the utility is concave, on which the certificate rests.
    pub concavity: Concavity,
    /// Whether no other rewards do as well.
    pub unique: bool,
    /// The law for `n -> infinity`, where there is a method for it.
    pub limit: Option<Arc<LimitLaw>>,
}

impl Optimum {
    /// Solves both problems. [`Theories`](super::Theories) does so once for each of many.
    ///
    /// # Errors
    /// [`SolveError`] if the finite problem has no solution. A utility without a limit law has none here, either.
    pub fn compute<U: Utility + ?Sized>(utility: &U, n: usize) -> Result<Self, SolveError> {
        let solution = solve(utility, n)?;
        Ok(Self::of(solution, LimitLaw::of(utility).ok().map(Arc::new)))
    }

    pub(super) fn of(solution: Solution, limit: Option<Arc<LimitLaw>>) -> Self {
        let Solution { utility, rewards, gap, concavity, unique, .. } = solution;
        Self { utility, rewards, gap, concavity, unique, limit }
    }

    /// The optimal rewards nearest to rewards whose middle one is `middle`.
    ///
    /// Under `U = x` and an odd number of responses the middle reward may be anything, so that no value of it is a
    /// deviation from theory. Any other optimum is unique.
    pub fn nearest(&self, middle: f64) -> Vec<f64> {
        let mut rewards = self.rewards.clone();
        let n = rewards.len();
        if !self.unique && n % 2 == 1 {
            rewards[n / 2] = middle.clamp(0.0, 1.0);
        }
        rewards
    }
}
