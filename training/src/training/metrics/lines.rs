//! The file of lines, each of them whole or not at all.

use std::path::PathBuf;

use reward_collapse::files::{FileError, Journal};
use serde::{Deserialize, Serialize};

use super::MetricsError;

/// An append-only file of JSON objects, held by one run at a time.
#[derive(Debug)]
pub(super) struct Lines {
    journal: Journal,
}

/// Of a line, what decides whether it stays.
#[derive(Deserialize)]
struct Stamp {
    step: u64,
}

impl Lines {
    /// Opens the file at `path`, and makes it and its directory if need be.
    pub fn open(path: PathBuf) -> Result<Self, MetricsError> {
        Ok(Self { journal: Journal::open(path)? })
    }

    pub fn is_empty(&self) -> bool {
        self.journal.is_empty()
    }

    /// Cuts off the lines of steps after `step`, which are the last ones, and a line that was not written to its end. The
    /// cut is one change of the file's length, which is done or not.
    pub fn truncate_after(&mut self, step: Option<u64>) -> Result<(), MetricsError> {
        let end = match step {
            Some(step) => self.end_of(step)?,
            None => 0,
        };
        Ok(self.journal.truncate(end as u64)?)
    }

    /// Where the lines of steps up to `last` end.
    fn end_of(&self, last: u64) -> Result<usize, MetricsError> {
        let text = self.journal.read()?;
        let mut end = 0;
        for (line, number) in text.split_inclusive(|&byte| byte == b'\n').zip(1..) {
            let is_last = end + line.len() == text.len();
            match serde_json::from_slice::<Stamp>(line) {
                Ok(stamp) if stamp.step > last => break,
                Ok(_) => end += line.len(),
                // A power failure can leave anything in the last line.
                Err(_) if is_last && self.journal.tail().is_empty() => break,
                Err(error) => {
                    let path = self.journal.path().to_owned();
                    return Err(MetricsError::Line { path, line: number, reason: error.to_string() });
                }
            }
        }
        Ok(end)
    }

    /// Appends an object.
    pub fn append(&mut self, object: &impl Serialize) -> Result<(), MetricsError> {
        let line = serde_json::to_vec(object).map_err(|error| FileError::writing(self.journal.path(), error))?;
        Ok(self.journal.append(&[&line[..], b"\n"].concat())?)
    }
}
