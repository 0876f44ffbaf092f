//! `reward-collapse limit`.

use crate::limit::{Atom, LimitLaw};
use crate::utility::Concavity;
use clap::Args;
use serde::Serialize;

use super::CliError;
use super::output::{self, Format, OutputArguments};
use super::value::{LIMIT_GAP, UtilityArgument, points, warn};

/// Where the quantile function is tabulated.
const PROBABILITIES: [f64; 13] = [0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99];

/// The law of the optimal rewards as n grows.
///
/// Atoms, density and quantiles of the maximiser of the mean utility over all laws on [0, 1]. The gap bounds how much mean utility any other law could have. It is absent where the mean utility is -inf for every
/// law (-x^-sigma with sigma >= 1).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse limit --utility \"logsigmoid(4x)\"\n  \
    reward-collapse limit --utility \"log(x)+x\" --grid 201 --format csv --out density.csv")]
pub struct Arguments {
    #[command(flatten)]
    utility: UtilityArgument,

    /// Points on [0, 1] at which to tabulate the density, ends included.
    #[arg(long, value_name = "M", default_value_t = 11, value_parser = points)]
    grid: u32,

    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
struct Density {
    x: f64,
    p: f64,
}

#[derive(Serialize)]
struct Quantile {
    u: f64,
    x: f64,
}

#[derive(Serialize)]
struct Report {
    utility: String,
    closed_form: Option<String>,
    atoms: Vec<Atom>,
    density: Vec<Density>,
    quantiles: Vec<Quantile>,
    mean: f64,
    variance: f64,
    mean_utility: f64,
    gap: f64,
    concavity: Concavity,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let utility = arguments.utility.read()?;
    arguments.output.check()?;
    let law = LimitLaw::of(utility.as_ref())?;
    let points = (0..arguments.grid).map(|i| f64::from(i) / f64::from(arguments.grid - 1));
    let report = Report {
        utility: utility.to_string(),
        closed_form: law.closed_form().map(|form| form.to_string()),
        atoms: law.atoms().to_vec(),
        density: points.map(|x| Density { x, p: law.density(x) }).collect(),
        quantiles: PROBABILITIES.iter().map(|&u| Quantile { u, x: law.quantile(u) }).collect(),
        mean: law.mean(),
        variance: law.variance(),
        mean_utility: law.mean_utility(),
        gap: law.gap(),
        concavity: law.concavity(),
    };
    let text = match arguments.output.format {
        Format::Table => table(&report),
        Format::Json => output::json(&report)?,
        Format::Csv => {
            let row = |d: &Density| (d.x, d.p, law.cdf(d.x));
            output::csv(&["x", "density", "cdf"], report.density.iter().map(row))?
        }
    };
    warn(utility.as_ref(), LIMIT_GAP, quiet);
    arguments.output.write(&text)
}

fn table(report: &Report) -> String {
    let atoms = report.atoms.iter().map(|atom| format!("{:.10} at {}", atom.mass, atom.at));
    let atoms = atoms.collect::<Vec<_>>().join(", ");
    let facts = [
        ("utility", report.utility.clone()),
        ("law", report.closed_form.clone().unwrap_or_else(|| "numerical".into())),
        ("atoms", if atoms.is_empty() { "none".into() } else { atoms }),
        ("mean", output::number(report.mean)),
        ("variance", output::number(report.variance)),
        ("mean utility", output::number(report.mean_utility)),
        ("gap", output::bound(report.gap)),
        ("concavity", output::concavity(report.concavity).into()),
    ];
    let density = report.density.iter().map(|d| vec![format!("{:.4}", d.x), output::number(d.p)]);
    let quantiles = report.quantiles.iter().map(|q| vec![q.u.to_string(), output::number(q.x)]);
    format!(
        "{}\n{}\n{}",
        output::facts(&facts),
        output::columns(&["x", "density"], density),
        output::columns(&["u", "quantile"], quantiles)
    )
}
