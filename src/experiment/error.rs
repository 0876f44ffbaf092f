//! What can be wrong with the files of a run.

use std::path::PathBuf;

use thiserror::Error;

use crate::utility::UtilityError;

/// Why a run's files were not read or written.
#[derive(Debug, Error)]
pub enum ExperimentError {
    /// A utility of the loss could not be read.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `rewards.csv` is malformed.
    #[error("{}, line {line}: {reason}", path.display())]
    Rewards {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        reason: String,
    },
    /// There is no `run.json`.
    #[error(
        "there is no {}: training writes it. For rewards of another origin, write one with the name and the loss: {example}",
        path.display()
    )]
    NoDescription {
        /// The file looked for.
        path: PathBuf,
        /// A description that would do.
        example: String,
    },
    /// `run.json` is malformed.
    #[error("{}: {reason}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        reason: String,
    },
}
