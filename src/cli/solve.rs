//! `reward-collapse solve`.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::solution::{Method, Observer, Solution, SolveOptions, solve_equilibrium_with, solve_with};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::{self, Format, OutputArguments};
use super::preferences::{self, PreferenceArguments};
use super::progress::ProgressDisplay;
use super::terms::TermsArguments;
use super::value::{DesignArgument, FINITE_GAP, responses, warn};
use super::{CliError, equilibrium};
use crate::design::DesignFile;
use crate::utility::parse;

/// Rewards shown from each side when there are many.
const SHOWN: usize = 12;

/// Optimal rewards of n ranked responses, with a certificate.
///
/// Maximises the sum of U(r_j - r_i) over pairs i < j, subject to 0 <= r_1 <= .. <= r_n <= 1. The gap is a rigorous bound, per pair, on how much better any other rewards could be.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse solve --utility \"-1/x\" --n 8\n  \
    reward-collapse solve --utility \"log(x+0.1)\" --n 1000 --out rewards.csv\n  \
    reward-collapse solve --utility \"logsigmoid(x)\" --n 8 --support=-inf,inf --smoothing 0.1\n  \
    reward-collapse solve --utility \"log(x)\" --n 8 --support=-inf,inf --field \"-x^2/2\"\n  \
    reward-collapse solve --preferences games.csv --standard-errors")]
pub struct Arguments {
    /// An increasing concave expression in x, such as "log(x)", "-1/x", "logsigmoid(4x)" or "log(x+0.1)".
    #[arg(long, short, value_name = "U", required_unless_present_any = ["preferences", "design"], allow_hyphen_values = true)]
    utility: Option<String>,

    #[command(flatten)]
    design: DesignArgument,

    /// The number of ranked responses; several, separated by commas, give a result each.
    #[arg(long, short, value_name = "N,N,..", required_unless_present = "preferences", value_delimiter = ',', value_parser = responses, allow_hyphen_values = true)]
    n: Vec<usize>,

    /// How to form sums over pairs: one by one with dense matrices, or in groups; auto chooses by n.
    #[arg(long, value_enum, default_value_t = MethodArgument::Auto)]
    method: MethodArgument,

    #[command(flatten)]
    terms: TermsArguments,

    #[command(flatten)]
    preferences: PreferenceArguments,

    #[command(flatten)]
    output: OutputArguments,
}

/// `--method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodArgument {
    /// By the number of responses: dense up to 1000, and up to 300 with a support, a field, smoothing or centring.
    Auto,
    /// Every pair by itself, O(n^3).
    Dense,
    /// Groups of pairs by interpolation, O(n log n).
    Fast,
}

impl From<MethodArgument> for Option<Method> {
    fn from(argument: MethodArgument) -> Self {
        match argument {
            MethodArgument::Auto => None,
            MethodArgument::Dense => Some(Method::Dense),
            MethodArgument::Fast => Some(Method::Fast),
        }
    }
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    if let Some(file) = &arguments.preferences.preferences {
        if arguments.design.path().is_some() {
            return Err(CliError::Input("--design is for full rankings: leave it out with --preferences".into()));
        }
        return preferences::run(
            &arguments.preferences,
            &arguments.terms,
            file,
            arguments.utility.as_deref(),
            &arguments.output,
        );
    }
    if arguments.preferences.standard_errors {
        return Err(CliError::Input("--standard-errors needs --preferences".into()));
    }
    // Both are there without preferences.
    let design = arguments.design.read()?;
    let utility_text = arguments.utility.as_deref().or(design.as_ref().map(DesignFile::utility_text));
    let utility = parse(utility_text.unwrap_or_default())?;
    arguments.output.check_beside(arguments.terms.files().chain(arguments.design.path()))?;
    let progress = ProgressDisplay::new(quiet, None);
    let bar = progress.handle();
    let observer: Observer = Arc::new(move |now| {
        bar.set_message(format!("n = {}, iteration {}", now.n, now.iteration + 1));
        ControlFlow::Continue(())
    });
    // Watched iterations cost a little more.
    let observer = progress.is_shown().then_some(observer);
    let format = arguments.output.format();
    let options = SolveOptions { method: arguments.method.into(), observer, ..SolveOptions::default() };
    if !arguments.terms.are_those_of_the_paper(design.as_ref()) {
        let problem = arguments.terms.problem(utility, design.as_ref())?;
        let solutions = each(&arguments.n, |n| Ok(solve_equilibrium_with(&problem, n, &options)?))?;
        drop(progress);
        return arguments.output.write(&text(&solutions, format, equilibrium::table, |s| &s.rewards)?);
    }
    let solutions = each(&arguments.n, |n| Ok(solve_with(&utility, n, &options)?))?;
    drop(progress);
    let text = text(&solutions, format, table, |s| &s.rewards)?;
    warn(utility.as_ref(), FINITE_GAP, quiet);
    arguments.output.write(&text)
}

/// A solution for each number of responses.
fn each<S>(n: &[usize], solve: impl FnMut(usize) -> Result<S, CliError>) -> Result<Vec<S>, CliError> {
    n.iter().copied().map(solve).collect()
}

/// The solutions in a format; one by itself is no list.
fn text<S: Serialize>(
    solutions: &[S],
    format: Format,
    table: fn(&S) -> String,
    rewards: fn(&S) -> &[f64],
) -> Result<String, CliError> {
    match (format, solutions) {
        (Format::Table, _) => Ok(solutions.iter().map(table).collect::<Vec<_>>().join("\n")),
        (Format::Json, [one]) => output::json(one),
        (Format::Json, _) => output::json(&solutions),
        (Format::Csv, [one]) => output::csv(&["response_index", "reward"], (1..).zip(rewards(one))),
        (Format::Csv, _) => {
            let rows = solutions.iter().map(rewards).flat_map(|rewards| {
                let n = rewards.len();
                rewards.iter().zip(1..).map(move |(reward, index)| (n, index, reward))
            });
            output::csv(&["n", "response_index", "reward"], rows.collect::<Vec<(usize, usize, &f64)>>())
        }
    }
}

fn table(solution: &Solution) -> String {
    let mut facts = vec![
        ("utility", solution.utility.clone()),
        ("responses", solution.n.to_string()),
        ("objective", output::number(solution.objective)),
        ("mean utility", format!("{} a pair", output::number(solution.mean_utility))),
        ("gap", format!("{} a pair: no other rewards are better by more than this", output::bound(solution.gap))),
        ("concavity", output::concavity(solution.concavity).into()),
        ("unique", if solution.unique { "yes" } else { "no: other rewards do as well" }.into()),
    ];
    facts.extend(output::interpolation(solution.interpolation));
    if let Some(form) = &solution.closed_form {
        facts.push(("closed form", form.to_string()));
    }
    facts.push(output::solved_in(solution.seconds, solution.method, solution.iterations));
    format!("{}\n{}", output::facts(&facts), rewards(&solution.rewards))
}

/// The rewards as a table; of many the first and the last few.
pub(super) fn rewards(rewards: &[f64]) -> String {
    let row = |(i, reward): (usize, &f64)| vec![(i + 1).to_string(), output::number(*reward)];
    let n = rewards.len();
    let rewards = rewards.iter().enumerate();
    let rows: Vec<Vec<String>> = if n <= 2 * SHOWN + 2 {
        rewards.map(row).collect()
    } else {
        let dots = vec!["..".to_owned(), "..".to_owned()];
        rewards.clone().take(SHOWN).map(row).chain([dots]).chain(rewards.skip(n - SHOWN).map(row)).collect()
    };
    output::columns(&["response", "reward"], rows)
}
