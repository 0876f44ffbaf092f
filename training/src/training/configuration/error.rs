//! What can be wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

use reward_collapse::files::FileError;
use thiserror::Error;

/// Why there is no configuration.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its content is not a configuration.
    #[error("{place}: {problem}")]
    Wrong {
        /// Where.
        place: Place,
        /// What.
        problem: Problem,
    },
}

/// A file, and a line where one is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

/// What is wrong with a configuration's content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is nothing in it.
    #[error("it is empty; a configuration needs at least `model_name` and `loss`")]
    Empty,
    /// It is YAML of another form.
    #[error("it is {found}, not a mapping of keys to values")]
    NotAMapping {
        /// What it is instead.
        found: String,
    },
    /// It is not YAML.
    #[error("it is not YAML: {reason}")]
    NotYaml {
        /// What the reader of YAML said.
        reason: String,
    },
    /// A key that no one knows.
    #[error("unknown key `{key}`: {hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest known one, or all of them.
        hint: String,
    },
    /// A key that is there twice.
    #[error("the key `{key}` is there twice")]
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// A required key that is not there.
    #[error("the key `{key}` is missing: it is {allowed}")]
    Missing {
        /// The key.
        key: String,
        /// What its value can be.
        allowed: String,
    },
    /// A loss that cannot be read, or not trained.
    #[error("`{key}`: {reason}")]
    Loss {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value that is not allowed.
    #[error("`{key}` is {value}; it must be {allowed}")]
    Value {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What is allowed.
        allowed: String,
    },
}
