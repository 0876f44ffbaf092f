//! What can be wrong with a model.

use std::path::PathBuf;

use reward_collapse::experiment::MissingUtility;
use reward_collapse::files::FileError;
use thiserror::Error;

use super::DeviceError;

/// A model that cannot be read, built, run or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A `config.json` that describes no model that is known, or one whose numbers do not fit together.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A folder without weights.
    #[error(
        "{path} has neither model.safetensors nor pytorch_model.bin, nor the index of shards of either; put the model's \
         weights there"
    )]
    NoWeights {
        /// The folder.
        path: PathBuf,
    },
    /// Weights that are truncated or of another format.
    #[error("{path} holds no weights that can be read: {reason}")]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An index of shards that is malformed, or that the shards do not agree with.
    #[error("{path}: {reason}")]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A parameter that the file lacks.
    #[error("{path} lacks the parameter {name}; the configuration asks for it")]
    MissingParameter {
        /// The file.
        path: PathBuf,
        /// The parameter.
        name: String,
    },
    /// A parameter of another shape.
    #[error("{path}: {name} has the shape {found:?}; the configuration asks for {expected:?}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// The parameter.
        name: String,
        /// Its shape in the file.
        found: Vec<i64>,
        /// Its shape by the configuration.
        expected: Vec<i64>,
    },
    /// A model that could not be had from the hub.
    #[error(
        "cannot fetch {name} from the model hub: {reason}; without network, put its config.json, its model.safetensors or \
         pytorch_model.bin (or the index and the shards), and its spm.model or tokenizer.json into a folder and name that folder"
    )]
    Hub {
        /// The model.
        name: String,
        /// What went wrong.
        reason: String,
    },
    /// A length beyond what the model takes.
    #[error(
        "texts of {asked} tokens were asked for, and the model takes at most {longest}; set max_length (--max-length) to \
         {longest} or less"
    )]
    MaxLength {
        /// The length, in tokens.
        asked: usize,
        /// The model's limit.
        longest: usize,
    },
    /// A device that is not there.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A sequence that the model cannot take.
    #[error("{0}")]
    Sequence(String),
    /// A prompt of a type that the loss lacks.
    #[error(transparent)]
    MissingUtility(#[from] MissingUtility),
    /// An operation of libtorch that failed: out of memory, as a rule.
    #[error("libtorch: {0}")]
    Torch(String),
}

impl From<tch::TchError> for ModelError {
    fn from(error: tch::TchError) -> Self {
        // libtorch appends a stack trace.
        let text = error.to_string();
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        Self::Torch(line.to_owned())
    }
}
