//! `reward-collapse dataset`.

use std::path::{Path, PathBuf};

use crate::dataset::{self, BuildOptions, Counts, DatasetError, MIN_WORDS, RowSource, Splits};
use clap::{Args, Subcommand};
use reward_collapse::experiment::PromptType;
use reward_collapse::files;
use serde::Serialize;

use reward_collapse::cli::CliError;
use reward_collapse::cli::output::{self, Format};
use reward_collapse::cli::progress::ProgressDisplay;

/// Rows of the embedded corpus that fill the experiment's training and test parts.
const EMBEDDED: &str = "8208";
const _: () = assert!(Splits::TRAIN + Splits::TEST == 8208);

/// Rows between two updates of the progress bar.
const EVERY: u64 = 64;

/// Data sets of rankings, to train a reward model on.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(BuildArguments),
}

/// Build rankings: of preferences, or out of instructions with long answers, as the experiment did.
///
/// Preferences are rows with `chosen` and `rejected` (with or without `prompt`), or with a list of answers and their scores or ranks. They become rankings with the worst answer first; equal scores, equal ranks and equal texts tie.
///
/// Of long answers, a coin flip for each row makes its prompt open-ended or closed-ended, and eight beginnings of its answer, 10 to 80 words
/// long, are ranked by their length. The output has one JSON object a line, with `question`, `answers` (shortest first) and
/// `uniform` (true: open-ended).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse dataset build --input longform.parquet --out rankings.jsonl\n  \
    reward-collapse dataset build --input \"hh/*.jsonl.gz\" --type helpful --out rankings.jsonl\n  \
    reward-collapse dataset build --embedded 2000 --out rankings.jsonl")]
struct BuildArguments {
    /// Parquet, JSON or JSON lines, also as .gz or .zst, or the released ranking_dataset_longform.pt; several, or a pattern such as "data/*.jsonl".
    #[arg(long, short, value_name = "FILE", num_args = 1.., required_unless_present = "embedded")]
    input: Vec<PathBuf>,

    /// Make up so many rows of text in place of reading a file; 8208 unless a number is given.
    #[arg(long, value_name = "ROWS", conflicts_with = "input", num_args = 0..=1, default_missing_value = EMBEDDED)]
    embedded: Option<u64>,

    /// The data set to write; it appears whole or not at all.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// The seed of the coin, and of the embedded text.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// The type of the prompts of preferences whose rows have no `type`.
    #[arg(long = "type", value_name = "NAME", default_value_t = PromptType::untyped())]
    prompt_type: PromptType,

    /// Make the difference of two scores, times S, the margin of their pair: U(x) becomes U(x - margin) there.
    #[arg(long, value_name = "S", num_args = 0..=1, default_missing_value = "1", allow_hyphen_values = true)]
    margins: Option<f64>,

    /// The form in which the counts are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Serialize)]
struct Report<'a> {
    out: &'a Path,
    seed: u64,
    #[serde(flatten)]
    counts: Counts,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    match &arguments.command {
        Command::Build(arguments) => build(arguments, quiet),
    }
}

fn build(arguments: &BuildArguments, quiet: bool) -> Result<(), CliError> {
    let BuildArguments { out, seed, .. } = arguments;
    let inputs = dataset::expand(&arguments.input)?;
    let source = match (inputs.as_slice(), arguments.embedded) {
        ([], Some(rows)) => RowSource::Embedded(rows),
        ([], None) => return Err(CliError::Input("either --input or --embedded is needed".into())),
        ([path], _) => RowSource::File(path.clone()),
        (several, _) => RowSource::Files(several.to_vec()),
    };
    if let Some(scale) = arguments.margins.filter(|scale| !scale.is_finite()) {
        return Err(CliError::Input(format!("--margins {scale}: it must be a finite number")));
    }
    for path in &inputs {
        if let (Ok(input), Ok(out)) = (path.canonicalize(), out.canonicalize())
            && input == out
            && input.is_file()
        {
            return Err(CliError::Input(format!("--out is the input, {}, which would be lost", path.display())));
        }
    }
    let options =
        BuildOptions { seed: *seed, prompt_type: arguments.prompt_type.clone(), margin_scale: arguments.margins };
    let mut file = files::Writer::create(out)?;
    let progress = ProgressDisplay::new(quiet, Some(100));
    let counts = dataset::build(&source, &options, &mut file, out, &mut |counts, share| {
        if counts.rows % EVERY == 0 {
            progress.of((100.0 * share) as u64, 100);
            progress.message(format!("{} rows read, {} rankings", counts.rows, counts.rankings));
        }
    })?;
    file.finish()?;
    drop(progress);
    let &Counts { rows, rankings, too_short, no_question, open_ended, closed_ended, ref other_types, .. } = &counts;
    let text = match arguments.format {
        Format::Table => {
            let mut facts = vec![
                ("rows read", rows.to_string()),
                ("rankings written", rankings.to_string()),
                ("open-ended", open_ended.to_string()),
                ("closed-ended", closed_ended.to_string()),
            ];
            facts.extend(other_types.iter().map(|(prompt_type, count)| (prompt_type.name(), count.to_string())));
            let made = [
                ("chosen, rejected", counts.pairs),
                ("with scores", counts.scored),
                ("with ranks", counts.ranked),
                ("with ties", counts.with_ties),
                ("with margins", counts.with_margins),
            ];
            facts.extend(made.iter().filter(|(_, count)| *count > 0).map(|(name, count)| (*name, count.to_string())));
            if counts.single > 0 {
                facts.push(("left out", format!("{}: fewer than two of the answers have a text", counts.single)));
            }
            if counts.all_tied > 0 {
                facts.push(("left out", format!("{}: all answers tie", counts.all_tied)));
            }
            facts.push(("too short", format!("{too_short}: the answer has fewer than {MIN_WORDS} words")));
            facts.push(("no question", format!("{no_question}: the instruction is blank")));
            output::facts(&facts)
        }
        Format::Json => output::json(&Report { out, seed: *seed, counts })?,
        Format::Csv => output::csv(
            &["rows", "rankings", "open_ended", "closed_ended", "too_short", "no_question", "seed"],
            [(rows, rankings, open_ended, closed_ended, too_short, no_question, seed)],
        )?,
    };
    output::print(&text)
}

impl From<DatasetError> for CliError {
    fn from(error: DatasetError) -> Self {
        CliError::input(&error)
    }
}
