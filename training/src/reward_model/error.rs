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
    /// There is not enough memory, of the GPU or of the machine.
    #[error("there is not enough memory: libtorch {0}")]
    Memory(String),
    /// An operation of libtorch that failed.
    #[error("libtorch: {0}")]
    Torch(String),
}

impl From<tch::TchError> for ModelError {
    fn from(error: tch::TchError) -> Self {
        // libtorch appends a stack trace.
        let text = error.to_string();
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let line = line.strip_prefix("Internal torch error: ").unwrap_or(line);
        match tried_to_allocate(line) {
            Some(tried) => Self::Memory(tried),
            None => Self::Torch(line.to_owned()),
        }
    }
}

/// What a message of libtorch about memory says of it: `tried to allocate` so much, and for a GPU how much it has.
fn tried_to_allocate(message: &str) -> Option<String> {
    let lower = message.to_lowercase();
    if !["out of memory", "can't allocate memory", "not enough memory"].iter().any(|words| lower.contains(words)) {
        return None;
    }
    let Some(start) = lower.find("tried to allocate") else { return Some(format!("says: {message}")) };
    // Advice follows that is for Python.
    let tried = &message[start + 1..];
    let end = ["is free", "bytes"].iter().find_map(|last| Some(tried.find(last)? + last.len()));
    Some(format!("t{}", &tried[..end.unwrap_or(tried.len())]))
}

#[cfg(test)]
mod tests {
    use tch::TchError;

    use super::*;

    fn told(message: &str) -> String {
        ModelError::from(TchError::Torch(message.to_owned())).to_string()
    }

    #[test]
    fn want_of_memory_is_told_from_other_errors() {
        // Of libtorch 2.11.
        let cpu = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 2163200 \
                   bytes. Error code 12 (Cannot allocate memory)";
        assert_eq!(told(cpu), "there is not enough memory: libtorch tried to allocate 2163200 bytes");
        let gpu = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.10 GiB of which 13.06 MiB is free. \
                   Process 1 has 79.08 GiB memory in use. Of the allocated memory 78.40 GiB is allocated by PyTorch";
        let wanted = "there is not enough memory: libtorch tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.10 GiB of which \
                      13.06 MiB is free";
        assert_eq!(told(gpu), wanted);
        let code = "CUDA error: out of memory";
        assert_eq!(told(code), "there is not enough memory: libtorch says: CUDA error: out of memory");
        assert_eq!(
            told("mat1 and mat2 shapes cannot be multiplied"),
            "libtorch: mat1 and mat2 shapes cannot be multiplied"
        );
    }
}
