//! What can be wrong with rewards to be diagnosed.

use thiserror::Error;

use crate::simulate::SimulateError;
use crate::solution::SolveError;
use crate::utility::UtilityError;

/// Why rewards were not diagnosed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DiagnosisError {
    /// A reward that is no finite number.
    #[error("prompt `{prompt}`, response {response}: the reward is {value}, which is not a finite number")]
    NotFinite {
        /// The prompt.
        prompt: String,
        /// Its response, counted from 1.
        response: usize,
        /// What is there.
        value: f64,
    },
    /// Ranks, or names of responses, for another number of responses.
    #[error("prompt `{prompt}` has {rewards} rewards, and {found} {what}")]
    Length {
        /// The prompt.
        prompt: String,
        /// Its rewards.
        rewards: usize,
        /// How many of the other.
        found: usize,
        /// The other.
        what: &'static str,
    },
    /// A rank that is no number.
    #[error("prompt `{prompt}`, response {response}: the rank is not a number")]
    NoRank {
        /// The prompt.
        prompt: String,
        /// Its response, counted from 1.
        response: usize,
    },
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
    /// A reward outside of [0, 1] where rewards were said to lie there.
    #[error("prompt `{prompt}`, response {response}: the reward {value} is outside [0, 1]")]
    OutOfRange {
        /// The prompt.
        prompt: String,
        /// Its response, counted from 1.
        response: usize,
        /// The reward.
        value: f64,
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
