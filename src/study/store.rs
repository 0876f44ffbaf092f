//! Finished points, kept on disk.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Shard, StudyError};
use crate::compare::ConvergenceRow;
use crate::files::{FileError, Journal, OnFile};

/// A line of a file of finished points.
#[derive(Debug, Serialize, Deserialize)]
struct Point {
    utility: String,
    #[serde(flatten)]
    row: ConvergenceRow,
    /// Of the program that computed it.
    version: String,
}

impl Point {
    fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}

/// The finished points of a directory: JSON lines in `points.jsonl`, and `points-I-of-K.jsonl` for a part of a study.
///
/// All files `points*.jsonl` are read as one. Of several points of one utility and one `n` the last counts, in the order
/// of file names and of lines. Points are only ever added.
#[derive(Debug, Default)]
pub struct Store {
    /// The directory and this run's file in it; `None` keeps points in memory alone.
    place: Option<(PathBuf, String)>,
    points: HashMap<(String, usize), ConvergenceRow>,
    warnings: Vec<String>,
    journal: Option<Journal>,
    /// Lines that could not be written yet.
    pending: Vec<String>,
}

impl Store {
    /// Keeps points in memory only.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Reads what `directory` has; it need not exist. Points of `shard` will be kept in its file.
    ///
    /// # Errors
    /// [`StudyError::File`], and [`StudyError::Point`] for a malformed line; the last line of a file may be torn.
    pub fn open(directory: &Path, shard: Shard) -> Result<Self, StudyError> {
        let place = Some((directory.to_owned(), shard.file_name()));
        let mut store = Self { place, ..Self::default() };
        for path in files(directory)? {
            store.read(&path)?;
        }
        Ok(store)
    }

    /// Moves the files of finished points out of the way, `points.jsonl` to `points.jsonl.1` or the first number that is
    /// free, so that a study begins afresh. Returns the new names.
    ///
    /// # Errors
    /// [`StudyError::File`]; what was moved before stays moved, and nothing is lost.
    pub fn set_aside(directory: &Path) -> Result<Vec<PathBuf>, StudyError> {
        let aside = |path: PathBuf| {
            let numbered = (1..=u32::MAX).map(|k| PathBuf::from(format!("{}.{k}", path.display())));
            let free = numbered.into_iter().find(|name| name.symlink_metadata().is_err()).unwrap_or_default();
            fs::rename(&path, &free).writing(&path)?;
            Ok(free)
        };
        files(directory)?.into_iter().map(aside).collect()
    }

    /// What was odd about the files: a sentence for each line that a full disk or a killed run left torn.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The finished point of `utility`, as it displays, for `n` responses.
    pub fn get(&self, utility: &str, n: usize) -> Option<&ConvergenceRow> {
        self.points.get(&(utility.to_owned(), n))
    }

    /// How many finished points are on no disk, although they should be.
    pub fn unsaved(&self) -> usize {
        self.pending.len()
    }

    /// Makes sure that points can be kept, before time is spent on them.
    ///
    /// # Errors
    /// [`StudyError::File`] if the file can't be opened, [`StudyError::Busy`] if another run holds it.
    pub fn prepare(&mut self) -> Result<(), StudyError> {
        if let (Some((directory, name)), None) = (&self.place, &self.journal) {
            let mut journal = Journal::open(directory.join(name))?;
            // An editor may have dropped the end of the last line.
            if Point::parse(journal.tail()).is_ok() {
                journal.end_last_line()?;
            }
            self.journal = Some(journal);
        }
        Ok(())
    }

    /// Adds a point, and writes it to disk with those that could not be written before.
    ///
    /// # Errors
    /// [`StudyError::File`], such as for a full disk. The point is still in memory, and written with the next.
    pub fn keep(&mut self, utility: &str, row: ConvergenceRow) -> Result<(), StudyError> {
        self.points.insert((utility.to_owned(), row.n), row);
        if self.place.is_some() {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            let point = Point { utility: utility.to_owned(), row, version };
            let line = serde_json::to_string(&point).map_err(|error| FileError::writing(self.path(), error))?;
            self.pending.push(line + "\n");
        }
        self.save()
    }

    /// Writes what could not be written before.
    ///
    /// # Errors
    /// As [`Store::keep`].
    pub fn save(&mut self) -> Result<(), StudyError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.prepare()?;
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.append_synced(self.pending.concat().as_bytes())?;
        self.pending.clear();
        Ok(())
    }

    /// This run's file; empty without one.
    fn path(&self) -> PathBuf {
        self.place.as_ref().map_or_else(PathBuf::new, |(directory, name)| directory.join(name))
    }

    fn read(&mut self, path: &Path) -> Result<(), StudyError> {
        let content = content(path).reading(path)?;
        let mut lines: Vec<&[u8]> = content.split(|&byte| byte == b'\n').collect();
        let last = lines.pop().unwrap_or_default();
        for (line, number) in lines.into_iter().zip(1..) {
            let point = Point::parse(line).map_err(|error| StudyError::Point {
                path: path.to_owned(),
                line: number,
                reason: error.to_string(),
            })?;
            self.insert(point);
        }
        match Point::parse(last) {
            Ok(point) => self.insert(point),
            Err(_) if last.is_empty() => {}
            Err(_) => self.warnings.push(format!(
                "the last line of {} is torn: the run that wrote it was stopped, or is still writing; its point counts as \
                 missing",
                path.display()
            )),
        }
        Ok(())
    }

    fn insert(&mut self, point: Point) {
        self.points.insert((point.utility, point.row.n), point.row);
    }
}

/// The content of a regular file. A device holds no points, and reading one such as `/dev/full` never ends.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() { fs::read(path) } else { Ok(Vec::new()) }
}

/// The files of finished points in `directory`, by name; none if there is no such directory.
fn files(directory: &Path) -> Result<Vec<PathBuf>, StudyError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.reading(directory)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.reading(directory)?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("points") && name.ends_with(".jsonl")) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}
