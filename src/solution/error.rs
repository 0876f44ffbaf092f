//! Why a solve failed.

use thiserror::Error;

use super::{EquilibriumSolution, Solution};
use crate::utility::UtilityError;

/// Why the finite problem was not solved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SolveError {
    /// `n` is 0.
    #[error("n must be at least 1, got 0")]
    NoResponses,
    /// The rewards, or the dense matrices of the Newton steps, would not fit in memory.
    #[error("n = {n} needs about {needed_gib:.3e} GiB of memory, and {available_gib:.1} GiB are free; use a smaller n")]
    TooLarge {
        /// The number of responses.
        n: usize,
        /// Estimated memory.
        needed_gib: f64,
        /// Memory free now.
        available_gib: f64,
    },
    /// The utility lies outside the theory.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// The certificate did not reach the tolerance.
    #[error(
        "the solve for `{}`, n = {} did not converge: the gap is {:.1e} a pair after {} iterations, {:.1e} of the scale of U",
        .0.utility, .0.n, .0.gap, .0.iterations, .0.relative_gap
    )]
    NotConverged(Box<Solution>),
    /// The sum of `U` over all pairs is beyond the largest double.
    #[error(
        "the sum of `{utility}` over all pairs of n = {n} responses is too large for a double; \
         leave out its factor or constant, which change no rewards"
    )]
    Overflow {
        /// The utility.
        utility: String,
        /// The number of responses.
        n: usize,
    },
    /// Problem (7) needs pairs.
    #[error("a field, a support, smoothing or centring needs at least two responses, got n = {n}")]
    TooFew {
        /// The number of responses.
        n: usize,
    },
    /// Problem (7) has no maximiser.
    #[error("no best rewards exist for {problem}: {reason}")]
    NoMaximiser {
        /// The problem.
        problem: String,
        /// The move that gains for ever.
        reason: &'static str,
    },
    /// No interval is known to hold the maximiser of problem (7).
    #[error(
        "no bound can be proved for {problem}: no interval is known that holds the best rewards; a bounded support is one"
    )]
    NoBound {
        /// The problem.
        problem: String,
    },
    /// The certificate of problem (7) did not reach the tolerance.
    #[error(
        "the solve for {}, n = {} did not converge: the gap is {:.1e} a pair after {} iterations", .0.utility, .0.n, .0.gap, .0.iterations
    )]
    Uncertified(Box<EquilibriumSolution>),
    /// An observer stopped the solve.
    #[error("the solve was stopped")]
    Cancelled,
    /// The optimisation framework failed.
    #[error("the solve stopped: {0}")]
    Stopped(String),
}
