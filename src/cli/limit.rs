//! `reward-collapse limit`.

use crate::design::residual_gap;
use crate::limit::{Atom, FreeLaw, FreeLawError, Law, LimitLaw};
use crate::problem::{Equilibrium, Field};
use crate::target::Target;
use crate::utility::{Concavity, SharedUtility};
use clap::Args;
use serde::Serialize;

use super::CliError;
use super::output::{self, Format, OutputArguments};
use super::terms::TermsArguments;
use super::value::{LIMIT_GAP, LossArguments, points, warn};

/// Where the quantile function is tabulated.
const PROBABILITIES: [f64; 13] = [0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99];

/// The law of the optimal rewards as n grows.
///
/// Atoms, density and quantiles of the maximiser of the mean utility over all laws on [0, 1]. The gap bounds how much mean utility any other law could have. It is absent where the mean utility is -inf for every
/// law (-x^-sigma with sigma >= 1).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse limit --utility \"logsigmoid(4x)\"\n  \
    reward-collapse limit --utility \"log(x)+x\" --grid 201 --format csv --out density.csv\n  \
    reward-collapse limit --utility \"logsigmoid(x)\" --support=-inf,inf --smoothing 0.1")]
pub struct Arguments {
    #[command(flatten)]
    loss: LossArguments,

    /// Points at which to tabulate the density: on [0, 1], or between the ends of the law; ends included.
    #[arg(long, value_name = "M", default_value_t = 11, value_parser = points)]
    grid: u32,

    #[command(flatten)]
    terms: TermsArguments,

    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
pub(super) struct Density {
    x: f64,
    p: f64,
}

#[derive(Serialize)]
pub(super) struct Quantile {
    u: f64,
    x: f64,
}

/// A law as JSON.
#[derive(Serialize)]
pub(super) struct Report {
    utility: String,
    #[serde(flatten)]
    terms: Option<Terms>,
    closed_form: Option<String>,
    #[serde(flatten)]
    tables: Tables,
    mean: f64,
    variance: f64,
    mean_utility: f64,
    gap: f64,
    concavity: Concavity,
}

/// The law in numbers.
#[derive(Serialize)]
struct Tables {
    atoms: Vec<Atom>,
    density: Vec<Density>,
    quantiles: Vec<Quantile>,
    #[serde(skip)]
    cdf: Vec<f64>,
}

impl Tables {
    /// The density at `count` points from one end of the law to the other.
    fn of(law: &dyn Law, count: u32) -> Self {
        let points: Vec<f64> = points_between(law.ends(), count).collect();
        Self {
            atoms: law.atoms(),
            density: points.iter().map(|&x| Density { x, p: law.density(x) }).collect(),
            quantiles: PROBABILITIES.iter().map(|&u| Quantile { u, x: law.quantile(u) }).collect(),
            cdf: points.iter().map(|&x| law.cdf(x)).collect(),
        }
    }
}

/// What problem (7) has beside the utility, and the ends of its law.
#[derive(Serialize)]
struct Terms {
    support: String,
    field: Option<String>,
    smoothing: f64,
    centering: f64,
    ends: [f64; 2],
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let (utility, design) = arguments.loss.read()?;
    arguments.output.check_beside(arguments.terms.files().chain(arguments.loss.design.path()))?;
    let of_the_paper = arguments.terms.are_those_of_the_paper(design.as_ref());
    let report = if of_the_paper {
        Report::of_the_paper(&utility, &LimitLaw::of(utility.as_ref())?, arguments.grid)
    } else {
        let problem = arguments.terms.problem(utility.clone(), design.as_ref())?;
        match FreeLaw::of_problem(&problem) {
            Ok(law) => Report::of_problem(&problem, &law, arguments.grid),
            Err(error) => match problem.field().and_then(Field::potential) {
                // The method looks for one interval, and the target of a design may lie on more.
                Some(potential)
                    if matches!(error, FreeLawError::NotOneInterval { .. } | FreeLawError::NotConverged { .. }) =>
                {
                    Report::of_target(&problem, potential.target(), residual_gap(potential), arguments.grid)
                }
                _ => return Err(error.into()),
            },
        }
    };
    let text = match arguments.output.format() {
        Format::Table => table(&report),
        Format::Json => output::json(&report)?,
        Format::Csv => {
            let row = |(d, cdf): (&Density, &f64)| (d.x, d.p, *cdf);
            output::csv(&["x", "density", "cdf"], report.tables.density.iter().zip(&report.tables.cdf).map(row))?
        }
    };
    if of_the_paper {
        warn(utility.as_ref(), LIMIT_GAP, quiet);
    }
    arguments.output.write(&text)
}

impl Report {
    /// The law of a utility on [0, 1].
    pub(super) fn of_the_paper(utility: &SharedUtility, law: &LimitLaw, grid: u32) -> Self {
        Self {
            utility: utility.to_string(),
            terms: None,
            closed_form: law.closed_form().map(|form| form.to_string()),
            tables: Tables::of(law, grid),
            mean: law.mean(),
            variance: law.variance(),
            mean_utility: law.mean_utility(),
            gap: law.gap(),
            concavity: law.concavity(),
        }
    }

    /// The law of problem (7).
    pub(super) fn of_problem(problem: &Equilibrium, law: &FreeLaw, grid: u32) -> Self {
        Self {
            utility: problem.utility().to_string(),
            terms: Some(Terms::of(problem, law.ends())),
            closed_form: None,
            tables: Tables::of(law, grid),
            mean: law.mean(),
            variance: law.variance(),
            mean_utility: law.energy(),
            gap: law.gap(),
            concavity: law.concavity(),
        }
    }

    /// A target, whose potential with the field is constant up to `gap / 2`.
    pub(super) fn of_target(problem: &Equilibrium, law: &Target, gap: f64, grid: u32) -> Self {
        Self {
            utility: problem.utility().to_string(),
            terms: Some(Terms::of(problem, law.ends())),
            closed_form: Some(law.to_string()),
            tables: Tables::of(law, grid),
            mean: law.mean(),
            variance: law.variance(),
            mean_utility: f64::NAN,
            gap,
            concavity: problem.concavity(),
        }
    }
}

impl Terms {
    fn of(problem: &Equilibrium, ends: [f64; 2]) -> Self {
        Self {
            support: problem.support().to_string(),
            field: problem.field().map(ToString::to_string),
            smoothing: problem.smoothing(),
            centering: problem.centering(),
            ends,
        }
    }
}

/// `count` points from one end to the other, both included.
fn points_between([from, to]: [f64; 2], count: u32) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| {
        let share = f64::from(i) / f64::from(count - 1);
        if i + 1 == count { to } else { from + (to - from) * share }
    })
}

fn table(report: &Report) -> String {
    let atoms = report.tables.atoms.iter().map(|atom| format!("{:.10} at {}", atom.mass, atom.at));
    let atoms = atoms.collect::<Vec<_>>().join(", ");
    let mut facts = vec![("utility", report.utility.clone())];
    if let Some(terms) = &report.terms {
        facts.push(("rewards in", terms.support.clone()));
        facts.extend(terms.field.clone().map(|field| ("field", field)));
        let numbers = [("smoothing", terms.smoothing), ("centring", terms.centering)];
        facts.extend(numbers.iter().filter(|(_, value)| *value != 0.0).map(|(name, value)| (*name, value.to_string())));
        facts.push(("ends", format!("{:.12} and {:.12}", terms.ends[0], terms.ends[1])));
    }
    facts.extend([
        ("law", report.closed_form.clone().unwrap_or_else(|| "numerical".into())),
        ("atoms", if atoms.is_empty() { "none".into() } else { atoms }),
        ("mean", output::number(report.mean)),
        ("variance", output::number(report.variance)),
        ("mean utility", output::number(report.mean_utility)),
        ("gap", output::bound(report.gap)),
        ("concavity", output::concavity(report.concavity).into()),
    ]);
    let density = report.tables.density.iter().map(|d| vec![format!("{:.4}", d.x), output::number(d.p)]);
    let quantiles = report.tables.quantiles.iter().map(|q| vec![q.u.to_string(), output::number(q.x)]);
    format!(
        "{}\n{}\n{}",
        output::facts(&facts),
        output::columns(&["x", "density"], density),
        output::columns(&["u", "quantile"], quantiles)
    )
}

impl From<FreeLawError> for CliError {
    fn from(error: FreeLawError) -> Self {
        match error {
            FreeLawError::NotConverged { .. } => CliError::failure(&error),
            _ => CliError::input(&error),
        }
    }
}
