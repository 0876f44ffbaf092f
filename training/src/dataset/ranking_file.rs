//! A file of rankings that is read one at a time.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use reward_collapse::experiment::PromptType;
use reward_collapse::files::OnFile;

use super::read::Lines;
use super::{DatasetError, Ranking, Splits};

/// A file of JSON lines, each a [`Ranking`]. In memory are only where the lines are, and the type of their prompts.
#[derive(Debug)]
pub struct RankingFile {
    path: PathBuf,
    file: Mutex<File>,
    entries: Vec<Entry>,
    types: Vec<PromptType>,
    checksum: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u64,
    length: u32,
    /// The place of its type among those of the file.
    prompt_type: u32,
}

impl RankingFile {
    /// Reads the file once, to check each line and to find where it is. Blank lines are passed over.
    ///
    /// # Errors
    /// [`DatasetError::File`], [`DatasetError::Empty`], and [`DatasetError::Line`] for a line that is no sound ranking.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let file = File::open(path).reading(path)?;
        Self::of(file, path)
    }

    /// Reads a file that is open already; the path is for errors.
    pub(super) fn of(mut file: File, path: &Path) -> Result<Self, DatasetError> {
        file.rewind().reading(path)?;
        let mut lines = Lines::new(BufReader::new(&file), path);
        let mut entries = Vec::new();
        let mut types: Vec<PromptType> = Vec::new();
        let mut places: HashMap<PromptType, u32> = HashMap::new();
        let mut checksum = 0;
        while let Some(line) = lines.next()? {
            let wrong = |reason| DatasetError::Line { path: path.to_owned(), line: line.number, reason };
            let ranking = Ranking::parse(line.bytes).map_err(wrong)?;
            let length = u32::try_from(line.bytes.len()).map_err(|error| wrong(error.to_string()))?;
            let next = u32::try_from(types.len()).map_err(|error| wrong(error.to_string()))?;
            let prompt_type = *places.entry(ranking.prompt_type).or_insert_with_key(|new| {
                types.push(new.clone());
                next
            });
            entries.push(Entry { start: line.start, length, prompt_type });
            checksum = crc32c::crc32c_append(checksum, line.bytes);
            checksum = crc32c::crc32c_append(checksum, b"\n");
        }
        if entries.is_empty() {
            return Err(DatasetError::Empty { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), entries, types, checksum })
    }

    /// The number of rankings, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Reads ranking `index`, counted from 0.
    ///
    /// # Errors
    /// [`DatasetError::Index`] beyond the last; [`DatasetError::File`] and [`DatasetError::Format`] if the file has changed
    /// since it was opened.
    pub fn get(&self, index: usize) -> Result<Ranking, DatasetError> {
        let entry = self.entry(index)?;
        let mut line = vec![0; entry.length as usize];
        {
            // Whoever panicked left nothing behind: each seeks before it reads.
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(entry.start)).reading(&self.path)?;
            file.read_exact(&mut line).reading(&self.path)?;
        }
        Ranking::parse(&line).map_err(|reason| DatasetError::Format {
            path: self.path.clone(),
            reason: format!("it has changed since it was opened: ranking {index}: {reason}"),
        })
    }

    /// The type of the prompt of ranking `index`, counted from 0.
    ///
    /// # Errors
    /// [`DatasetError::Index`] beyond the last.
    pub fn prompt_type(&self, index: usize) -> Result<PromptType, DatasetError> {
        let place = self.entry(index)?.prompt_type;
        self.types.get(place as usize).cloned().ok_or_else(|| self.no_such(index))
    }

    /// The types of all prompts, in their order.
    pub fn types(&self) -> Vec<PromptType> {
        let mut types = self.types.clone();
        types.sort();
        types
    }

    /// Which rankings train and which test, `test` of them where there are enough.
    ///
    /// # Errors
    /// [`DatasetError::TooFew`] if there is one only.
    pub fn splits(&self, test: usize) -> Result<Splits, DatasetError> {
        Splits::of(self.len(), test).ok_or_else(|| DatasetError::TooFew { path: self.path.clone(), rows: self.len() })
    }

    /// CRC-32C of the lines as they were when the file was opened: the same for the same rankings, wherever they lie.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    fn entry(&self, index: usize) -> Result<Entry, DatasetError> {
        self.entries.get(index).copied().ok_or_else(|| self.no_such(index))
    }

    fn no_such(&self, index: usize) -> DatasetError {
        DatasetError::Index { path: self.path.clone(), index, rows: self.len() }
    }
}
