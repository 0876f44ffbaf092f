//! What can be wrong with a study.

use std::path::PathBuf;

use thiserror::Error;

use crate::files::{FileError, JournalError};
use crate::limit::LimitError;
use crate::utility::UtilityError;

/// Why a study was not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// A utility could not be read.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// A utility has no limit law.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A file could not be read, or a finished point not be kept.
    #[error(transparent)]
    File(#[from] FileError),
    /// A study's file is malformed.
    #[error("{}, {reason}", path.display())]
    Definition {
        /// The file.
        path: PathBuf,
        /// The line, and what is wrong there.
        reason: String,
    },
    /// A file of finished points is malformed before its last line.
    #[error("{}, line {line}: not a finished point: {reason}", path.display())]
    Point {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Another run holds the file.
    #[error("{} is being written by another run; wait for it, or choose another --shard or --results", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
}

impl From<JournalError> for StudyError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::File(error) => error.into(),
            JournalError::Busy { path } => Self::Busy { path },
        }
    }
}
