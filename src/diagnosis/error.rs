//! What can be wrong with rewards to be diagnosed.

use thiserror::Error;

use crate::simulate::SimulateError;
use crate::solution::SolveError;
use crate::utility::UtilityError;

/// Why rewards were not diagnosed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DiagnosisError {
    /// Some prompts have ranks, and others have none.
    #[error("prompt `{prompt}` has no ranks, and others have: give ranks to all prompts, or to none")]
    SomeRanks {
        /// A prompt without.
        prompt: String,
    },
    /// Nothing to compare.
    #[error("a diagnosis compares prompts: it needs at least two with two responses or more, and {found} {} there", if *found == 1 { "is" } else { "are" })]
    TooFewPrompts {
        /// How many there are.
        found: usize,
    },
    /// Every reward is the same.
    #[error("all rewards are {value}: a model that gives every response the same reward has nothing to diagnose")]
    Constant {
        /// The reward.
        value: f64,
    },
    /// An option outside its domain.
    #[error("{what} must be {allowed}, got {found}")]
    Option {
        /// The option.
        what: &'static str,
        /// What it may be.
        allowed: &'static str,
        /// What it is.
        found: f64,
    },
    /// A utility to compare with could not be read.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// The optimum to compare with could not be computed.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The path to collapse could not be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
}
