//! Files: written whole or not at all, or line by line; and what went wrong with one.

mod error;
mod journal;
mod line;
mod whole;

pub use error::{FileAction, FileError, OnFile};
pub use journal::{Journal, JournalError};
pub use line::{line_at, past_line_ends};
pub use whole::{TEMPORARY, Writer, check_writable, stage, write};
