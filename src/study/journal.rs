//! A file to which lines are added, each of them whole or not at all.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::StudyError;

/// An append-only file of lines, held by one run at a time.
///
/// Each append is one write, synchronised to disk. What a full disk leaves of one is cut off again, at once if the system
/// lets it, and otherwise before the next.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Where the last whole line ends.
    end: u64,
    /// Whether something may stand behind `end`.
    torn: bool,
}

impl Journal {
    /// Opens `path` for appending, makes it and its directory if need be, and cuts off what an interrupted write left
    /// at its end unless it is `whole`.
    ///
    /// # Errors
    /// [`StudyError::Write`] for what can't be written, and [`StudyError::Busy`] if another run holds the file.
    pub fn open(path: PathBuf, whole: impl Fn(&[u8]) -> bool) -> Result<Self, StudyError> {
        let failed = |source| StudyError::Write { path: path.clone(), source };
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|source| StudyError::Write { path: directory.to_owned(), source })?;
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(StudyError::Busy { path }),
            // Some network file systems have no locks; a shard's file has one writer by its name.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // That there is such a file is to outlast a crash as well; not every system can be asked.
        let _ = path.parent().map(|directory| File::open(directory).and_then(|directory| directory.sync_all()));
        let bytes = read(&file).map_err(failed)?;
        let lines = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let mut journal = Self { end: lines as u64, torn: lines < bytes.len(), file, path: path.clone() };
        if journal.torn && whole(&bytes[lines..]) {
            // An editor may have dropped the end of the line.
            journal.end = bytes.len() as u64;
            journal.torn = false;
            journal.append("\n").map_err(failed)?;
        }
        Ok(journal)
    }

    /// Appends whole lines.
    ///
    /// # Errors
    /// What the system says, such as that the disk is full; nothing of `lines` is then in the file, or it will be cut off
    /// before the next append.
    pub fn append(&mut self, lines: &str) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_data()) {
            // Cut off at once, lest the run is killed before it appends again.
            let _ = self.file.set_len(self.end);
            self.torn = self.file.metadata().map_or(true, |now| now.len() != self.end);
            return Err(error);
        }
        self.end += lines.len() as u64;
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The content of a regular file. A device holds no lines, and reading one such as `/dev/full` never ends.
pub(super) fn read(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.metadata()?.is_file() {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
