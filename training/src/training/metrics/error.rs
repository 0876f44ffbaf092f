//! What can go wrong with a run's metrics.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why metrics could not be kept.
#[derive(Debug, Error)]
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
    /// The file of lines could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
