//! The file of lines, each of them whole or not at all.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::MetricsError;

/// An append-only file of JSON objects, held by one run at a time.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    file: File,
}

/// Of a line, what decides whether it stays.
#[derive(Deserialize)]
struct Stamp {
    step: u64,
}

impl Lines {
    /// Opens the file at `path`, and makes it if need be.
    pub fn open(path: PathBuf) -> Result<Self, MetricsError> {
        let opened = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = opened.map_err(|source| MetricsError::Write { path: path.clone(), source })?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(MetricsError::Busy { path }),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { path, file }),
        }
    }

    pub fn is_empty(&self) -> Result<bool, MetricsError> {
        let size = self.file.metadata().map_err(|source| MetricsError::Read { path: self.path.clone(), source })?;
        Ok(size.len() == 0)
    }

    /// Cuts off the lines of steps after `step`, which are the last ones, and a line that was not written to its end. The
    /// cut is one change of the file's length, which is done or not.
    pub fn truncate_after(&mut self, step: Option<u64>) -> Result<(), MetricsError> {
        let end = match step {
            Some(step) => self.end_of(step)?,
            None => 0,
        };
        self.file
            .set_len(end)
            .and_then(|()| self.file.sync_all())
            .map_err(|source| MetricsError::Write { path: self.path.clone(), source })
    }

    /// Where the lines of steps up to `last` end.
    fn end_of(&self, last: u64) -> Result<u64, MetricsError> {
        let failed = |source| MetricsError::Read { path: self.path.clone(), source };
        let mut reader = BufReader::new(&self.file);
        reader.rewind().map_err(failed)?;
        let mut end = 0;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if !line.ends_with(b"\n") {
                // The end of the file, or what an interrupted write left there.
                break;
            }
            match serde_json::from_slice::<Stamp>(&line) {
                Ok(stamp) if stamp.step > last => break,
                Ok(_) => end += length as u64,
                // A power failure can leave anything in the last line.
                Err(_) if reader.fill_buf().map_err(failed)?.is_empty() => break,
                Err(error) => {
                    let reason = error.to_string();
                    return Err(MetricsError::Line { path: self.path.clone(), line: number, reason });
                }
            }
        }
        Ok(end)
    }

    /// Appends an object.
    pub fn append(&mut self, object: &impl Serialize) -> Result<(), MetricsError> {
        self.write(object).map_err(|source| MetricsError::Write { path: self.path.clone(), source })
    }

    fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        let end = self.file.metadata()?.len();
        self.file.write_all(&line).inspect_err(|_| {
            // A full disk may have taken a part of it.
            let _ = self.file.set_len(end);
        })
    }
}
