//! What can go wrong between processes.

use thiserror::Error;

/// Why processes cannot train together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RanksError {
    /// A launcher that sets some variables only.
    #[error(
        "{present} is set and {name} is not; start every rank by torchrun --no-python, or set RANK, WORLD_SIZE, LOCAL_RANK, \
         MASTER_ADDR and MASTER_PORT for each"
    )]
    Missing {
        /// The variable.
        name: &'static str,
        /// Those that are there.
        present: String,
    },
    /// A variable that cannot be.
    #[error("{name} is `{value}`; {reason}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is wrong.
        reason: String,
    },
    /// Processes that do not meet.
    #[error("rank {rank} of {size} cannot join the others at {address}: {reason}")]
    Join {
        /// This process.
        rank: usize,
        /// How many there are.
        size: usize,
        /// `MASTER_ADDR:MASTER_PORT`.
        address: String,
        /// What is known.
        reason: String,
    },
    /// Processes that would not compute the same.
    #[error("rank {rank} and rank 0 {differ}")]
    Differ {
        /// This process.
        rank: usize,
        /// In what.
        differ: String,
    },
    /// Fewer prompts than processes.
    #[error("a step has {prompts} prompts, too few for {size} ranks; start at most {prompts}, or let a step have more")]
    TooMany {
        /// Prompts of a step.
        prompts: usize,
        /// Processes.
        size: usize,
    },
    /// A device that all processes would share.
    #[error(
        "device: with several ranks each takes the GPU of its LOCAL_RANK; say `cuda`, or `cpu`, in place of `cuda:{0}`"
    )]
    Device(usize),
    /// NCCL's processes that do not meet.
    #[error("rank {rank} of {size} cannot add up with the others on GPUs: {reason}")]
    Nccl {
        /// This process.
        rank: usize,
        /// How many there are.
        size: usize,
        /// What NCCL says.
        reason: String,
    },
    /// Another process that ended.
    #[error("rank {rank} of {size} stops, since {reason}")]
    Gone {
        /// This process.
        rank: usize,
        /// How many there are.
        size: usize,
        /// What is known of the other.
        reason: String,
    },
}
