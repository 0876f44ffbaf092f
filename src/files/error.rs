//! What went wrong with a file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file or directory that could not be read or written. The system's reason is the source of this error.
#[derive(Debug, Error)]
#[error("cannot {action} {}", path.display())]
#[non_exhaustive]
pub struct FileError {
    /// The file or directory.
    pub path: PathBuf,
    /// What was to be done.
    pub action: FileAction,
    /// What the system said.
    pub source: io::Error,
}

/// What was to be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileAction {
    /// Its content, or a directory's, was to be read.
    Read,
    /// It was to be made, changed, moved or removed.
    Write,
}

impl fmt::Display for FileAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileAction::Read => "read",
            FileAction::Write => "write",
        })
    }
}

impl FileError {
    /// A file that could not be read.
    pub fn reading(path: impl Into<PathBuf>, source: impl Into<io::Error>) -> Self {
        Self { path: path.into(), action: FileAction::Read, source: source.into() }
    }

    /// A file that could not be written.
    pub fn writing(path: impl Into<PathBuf>, source: impl Into<io::Error>) -> Self {
        Self { path: path.into(), action: FileAction::Write, source: source.into() }
    }
}

/// Names the file in an error of the system, which tells only the reason.
pub trait OnFile<T> {
    /// The result of reading `path`.
    ///
    /// # Errors
    /// [`FileError`] in place of the system's error.
    fn reading(self, path: &Path) -> Result<T, FileError>;

    /// The result of writing `path`.
    ///
    /// # Errors
    /// [`FileError`] in place of the system's error.
    fn writing(self, path: &Path) -> Result<T, FileError>;
}

impl<T, E: Into<io::Error>> OnFile<T> for Result<T, E> {
    fn reading(self, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError::reading(path, source))
    }

    fn writing(self, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError::writing(path, source))
    }
}
