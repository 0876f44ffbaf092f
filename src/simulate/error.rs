//! What can be wrong with a simulation.

use thiserror::Error;

use crate::utility::UtilityError;

/// Why nothing was simulated, or why it ended early.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// A count that is too small, or more than there are.
    #[error("the number of {what} must be {allowed}, got {found}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// The numbers allowed.
        allowed: String,
        /// The number given.
        found: u64,
    },
    /// A number outside its domain.
    #[error("the {what} must be {allowed}, got {found}")]
    Parameter {
        /// What it is.
        what: &'static str,
        /// The numbers allowed.
        allowed: &'static str,
        /// The number given.
        found: f64,
    },
    /// A utility of a mixture that has no prompts.
    #[error("utility {part} of {parts} has none of the {prompts} prompts; raise its share or the number of prompts")]
    EmptyPart {
        /// Which one, counted from 1.
        part: usize,
        /// How many there are.
        parts: usize,
        /// All prompts.
        prompts: usize,
    },
    /// The utility lies outside the theory.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// `U'(0+)` is infinite: a pair in the wrong order, which training begins with, would have a loss of `+inf`.
    #[error(
        "`{utility}` cannot be trained: its slope at 0 is infinite, and so is the loss of a pair in the wrong order; \
         smooth it, as log(x+0.1) does for log(x)"
    )]
    InfiniteSlope {
        /// The utility.
        utility: String,
    },
    /// Smoothing takes `U` at negative differences too.
    #[error("smoothing needs a utility that is defined for negative x, such as logsigmoid(x); `{utility}` is not")]
    NotOnTheLine {
        /// The utility.
        utility: String,
    },
    /// The optimum, or the true qualities, of another number of responses.
    #[error("{what} has {found} numbers for {expected} responses")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// The number of responses.
        expected: usize,
        /// How many numbers there are.
        found: usize,
    },
    /// Logits and pairs would not fit in memory.
    #[error(
        "{prompts} prompts of {n} responses need about {needed_gib:.3e} GiB of memory, and {available_gib:.1} GiB are free"
    )]
    TooLarge {
        /// The number of prompts.
        prompts: usize,
        /// The number of responses of each.
        n: usize,
        /// Estimated memory.
        needed_gib: f64,
        /// Memory free now.
        available_gib: f64,
    },
    /// A logit is no longer finite.
    #[error("training diverged by step {step}: a logit is not finite; lower the learning rate of {learning_rate}")]
    Diverged {
        /// The step at which it was noticed.
        step: u64,
        /// The learning rate that was too large.
        learning_rate: f64,
    },
    /// The observer stopped it.
    #[error("the simulation was stopped")]
    Cancelled,
}
