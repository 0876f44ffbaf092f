//! Lines of text with their numbers.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use reward_collapse::files::OnFile;

use super::super::DatasetError;

/// What some editors put before UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest line that is taken for text, in bytes: what is longer, such as a device that never ends, would fill the memory.
const LONGEST: u64 = 64 << 20;

/// Line after line; blank ones are passed over.
pub(in super::super) struct Lines<R> {
    reader: R,
    path: PathBuf,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
}

/// A line without its end.
pub(in super::super) struct Line<'a> {
    /// The line's number, counted from 1.
    pub number: u64,
    /// Where the line begins, in bytes.
    pub start: u64,
    /// What it has.
    pub bytes: &'a [u8],
}

impl<R: BufRead> Lines<R> {
    /// Begins to read lines; the path is for errors.
    pub fn new(reader: R, path: &Path) -> Self {
        Self { reader, path: path.to_owned(), number: 0, offset: 0, buffer: Vec::new() }
    }

    /// The next line that is not blank.
    ///
    /// # Errors
    /// [`DatasetError::File`], and [`DatasetError::Line`] for an endless one.
    pub fn next(&mut self) -> Result<Option<Line<'_>>, DatasetError> {
        loop {
            self.buffer.clear();
            let read = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut self.buffer);
            let read = read.reading(&self.path)? as u64;
            if read == 0 {
                return Ok(None);
            }
            let start = self.offset;
            self.offset += read;
            self.number += 1;
            if read == LONGEST {
                return Err(DatasetError::Line {
                    path: self.path.clone(),
                    line: self.number,
                    reason: format!("the line is longer than {} MiB", LONGEST >> 20),
                });
            }
            let mark = if start == 0 && self.buffer.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
            if !self.buffer[mark..].trim_ascii().is_empty() {
                let bytes = self.buffer[mark..].trim_ascii_end();
                return Ok(Some(Line { number: self.number, start: start + mark as u64, bytes }));
            }
        }
    }
}

/// Passes over a mark at the beginning.
pub(super) fn skip_mark(reader: &mut impl BufRead) -> std::io::Result<()> {
    if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(())
}
