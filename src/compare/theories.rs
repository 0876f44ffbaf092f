//! Theory for many utilities and numbers of responses, each problem solved once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Optimum, Prediction, TheoryError};
use crate::design::DesignError;
use crate::experiment::{Head, UtilityPair};
use crate::limit::LimitLaw;
use crate::problem::{Equilibrium, Support};
use crate::solution::{EquilibriumSolution, SolveError, solve, solve_equilibrium};
use crate::utility::{Concavity, Utility};

/// Optima that were computed, and those to come: any utility, any number of responses. Utilities are told apart by their
/// expressions.
///
/// ```
/// use reward_collapse::{compare::Theories, utility::parse};
/// let mut theories = Theories::default();
/// let utility = parse("x")?;
/// assert_eq!(theories.optimum(&utility, 4)?.rewards, [0.0, 0.0, 1.0, 1.0]);
/// assert_eq!(theories.optimum(&utility, 2)?.rewards, [0.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Theories {
    optima: HashMap<(String, usize), Arc<Optimum>>,
    /// The law does not depend on the number of responses.
    laws: HashMap<String, Option<Arc<LimitLaw>>>,
}

/// What theory predicts of a loss: for the utility as it is named, and for the utility that was trained.
#[derive(Debug, Clone)]
pub struct TheoryPair {
    /// The optimum for the utility as the paper names it.
    pub named: Arc<Optimum>,
    /// The optimum for the utility that was trained.
    pub trained: Arc<Optimum>,
}

impl Theories {
    /// The optimum of `utility` for `n` responses, and its limit law where there is one.
    ///
    /// # Errors
    /// [`SolveError`] if the finite problem has no solution.
    pub fn optimum<U: Utility + ?Sized>(&mut self, utility: &U, n: usize) -> Result<Arc<Optimum>, SolveError> {
        let key = (utility.to_string(), n);
        if let Some(known) = self.optima.get(&key) {
            return Ok(known.clone());
        }
        let solution = solve(utility, n)?;
        let law = || LimitLaw::of(utility).ok().map(Arc::new);
        let limit = self.laws.entry(key.0.clone()).or_insert_with(law).clone();
        let optimum = Arc::new(Optimum::of(solution, limit));
        self.optima.insert(key, optimum.clone());
        Ok(optimum)
    }

    /// Both optima of a pair of utilities for `n` responses, behind a sigmoid; of a design they are one, and have its field. Of that no limit law is
    /// computed.
    ///
    /// # Errors
    /// As [`Theories::optimum`], and [`TheoryError::Design`] for a field that is none.
    pub fn of_pair(&mut self, pair: &UtilityPair, n: usize) -> Result<TheoryPair, TheoryError> {
        let Some(field) = &pair.field else { return Ok(self.pair(&pair.named, &pair.trained, n)?) };
        let key = (format!("{} with field {field}", pair.trained), n);
        let optimum = match self.optima.get(&key) {
            Some(known) => known.clone(),
            None => {
                let field = pair.field(Head::Sigmoid).map_err(DesignError::from)?;
                let problem = Equilibrium::new(pair.trained.clone(), 0.0, Support::UNIT).map_err(DesignError::from)?;
                let problem = field.map_or(problem.clone(), |field| problem.with_field(field));
                let EquilibriumSolution { rewards, gap, concavity, .. } = solve_equilibrium(&problem, n, None)?;
                let optimum = Optimum { utility: key.0.clone(), rewards, gap, concavity, unique: true, limit: None };
                let optimum = Arc::new(optimum);
                self.optima.insert(key, optimum.clone());
                optimum
            }
        };
        Ok(TheoryPair { named: optimum.clone(), trained: optimum })
    }

    /// Both optima of a loss for `n` responses.
    ///
    /// # Errors
    /// As [`Theories::optimum`].
    pub fn pair<U: Utility + ?Sized>(&mut self, named: &U, trained: &U, n: usize) -> Result<TheoryPair, SolveError> {
        Ok(TheoryPair { named: self.optimum(named, n)?, trained: self.optimum(trained, n)? })
    }
}

impl TheoryPair {
    /// One of the two.
    pub fn of(&self, prediction: Prediction) -> &Optimum {
        match prediction {
            Prediction::Named => &self.named,
            Prediction::Trained => &self.trained,
        }
    }

    /// Whether the two are one.
    pub fn agree(&self) -> bool {
        self.named.utility == self.trained.utility
    }

    /// Whether both are those of `other`.
    pub fn same(&self, other: &Self) -> bool {
        let names = |pair: &Self| [pair.named.utility.clone(), pair.trained.utility.clone()];
        names(self) == names(other) && self.named.rewards.len() == other.named.rewards.len()
    }

    /// Whether both utilities are proved concave.
    pub fn concavity(&self) -> Concavity {
        if [&self.named, &self.trained].iter().all(|optimum| optimum.concavity == Concavity::Proved) {
            Concavity::Proved
        } else {
            Concavity::Sampled
        }
    }

    /// The larger certificate of the two.
    pub fn gap(&self) -> f64 {
        self.named.gap.max(self.trained.gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utility::parse;

    #[test]
    fn a_problem_is_solved_once() {
        let mut theories = Theories::default();
        let utility = parse("log(x)").unwrap();
        let first = theories.optimum(&utility, 8).unwrap();
        assert!(Arc::ptr_eq(&first, &theories.optimum(&parse("log(x)").unwrap(), 8).unwrap()));
        // Another number of responses is another optimum with the same law.
        let other = theories.optimum(&utility, 5).unwrap();
        assert_eq!((first.rewards.len(), other.rewards.len()), (8, 5));
        let laws = [&first, &other].map(|optimum| optimum.limit.clone().unwrap());
        assert!(Arc::ptr_eq(&laws[0], &laws[1]));
        let pair = theories.pair(&utility, &parse("log(x+0.1)").unwrap(), 8).unwrap();
        assert!(Arc::ptr_eq(&first, &pair.named) && !pair.agree());
        assert_eq!(pair.of(Prediction::Trained).utility, "log(x+0.1)");
        assert!(theories.pair(&utility, &utility, 2).unwrap().agree());
    }

    #[test]
    fn optima_are_those_computed_alone() {
        let utility = parse("-1/(x+0.1)").unwrap();
        let (alone, kept) = (Optimum::compute(&utility, 6).unwrap(), Theories::default().optimum(&utility, 6).unwrap());
        assert_eq!((alone.rewards, alone.gap, alone.unique), (kept.rewards.clone(), kept.gap, kept.unique));
    }
}
