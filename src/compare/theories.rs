//! Theory for many utilities and numbers of responses, each problem solved once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Optimum, Prediction, TheoryError, optimum};
use crate::experiment::{LossTerms, UtilityPair};
use crate::limit::Law;
use crate::problem::Field;
use crate::solution::{SolveError, largest_gap, solve, solve_equilibrium};
use crate::utility::{Concavity, SharedUtility, Utility};

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
    /// By utility, terms of the loss, and number of responses.
    optima: HashMap<(String, String, usize), Arc<Optimum>>,
    /// The law does not depend on the number of responses.
    laws: HashMap<(String, String), Option<Arc<dyn Law + Send>>>,
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
        let key = (utility.to_string(), String::new(), n);
        if let Some(known) = self.optima.get(&key) {
            return Ok(known.clone());
        }
        let solution = solve(utility, n)?;
        let law = (key.0.clone(), key.1.clone());
        let limit = self.laws.entry(law).or_insert_with(|| optimum::limit(utility)).clone();
        Ok(self.optima.entry(key).or_insert(Arc::new(Optimum::of(solution, limit))).clone())
    }

    /// The same for a loss with terms: as [`Optimum::with_terms`].
    ///
    /// # Errors
    /// As [`Optimum::with_terms`].
    pub fn with_terms(
        &mut self,
        utility: &SharedUtility,
        terms: &LossTerms,
        n: usize,
    ) -> Result<Arc<Optimum>, TheoryError> {
        if terms.is_default() {
            return Ok(self.optimum(utility, n)?);
        }
        let key = (utility.to_string(), terms.to_string(), n);
        if let Some(known) = self.optima.get(&key) {
            return Ok(known.clone());
        }
        let problem = optimum::problem(utility, terms)?;
        let solution = solve_equilibrium(&problem, n, None)?;
        let law = (key.0.clone(), key.1.clone());
        let limit = self.laws.entry(law).or_insert_with(|| optimum::free_limit(&problem)).clone();
        Ok(self.optima.entry(key).or_insert(Arc::new(Optimum::of_problem(solution, limit))).clone())
    }

    /// Both optima of a loss for `n` responses: for the utility as it is named and as it was trained. With terms for which the
    /// named one has no optimum, as a smoothed `log x`, only that of the utility trained counts.
    ///
    /// # Errors
    /// As [`Optimum::with_terms`] for the utility trained.
    pub fn of_loss(&mut self, pair: &UtilityPair, terms: &LossTerms, n: usize) -> Result<TheoryPair, TheoryError> {
        if let Some(field) = pair.field(terms.head)? {
            return self.of_design(pair, field, terms, n);
        }
        let trained = self.with_terms(&pair.trained, terms, n)?;
        let named = match self.with_terms(&pair.named, terms, n) {
            Err(_) if !terms.is_default() => trained.clone(),
            named => named?,
        };
        Ok(TheoryPair { named, trained })
    }

    /// The optimum of a utility with the field of its design: both are one.
    fn of_design(
        &mut self,
        pair: &UtilityPair,
        field: Field,
        terms: &LossTerms,
        n: usize,
    ) -> Result<TheoryPair, TheoryError> {
        let key = (format!("{} with field {field}", pair.trained), terms.to_string(), n);
        if let Some(known) = self.optima.get(&key) {
            return Ok(TheoryPair { named: known.clone(), trained: known.clone() });
        }
        let problem = optimum::problem(&pair.trained, terms)?.with_field(field);
        let solution = solve_equilibrium(&problem, n, None)?;
        let law = (key.0.clone(), key.1.clone());
        let limit = self.laws.entry(law).or_insert_with(|| optimum::free_limit(&problem)).clone();
        // That other rewards may do as well is not known of the middle one.
        let optimum = Optimum { utility: key.0.clone(), unique: true, ..Optimum::of_problem(solution, limit) };
        let optimum = self.optima.entry(key).or_insert(Arc::new(optimum)).clone();
        Ok(TheoryPair { named: optimum.clone(), trained: optimum })
    }

    /// The optima of two utilities for `n` responses.
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

    /// The larger certificate of the two; NaN where one of them has none.
    pub fn gap(&self) -> f64 {
        largest_gap([self.named.gap, self.trained.gap])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Head;
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
    fn terms_are_told_apart() {
        let mut theories = Theories::default();
        let pair = UtilityPair::parse("log").unwrap();
        let paper = theories.of_loss(&pair, &LossTerms::default(), 6).unwrap();
        let pulled = LossTerms { field: Some("-0.3x".to_owned()), ..LossTerms::default() };
        let low = theories.of_loss(&pair, &pulled, 6).unwrap();
        assert!(low.named.rewards[5] <= paper.named.rewards[5] && low.trained.rewards[4] < paper.trained.rewards[4]);
        // A smoothed log x is infinite in the wrong order; what was trained is not.
        let smoothed = LossTerms { smoothing: 0.1, ..LossTerms::default() };
        let found = theories.of_loss(&pair, &smoothed, 6).unwrap();
        assert!(found.agree() && found.named.utility == "log(x+0.1)");
        let again = theories.with_terms(&pair.trained, &smoothed, 6).unwrap();
        assert!(Arc::ptr_eq(&again, &found.trained));
        // Raw logits without anything that holds them run away.
        let raw = LossTerms { head: Head::Raw, ..LossTerms::default() };
        assert!(matches!(theories.of_loss(&pair, &raw, 6), Err(TheoryError::Solve(SolveError::NoMaximiser { .. }))));
    }

    #[test]
    fn optima_are_those_computed_alone() {
        let utility = parse("-1/(x+0.1)").unwrap();
        let (alone, kept) = (Optimum::compute(&utility, 6).unwrap(), Theories::default().optimum(&utility, 6).unwrap());
        assert_eq!((alone.rewards, alone.gap, alone.unique), (kept.rewards.clone(), kept.gap, kept.unique));
    }
}
