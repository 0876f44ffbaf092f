//! `reward-collapse diagnose`.

mod report;

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::CliError;
use super::error::warn;
use super::output::{self, Format, OutputArguments};
use super::progress::ProgressDisplay;
use super::table::ColumnArguments;
use crate::diagnosis::{Diagnosis, DiagnosisError, Options, Scale, Shift, diagnose};
use crate::experiment::{PromptRewards, RewardTable};
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
    let inputs = || arguments.files.iter().map(PathBuf::as_path);
    arguments.output.check_beside(inputs())?;
    #[cfg(feature = "figures")]
    if let Some(path) = &arguments.html {
        output::keep(inputs(), path, "--html")?;
        if arguments.output.path() == Some(path) {
            return Err(CliError::Input(format!("--html and --out are both {}; choose two names", path.display())));
        }
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
        let doubts = doubts(&table, &diagnosis);
        progress.aside(|| doubts.iter().for_each(|doubt| warn(&format!("{name}: {doubt}"), quiet)));
        found.push((name, diagnosis));
    }
    drop(progress);
    for (name, diagnosis) in &found {
        if diagnosis.left_out > 0 {
            let prompts = output::count(diagnosis.left_out as u64, "prompt");
            let verb = if diagnosis.left_out == 1 { "is" } else { "are" };
            warn(&format!("{name}: {prompts} with a single response {verb} left out"), quiet);
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

/// What in the data may be a slip.
fn doubts(table: &RewardTable, diagnosis: &Diagnosis) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut of_name: HashMap<&str, usize> = HashMap::new();
    let several =
        table.prompts().filter(|prompt| *of_name.entry(prompt.name).or_insert(prompt.type_index) != prompt.type_index);
    let several: Vec<&str> = several.map(|prompt| prompt.name).collect();
    if let Some(name) = several.first() {
        let count = output::count(several.len() as u64, "prompt");
        doubts.push(format!("{count} with more than one type, such as `{name}`, counted once for each type"));
    }
    let repeats = |prompt: &PromptRewards<'_>| {
        let same = |a: usize, b: usize| {
            let by_rank = prompt.ranks.is_none_or(|ranks| ranks[a] == ranks[b]);
            let text = prompt.responses.is_some_and(|texts| !texts.get(a).is_empty() && texts.are_same(a, b));
            text && by_rank && prompt.rewards[a] == prompt.rewards[b]
        };
        // Of a prompt with very many responses, a few neighbours tell enough.
        (0..prompt.n()).any(|a| (a + 1..prompt.n().min(a + 256)).any(|b| same(a, b)))
    };
    let repeated: Vec<&str> = table.prompts().filter(repeats).map(|prompt| prompt.name).collect();
    if let Some(name) = repeated.first() {
        let count = output::count(repeated.len() as u64, "prompt");
        doubts.push(format!(
            "{count} with the same response and reward more than once, such as `{name}`; are rows repeated?"
        ));
    }
    if diagnosis.pairs.agreement.as_ref().is_some_and(|agreement| agreement.accuracy < UPSIDE_DOWN) {
        doubts.push("the rewards contradict most of the ranks: rank 1 must be the best response".to_owned());
    }
    doubts
}

/// With a smaller share of pairs in order, ranks are likely to be the wrong way round.
const UPSIDE_DOWN: f64 = 0.2;

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
