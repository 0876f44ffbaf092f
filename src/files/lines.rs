//! Texts that are read piece by piece, and the numbers of their lines.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// What some editors put before UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest line that is taken for text, in bytes: what is longer, such as a device that never ends, would fill the memory.
const LONGEST: u64 = 64 << 20;

/// Line after line; blank ones are passed over.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
}

/// A line without its end.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The line's number, counted from 1.
    pub number: u64,
    /// Where the line begins, in bytes.
    pub start: u64,
    /// What it has.
    pub bytes: &'a [u8],
}

impl<R: BufRead> Lines<R> {
    /// Begins to read lines.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0, offset: 0, buffer: Vec::new() }
    }

    /// The next line that is not blank.
    ///
    /// # Errors
    /// Of the reader, and for an endless line.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.buffer.clear();
            let read = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut self.buffer)? as u64;
            if read == 0 {
                return Ok(None);
            }
            let start = self.offset;
            self.offset += read;
            self.number += 1;
            if read == LONGEST {
                let reason = format!("line {} is longer than {} MiB", self.number, LONGEST >> 20);
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
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
///
/// # Errors
/// Of the reader.
pub fn skip_mark(reader: &mut impl BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(())
}

/// Reads bytes and keeps where lines begin, for a reader of tables that tells where its records are in bytes.
#[derive(Debug)]
pub struct Numbered<R> {
    reader: R,
    starts: Rc<RefCell<Starts>>,
}

/// Where the lines begin that a [`Numbered`] has read.
#[derive(Debug, Clone)]
pub struct LineNumbers(Rc<RefCell<Starts>>);

#[derive(Debug)]
struct Starts {
    /// The first byte of each line that is not blank, and its number.
    known: VecDeque<(u64, u64)>,
    offset: u64,
    line: u64,
    /// Whether the line at `offset` has had no byte yet.
    is_blank: bool,
    after_return: bool,
}

impl<R> Numbered<R> {
    /// Begins to read.
    pub fn new(reader: R) -> Self {
        let starts = Starts { known: VecDeque::new(), offset: 0, line: 1, is_blank: true, after_return: false };
        Self { reader, starts: Rc::new(RefCell::new(starts)) }
    }

    /// What tells the numbers of the lines, while the reader is read elsewhere.
    pub fn numbers(&self) -> LineNumbers {
        LineNumbers(self.starts.clone())
    }
}

impl<R: Read> Read for Numbered<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(bytes)?;
        self.starts.borrow_mut().see(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl Starts {
    /// A line ends with `\n`, with `\r\n` or with `\r`.
    fn see(&mut self, bytes: &[u8]) {
        for (offset, byte) in (self.offset..).zip(bytes) {
            match byte {
                b'\n' | b'\r' => {
                    self.line += u64::from(!(*byte == b'\n' && self.after_return));
                    self.is_blank = true;
                }
                _ if self.is_blank => {
                    self.known.push_back((offset, self.line));
                    self.is_blank = false;
                }
                _ => {}
            }
            self.after_return = *byte == b'\r';
        }
        self.offset += bytes.len() as u64;
    }
}

impl LineNumbers {
    /// The number, counted from 1, of the line of a record that is taken up at `offset`, which may lie within the end of
    /// the line above. Offsets may not fall from call to call: what lies before is forgotten.
    pub fn line_of(&self, offset: u64) -> u64 {
        let mut starts = self.0.borrow_mut();
        while starts.known.front().is_some_and(|&(start, _)| start < offset) {
            starts.known.pop_front();
        }
        starts.known.front().map_or(starts.line, |&(_, line)| line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_whole_text() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["one", "two", "", "  ", "five"].join(end);
            // In pieces of every size.
            for size in 1..text.len() {
                let mut reader = Numbered::new(text.as_bytes());
                let numbers = reader.numbers();
                let mut buffer = vec![0; size];
                while reader.read(&mut buffer).unwrap() > 0 {}
                let place = |word: &str| text.find(word).unwrap() as u64;
                assert_eq!(numbers.line_of(0), 1);
                assert_eq!(numbers.line_of(place("two")), 2);
                assert_eq!(numbers.line_of(place("five") - 1), 5, "{text:?} by {size}");
                assert_eq!(numbers.line_of(place("five")), 5);
            }
        }
    }

    #[test]
    fn blank_lines_count_and_are_passed_over() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfone\r\n\n two\n"[..]);
        let line = lines.next_line().unwrap().unwrap();
        assert_eq!((line.number, line.start, line.bytes), (1, 3, &b"one"[..]));
        let line = lines.next_line().unwrap().unwrap();
        assert_eq!((line.number, line.start, line.bytes), (3, 9, &b" two"[..]));
        assert!(lines.next_line().unwrap().is_none());
    }
}
