//! `reward-collapse simulate`.

mod report;

use std::ops::ControlFlow;
#[cfg(feature = "figures")]
use std::path::PathBuf;

use crate::compare::wasserstein1;
use crate::design::DesignFile;
#[cfg(feature = "figures")]
use crate::figure::path_to_collapse;
use crate::problem::{Equilibrium, Support};
use crate::simulate::{
    Batch, DistanceToLimit, Head, Labels, LossOptimum, LossOptimumError, Noise, Optimiser, Record, Settings,
    Simulation, Theory, parts, simulate,
};
use crate::utility::{SharedUtility, parse};
use clap::{Args, ValueEnum};

use super::CliError;
use super::output::{Format, OutputArguments};
use super::progress::ProgressDisplay;
use super::value::{DesignArgument, count, responses};

/// How training gets to the optimal rewards: many prompts with free logits.
///
/// Every prompt has a logit for each response, and no network ties prompts together. They are trained on pairs, and compared with the optimum and the limit law as training goes on.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  reward-collapse simulate --utility \"log(x+0.1)\" --n 8 --prompts 1000 --steps 1000\n  \
    reward-collapse simulate --utility x --n 8 --prompts 1000 --steps 1000 --optimiser sgd --learning-rate 100\n  \
    reward-collapse simulate --utility \"logsigmoid(x)\" --n 8 --prompts 100 --steps 10000 --head raw --smoothing 0.1\n  \
    reward-collapse simulate --utility \"log(x+0.1)\" --share 2 --utility x --share 1 --n 8 --prompts 900 --steps 1000"
)]
pub struct Arguments {
    /// An increasing concave expression in x, such as "x", "logsigmoid(4x)" or "log(x+0.1)"; given several times, prompts are shared out among the utilities.
    #[arg(long, short, value_name = "U", required_unless_present = "design", allow_hyphen_values = true)]
    utility: Vec<String>,

    /// The share of the prompts that has a utility, once for each of several, in their order; any positive numbers, such as 2 and 1 [default: all alike].
    #[arg(long, value_name = "W", allow_hyphen_values = true)]
    share: Vec<f64>,

    #[command(flatten)]
    design: DesignArgument,

    /// The number of ranked responses of each prompt.
    #[arg(long, short, value_name = "N", value_parser = responses, allow_hyphen_values = true)]
    n: usize,

    /// The number of prompts.
    #[arg(long, value_name = "P", value_parser = count, allow_hyphen_values = true)]
    prompts: u64,

    /// The number of steps; every prompt takes part in each.
    #[arg(long, value_name = "T", value_parser = count, allow_hyphen_values = true)]
    steps: u64,

    /// How logits follow the gradient.
    #[arg(long, value_enum, default_value_t = OptimiserArgument::Adam)]
    optimiser: OptimiserArgument,

    /// The learning rate [default: 1 for sgd, 0.05 for adam].
    #[arg(long, value_name = "L", allow_hyphen_values = true)]
    learning_rate: Option<f64>,

    /// The pairs of a prompt in each step: `pairs` for one at random, a number for so many, or `full` for all.
    #[arg(long, value_name = "pairs|M|full", value_parser = batch, default_value = "full", allow_hyphen_values = true)]
    batch: Batch,

    /// From logits to rewards [default: sigmoid; raw for a design on the line].
    #[arg(long, value_enum)]
    head: Option<Head>,

    /// The probability that a pair's label is swapped, below 0.5.
    #[arg(long, value_name = "Q", default_value_t = 0.0, allow_hyphen_values = true)]
    flip: f64,

    /// Label pairs as Bradley and Terry would, by true qualities so far apart: response j beats i with probability sigmoid((j - i) D).
    #[arg(long, value_name = "D", conflicts_with = "flip", allow_hyphen_values = true)]
    quality_gap: Option<f64>,

    /// Whether random labels are drawn once for each prompt and pair, or in every step.
    #[arg(long, value_enum, default_value_t = NoiseArgument::Fixed)]
    noise: NoiseArgument,

    /// U(x) becomes (1-Q) U(x) + Q U(-x), Q below 0.5; for utilities that are defined for negative x.
    #[arg(long, value_name = "Q", default_value_t = 0.0, allow_hyphen_values = true)]
    smoothing: f64,

    /// Each pair also pays C (r_i + r_j)^2.
    #[arg(long, value_name = "C", default_value_t = 0.0, allow_hyphen_values = true)]
    centering: f64,

    /// So many pairs of each prompt are compared at all, drawn once [default: all].
    #[arg(long, value_name = "K", value_parser = count, allow_hyphen_values = true)]
    compared: Option<u64>,

    /// The standard deviation of the first logits.
    #[arg(long, value_name = "S", default_value_t = 0.1, allow_hyphen_values = true)]
    initial_spread: f64,

    /// A row every K steps [default: ten a decade].
    #[arg(long, value_name = "K", value_parser = count, allow_hyphen_values = true)]
    every: Option<u64>,

    /// The seed of every random draw.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,

    /// Also draw the path to collapse there, with its numbers as CSV.
    #[cfg(feature = "figures")]
    #[arg(long, value_name = "DIR")]
    figure: Option<PathBuf>,

    #[cfg(feature = "figures")]
    #[command(flatten)]
    page: super::page::PageArguments,

    #[command(flatten)]
    output: OutputArguments,
}

/// `--optimiser`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OptimiserArgument {
    /// Gradient descent.
    Sgd,
    /// Adam with its usual constants.
    Adam,
}

/// `--noise`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NoiseArgument {
    /// Once.
    Fixed,
    /// In every step.
    Fresh,
}

fn batch(text: &str) -> Result<Batch, String> {
    match text.trim() {
        "full" => Ok(Batch::Full),
        "pairs" => Ok(Batch::Pairs(1)),
        number => match count(number) {
            Ok(number) => Ok(Batch::Pairs(size(number))),
            Err(_) => Err("a batch is `pairs`, `full`, or a number of pairs".into()),
        },
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Arguments {
    /// The share of each utility.
    fn shares(&self, utilities: usize) -> Result<Vec<f64>, CliError> {
        let shares = self.share.len();
        match shares {
            0 => Ok(vec![1.0; utilities]),
            _ if shares == utilities => Ok(self.share.clone()),
            _ => Err(CliError::Input(format!(
                "--share is given {shares} times for {utilities} utilities: give it once for each"
            ))),
        }
    }

    fn settings(&self, problem: Option<&Equilibrium>) -> Settings {
        let on_the_line = problem.is_some_and(|problem| problem.support() == Support::LINE);
        Settings {
            optimiser: match self.optimiser {
                OptimiserArgument::Sgd => Optimiser::Sgd,
                OptimiserArgument::Adam => Optimiser::Adam,
            },
            learning_rate: self.learning_rate,
            batch: self.batch,
            head: self.head.unwrap_or(if on_the_line { Head::Raw } else { Head::Sigmoid }),
            labels: match self.quality_gap {
                // A list of so many numbers that no memory holds it is refused with n itself.
                Some(gap) => Labels::BradleyTerry((0..self.n.min(1 << 20)).map(|i| gap * i as f64).collect()),
                None if self.flip == 0.0 => Labels::True,
                None => Labels::Flipped(self.flip),
            },
            noise: match self.noise {
                NoiseArgument::Fixed => Noise::Fixed,
                NoiseArgument::Fresh => Noise::Fresh,
            },
            smoothing: self.smoothing,
            centering: self.centering,
            field: problem.and_then(Equilibrium::field).cloned(),
            compared: self.compared.map(size),
            initial_spread: self.initial_spread,
            record: self.every.map_or(Record::Logarithmic, Record::Every),
            seed: self.seed,
            ..Settings::new(self.n, size(self.prompts), self.steps)
        }
    }
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let design = arguments.design.read()?;
    let texts = arguments.utility.iter().map(String::as_str).chain(design.as_ref().map(DesignFile::utility_text));
    let utilities = texts.map(parse).collect::<Result<Vec<_>, _>>()?;
    let problem = design.as_ref().map(DesignFile::problem).transpose()?;
    let settings = arguments.settings(problem.as_ref());
    if let Some(problem) = &problem {
        let needed = if settings.head == Head::Sigmoid { Support::UNIT } else { Support::LINE };
        if problem.support() != needed {
            return Err(CliError::Input(format!(
                "the design has rewards in {}, and this head gives rewards in {needed}",
                problem.support()
            )));
        }
    }
    settings.check()?;
    arguments.output.check_beside(arguments.design.path())?;
    #[cfg(feature = "figures")]
    let page = arguments.page.page_of(arguments.figure.is_some(), "--figure")?;
    let parts = parts(&settings, &arguments.shares(utilities.len())?)?;
    let all = settings.steps.saturating_mul(parts.len() as u64);
    let progress = ProgressDisplay::new(quiet, Some(all));
    let mut simulations = Vec::new();
    for ((utility, settings), before) in utilities.iter().zip(&parts).zip(0..) {
        let done = |step: u64| progress.done(settings.steps.saturating_mul(before).saturating_add(step));
        progress.message(format!("{utility}: training {} prompts", settings.prompts));
        simulations.push(train(utility, settings, &done)?);
    }
    drop(progress);
    let text = match arguments.output.format() {
        Format::Table => report::table(&simulations),
        Format::Json => report::json(&simulations, arguments.flip, arguments.quality_gap)?,
        Format::Csv => report::csv(&simulations)?,
    };
    #[cfg(feature = "figures")]
    if let Some(out) = &arguments.figure {
        for (simulation, number) in simulations.iter().zip(1..) {
            // Several have a folder each, in their order.
            let own = if simulations.len() == 1 { out.clone() } else { out.join(number.to_string()) };
            path_to_collapse(&own, &page, simulation)?;
        }
    }
    arguments.output.write(&text)
}

/// Trains the prompts of one utility, and compares them with its own optimum.
fn train(utility: &SharedUtility, settings: &Settings, done: &dyn Fn(u64)) -> Result<Simulation, CliError> {
    // Labels may be wrong, and the optimum is that of true ones.
    let optimum = LossOptimum::of(utility, settings)?;
    let law = optimum.as_ref().and_then(|optimum| optimum.limit.clone());
    let distance = law.as_deref().map(|law| move |rewards: &[f64]| wasserstein1(rewards, law).unwrap_or(f64::NAN));
    let theory = Theory {
        optimum: optimum.as_ref().map(|optimum| optimum.rewards.as_slice()),
        free_middle: optimum.as_ref().is_some_and(|optimum| optimum.free_middle),
        limit: distance.as_ref().map(|distance| distance as DistanceToLimit<'_>),
    };
    Ok(simulate(utility, settings, &theory, &mut |now| {
        done(now.step);
        ControlFlow::Continue(())
    })?)
}

impl From<LossOptimumError> for CliError {
    fn from(error: LossOptimumError) -> Self {
        match error {
            LossOptimumError::Simulate(error) => error.into(),
            LossOptimumError::Problem(error) => error.into(),
            LossOptimumError::Solve(error) => error.into(),
        }
    }
}
