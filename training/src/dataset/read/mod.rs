//! Files of rows or rankings, record by record.

mod json;
mod lines;
mod parquet;
mod record;
mod torch;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;
use std::rc::Rc;

use reward_collapse::files::{self, FileError, OnFile};

use super::DatasetError;
pub(super) use lines::Lines;
pub use record::{Record, Row};
use reward_collapse::files::BYTE_ORDER_MARK;

/// What is done with each record; the number says how much of the file is read, from 0 to 1, or 0 where its size is unknown.
type Each<'a> = &'a mut dyn FnMut(Record, f64) -> Result<(), DatasetError>;

/// Gives each record of the file to `each`, with the share of the file that is read, from 0 to 1 (0 if its size is
/// unknown). Returns how many there were, which is at least one. What a file is tells its content, not its name:
///
/// - parquet with the columns `input` and `output`, or with those of a [`Preference`](super::Preference);
/// - JSON, an array of objects with those fields, or with those of a [`Ranking`](super::Ranking);
/// - JSON lines, one such object a line, where blank lines count but mean nothing;
/// - either of the last two compressed by gzip or Zstandard;
/// - what Python's `torch.save` wrote of a list of such dicts, as the experiment's `ranking_dataset_longform.pt`.
///
/// Only a record or so is in memory at a time, except that Python's files are read whole.
///
/// # Errors
/// The errors of `each`, and [`DatasetError`] with the line or row that is wrong.
pub fn read(path: &Path, each: &mut dyn FnMut(Record, f64) -> Result<(), DatasetError>) -> Result<u64, DatasetError> {
    let opened = Opened::new(path)?;
    let count = match opened.format {
        Format::Parquet => parquet::read(opened.rewound(path)?, path, each),
        Format::Zip => torch::read_zip(opened.rewound(path)?, path, each),
        Format::Pickle => torch::read_legacy(opened.stream(path)?, path, each),
        Format::Json => json::read(opened.stream(path)?, path, each),
        Format::JsonLines => json::read_lines(opened.stream(path)?, path, each),
    }?;
    if count == 0 { Err(DatasetError::Empty { path: path.to_owned() }) } else { Ok(count) }
}

/// Whether it is a regular file of JSON lines that begins with a ranking, which can be trained on as it is.
///
/// # Errors
/// [`DatasetError::File`], [`DatasetError::Empty`] and [`DatasetError::Format`].
pub(super) fn holds_rankings(path: &Path) -> Result<bool, DatasetError> {
    let opened = Opened::new(path)?;
    if opened.format != Format::JsonLines || !opened.regular || opened.is_packed {
        return Ok(false);
    }
    let mut lines = Lines::new(BufReader::new(opened.stream(path)?.reader), path);
    let fields = lines.next()?.and_then(|line| serde_json::from_slice(line.bytes).ok());
    Ok(fields.is_some_and(|fields| record::is_ranking(&fields)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Parquet,
    Zip,
    Pickle,
    Json,
    JsonLines,
}

/// A file whose first bytes have told what it is.
struct Opened {
    file: File,
    head: Vec<u8>,
    size: u64,
    regular: bool,
    is_packed: bool,
    format: Format,
}

/// A file from its beginning, and how far it is read.
struct Stream {
    reader: Box<dyn Read>,
    progress: ReadSoFar,
}

impl Opened {
    fn new(path: &Path) -> Result<Self, DatasetError> {
        let mut file = File::open(path).reading(path)?;
        let metadata = file.metadata().reading(path)?;
        if metadata.is_dir() {
            let reason = io::Error::new(io::ErrorKind::IsADirectory, "it is a directory");
            return Err(FileError::reading(path, reason).into());
        }
        let mut head = Vec::new();
        // A pipe may give less at a time.
        file.by_ref().take(4096).read_to_end(&mut head).reading(path)?;
        let is_packed = files::is_packed(&head);
        // What is packed tells its format inside, of which the first bytes hold enough.
        let inside = if is_packed { beginning(&head).reading(path)? } else { head.clone() };
        let format = Format::of(&inside).ok_or_else(|| match unmarked(&inside) {
            b"" => DatasetError::Empty { path: path.to_owned() },
            _ => DatasetError::Format { path: path.to_owned(), reason: what(&inside).into() },
        })?;
        if is_packed && !matches!(format, Format::Json | Format::JsonLines) {
            let reason = "it is compressed, and neither JSON nor JSON lines inside; unpack it first".into();
            return Err(DatasetError::Format { path: path.to_owned(), reason });
        }
        Ok(Self { file, head, size: metadata.len(), regular: metadata.is_file(), is_packed, format })
    }

    /// Goes back to the beginning, for formats whose table of contents stands at the end.
    fn rewound(mut self, path: &Path) -> Result<File, DatasetError> {
        match self.file.rewind() {
            Ok(()) => Ok(self.file),
            Err(_) => Err(DatasetError::Format {
                path: path.to_owned(),
                reason: "such a file cannot be read from a pipe; give it as a file".into(),
            }),
        }
    }

    fn stream(self, path: &Path) -> Result<Stream, DatasetError> {
        let count = Rc::new(Cell::new(0));
        let progress = ReadSoFar { count: Rc::clone(&count), size: if self.regular { self.size } else { 0 } };
        let reader = Counted { inner: Cursor::new(self.head).chain(self.file), count };
        Ok(Stream { reader: files::unpack(reader).reading(path)?, progress })
    }
}

impl Format {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'A', b'R', b'1', ..] => return Some(Self::Parquet),
            [b'P', b'K', 3, 4, ..] => return Some(Self::Zip),
            [0x80, 2..=5, ..] => return Some(Self::Pickle),
            _ => {}
        }
        match unmarked(head).first() {
            Some(b'[') => Some(Self::Json),
            Some(b'{') => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// The first bytes that packed ones hold, as far as they go.
fn beginning(head: &[u8]) -> io::Result<Vec<u8>> {
    let mut inside = Vec::new();
    let result = files::unpack(Cursor::new(head.to_vec()))?.take(4096).read_to_end(&mut inside);
    match result {
        // The rest comes later.
        Err(_) if !inside.is_empty() => Ok(inside),
        Err(error) => Err(error),
        Ok(_) => Ok(inside),
    }
}

/// Text without the mark and the blanks at its beginning.
fn unmarked(head: &[u8]) -> &[u8] {
    head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start()
}

/// What a file that is none of the formats may be.
fn what(head: &[u8]) -> &'static str {
    match head {
        [b'P', b'A', b'R', b'E', ..] => "it is encrypted parquet",
        _ => {
            "it is none of parquet, JSON (an array of objects), JSON lines (an object a line) and a file of torch.save"
        }
    }
}

/// Counts the bytes that are read.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// How far a file is read.
struct ReadSoFar {
    count: Rc<Cell<u64>>,
    size: u64,
}

impl ReadSoFar {
    /// The share that is read, from 0 to 1.
    fn share(&self) -> f64 {
        if self.size == 0 { 0.0 } else { (self.count.get() as f64 / self.size as f64).min(1.0) }
    }
}

pub(super) use reward_collapse::files::without_position;
