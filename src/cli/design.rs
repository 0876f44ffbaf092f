//! `reward-collapse design`.

use std::path::Path;
#[cfg(feature = "figures")]
use std::path::PathBuf;

use crate::design::{Achieved, Design, DesignFile, DesignMethod, DesignOptions};
#[cfg(feature = "figures")]
use crate::figure;
use crate::problem::{Equilibrium, Support};
use crate::solution::Scope;
use crate::target::Target;
use crate::utility::{Concavity, parse};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::CliError;
use super::limit::Report as LimitReport;
use super::output::{self, Format, OutputArguments};
use super::solve::rewards;
use super::value::responses;

/// Points at which the density of the achieved law is tabulated.
const GRID: u32 = 101;

/// A loss whose rewards follow a law of your choice.
///
/// By a field beside a base utility, for any law with a density, and atoms at the ends of the support; or by a utility alone, for symmetric laws. The JSON is a
/// file that `solve`, `limit` and `simulate` take as --design, and `train` in its configuration.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse design --target \"beta(2,5)\" --out beta.json\n  \
    reward-collapse design --target \"0.3*beta(2,60)+0.7*beta(60,2)\" --n 8\n  \
    reward-collapse design --target \"normal(0,1)\" --base \"logsigmoid(x)\"\n  \
    reward-collapse design --target uniform --method utility\n  \
    reward-collapse simulate --design beta.json --n 8 --prompts 100 --steps 3000")]
pub struct Arguments {
    /// The law: beta(a,b), uniform, uniform(a,b), atoms(0:0.3,1:0.7), normal(m,s), empirical(FILE) with one reward a line, or a mixture such as
    /// 0.3*beta(2,60)+0.7*uniform.
    #[arg(long, short, value_name = "LAW", allow_hyphen_values = true)]
    target: String,

    /// What is designed.
    #[arg(long, value_enum, default_value_t = MethodArgument::Field)]
    method: MethodArgument,

    /// The utility beside the field [default: log(x+0.1)].
    #[arg(long, value_name = "U", allow_hyphen_values = true)]
    base: Option<String>,

    /// The number of responses of which optimal rewards are given.
    #[arg(long, short, value_name = "N", default_value = "8", value_parser = responses, allow_hyphen_values = true)]
    n: usize,

    /// The interval of the rewards [default: 0,1 where the law lies there, else -inf,inf].
    #[arg(long, value_name = "A,B", allow_hyphen_values = true)]
    support: Option<Support>,

    /// Multiply the field by N/(N-1), which is best for exactly N responses.
    #[arg(long)]
    exact: bool,

    /// Also draw the target, the limit law and the rewards there, with the numbers as CSV.
    #[cfg(feature = "figures")]
    #[arg(long, value_name = "DIR")]
    figure: Option<PathBuf>,

    #[cfg(feature = "figures")]
    #[command(flatten)]
    page: super::page::PageArguments,

    #[command(flatten)]
    output: OutputArguments,
}

/// `--method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodArgument {
    /// A field beside the base utility.
    Field,
    /// A utility alone.
    Utility,
}

/// A design as JSON.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    file: DesignFile,
    n: usize,
    exact: bool,
    residual: f64,
    achieved: LimitReport,
    rewards: &'a [f64],
    w1: f64,
    w1_limit: f64,
    quantile_distance: f64,
    gap: f64,
    bound: Scope,
    concavity: Concavity,
}

pub fn run(arguments: &Arguments) -> Result<(), CliError> {
    let read = arguments.target.split("empirical(").skip(1).filter_map(|rest| rest.split(')').next());
    arguments.output.check_beside(read.map(|path| Path::new(path.trim())))?;
    #[cfg(feature = "figures")]
    let page = arguments.page.page_of(arguments.figure.is_some(), "--figure")?;
    let target: Target = arguments.target.parse().map_err(|error| CliError::input(&error))?;
    let options = DesignOptions { support: arguments.support, n: arguments.n, exact: arguments.exact };
    let design = match arguments.method {
        MethodArgument::Field => {
            Design::by_field(target, parse(arguments.base.as_deref().unwrap_or(Design::BASE))?, options)?
        }
        MethodArgument::Utility => {
            if arguments.base.is_some() || arguments.exact {
                return Err(CliError::Input("--method utility has no field: leave out --base and --exact".into()));
            }
            by_utility(target, arguments.n)?
        }
    };
    #[cfg(feature = "figures")]
    if let Some(out) = &arguments.figure {
        figure::design(out, &page, &design)?;
    }
    let text = match arguments.output.format() {
        Format::Table => table(&design),
        Format::Json => output::json(&report(&design, arguments.exact)?)?,
        Format::Csv => {
            let quantiles = (0..design.rewards.len()).map(|i| (i as f64 + 0.5) / design.rewards.len() as f64);
            let rows =
                design.rewards.iter().zip(quantiles).zip(1..).map(|((r, u), i)| (i, r, design.target.quantile(u)));
            output::csv(&["response_index", "reward", "target_quantile"], rows)?
        }
    };
    arguments.output.write(&text)
}

#[cfg(feature = "quadratic")]
fn by_utility(target: Target, n: usize) -> Result<Design, CliError> {
    Ok(Design::by_utility(target, n)?)
}

#[cfg(not(feature = "quadratic"))]
fn by_utility(_target: Target, _n: usize) -> Result<Design, CliError> {
    Err(CliError::Input("--method utility needs the feature `quadratic`, which this build lacks".into()))
}

fn report(design: &Design, exact: bool) -> Result<Report<'_>, CliError> {
    let problem = || -> Result<Equilibrium, CliError> {
        let problem = Equilibrium::new(design.utility.clone(), 0.0, design.support)?;
        Ok(match &design.field {
            Some(field) => problem.with_field(field.clone()),
            None => problem,
        })
    };
    let achieved = match &design.achieved {
        Achieved::Paper(law) => LimitReport::of_the_paper(&design.utility, law, GRID),
        Achieved::Law(law) => LimitReport::of_problem(&problem()?, law, GRID),
        Achieved::Target { law, gap, .. } => LimitReport::of_target(&problem()?, law, *gap, GRID),
    };
    Ok(Report {
        file: design.to_file(),
        n: design.rewards.len(),
        exact,
        residual: design.residual,
        achieved,
        rewards: &design.rewards,
        w1: design.w1,
        w1_limit: design.w1_limit,
        quantile_distance: design.quantile_distance,
        gap: design.gap,
        bound: design.bound,
        concavity: design.concavity,
    })
}

/// A text that fits on a line.
fn short(text: &str) -> String {
    const MOST: usize = 90;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).collect::<String>() + "..." }
}

fn table(design: &Design) -> String {
    let mut facts = vec![("target", short(&design.target.to_string())), ("method", design.method.to_string())];
    match design.method {
        DesignMethod::Field => {
            facts.push(("base", design.utility.to_string()));
            facts.extend(design.field.as_ref().map(|field| ("field", short(&field.to_string()))));
        }
        DesignMethod::Utility => facts.push(("utility", short(&design.utility.to_string()))),
    }
    let law = match &design.achieved {
        Achieved::Target { reason, .. } => format!("the target, by its constant potential; {reason}"),
        _ => format!("W1 {} from the target", output::scientific(design.w1_limit)),
    };
    let gap = match design.bound {
        Scope::Rewards => {
            format!("{} a pair: no other rewards are better by more than this", output::bound(design.gap))
        }
        Scope::Laws => {
            format!("{} a pair: no other rewards, and no laws, are better by more than this", output::bound(design.gap))
        }
        Scope::Local => "none: no rewards nearby do better, and these are the best from several starts".into(),
    };
    facts.extend([
        ("rewards in", design.support.to_string()),
        (
            "residual",
            format!(
                "{}: what the target's potential varies by, over U(width) - U(0)",
                output::scientific(design.residual)
            ),
        ),
        ("limit law", law),
        ("responses", design.rewards.len().to_string()),
        ("W1", format!("{} from the target", output::scientific(design.w1))),
        ("quantiles", format!("mean distance {}", output::scientific(design.quantile_distance))),
        ("gap", gap),
        ("concavity", output::concavity(design.concavity).into()),
    ]);
    format!("{}\n{}", output::facts(&facts), rewards(&design.rewards))
}
