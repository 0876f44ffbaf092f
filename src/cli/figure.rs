//! `reward-collapse figure`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use reward_collapse::figure::{self, FigureFiles};
use reward_collapse::study::Shard;
use serde::Serialize;

use super::CliError;
use super::output::{self, Format};
use super::progress::Progress;
use super::study::{Plan, RESULTS, studies};
use super::value::responses;

/// The figures there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Rewards of eight responses: theory as named, theory as trained, published curves.
    Collapse,
    /// Optimal rewards for n = 1000 over their limit laws.
    Distributions,
    /// Distances from the limit law against n, drawn from a study's kept points; computes and keeps what is missing.
    Asymptotics,
    /// All of them.
    All,
}

/// Draw figures as SVG and PNG, with their numbers as CSV beside them.
///
/// Existing figures of the same name are replaced once the new ones are complete.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse figure all --out figures\n  \
    reward-collapse figure asymptotics --utility \"log(x)\" --utility \"x^0.9\" --n 16,64,256,1024,4000")]
pub struct Arguments {
    /// Which figure.
    #[arg(value_enum)]
    figure: Figure,

    /// The directory to write to; it is made if it is missing.
    #[arg(long, value_name = "DIR", default_value = "figures")]
    out: PathBuf,

    /// collapse: a directory with runs of the experiment in x/, log/, x_inv/ and adaptive/, to draw their rewards.csv too.
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,

    /// asymptotics: a study in the form of simulations/asymptotics.toml, in place of that one.
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,

    /// asymptotics: a utility to study in place of the study's; may be given several times.
    #[arg(long, short, value_name = "U", allow_hyphen_values = true)]
    utility: Vec<String>,

    /// asymptotics: numbers of responses in place of the study's, separated by commas.
    #[arg(long, short, value_name = "N,N,..", value_delimiter = ',', value_parser = responses)]
    n: Vec<usize>,

    /// asymptotics: the directory that keeps finished points [default: figures/asymptotics, and none with --utility or --n].
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,

    /// The form in which the files written are listed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Serialize)]
struct Written {
    figure: &'static str,
    svg: PathBuf,
    png: PathBuf,
    csv: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let takes = |figure: Figure, given: bool, option: &str| {
        if given && ![figure, Figure::All].contains(&arguments.figure) {
            let name = figure.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
            return Err(CliError::Input(format!("{option} is for `figure {name}`; leave it out here")));
        }
        Ok(())
    };
    takes(Figure::Asymptotics, !arguments.utility.is_empty(), "--utility")?;
    takes(Figure::Asymptotics, !arguments.n.is_empty(), "--n")?;
    takes(Figure::Asymptotics, arguments.study.is_some(), "--study")?;
    takes(Figure::Asymptotics, arguments.results.is_some(), "--results")?;
    takes(Figure::Collapse, arguments.runs.is_some(), "--runs")?;
    let wanted = |figure: Figure| arguments.figure == figure || arguments.figure == Figure::All;
    let progress = Progress::new(quiet, None);
    let tell = |text: &str| progress.message(text);
    let plan = plan(arguments)?;
    let mut verdict = Ok(());
    let out = &arguments.out;
    let mut written = Vec::new();
    let mut add = |figure: &'static str, files: FigureFiles| {
        written.push(Written { figure, svg: files.svg, png: files.png, csv: files.csv });
    };
    if wanted(Figure::Collapse) {
        add("collapse", figure::collapse(out, arguments.runs.as_deref())?);
    }
    if wanted(Figure::Distributions) {
        add("distributions", figure::distributions(out, &tell)?);
    }
    drop(progress);
    if wanted(Figure::Asymptotics) {
        let outcome = plan.run(quiet)?;
        add("asymptotics", figure::asymptotics(out, &outcome.series)?);
        verdict = plan.verdict(&outcome);
    }
    let files = |w: &Written| [&w.svg, &w.png].into_iter().chain(&w.csv).cloned().collect::<Vec<PathBuf>>();
    let text = match arguments.format {
        Format::Table => written.iter().flat_map(files).map(|path| format!("{}\n", path.display())).collect(),
        Format::Json => output::json(&written)?,
        Format::Csv => {
            let rows = written.iter().flat_map(|w| files(w).into_iter().map(|path| (w.figure, path)));
            output::csv(&["figure", "file"], rows)?
        }
    };
    output::print(&text)?;
    verdict
}

/// The study of the asymptotics figure. Other utilities or sizes are a passing look: their points are not kept unasked.
fn plan(arguments: &Arguments) -> Result<Plan, CliError> {
    let as_defined = arguments.utility.is_empty() && arguments.n.is_empty();
    Ok(Plan {
        studies: studies(arguments.study.as_deref(), &arguments.utility, &arguments.n)?,
        results: arguments.results.clone().or_else(|| as_defined.then(|| RESULTS.into())),
        shard: Shard::WHOLE,
        fresh: false,
    })
}
