//! The configuration of a training run: a YAML file with the keys of the experiment's released code, and a few more.
//!
//! A value is read as the released code read it: `1e-5`, `"8"` and `True` are a number, an integer and a truth value,
//! quoted or not. A key without a value has its default.

mod differences;
mod error;
mod reader;
mod reading;
mod sources;
mod table;
mod value;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use reward_collapse::files::FileError;
use serde::{Deserialize, Serialize};

pub use super::loss::{LossSpec, RankingLoss, Utilities};
pub use super::schedule::Scheduler;
pub use crate::reward_model::{AttnImplementation, DeviceName, Precision};
pub use error::{ConfigurationError, Place, Problem};
pub use sources::{DataSource, ModelSource};

use crate::dataset::Splits;
use reader::Reader;
use table::{Table, table, unknown};
use value::Given;

/// Steps, and sizes that no machine has room for, end here.
const MOST: i128 = 1_000_000_000;

/// What can be written for a loss.
const LOSS: &str = "`x`, `log`, `x_inv`, `logsigmoid`, `adaptive` or a utility's expression such as `log(x+0.1)`, or a mapping with \
                    `utility` or `design`, or with one for each type of prompt, as `open_ended` and `closed_ended`";

table! {
/// Everything that defines a training run, with defaults filled in: the released code's, and this program's for its own keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// The model that is trained.
    model_name: ModelSource = ModelSource::Embedded, Given::model;
    /// Where the tokeniser comes from; by default from the model.
    tokenizer_name: ModelSource = ModelSource::Embedded, Given::model;
    /// What is trained on; by default the embedded corpus for the embedded model, and `alpaca` for any other.
    datasets: Vec<DataSource> = Vec::new(), Given::datasets;
    /// The loss.
    loss: RankingLoss = RankingLoss::default(), Given::loss;
    /// Where the run writes.
    output_dir: PathBuf = PathBuf::from("output"), |given| given.text("a directory").map(PathBuf::from);
    /// The peak learning rate, from 0 to 1.
    learning_rate: f64 = 3e-5, |given| given.number(0.0..=1.0);
    /// How the learning rate falls after the warm-up.
    scheduler: Scheduler = Scheduler::Linear, Given::word;
    /// The part of all steps, from 0 to 1, in which the learning rate rises from 0 to its peak.
    warmup_ratio: f64 = 0.1, |given| given.number(0.0..=1.0);
    /// The weight decay of AdamW, from 0 to 1.
    weight_decay: f64 = 0.01, |given| given.number(0.0..=1.0);
    /// The gradient's norm is clipped at this; 0 is no clipping.
    max_grad_norm: f64 = 2.0, |given| given.number(0.0..=1e9);
    /// The number of optimiser steps, at least 1.
    max_steps: u64 = 5000, |given| given.integer(1..=MOST);
    /// Batches whose gradients make up one optimiser step, at least 1.
    gradient_accumulation_steps: usize = 8, |given| given.integer(1..=MOST);
    /// Prompts in a batch, at least 1.
    per_device_train_batch_size: usize = 8, |given| given.integer(1..=MOST);
    /// Prompts in a batch of an evaluation, at least 1.
    per_device_eval_batch_size: usize = 5, |given| given.integer(1..=MOST);
    /// The number of steps from one evaluation to the next, at least 1.
    eval_steps: u64 = 500, |given| given.integer(1..=MOST);
    /// The number of steps from one checkpoint to the next, at least 1.
    save_steps: u64 = 500, |given| given.integer(1..=MOST);
    /// The number of steps from one line of metrics to the next, at least 1.
    logging_steps: u64 = 10, |given| given.integer(1..=MOST);
    /// Whether the model is evaluated before the first step, too.
    eval_at_start: bool = true, Given::flag;
    /// The number of training prompts whose rewards are kept at each evaluation; of the test prompts, all are.
    eval_prompts: usize = 64, |given| given.integer(0..=MOST);
    /// The number of prompts at the end of the data that are held out, at least 1; 16 in the experiment.
    #[serde(default = "test_prompts")]
    test_prompts: usize = test_prompts(), |given| given.integer(1..=MOST);
    /// Longer texts are truncated to this number of tokens, at least 4.
    max_length: usize = 440, |given| given.integer(4..=1_000_000);
    /// At most this many pairs of a prompt count in the loss, at least 1; the released code's limit is 45.
    max_pairs: usize = 45, |given| given.integer(1..=MOST);
    /// Whether pairs are weighted by the scores of the data, as in the released code.
    use_scores: bool = false, Given::flag;
    /// The embeddings and this many of the first layers are not trained.
    freeze_layer: Option<usize> = None, |given| given.integer(0..=1000).map(Some);
    /// Whether to compute in half precision where the device has it; `precision` goes before it.
    fp16: bool = true, Given::flag;
    /// In which numbers to compute.
    precision: Precision = Precision::Auto, Given::word;
    /// Where to compute.
    device: DeviceName = DeviceName::Auto, Given::device;
    /// The number of threads on the CPU, at least 1.
    threads: Option<usize> = None, |given| given.integer(1..=4096).map(Some);
    /// The most tokens in one pass through the model, at least 1; it bounds memory and doesn't change the result.
    tokens_per_pass: Option<usize> = None, |given| given.integer(1..=MOST).map(Some);
    /// Whether a prompt with more tokens than a pass may have is divided, and its activations computed twice.
    #[serde(default)]
    gradient_checkpointing: bool = false, Given::flag;
    /// Which operations attention is made of.
    #[serde(default)]
    attn_implementation: AttnImplementation = AttnImplementation::Auto, Given::word;
    /// What the run is called in figures and tables; by default the configuration file's name without its extension.
    name: String = String::new(), Given::name;
    /// Seeds the weights made from scratch, dropout and the choice of pairs.
    seed: u64 = 0, |given| given.integer(0..=u64::MAX.into());
    /// Seeds the order of the prompts and the embedded corpus, in place of `seed`.
    data_seed: Option<u64> = None, |given| given.integer(0..=u64::MAX.into()).map(Some);
    /// What is not as usual in the embedded default model and its corpus.
    embedded: EmbeddedOverrides = EmbeddedOverrides::default(), |given| Err(given.wrong("a mapping of sizes, such as {hidden_size: 128}"));
    ;
    #[serde(skip)]
    warnings: Vec<String> = Vec::new();
}
}

table! {
/// Sizes of the embedded default model and its corpus that take the place of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddedOverrides {
    /// The width of the model, at least 1.
    hidden_size: Option<usize> = None, |given| given.integer(1..=65_536).map(Some);
    /// Its number of layers, at least 1.
    num_hidden_layers: Option<usize> = None, |given| given.integer(1..=1000).map(Some);
    /// Its number of attention heads, which divides the width.
    num_attention_heads: Option<usize> = None, |given| given.integer(1..=65_536).map(Some);
    /// The width of its feed-forward layers, at least 1.
    intermediate_size: Option<usize> = None, |given| given.integer(1..=1_000_000).map(Some);
    /// The size of the tokeniser that is trained on the corpus, at least 64.
    vocab_size: Option<usize> = None, |given| given.integer(64..=1_000_000).map(Some);
    /// Its probability of dropout, from 0 to less than 1.
    dropout: Option<f64> = None, |given| given.number(0.0..=0.99).map(Some);
    /// The number of prompts in the corpus, at least 32.
    rows: Option<usize> = None, |given| given.integer(32..=10_000_000).map(Some);
}
}

impl Default for EmbeddedOverrides {
    fn default() -> Self {
        Self::defaults()
    }
}

fn test_prompts() -> usize {
    Splits::TEST
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
        let stem = path.file_stem().map_or_else(|| "run".into(), |stem| stem.to_string_lossy().into_owned());
        let configuration = Self { name: stem, ..Self::defaults() };
        let mut reader = Reader::new(configuration);
        // Some editors begin a file with it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        reading::read(text, &mut reader).map_err(|(line, problem)| wrong(line, problem))?;
        reader.finish().map_err(|problem| wrong(None, problem))
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
