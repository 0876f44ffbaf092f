//! Quotes of CSV that are never closed: everything after them would be one field, without a word.

use std::io::{Cursor, Read};

/// Follows the last line. Within a quote it becomes a part of the last field.
const END: &str = "\u{4}end of the file";

/// The text of `reader`, with a row after it by which [`end`] knows the end.
pub fn with_end<R: Read>(reader: R) -> impl Read {
    reader.chain(Cursor::new(format!("\n{END}\n")))
}

/// What a row of such a text is, by its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A row of the file.
    NotYet,
    /// What follows the file.
    Here,
    /// The last row of the file: a quote that it opens is never closed.
    InQuotes,
}

/// What is wrong with the row of [`End::InQuotes`].
pub const NEVER_CLOSED: &str = "a quote is opened in the row that begins here, and never closed";

/// Tells a row from the end of the file; `fields` are its number, and `last` is the last of them.
pub fn end(fields: usize, last: Option<&[u8]>) -> End {
    match last.map(<[u8]>::trim_ascii) {
        Some(last) if fields == 1 && last == END.as_bytes() => End::Here,
        Some(last) if last.ends_with(END.as_bytes()) => End::InQuotes,
        _ => End::NotYet,
    }
}
