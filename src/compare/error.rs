//! What can be wrong with a sample.

use thiserror::Error;

use crate::experiment::MissingUtility;
use crate::problem::{EquilibriumError, FieldError, Support};
use crate::solution::SolveError;

/// Why there is no theory of learned rewards.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TheoryError {
    /// Prompts of a type that the loss lacks.
    #[error(transparent)]
    MissingUtility(#[from] MissingUtility),
    /// A finite problem without a solution.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A loss that is no problem.
    #[error(transparent)]
    Problem(#[from] EquilibriumError),
    /// A field that is none.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Why a sample cannot be compared with a law.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum CompareError {
    /// There is nothing to compare.
    #[error("there are no rewards to compare")]
    Empty,
    /// A reward is not a number in [0, 1].
    #[error("reward {index} is {value}, outside [0, 1]")]
    OutOfRange {
        /// Its position, from 0.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// A reward is not a finite number.
    #[error("reward {index} is {value}, which is not a finite number")]
    NotFinite {
        /// Its position, from 0.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// A reward is below its predecessor.
    #[error("rewards are not in ascending order: reward {index} is below the one before")]
    Unsorted {
        /// Its position, from 0.
        index: usize,
    },
    /// A histogram without bins.
    #[error("a histogram needs at least one bin")]
    NoBins,
}

/// Accepts an ascending, non-empty sample of [0, 1].
pub(super) fn check(rewards: &[f64]) -> Result<(), CompareError> {
    check_within(rewards, Support::UNIT)
}

/// Accepts an ascending, non-empty sample of finite numbers in `room`, which is [0, 1] or the line.
pub(super) fn check_within(rewards: &[f64], room: Support) -> Result<(), CompareError> {
    if rewards.is_empty() {
        return Err(CompareError::Empty);
    }
    if let Some(index) = rewards.iter().position(|r| !r.is_finite()) {
        let value = rewards[index];
        return Err(if room == Support::UNIT {
            CompareError::OutOfRange { index, value }
        } else {
            CompareError::NotFinite { index, value }
        });
    }
    if let Some(index) = rewards.iter().position(|r| !(room.lower()..=room.upper()).contains(r)) {
        return Err(CompareError::OutOfRange { index, value: rewards[index] });
    }
    match rewards.windows(2).position(|pair| pair[1] < pair[0]) {
        Some(before) => Err(CompareError::Unsorted { index: before + 1 }),
        None => Ok(()),
    }
}
