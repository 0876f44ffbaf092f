//! What can stop a run.

use std::path::PathBuf;

use thiserror::Error;

use super::configuration::ConfigurationError;
use super::metrics::MetricsError;
use super::ranks::RanksError;
use crate::dataset::DatasetError;
use crate::reward_model::ModelError;
use crate::reward_model::tokenizer::TokenizerError;
use reward_collapse::experiment::ExperimentError;
use reward_collapse::files::FileError;
use reward_collapse::utility::UtilityError;

/// Why a run cannot begin or go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The configuration is at fault.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The loss is no utility.
    #[error("loss")]
    Utility(#[from] UtilityError),
    /// The data are at fault.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The model is.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The tokeniser is.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// What the run writes for figures.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// What it writes for people who watch it.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Processes that train together do not get on.
    #[error(transparent)]
    Ranks(#[from] RanksError),
    /// A configuration that trains on the LongForm ranking data, which come with no program.
    #[error(
        "datasets: `alpaca` is the ranking data made of LongForm; give the file with --data (see `dataset build`), or train on \
         the embedded corpus: datasets: [embedded]"
    )]
    NoData,
    /// More than one data set.
    #[error("datasets: {0} are named; several have to be files, or name one")]
    Datasets(usize),
    /// `use_scores` without scores.
    #[error("use_scores is true, but ranking {index} (counted from 0) has no scores")]
    NoScores {
        /// The ranking.
        index: usize,
    },
    /// An output directory that holds something else.
    #[error("{path} belongs to another run: {differences}; choose another --output-dir")]
    OtherRun {
        /// The directory.
        path: PathBuf,
        /// What differs.
        differences: String,
    },
    /// An output directory with a run in it that is not to be resumed.
    #[error("{path} holds a run already: go on with it by --resume, or choose another --output-dir")]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// A checkpoint that cannot be gone on from.
    #[error("{path}: {reason}")]
    Checkpoint {
        /// The checkpoint, or a file of it.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Threads that cannot be had.
    #[error("cannot start threads: {0}")]
    Threads(String),
    /// Signals that cannot be watched for.
    #[error("cannot watch for signals: {0}")]
    Signals(String),
    /// A step that needs more memory than there is.
    #[error(
        "there is not enough memory for a step: libtorch {reason}; set tokens_per_pass to less than {tokens_per_pass}{}{}",
        if *.divides { "" } else { " and gradient_checkpointing to true" },
        saved.as_ref().map_or_else(String::new, |path| format!(
            "; the model as it was is in {}, and --resume goes on from there",
            path.display()
        ))
    )]
    Memory {
        /// What libtorch tried.
        reason: String,
        /// The most tokens of a pass.
        tokens_per_pass: usize,
        /// Whether prompts of more tokens are divided.
        divides: bool,
        /// Where the state before the step was saved, if it was.
        saved: Option<PathBuf>,
    },
    /// A loss or gradient that is no number.
    #[error(
        "{what} is not finite after {steps} steps; training stops, and the model as it was is in {checkpoint}. A smaller \
         learning_rate or float32 precision may help"
    )]
    NotFinite {
        /// The loss or the gradient.
        what: &'static str,
        /// Steps taken.
        steps: u64,
        /// Where the state was saved.
        checkpoint: PathBuf,
    },
}

impl From<tch::TchError> for TrainingError {
    fn from(error: tch::TchError) -> Self {
        Self::Model(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_memory_comes_with_what_to_do() {
        let told = |divides, saved: Option<&str>| {
            let reason = "tried to allocate 20.00 MiB".to_owned();
            TrainingError::Memory { reason, tokens_per_pass: 900, divides, saved: saved.map(PathBuf::from) }.to_string()
        };
        let all = "there is not enough memory for a step: libtorch tried to allocate 20.00 MiB; set tokens_per_pass to less than 900";
        assert_eq!(told(true, None), all);
        let more = " and gradient_checkpointing to true; the model as it was is in run/checkpoint-7, and --resume goes on from there";
        assert_eq!(told(false, Some("run/checkpoint-7")), format!("{all}{more}"));
    }
}
