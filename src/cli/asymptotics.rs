//! `reward-collapse asymptotics`.

use clap::Args;
use reward_collapse::compare::{Convergence, convergence};
use serde::Serialize;

use super::CliError;
use super::output::{self, Format, OutputArguments};
use super::progress::Progress;
use super::value::{FINITE_GAP, UtilityArgument, responses, warn};

/// How fast the optimal rewards approach the limit law.
///
/// Wasserstein-1 and Kolmogorov distances for several n, and the rate fitted to the former beside the predicted one.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  reward-collapse asymptotics --utility \"log(x)\" --n 16,64,256,1024\n\n\
    `reward-collapse figure asymptotics` draws the same for several utilities.")]
pub struct Arguments {
    #[command(flatten)]
    utility: UtilityArgument,

    /// Numbers of responses, separated by commas.
    #[arg(long, short, value_name = "N,N,..", value_delimiter = ',', value_parser = responses,
        default_values_t = [16usize, 64, 256, 1024], allow_hyphen_values = true)]
    n: Vec<usize>,

    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
struct Row {
    n: usize,
    w1: f64,
    ks: f64,
    mean_utility: f64,
    limit_mean_utility: f64,
    gap: f64,
    seconds: f64,
}

#[derive(Serialize)]
struct Report {
    utility: String,
    limit: String,
    rows: Vec<Row>,
    fitted_exponent: Option<f64>,
    fitted_constant: Option<f64>,
    predicted: String,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let utility = arguments.utility.read()?;
    arguments.output.check()?;
    let progress = Progress::new(quiet, Some(arguments.n.len() as u64));
    let mut sizes = arguments.n.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let mut done = 0;
    let result = convergence(&utility, &sizes, &mut |n| {
        progress.message(format!("solving for n = {n}"));
        progress.done(done);
        done += 1;
    })?;
    drop(progress);
    let report = report(&result);
    let text = match arguments.output.format {
        Format::Table => table(&report),
        Format::Json => output::json(&report)?,
        Format::Csv => {
            output::csv(&["n", "w1", "ks", "mean_utility", "limit_mean_utility", "gap", "seconds"], &report.rows)?
        }
    };
    warn(utility.as_ref(), FINITE_GAP, quiet);
    arguments.output.write(&text)
}

fn report(result: &Convergence) -> Report {
    let row = |row: &reward_collapse::compare::ConvergenceRow| Row {
        n: row.n,
        w1: row.w1,
        ks: row.ks,
        mean_utility: row.mean_utility,
        limit_mean_utility: row.limit_mean_utility,
        gap: row.gap,
        seconds: row.seconds,
    };
    Report {
        utility: result.utility.clone(),
        limit: result.closed_form.map_or_else(|| "numerical".into(), |form| form.to_string()),
        rows: result.rows.iter().map(row).collect(),
        fitted_exponent: result.fit.as_ref().map(|fit| fit.exponent),
        fitted_constant: result.fit.as_ref().map(|fit| fit.constant),
        predicted: result.predicted.to_string(),
    }
}

fn table(report: &Report) -> String {
    let rows = report.rows.iter().map(|row| {
        vec![
            row.n.to_string(),
            format!("{:.4e}", row.w1),
            format!("{:.4e}", row.ks),
            output::number(row.mean_utility),
            output::number(row.limit_mean_utility),
            output::bound(row.gap),
            output::seconds(row.seconds),
        ]
    });
    let fitted = match (report.fitted_exponent, report.fitted_constant) {
        (Some(exponent), Some(constant)) => format!("{constant:.4} n^{exponent:.3}"),
        _ if report.rows.len() < 2 => "needs two n or more".into(),
        _ => "none: the distance is 0".into(),
    };
    let facts = [
        ("utility", report.utility.clone()),
        ("limit law", report.limit.clone()),
        ("fitted W1", fitted),
        ("predicted W1", report.predicted.clone()),
    ];
    format!(
        "{}\n{}",
        output::facts(&facts),
        output::columns(&["n", "W1", "Kolmogorov", "mean utility", "its limit", "gap", "time"], rows)
    )
}
