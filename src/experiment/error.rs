//! What can be wrong with the files of a run.

use std::path::PathBuf;

use thiserror::Error;

use super::{MissingUtility, PromptType};
use crate::files::{FileError, JournalError};
use crate::utility::UtilityError;

/// Why a run's files were not read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// A utility of the loss could not be read.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// A loss without a utility.
    #[error("`loss` has no utility: it needs `utility` for all prompts, or a key for each type of prompt")]
    NoUtility,
    /// A loss with a utility for all prompts, and others by type.
    #[error("`loss` has `utility`, which is that of all prompts, and those of types: leave out one or the other")]
    SeveralUtilities,
    /// Prompts of a type that the loss lacks.
    #[error(transparent)]
    MissingUtility(#[from] MissingUtility),
    /// Rewards of a type of prompt that the file's column cannot tell.
    #[error("{} has the column `open_ended`, which cannot tell prompts of the type `{prompt_type}`", path.display())]
    TypeColumn {
        /// The file.
        path: PathBuf,
        /// The type.
        prompt_type: PromptType,
    },
    /// The name of a type of prompt.
    #[error(transparent)]
    PromptType(#[from] super::PromptTypeError),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another run is writing a file.
    #[error("{} is being written by another run", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
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

impl From<JournalError> for ExperimentError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::File(error) => error.into(),
            JournalError::Busy { path } => Self::Busy { path },
        }
    }
}
