//! `reward-collapse asymptotics`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::compare::{ConvergenceRow, convergence};
use crate::study::Shard;
use crate::utility::parse;
use clap::Args;

use super::CliError;
use super::convergence::{Report, rates_csv, rates_table, table};
use super::output::{self, Format, OutputArguments};
use super::progress::ProgressDisplay;
use super::study::{Plan, RESULTS, studies};
use super::value::{FINITE_GAP, responses, warn};

/// The numbers of responses for a single utility.
const SIZES: [usize; 4] = [16, 64, 256, 1024];

/// How fast the optimal rewards approach the limit law.
///
/// Distances from the limit for several n, and the rates fitted to them beside the predicted ones. For a single utility;
/// or for a study of many, whose points are kept as they are finished, so that it can be stopped and taken up again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse asymptotics --utility \"log(x)\" --n 16,64,256,1024\n  \
    reward-collapse asymptotics --study simulations/asymptotics.toml --shard 2/8\n\n\
    `reward-collapse figure asymptotics` draws a study.")]
pub struct Arguments {
    /// An increasing concave expression in x, such as "log(x)", "-1/x", "logsigmoid(4x)" or "log(x+0.1)".
    #[arg(long, short, value_name = "U", allow_hyphen_values = true, required_unless_present = "study")]
    utility: Option<String>,

    /// Numbers of responses, separated by commas: 16,64,256,1024 unless given, or those of the study.
    #[arg(long, short, value_name = "N,N,..", value_delimiter = ',', value_parser = responses, allow_hyphen_values = true)]
    n: Vec<usize>,

    /// A study in the form of simulations/asymptotics.toml, in place of a utility: computes the points that are missing.
    #[arg(long, value_name = "FILE", conflicts_with = "utility")]
    study: Option<PathBuf>,

    /// The directory that keeps the study's finished points [default: figures/asymptotics].
    #[arg(long, value_name = "DIR", conflicts_with = "utility")]
    results: Option<PathBuf>,

    /// Part I of K of the study, for K machines whose results share a directory.
    #[arg(long, value_name = "I/K", conflicts_with = "utility", allow_hyphen_values = true)]
    shard: Option<Shard>,

    /// Begin the study again; earlier points are set aside under another name.
    #[arg(long, conflicts_with_all = ["utility", "shard"])]
    fresh: bool,

    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    match (&arguments.study, &arguments.utility) {
        (Some(file), _) => run_study(arguments, file, quiet),
        (None, Some(utility)) => run_utility(arguments, utility, quiet),
        (None, None) => Err(CliError::Input("either --utility or --study is needed".into())),
    }
}

fn run_study(arguments: &Arguments, file: &Path, quiet: bool) -> Result<(), CliError> {
    let plan = Plan {
        studies: studies(Some(file), &[], &arguments.n)?,
        results: Some(arguments.results.clone().unwrap_or_else(|| RESULTS.into())),
        shard: arguments.shard.unwrap_or(Shard::WHOLE),
        fresh: arguments.fresh,
    };
    arguments.output.check()?;
    let outcome = plan.run(quiet)?;
    let text = match arguments.output.format() {
        Format::Table => rates_table(&outcome.series),
        Format::Json => output::json(&outcome.series.iter().map(Report::from).collect::<Vec<_>>())?,
        Format::Csv => rates_csv(&outcome.series)?,
    };
    arguments.output.write(&text)?;
    plan.verdict(&outcome)
}

fn run_utility(arguments: &Arguments, utility: &str, quiet: bool) -> Result<(), CliError> {
    let utility = parse(utility)?;
    arguments.output.check()?;
    let mut sizes = if arguments.n.is_empty() { SIZES.to_vec() } else { arguments.n.clone() };
    sizes.sort_unstable();
    sizes.dedup();
    let progress = ProgressDisplay::new(quiet, Some(sizes.len() as u64));
    let mut done = 0;
    let result = convergence(&utility, &sizes, &mut |n| {
        progress.message(format!("solving for n = {n}"));
        progress.done(done);
        done += 1;
        ControlFlow::Continue(())
    })?;
    drop(progress);
    let text = match arguments.output.format() {
        Format::Table => table(&result),
        Format::Json => output::json(&Report::from(&result))?,
        Format::Csv => {
            let header = [
                "n",
                "w1",
                "ks",
                "mean_utility",
                "limit_mean_utility",
                "gap",
                "seconds",
                "energy_difference",
                "end_share",
                "utility",
                "concavity",
            ];
            let row = |row: &ConvergenceRow| {
                let mean_utility = output::defined(row.mean_utility);
                let distances = (row.n, row.w1, row.ks, mean_utility, row.limit_mean_utility, row.gap, row.seconds);
                let difference = output::defined(row.energy_difference);
                (distances, difference, row.end_share, result.utility.as_str(), result.concavity)
            };
            output::csv(&header, result.rows.iter().map(row))?
        }
    };
    warn(utility.as_ref(), FINITE_GAP, quiet);
    arguments.output.write(&text)
}
