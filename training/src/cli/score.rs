//! `reward-collapse score`.

use std::path::PathBuf;

use crate::dataset::Rankings;
use crate::reward_model::tokenizer::{Encoding, Tokenizer, TokenizerError};
use crate::reward_model::{Compute, DeviceName, ModelError, Precision, RewardModel, Sequence, max_length};
use crate::training::checkpoint;
use clap::Args;
use serde::Serialize;

use reward_collapse::cli::CliError;
use reward_collapse::cli::error::warn;
use reward_collapse::cli::output::{self, Format, OutputArguments};
use reward_collapse::cli::progress::ProgressDisplay;
use reward_collapse::experiment::{Head, PromptType};

/// Tokens computed at once.
const TOKENS_PER_PASS: usize = 8192;
/// The length to which texts are cut, unless another is asked for.
const USUAL_LENGTH: usize = 512;
/// Prompts read between two passes.
const PROMPTS: usize = 64;

/// Rewards that a trained model gives the responses of a data set.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  reward-collapse score --checkpoint runs/embedded/x_adaptive/checkpoint-750 --data rankings.jsonl"
)]
pub struct Arguments {
    /// A checkpoint, or another folder with a model of one output in transformers' layout.
    #[arg(long, value_name = "DIR")]
    checkpoint: PathBuf,

    /// Rankings (see `dataset build`), or rows to make them of.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// The most tokens of a question with its answer [default: 512, or what the model takes if that is less].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(4..1 << 20))]
    max_length: Option<u64>,

    /// What becomes of a logit [default: as in the run that wrote the checkpoint, else sigmoid].
    #[arg(long, value_enum)]
    head: Option<Head>,

    /// The seed of the coin, where the data are rows to make rankings of.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Where to compute; cuda:K is the GPU with the number K [default: a GPU if there is one].
    #[arg(long, value_name = "cpu|cuda|cuda:K")]
    device: Option<DeviceName>,

    #[command(flatten)]
    output: OutputArguments,
}

/// The reward of one response. As CSV it is the table that `compare` and `diagnose` read.
#[derive(Debug, Serialize)]
struct Row {
    /// Its number in the data, from 0.
    prompt: usize,
    #[serde(rename = "type")]
    prompt_type: PromptType,
    response: String,
    /// 1 for the best; equal for responses that tie.
    rank: f64,
    /// From 1 for the worst, as in the runs' `rewards.csv`.
    response_index: usize,
    logit: f32,
    reward: f64,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    arguments.output.check_beside([arguments.data.as_path()])?;
    let device = arguments.device.unwrap_or_default();
    let compute = Compute::new(device, Precision::Float32, false)?;
    let progress = ProgressDisplay::new(quiet, None);
    progress.message("loading the model");
    let tokenizer = Tokenizer::load(&arguments.checkpoint)?;
    let (model, fresh) = RewardModel::load(&arguments.checkpoint, 0, compute.device, None)?;
    if let Some(name) = fresh.first() {
        return Err(CliError::Input(format!(
            "{} has no {name}: it was not trained to give rewards",
            arguments.checkpoint.display()
        )));
    }
    let head = arguments.head.or_else(|| checkpoint::head(&arguments.checkpoint)).unwrap_or_default();
    let asked = arguments.max_length.map(|length| length as usize);
    let (max_length, cut) = max_length(asked, USUAL_LENGTH, model.config().sizes().longest)?;
    cut.iter().for_each(|text| progress.aside(|| warn(text, quiet)));
    progress.message("reading the data");
    let rankings = Rankings::open(&arguments.data, arguments.seed)?;
    let mut rows = Vec::new();
    for start in (0..rankings.len()).step_by(PROMPTS) {
        progress.of(start as u64, rankings.len() as u64);
        progress.message(format!("{start} of {} prompts", rankings.len()));
        let mut encodings: Vec<Encoding> = Vec::new();
        let mut places = Vec::new();
        for prompt in start..(start + PROMPTS).min(rankings.len()) {
            let ranking = rankings.get(prompt)?;
            let ranks = ranking.ranks();
            for ((answer, rank), index) in ranking.answers.into_iter().zip(ranks).zip(1..) {
                encodings.push(tokenizer.encode_pair(&ranking.question, &answer, max_length)?);
                places.push((prompt, ranking.prompt_type.clone(), answer, rank, index));
            }
        }
        let sequences = encodings.iter().map(|encoding| Sequence { ids: &encoding.ids, segments: &encoding.segments });
        let sequences: Vec<Sequence> = sequences.collect();
        let logits = model.logits(&sequences, compute.kind, TOKENS_PER_PASS)?;
        rows.extend(places.into_iter().zip(logits).map(|((prompt, prompt_type, response, rank, index), logit)| Row {
            prompt,
            prompt_type,
            response,
            rank,
            response_index: index,
            logit: logit as f32,
            reward: head.reward(logit),
        }));
    }
    drop(progress);
    let text = match arguments.output.format() {
        Format::Json => output::json(&rows)?,
        Format::Csv => {
            let row = |row: &Row| {
                (row.prompt, row.prompt_type.clone(), row.response.clone(), row.rank, row.logit, row.reward)
            };
            output::csv(&["prompt", "type", "response", "rank", "logit", "reward"], rows.iter().map(row))?
        }
        Format::Table => output::columns(
            &["prompt", "type", "rank", "logit", "reward"],
            rows.iter().map(|row| {
                vec![
                    row.prompt.to_string(),
                    row.prompt_type.to_string(),
                    row.rank.to_string(),
                    format!("{:.4}", row.logit),
                    format!("{:.6}", row.reward),
                ]
            }),
        ),
    };
    arguments.output.write(&text)
}

impl From<ModelError> for CliError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Torch(_) | ModelError::Memory(_) => CliError::failure(&error),
            _ => CliError::input(&error),
        }
    }
}

impl From<TokenizerError> for CliError {
    fn from(error: TokenizerError) -> Self {
        CliError::input(&error)
    }
}
