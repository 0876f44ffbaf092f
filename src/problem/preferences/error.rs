//! What can be wrong with a table of comparisons.

use std::path::PathBuf;

use thiserror::Error;

use crate::files::FileError;

/// Why comparisons were refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PreferencesError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A row is not a comparison.
    #[error("{}, line {line}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The file has no row, or none with a count above 0.
    #[error("{} has no comparison", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A comparison that was not read from a file is none.
    #[error("comparison {index}: {reason}")]
    Comparison {
        /// Which one, counted from 0.
        index: usize,
        /// What is wrong.
        reason: String,
    },
    /// No comparison was given, or none with a count above 0.
    #[error("there is no comparison with a count above 0")]
    NoComparison,
}
