//! What theory says of one utility: the finite optimum and its limit.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::TheoryError;
use crate::experiment::LossTerms;
use crate::limit::{FreeLaw, Law, LimitLaw};
use crate::problem::Equilibrium;
use crate::solution::{EquilibriumSolution, Scope, Solution, SolveError, Unique, solve, solve_equilibrium};
use crate::utility::{Concavity, SharedUtility, Utility};

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
    /// The certificate of the rewards, per pair; NaN where there is none, since a field is not concave.
    pub gap: f64,
    /// How it is known that the utility, and the field where there is one, are concave, on which the certificate rests.
    pub concavity: Concavity,
    /// Whether the middle reward may not be anything, as it may under `U = x` for an odd number of responses.
    pub unique: bool,
    /// The law for `n -> infinity`, where there is a method for it.
    pub limit: Option<Arc<dyn Law + Send>>,
}

impl Optimum {
    /// Solves both problems. [`Theories`](super::Theories) does so once for each of many.
    ///
    /// # Errors
    /// [`SolveError`] if the finite problem has no solution. A utility without a limit law has none here, either.
    pub fn compute<U: Utility + ?Sized>(utility: &U, n: usize) -> Result<Self, SolveError> {
        Ok(Self::of(solve(utility, n)?, limit(utility)))
    }

    /// The same for a loss with other terms than the paper's: problem (7) of the book. Rewards that may be shifted together have
    /// mean 0.
    ///
    /// # Errors
    /// [`TheoryError`] for a utility or a field that is outside the theory, or a problem without a maximiser, as that of raw logits
    /// whose pairs want ever larger differences.
    ///
    /// ```
    /// use reward_collapse::compare::Optimum;
    /// use reward_collapse::experiment::{Head, LossTerms};
    /// use reward_collapse::utility::parse;
    /// let terms = LossTerms { head: Head::Raw, smoothing: 0.1, ..LossTerms::default() };
    /// let optimum = Optimum::with_terms(&parse("logsigmoid(x)")?, &terms, 8)?;
    /// assert!((optimum.rewards[7] - 2.457787).abs() < 1e-6);
    /// assert!((optimum.limit.expect("a law").ends()[1] - 3.059755).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_terms(utility: &SharedUtility, terms: &LossTerms, n: usize) -> Result<Self, TheoryError> {
        if terms.is_default() {
            return Ok(Self::compute(utility, n)?);
        }
        let problem = problem(utility, terms)?;
        Ok(Self::of_problem(solve_equilibrium(&problem, n, None)?, free_limit(&problem)))
    }

    pub(super) fn of(solution: Solution, limit: Option<Arc<dyn Law + Send>>) -> Self {
        let Solution { utility, rewards, gap, concavity, unique, .. } = solution;
        Self { utility, rewards, gap, concavity, unique, limit }
    }

    pub(super) fn of_problem(solution: EquilibriumSolution, limit: Option<Arc<dyn Law + Send>>) -> Self {
        let EquilibriumSolution { utility, rewards, gap, bound, concavity, unique, .. } = solution;
        // Where the field is not concave, other rewards may do as well, but not those that `nearest` looks for.
        let unique = unique != Unique::No || bound != Scope::Rewards;
        Self { utility, rewards, gap, concavity, unique, limit }
    }

    /// The optimal rewards nearest to rewards whose middle one is `middle`.
    ///
    /// Under `U = x` on [0, 1] and an odd number of responses the middle reward may be anything between its neighbours, so that no
    /// such value of it is a deviation from theory. Any other optimum is unique, but for a shift.
    pub fn nearest(&self, middle: f64) -> Vec<f64> {
        let mut rewards = self.rewards.clone();
        let n = rewards.len();
        if !self.unique && n % 2 == 1 {
            let below = (n / 2).checked_sub(1).and_then(|i| rewards.get(i)).copied().unwrap_or(0.0);
            let above = rewards.get(n / 2 + 1).copied().unwrap_or(1.0);
            rewards[n / 2] = middle.max(below).min(above);
        }
        rewards
    }
}

/// The problem of a loss.
pub(super) fn problem(utility: &SharedUtility, terms: &LossTerms) -> Result<Equilibrium, TheoryError> {
    let problem =
        Equilibrium::new(utility.clone(), terms.smoothing, terms.support())?.with_centering(terms.centering)?;
    Ok(match terms.field()? {
        Some(field) => problem.with_field(field),
        None => problem,
    })
}

pub(super) fn limit<U: Utility + ?Sized>(utility: &U) -> Option<Arc<dyn Law + Send>> {
    LimitLaw::of(utility).ok().map(|law| Arc::new(law) as Arc<dyn Law + Send>)
}

pub(super) fn free_limit(problem: &Equilibrium) -> Option<Arc<dyn Law + Send>> {
    FreeLaw::of_problem(problem).ok().map(|law| Arc::new(law) as Arc<dyn Law + Send>)
}
