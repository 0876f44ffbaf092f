//! `reward-collapse diagnose`.

mod report;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::CliError;
use super::error::warn;
use super::output::{self, Format, OutputArguments};
use super::progress::ProgressDisplay;
use super::table::ColumnArguments;
use crate::diagnosis::{Diagnosis, DiagnosisError, Options, Scale, Shift, diagnose};
use crate::experiment::RewardTable;
#[cfg(feature = "figures")]
use crate::figure::diagnosis_report;
#[cfg(feature = "figures")]
use crate::files;

/// Whether a reward model has collapsed: what the rewards of many prompts say.
///
/// Are prompts, and types of prompts, given the same rewards beyond chance? Which loss has optimal rewards like these, and how far on the way to them is the model? Several files, such as checkpoints, are laid side by side. Raw logits are compared up to a shift of each prompt.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse diagnose rewards.csv\n  \
    reward-collapse diagnose rewards.csv --html report.html\n  \
    reward-collapse diagnose step-1000.csv step-2000.csv --sigmoid --reward-column logit\n  \
    reward-collapse diagnose scores.parquet --type-column category --utility \"logsigmoid(4x)\" --format json")]
pub struct Arguments {
    /// The rewards: CSV, JSON lines, JSON or parquet, also as .gz or .zst; a row for each response.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    columns: ColumnArguments,

    /// The rewards are logits z: look at 1 / (1 + exp(-z)).
    #[arg(long, conflicts_with = "raw")]
    sigmoid: bool,

    /// The rewards are raw logits, even if all lie in [0, 1].
    #[arg(long)]
    raw: bool,

    /// Whether each prompt's rewards are shifted to mean 0 before they are compared [default: remove for raw logits, else keep].
    #[arg(long, value_enum, value_name = "keep|remove")]
    shift: Option<ShiftArgument>,

    /// The utility that the model was trained on, where it is known.
    #[arg(long, short, value_name = "U", allow_hyphen_values = true)]
    utility: Option<String>,

    /// The largest difference that does not count, as a share of the width of the scale.
    #[arg(long, value_name = "T", default_value_t = 0.02, allow_hyphen_values = true)]
    tolerance: f64,

    /// How near to 0 or 1 a reward counts as saturated.
    #[arg(long, value_name = "D", default_value_t = 0.01, allow_hyphen_values = true)]
    near_end: f64,

    /// Permutations of each test.
    #[arg(long, value_name = "B", default_value_t = 999, allow_hyphen_values = true)]
    permutations: usize,

    /// Resamples of each bootstrap interval.
    #[arg(long, value_name = "B", default_value_t = 999, allow_hyphen_values = true)]
    resamples: usize,

    /// The seed of every random draw.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,

    /// Also write a report with figures: one file that a browser opens without a network.
    #[cfg(feature = "figures")]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,

    #[command(flatten)]
    output: OutputArguments,
}

/// `--shift`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShiftArgument {
    /// As they are.
    Keep,
    /// Shifted.
    Remove,
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            sigmoid: self.sigmoid,
            raw: self.raw,
            shift: match self.shift {
                None => Shift::Auto,
                Some(ShiftArgument::Keep) => Shift::Keep,
                Some(ShiftArgument::Remove) => Shift::Remove,
            },
            utility: self.utility.clone(),
            tolerance: self.tolerance,
            near_end: self.near_end,
            permutations: self.permutations,
            resamples: self.resamples,
            seed: self.seed,
            ..Options::default()
        }
    }
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let options = arguments.options();
    options.check()?;
    arguments.output.check()?;
    #[cfg(feature = "figures")]
    if let Some(path) = &arguments.html {
        files::check_writable(path)?;
    }
    let progress = ProgressDisplay::new(quiet, None);
    let mut found: Vec<(String, Diagnosis)> = Vec::new();
    for path in &arguments.files {
        let name = path.display().to_string();
        progress.message(format!("reading {name}"));
        let table = RewardTable::read(path, &arguments.columns.options())?;
        progress.message(format!("diagnosing {name}"));
        let diagnosis = diagnose(&table, &options).map_err(|error| of_file(&name, error))?;
        found.push((name, diagnosis));
    }
    drop(progress);
    for (name, diagnosis) in &found {
        if diagnosis.left_out > 0 {
            warn(&format!("{name}: {} prompts with a single response are left out", diagnosis.left_out), quiet);
        }
    }
    let scales = |wanted: Scale| found.iter().any(|(_, diagnosis)| diagnosis.scale == wanted);
    if scales(Scale::Unit) && scales(Scale::Line) {
        warn("some files have rewards in [0, 1] and others raw logits: their distances are on different scales", quiet);
    }
    let text = match arguments.output.format() {
        Format::Table => report::page(&found),
        Format::Json => match found.as_slice() {
            [(name, only)] => output::json(&report::OfFile::new(name, only))?,
            several => {
                let all: Vec<_> = several.iter().map(|(name, of)| report::OfFile::new(name, of)).collect();
                output::json(&all)?
            }
        },
        Format::Csv => report::csv(&found)?,
    };
    #[cfg(feature = "figures")]
    if let Some(path) = &arguments.html {
        files::write(path, diagnosis_report(&found)?.as_bytes())?;
    }
    arguments.output.write(&text)
}

/// Which file it was.
fn of_file(name: &str, error: DiagnosisError) -> CliError {
    match CliError::from(error) {
        CliError::Input(text) => CliError::Input(format!("{name}: {text}")),
        CliError::Failure(text) => CliError::Failure(format!("{name}: {text}")),
    }
}

impl From<DiagnosisError> for CliError {
    fn from(error: DiagnosisError) -> Self {
        match error {
            DiagnosisError::Solve(error) => error.into(),
            DiagnosisError::Simulate(error) => error.into(),
            error => CliError::input(&error),
        }
    }
}
