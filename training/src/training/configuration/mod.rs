//! The configuration of a training run: a YAML file with the keys of the experiment's released code, and a few more.
//!
//! A value is read as the released code read it: `1e-5`, `"8"` and `True` are a number, an integer and a truth value,
//! quoted or not. A key without a value has its default.

mod choices;
mod differences;
mod document;
mod draft;
mod error;
mod given;
mod keys;
mod sources;
mod value;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use reward_collapse::files::FileError;
use serde::{Deserialize, Serialize};

pub use choices::Scheduler;

pub use crate::reward_model::{DeviceName, Precision};
pub use error::{ConfigurationError, Place, Problem};
pub use sources::{DataSource, LossSpec, ModelSource};

use draft::Draft;

/// Everything that defines a training run, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// What the run is called in figures and tables; by default the configuration file's name without its extension.
    pub name: String,
    /// The model that is trained.
    pub model_name: ModelSource,
    /// Where the tokeniser comes from; by default from the model.
    pub tokenizer_name: ModelSource,
    /// What is trained on; by default the embedded corpus for the embedded model, and `alpaca` for any other.
    pub datasets: Vec<DataSource>,
    /// The loss, as text.
    pub loss: LossSpec,
    /// Where the run writes.
    pub output_dir: PathBuf,
    /// The peak learning rate, from 0 to 1.
    pub learning_rate: f64,
    /// How the learning rate falls after the warm-up.
    pub scheduler: Scheduler,
    /// The part of all steps, from 0 to 1, in which the learning rate rises from 0 to its peak.
    pub warmup_ratio: f64,
    /// The weight decay of AdamW, from 0 to 1.
    pub weight_decay: f64,
    /// The gradient's norm is clipped at this; 0 is no clipping.
    pub max_grad_norm: f64,
    /// The number of optimiser steps, at least 1.
    pub max_steps: u64,
    /// Batches whose gradients make up one optimiser step, at least 1.
    pub gradient_accumulation_steps: usize,
    /// Prompts in a batch, at least 1.
    pub per_device_train_batch_size: usize,
    /// Prompts in a batch of an evaluation, at least 1.
    pub per_device_eval_batch_size: usize,
    /// The number of steps from one evaluation to the next, at least 1.
    pub eval_steps: u64,
    /// The number of steps from one checkpoint to the next, at least 1.
    pub save_steps: u64,
    /// The number of steps from one line of metrics to the next, at least 1.
    pub logging_steps: u64,
    /// Whether the model is evaluated before the first step, too.
    pub eval_at_start: bool,
    /// The number of training prompts whose rewards are kept at each evaluation; of the test prompts, all are.
    pub eval_prompts: usize,
    /// Longer texts are truncated to this number of tokens, at least 4.
    pub max_length: usize,
    /// At most this many pairs of a prompt count in the loss, at least 1; the released code's limit is 45.
    pub max_pairs: usize,
    /// Whether pairs are weighted by the scores of the data, as in the released code.
    pub use_scores: bool,
    /// The embeddings and this many of the first layers are not trained.
    pub freeze_layer: Option<usize>,
    /// Whether to compute in half precision where the device has it; `precision` goes before it.
    pub fp16: bool,
    /// In which numbers to compute.
    pub precision: Precision,
    /// Where to compute.
    pub device: DeviceName,
    /// The number of threads on the CPU, at least 1.
    pub threads: Option<usize>,
    /// The most tokens in one pass through the model, at least 1; it bounds memory and doesn't change the result.
    pub tokens_per_pass: Option<usize>,
    /// Seeds the weights made from scratch, dropout and the choice of pairs.
    pub seed: u64,
    /// Seeds the order of the prompts and the embedded corpus, in place of `seed`.
    pub data_seed: Option<u64>,
    /// What is not as usual in the embedded default model and its corpus.
    pub embedded: EmbeddedOverrides,
    #[serde(skip)]
    warnings: Vec<String>,
}

/// Sizes of the embedded default model and its corpus that take the place of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbeddedOverrides {
    /// The width of the model, at least 1.
    pub hidden_size: Option<usize>,
    /// Its number of layers, at least 1.
    pub num_hidden_layers: Option<usize>,
    /// Its number of attention heads, which divides the width.
    pub num_attention_heads: Option<usize>,
    /// The width of its feed-forward layers, at least 1.
    pub intermediate_size: Option<usize>,
    /// The size of the tokeniser that is trained on the corpus, at least 64.
    pub vocab_size: Option<usize>,
    /// Its probability of dropout, from 0 to less than 1.
    pub dropout: Option<f64>,
    /// The number of prompts in the corpus, at least 32.
    pub rows: Option<usize>,
}

/// No configuration is as long, and `/dev/zero` never ends.
const LONGEST: u64 = 1 << 16;

impl Configuration {
    /// Reads a configuration's file.
    ///
    /// # Errors
    /// [`ConfigurationError::File`] for a file that can't be read, and as [`Configuration::parse`].
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let failed = |source: io::Error| FileError::reading(path, source);
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
        if read.map_err(failed)? as u64 > LONGEST {
            return Err(
                failed(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long for a configuration")).into()
            );
        }
        Self::parse(&text, path)
    }

    /// Reads a configuration from its text; `path` is for error messages and the default name.
    ///
    /// # Errors
    /// [`ConfigurationError::Wrong`] for what is not YAML, an unknown or repeated key, a value that is not allowed, and a
    /// required key that is missing: `model_name` and `loss`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigurationError> {
        let wrong = |line, problem| ConfigurationError::Wrong { place: Place { path: path.to_owned(), line }, problem };
        let mut draft = Draft::new(path);
        // Some editors begin a file with it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        document::read(text, &mut draft).map_err(|(line, problem)| wrong(line, problem))?;
        draft.finish().map_err(|problem| wrong(None, problem))
    }

    /// What the file asks for and doesn't get here, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The number of prompts in one optimiser step.
    pub fn prompts_per_step(&self) -> usize {
        self.per_device_train_batch_size.saturating_mul(self.gradient_accumulation_steps)
    }
}
