//! What can go wrong with a run's metrics.

use std::path::PathBuf;

use reward_collapse::files::{FileError, JournalError};
use thiserror::Error;

/// Why metrics could not be kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// There are metrics of a run already.
    #[error("{} holds the metrics of a run already: go on with it by --resume, or choose another --output-dir", path.display())]
    Exists {
        /// The file of lines.
        path: PathBuf,
    },
    /// Another run holds the file.
    #[error("{} is being written by another run", path.display())]
    Busy {
        /// The file of lines.
        path: PathBuf,
    },
    /// A line before the last is malformed.
    #[error("{}, line {line}: it is no metric: {reason}", path.display())]
    Line {
        /// The file of lines.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<JournalError> for MetricsError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Busy { path } => Self::Busy { path },
            JournalError::File(error) => error.into(),
        }
    }
}
