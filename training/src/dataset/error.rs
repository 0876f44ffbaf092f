//! What can be wrong with a data set.

use std::path::PathBuf;

use reward_collapse::files::FileError;
use thiserror::Error;

/// Why a data set was not read or built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A file could not be read or written; or the directory of temporary files not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is nothing in a file.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file is not of a kind that is read, or is damaged.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A column is missing.
    #[error("{}: there is no column `{column}`; it has {present}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The columns that exist, each in backquotes.
        present: String,
    },
    /// A line of a text file is malformed.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        reason: String,
    },
    /// A row of a binary file is malformed.
    #[error("{}, row {row}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, counted from 1.
        row: u64,
        /// What is wrong there.
        reason: String,
    },
    /// No row gives a ranking.
    #[error("{}: none of its {rows} rows has a question, and an answer of {} words", path.display(), super::MIN_WORDS)]
    NoRankings {
        /// The file.
        path: PathBuf,
        /// How many rows there are.
        rows: u64,
    },
    /// No row of preferences gives a ranking.
    #[error("{}: none of its {rows} rows gives a ranking: {reasons}", path.display())]
    NothingRanked {
        /// The file.
        path: PathBuf,
        /// How many rows there are.
        rows: u64,
        /// What was wrong with how many.
        reasons: String,
    },
    /// A pattern fits no file.
    #[error("no file fits {}", pattern.display())]
    NoFiles {
        /// The pattern.
        pattern: PathBuf,
    },
    /// There are too few rankings to keep some for testing.
    #[error("{}: {rows} ranking where training and testing need at least 2", path.display())]
    TooFew {
        /// The file.
        path: PathBuf,
        /// How many there are.
        rows: usize,
    },
    /// A ranking was asked for that does not exist.
    #[error("{}: there is no ranking {index}; the last of {rows} is {}", path.display(), rows.saturating_sub(1))]
    Index {
        /// The file.
        path: PathBuf,
        /// The ranking, counted from 0.
        index: usize,
        /// How many there are.
        rows: usize,
    },
}
