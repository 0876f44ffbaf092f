//! Files: written whole or not at all, or line by line; and what went wrong with one.

mod error;
mod journal;
mod line;
mod lines;
#[cfg(feature = "tables")]
mod parquet;
mod quotes;
mod unpack;
mod whole;

pub use error::{FileAction, FileError, OnFile};
pub use journal::{Journal, JournalError};
pub use line::{line_at, past_line_ends};
pub use lines::{BYTE_ORDER_MARK, Line, LineNumbers, Lines, Numbered, skip_mark};
#[cfg(feature = "tables")]
pub use parquet::{Fault as ParquetFault, parquet_rows};
pub use quotes::{End, NEVER_CLOSED, end, with_end};
pub use unpack::{is_packed, unpack};
pub use whole::{TEMPORARY, Writer, check_writable, stage, write};

/// What is wrong with a piece of JSON, where its place is told otherwise.
pub fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}
