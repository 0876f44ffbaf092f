//! A file to which is only added, each piece of it whole or not at all.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{FileError, OnFile};

/// An append-only file, held by one run at a time.
///
/// Each append is one write. What a full disk leaves of one is cut off again: at once if the system lets it, and otherwise
/// before the next. What a killed run left of one is cut off before the first.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Where the last whole piece ends.
    end: u64,
    /// What stands behind `end`, as it was when the file was opened.
    tail: Vec<u8>,
    /// Whether something may stand behind `end`.
    torn: bool,
}

/// Why a journal cannot be added to.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another run holds the file.
    #[error("{} is being written by another run", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
}

/// How much of the end is read at a time, to find where the last line begins.
const BLOCK: u64 = 1 << 16;

impl Journal {
    /// Opens a file of lines, and makes it and its directory if need be. Nothing in it is changed before the first append.
    ///
    /// # Errors
    /// [`JournalError::File`] for what can't be written, and [`JournalError::Busy`] if another run holds the file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory).writing(directory)?;
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path).writing(&path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy { path }),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // That there is such a file is to outlast a crash as well; not every system can be asked.
        let _ = path.parent().map(|directory| File::open(directory).and_then(|directory| directory.sync_all()));
        let (end, tail) = last_line(&file).reading(&path)?;
        let torn = !tail.is_empty();
        Ok(Self { path, file, end, tail, torn })
    }

    /// Makes a file of pieces of any kind, where there is none.
    ///
    /// # Errors
    /// [`FileError`], also if there is such a file.
    pub fn create_new(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        let path = path.into();
        let file = OpenOptions::new().create_new(true).append(true).open(&path).writing(&path)?;
        Ok(Self { path, file, end: 0, tail: Vec::new(), torn: false })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing is in it, be it whole or torn.
    pub fn is_empty(&self) -> bool {
        self.end == 0 && !self.torn
    }

    /// What was behind the last end of a line when the file was opened.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Where the last whole piece ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// All whole pieces.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&self) -> Result<Vec<u8>, FileError> {
        self.content().reading(&self.path)
    }

    fn content(&self) -> io::Result<Vec<u8>> {
        let mut file = &self.file;
        let mut bytes = Vec::new();
        // Nothing whole is in a device, and reading one such as `/dev/full` never ends.
        if self.end > 0 {
            file.seek(SeekFrom::Start(0))?;
            file.take(self.end).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// Ends the last line, which an editor may have left without its end. Whether it is whole otherwise is for the caller
    /// to know; if this isn't called, it will be cut off.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn end_last_line(&mut self) -> Result<(), FileError> {
        if self.torn {
            self.end += std::mem::take(&mut self.tail).len() as u64;
            self.torn = false;
            self.append(b"\n")?;
        }
        Ok(())
    }

    /// Cuts off everything from `end` on, and what is torn. It is one change of the file's length, which is done or not, and
    /// on the disk when this returns.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn truncate(&mut self, end: u64) -> Result<(), FileError> {
        let end = end.min(self.end);
        if end == self.end && !self.torn {
            return Ok(());
        }
        self.file.set_len(end).and_then(|()| self.file.sync_all()).writing(&self.path)?;
        self.end = end;
        self.tail.clear();
        self.torn = false;
        Ok(())
    }

    /// Adds whole pieces. They outlast a crash of the program from then on.
    ///
    /// # Errors
    /// [`FileError`], such as for a full disk. Nothing of `pieces` is then in the file, or it will be cut off before the
    /// next append.
    pub fn append(&mut self, pieces: &[u8]) -> Result<(), FileError> {
        self.add(pieces, |_| Ok(())).writing(&self.path)
    }

    /// Adds whole pieces. They outlast a crash of the machine from then on.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_synced(&mut self, pieces: &[u8]) -> Result<(), FileError> {
        self.add(pieces, File::sync_data).writing(&self.path)
    }

    fn add(&mut self, pieces: &[u8], settle: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
            self.tail.clear();
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(pieces).and_then(|()| settle(&self.file)) {
            // Cut off at once, lest the run is killed before it appends again.
            let _ = self.file.set_len(self.end);
            self.torn = self.file.metadata().map_or(true, |now| now.len() != self.end);
            return Err(error);
        }
        self.end += pieces.len() as u64;
        Ok(())
    }
}

/// Where the last whole line ends, and what stands behind it. A device holds no lines.
fn last_line(mut file: &File) -> io::Result<(u64, Vec<u8>)> {
    let metadata = file.metadata()?;
    let mut start = if metadata.is_file() { metadata.len() } else { 0 };
    let mut tail = Vec::new();
    while start > 0 {
        let length = start.min(BLOCK);
        start -= length;
        let mut block = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(length).read_to_end(&mut block)?;
        let line = block.iter().rposition(|&byte| byte == b'\n').map(|last| last + 1);
        block.extend_from_slice(&tail);
        if let Some(line) = line {
            return Ok((start + line as u64, block.split_off(line)));
        }
        tail = block;
    }
    Ok((0, tail))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn what_is_added_is_there_at_once() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("made/if/missing");
        let mut journal = Journal::open(&path).unwrap();
        assert!(journal.is_empty());
        journal.append(b"one\n").unwrap();
        journal.append_synced(b"two\nthree\n").unwrap();
        assert_eq!(text(&path), "one\ntwo\nthree\n");
        assert_eq!((journal.end(), journal.read().unwrap()), (14, b"one\ntwo\nthree\n".to_vec()));
        journal.truncate(4).unwrap();
        journal.append(b"four\n").unwrap();
        assert_eq!(text(&path), "one\nfour\n");
    }

    #[test]
    fn a_torn_end_is_cut_off_before_the_next_append() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("journal");
        // Shorter and longer than the blocks in which the end is read.
        for torn in ["tw", "tw\0\0", &"t".repeat(BLOCK as usize), &"t".repeat(3 * BLOCK as usize + 7)] {
            for whole in ["", "one\n", &format!("{}\n", "1".repeat(BLOCK as usize - 1))] {
                fs::write(&path, format!("{whole}{torn}")).unwrap();
                let mut journal = Journal::open(&path).unwrap();
                assert_eq!((journal.end(), journal.tail()), (whole.len() as u64, torn.as_bytes()));
                assert!(!journal.is_empty());
                assert_eq!(journal.read().unwrap(), whole.as_bytes());
                assert_eq!(text(&path), format!("{whole}{torn}"), "only opened");
                journal.append(b"two\n").unwrap();
                assert_eq!(text(&path), format!("{whole}two\n"));
            }
        }
    }

    #[test]
    fn a_last_line_that_lacks_only_its_end_may_stay() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("journal");
        fs::write(&path, "one\ntwo").unwrap();
        let mut journal = Journal::open(&path).unwrap();
        journal.end_last_line().unwrap();
        journal.append(b"three\n").unwrap();
        assert_eq!(text(&path), "one\ntwo\nthree\n");
    }

    #[test]
    fn one_run_holds_it_at_a_time() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("journal");
        let first = Journal::open(&path).unwrap();
        assert!(matches!(Journal::open(&path), Err(JournalError::Busy { .. })));
        drop(first);
        assert!(Journal::open(&path).is_ok());
        assert!(Journal::create_new(&path).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_nothing_behind() {
        let mut journal = Journal::open("/dev/full").unwrap();
        let error = journal.append(b"one\n").unwrap_err();
        assert_eq!(error.to_string(), "cannot write /dev/full");
        assert!(error.source.to_string().contains("No space left"));
        assert!(journal.is_empty());
    }
}
