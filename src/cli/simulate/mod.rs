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
    Batch, DistanceToLimit, Head, Labels, LossOptimum, LossOptimumError, Noise, Optimiser, Record, Settings, Theory,
    simulate,
};
use clap::{Args, ValueEnum};

use super::CliError;
use super::output::{self, Format, OutputArguments};
use super::progress::ProgressDisplay;
use super::value::{LossArguments, count, responses};

/// How training gets to the optimal rewards: many prompts with free logits.
///
/// Every prompt has a logit for each response, and no network ties prompts together. They are trained on pairs, and compared with the optimum and the limit law as training goes on.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  reward-collapse simulate --utility \"log(x+0.1)\" --n 8 --prompts 1000 --steps 1000\n  \
    reward-collapse simulate --utility x --n 8 --prompts 1000 --steps 1000 --optimiser sgd --learning-rate 100\n  \
    reward-collapse simulate --utility \"logsigmoid(x)\" --n 8 --prompts 100 --steps 10000 --head raw --smoothing 0.1"
)]
pub struct Arguments {
    #[command(flatten)]
    loss: LossArguments,

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

    /// Also draw the path to collapse there, as SVG and PNG with its numbers as CSV.
    #[cfg(feature = "figures")]
    #[arg(long, value_name = "DIR")]
    figure: Option<PathBuf>,

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
    let (utility, design) = arguments.loss.read()?;
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
    arguments.output.check()?;
    let progress = ProgressDisplay::new(quiet, Some(settings.steps));
    // Labels may be wrong, and the optimum is that of true ones.
    let optimum = LossOptimum::of(&utility, &settings)?;
    let law = optimum.as_ref().and_then(|optimum| optimum.limit.clone());
    let distance = law.as_deref().map(|law| move |rewards: &[f64]| wasserstein1(rewards, law).unwrap_or(f64::NAN));
    let theory = Theory {
        optimum: optimum.as_ref().map(|optimum| optimum.rewards.as_slice()),
        free_middle: optimum.as_ref().is_some_and(|optimum| optimum.free_middle),
        limit: distance.as_ref().map(|distance| distance as DistanceToLimit<'_>),
    };
    progress.message(format!("{utility}: training {} prompts", settings.prompts));
    let simulation = simulate(&utility, &settings, &theory, &mut |now| {
        progress.done(now.step);
        ControlFlow::Continue(())
    })?;
    drop(progress);
    let text = match arguments.output.format() {
        Format::Table => report::table(&simulation),
        Format::Json => output::json(&report::Report::of(&simulation, arguments.flip, arguments.quality_gap))?,
        Format::Csv => report::csv(&simulation)?,
    };
    #[cfg(feature = "figures")]
    if let Some(out) = &arguments.figure {
        path_to_collapse(out, &simulation)?;
    }
    arguments.output.write(&text)
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
