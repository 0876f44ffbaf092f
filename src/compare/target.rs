//! The problem that rewards are compared with, for any number of responses.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::limit::{FreeLaw, Law, LimitLaw};
use crate::problem::{Equilibrium, Support};
use crate::solution::{Scope, SolveError, Unique, solve, solve_equilibrium};
use crate::utility::Concavity;

/// A problem, its optima for the numbers of responses that were asked for, and its limit law. Each is computed once.
///
/// ```
/// use reward_collapse::{compare::Target, problem::{Equilibrium, Support}, utility::parse};
/// let mut target = Target::new(Equilibrium::new(parse("x")?, 0.0, Support::UNIT)?);
/// assert_eq!(target.optimum(4)?.rewards, [0.0, 0.0, 1.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Target {
    problem: Equilibrium,
    optima: BTreeMap<usize, Arc<TargetOptimum>>,
    /// Tried once.
    limit: Option<Option<Arc<dyn Law + Send>>>,
}

/// The optimal rewards of a [`Target`] for one number of responses.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetOptimum {
    /// Ascending.
    pub rewards: Vec<f64>,
    /// The certificate, per pair; NaN where `bound` is [`Scope::Local`].
    pub gap: f64,
    /// What the certificate is over.
    pub bound: Scope,
    /// How it is known that the problem is concave, on which the certificate rests.
    pub concavity: Concavity,
    /// Whether other rewards do as well.
    pub unique: Unique,
}

impl Target {
    /// Of a problem.
    pub fn new(problem: Equilibrium) -> Self {
        Self { problem, optima: BTreeMap::new(), limit: None }
    }

    /// The problem.
    pub fn problem(&self) -> &Equilibrium {
        &self.problem
    }

    /// Whether it is problem (1) of the paper, which has faster solvers and other laws.
    fn is_of_the_paper(&self) -> bool {
        let problem = &self.problem;
        problem.support() == Support::UNIT
            && problem.field().is_none()
            && problem.smoothing() == 0.0
            && problem.centering() == 0.0
    }

    /// The optimal rewards of `n` responses.
    ///
    /// # Errors
    /// [`SolveError`], for example where better rewards can always be found.
    pub fn optimum(&mut self, n: usize) -> Result<Arc<TargetOptimum>, SolveError> {
        if let Some(known) = self.optima.get(&n) {
            return Ok(known.clone());
        }
        let optimum = Arc::new(if self.is_of_the_paper() {
            let solution = solve(self.problem.utility(), n)?;
            let unique = if solution.unique { Unique::Yes } else { Unique::No };
            TargetOptimum {
                rewards: solution.rewards,
                gap: solution.gap,
                bound: Scope::Rewards,
                concavity: solution.concavity,
                unique,
            }
        } else {
            let solution = solve_equilibrium(&self.problem, n, None)?;
            TargetOptimum {
                rewards: solution.rewards,
                gap: solution.gap,
                bound: solution.bound,
                concavity: solution.concavity,
                unique: solution.unique,
            }
        });
        self.optima.insert(n, optimum.clone());
        Ok(optimum)
    }

    /// The law as `n` grows, where there is a method for it.
    pub fn limit(&mut self) -> Option<Arc<dyn Law + Send>> {
        if let Some(known) = &self.limit {
            return known.clone();
        }
        let limit: Option<Arc<dyn Law + Send>> = if self.is_of_the_paper() {
            LimitLaw::of(self.problem.utility()).ok().map(|law| Arc::new(law) as _)
        } else {
            FreeLaw::of_problem(&self.problem).ok().map(|law| Arc::new(law) as _)
        };
        self.limit = Some(limit.clone());
        limit
    }
}

/// The utility and, where it is not the paper's problem, what there is beside it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_the_paper() { self.problem.utility().fmt(f) } else { self.problem.fmt(f) }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("problem", &self.problem).field("optima", &self.optima).finish_non_exhaustive()
    }
}

impl TargetOptimum {
    /// The optimum that is compared with `rewards` of as many responses, worst first, and what `rewards` are to be moved by.
    ///
    /// Where the optimum is unique up to a shift, `rewards` get its mean. Where the middle one of an odd number may be
    /// anything, as under `U = x`, it is that of `rewards`, so that it is no difference.
    pub fn nearest(&self, rewards: &[f64]) -> (Vec<f64>, f64) {
        let mut optimal = self.rewards.clone();
        let n = optimal.len();
        match self.unique {
            Unique::Yes => (optimal, 0.0),
            Unique::UpToShift => {
                let mean = |rewards: &[f64]| rewards.iter().sum::<f64>() / rewards.len().max(1) as f64;
                let shift = mean(&optimal) - mean(rewards);
                (optimal, shift)
            }
            // Where other maximisers cannot be ruled out, it is not known which of the rewards may move.
            Unique::No if self.bound != Scope::Rewards => (optimal, 0.0),
            Unique::No => {
                let least = optimal.first().copied().unwrap_or_default();
                let largest = optimal.last().copied().unwrap_or_default();
                if n % 2 == 1
                    && let (Some(middle), Some(own)) = (optimal.get_mut(n / 2), rewards.get(n / 2))
                {
                    *middle = own.clamp(least, largest);
                }
                (optimal, 0.0)
            }
        }
    }
}
