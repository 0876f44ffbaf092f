//! What a simulation converges to.

use std::sync::Arc;

use thiserror::Error;

use super::{Settings, SimulateError};
use crate::compare::Optimum;
use crate::experiment::Head;
use crate::limit::{FreeLaw, Law};
use crate::problem::{Equilibrium, EquilibriumError, Field, Support};
use crate::solution::{SolveError, solve_equilibrium};
use crate::utility::SharedUtility;

/// The optimum of the loss of a simulation, with true labels.
#[derive(Clone)]
pub struct LossOptimum {
    /// The optimal rewards, worst response first.
    pub rewards: Vec<f64>,
    /// Whether the middle one of an odd number may be anything, as under `U = x`.
    pub free_middle: bool,
    /// The law that they converge to as the number of responses grows, where it is known.
    pub limit: Option<Arc<dyn Law + Send>>,
}

impl std::fmt::Debug for LossOptimum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LossOptimum")
            .field("rewards", &self.rewards)
            .field("free_middle", &self.free_middle)
            .field("limit", &self.limit.as_ref().map(|_| "known"))
            .finish()
    }
}

/// Why the optimum was not found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LossOptimumError {
    /// The loss cannot be trained on.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// There is no such problem.
    #[error(transparent)]
    Problem(#[from] EquilibriumError),
    /// It was not solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

impl LossOptimum {
    /// The optimum of the loss that `settings` describe; none where rewards that are better can always be found, as for raw logits without
    /// smoothing or centring.
    ///
    /// # Errors
    /// [`LossOptimumError`]: a utility of infinite slope, which cannot be trained on, or a problem that was not solved.
    pub fn of(utility: &SharedUtility, settings: &Settings) -> Result<Option<Self>, LossOptimumError> {
        if utility.slope_at_zero().is_infinite() {
            return Err(SimulateError::InfiniteSlope { utility: utility.to_string() }.into());
        }
        let Settings { n, head, smoothing, centering, .. } = *settings;
        if head == Head::Sigmoid && smoothing == 0.0 && centering == 0.0 && settings.field.is_none() {
            let Optimum { rewards, unique, limit, .. } = Optimum::compute(utility, n)?;
            return Ok(Some(Self { rewards, free_middle: !unique, limit }));
        }
        let support = if head == Head::Sigmoid { Support::UNIT } else { Support::LINE };
        let problem = Equilibrium::new(utility.clone(), smoothing, support)?.with_centering(centering)?;
        let problem = match &settings.field {
            Some(field) => problem.with_field(field.clone()),
            None => problem,
        };
        match solve_equilibrium(&problem, n, None) {
            Ok(solution) => {
                // A design is made for its target, whatever its factor makes of the limit.
                let target =
                    settings.field.as_ref().and_then(Field::potential).map(|potential| potential.target().clone());
                let limit = match target {
                    Some(law) => Some(Arc::new(law) as Arc<dyn Law + Send>),
                    None => FreeLaw::of_problem(&problem).ok().map(|law| Arc::new(law) as Arc<dyn Law + Send>),
                };
                Ok(Some(Self { rewards: solution.rewards, free_middle: false, limit }))
            }
            Err(SolveError::NoMaximiser { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
