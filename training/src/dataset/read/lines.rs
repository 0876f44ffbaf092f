//! Lines of text with their numbers.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use reward_collapse::files::{self, FileError, Line};

use super::super::DatasetError;

/// Line after line; blank ones are passed over.
pub(in super::super) struct Lines<R> {
    lines: files::Lines<R>,
    path: PathBuf,
}

impl<R: BufRead> Lines<R> {
    /// Begins to read lines; the path is for errors.
    pub fn new(reader: R, path: &Path) -> Self {
        Self { lines: files::Lines::new(reader), path: path.to_owned() }
    }

    /// The next line that is not blank.
    ///
    /// # Errors
    /// [`DatasetError::File`], and [`DatasetError::Format`] for an endless line.
    pub fn next(&mut self) -> Result<Option<Line<'_>>, DatasetError> {
        let path = &self.path;
        self.lines.next_line().map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => DatasetError::Format { path: path.clone(), reason: error.to_string() },
            _ => FileError::reading(path, error).into(),
        })
    }
}
