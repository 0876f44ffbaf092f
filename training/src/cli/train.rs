//! `reward-collapse train`.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::reward_model::DeviceName;
use crate::training::TrainingError;
use crate::training::configuration::Configuration;
use crate::training::evaluation::Evaluated;
use crate::training::observer::{Observer, Outcome, Progress};
use crate::training::ranks::{Environment, PATIENCE, Ranks, RanksError};
use crate::training::trainer::Trainer;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use reward_collapse::cli::error::warn;
use reward_collapse::cli::output;
use reward_collapse::cli::{self, CliError};

/// Train a reward model on rankings, as a configuration says.
///
/// The run writes its metrics (metrics.jsonl and TensorBoard events), the rewards of each evaluation (rewards.csv) and
/// checkpoints that transformers can load into its output directory. Ctrl-C saves a checkpoint and stops; --resume goes on
/// from the newest one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse train simulations/embedded/x_adaptive.yml\n  \
    reward-collapse train simulations/x_adaptive.yml --data rankings.jsonl --device cuda\n  \
    reward-collapse train simulations/x_adaptive.yml --data rankings.jsonl --resume")]
pub struct Arguments {
    /// The configuration, such as simulations/embedded/x_adaptive.yml.
    config: PathBuf,

    /// What to train on in place of the configuration's data: rankings (see `dataset build`), or rows to make them of.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// Where the run writes, in place of the configuration's output_dir.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Where to compute; cuda:K is the GPU with the number K [default: the configuration's device, else a GPU if there is one].
    #[arg(long, value_name = "cpu|cuda|cuda:K")]
    device: Option<DeviceName>,

    /// Steps to train, in place of the configuration's max_steps; the schedule ends with them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_steps: Option<u64>,

    /// Go on from the newest checkpoint in the output directory; without one, begin.
    #[arg(long)]
    resume: bool,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let environment = Environment::read(|name| std::env::var(name).ok()).map_err(TrainingError::from)?;
    let ranks = Arc::new(Ranks::join(environment, PATIENCE).map_err(TrainingError::from)?);
    // One speaks for all, but for errors.
    let ended = train(arguments, quiet || !ranks.is_first(), &ranks);
    match ended {
        Ok(said) => {
            ranks.finish()?;
            if ranks.is_first() { output::print(&said) } else { Ok(()) }
        }
        Err(error) => {
            if !matches!(error, TrainingError::Ranks(RanksError::Gone { .. } | RanksError::Differ { .. })) {
                ranks.fail(&error.to_string());
            }
            Err(error.into())
        }
    }
}

/// What to say of a run that ended as it should.
fn train(arguments: &Arguments, quiet: bool, ranks: &Arc<Ranks>) -> Result<String, TrainingError> {
    let mut configuration = Configuration::read(&arguments.config)?;
    for text in configuration.warnings() {
        warn(text, quiet);
    }
    if let Some(directory) = &arguments.output_dir {
        configuration.output_dir.clone_from(directory);
    }
    if let Some(device) = arguments.device {
        configuration.device = device;
    }
    if let Some(steps) = arguments.max_steps {
        configuration.max_steps = steps;
    }
    let stop = stop_on_signal(ranks.is_first())?;
    let mut preparing = Preparing { progress: cli::progress::ProgressDisplay::new(quiet, None), quiet };
    let (data, resume) = (arguments.data.as_deref(), arguments.resume);
    let mut trainer = Trainer::prepare_on(ranks.clone(), configuration, data, resume, &mut preparing)?;
    drop(preparing);

    let total = trainer.configuration().max_steps;
    let mut watcher = Watcher::new(quiet, total, &trainer, stop);
    let outcome = trainer.run(&mut watcher);
    watcher.bar.finish_and_clear();
    Ok(match outcome? {
        Outcome::Finished => format!(
            "{} steps in {}{}; rewards, metrics and checkpoints are in {}\n",
            trainer.step(),
            duration(trainer.seconds()),
            trainer.compute().memory().map_or_else(String::new, |memory| {
                format!(
                    ", with at most {:.1} of {:.1} GB of the GPU's memory",
                    gigabytes(memory.peak),
                    gigabytes(memory.total)
                )
            }),
            trainer.directory().display()
        ),
        Outcome::Interrupted { step, checkpoint } => format!(
            "stopped after {step} of {total} steps, saved in {}; --resume goes on from there\n",
            checkpoint.display()
        ),
    })
}

/// True once the program is asked to stop; asked twice, it stops at once.
fn stop_on_signal(speaks: bool) -> Result<Arc<AtomicBool>, TrainingError> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            // What was saved stays whole.
            std::process::exit(130);
        }
        if speaks {
            eprintln!("stopping after this step; once more stops at once, without saving");
        }
    })
    .map_err(|error| TrainingError::Signals(error.to_string()))?;
    Ok(stop)
}

/// A line that says what is being done before the first step.
struct Preparing {
    progress: cli::progress::ProgressDisplay,
    quiet: bool,
}

impl Observer for Preparing {
    fn preparing(&mut self, what: &str) {
        self.progress.message(what);
    }

    fn warned(&mut self, what: &str) {
        self.progress.aside(|| warn(what, self.quiet));
    }
}

/// A bar on a terminal, and a line for each evaluation.
struct Watcher {
    bar: ProgressBar,
    quiet: bool,
    /// Whether the program was asked to stop.
    stop: Arc<AtomicBool>,
    /// The evaluation's other split.
    pending: Option<String>,
}

impl Watcher {
    fn new(quiet: bool, total: u64, trainer: &Trainer, stop: Arc<AtomicBool>) -> Self {
        let on_terminal = std::io::stderr().is_terminal() && !quiet;
        let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = "{bar:24} {pos}/{len}  {wide_msg}  {elapsed} left {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(trainer.step());
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(250));
        let watcher = Self { bar, quiet, stop, pending: None };
        let model = trainer.model();
        watcher.tell(&format!(
            "{}: {} parameters on {}{}{}, {} prompts a step{}",
            trainer.configuration().name,
            grouped(model.parameters().declarations().elements()),
            trainer.compute().describe(trainer.threads()),
            trainer.compute().remark().map_or_else(String::new, |remark| format!(" ({remark})")),
            if trainer.ranks().size() > 1 { format!(", {} ranks", trainer.ranks().size()) } else { String::new() },
            trainer.configuration().prompts_per_step(),
            if trainer.step() > 0 { format!(", going on after step {}", trainer.step()) } else { String::new() },
        ));
        watcher
    }

    fn tell(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }
}

impl Observer for Watcher {
    fn stepped(&mut self, progress: &Progress) -> ControlFlow<()> {
        let Progress { step, loss, accuracy, sequences_per_second } = progress;
        self.bar.set_position(*step);
        self.bar.set_message(format!(
            "loss {loss:.4}  pairs in order {:.1}%  {sequences_per_second:.0} sequences/s",
            100.0 * accuracy
        ));
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn evaluated(&mut self, evaluated: &Evaluated) {
        let Evaluated { split, step, loss, accuracy, .. } = evaluated;
        let own = format!("{split}: loss {loss:.4}, pairs in order {:.1}%", 100.0 * accuracy);
        match self.pending.take() {
            None => self.pending = Some(format!("step {step:>5}  {own}")),
            Some(first) => self.tell(&format!("{first}  {own}")),
        }
    }
}

fn gigabytes(bytes: i64) -> f64 {
    bytes as f64 / 1e9
}

/// Seconds, or minutes and seconds.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// A count with spaces between thousands.
fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl From<TrainingError> for CliError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::NotFinite { .. }
            | TrainingError::Memory { .. }
            | TrainingError::Signals(_)
            | TrainingError::Ranks(RanksError::Gone { .. } | RanksError::Join { .. } | RanksError::Differ { .. }) => {
                CliError::failure(&error)
            }
            TrainingError::Model(error) => error.into(),
            _ => CliError::input(&error),
        }
    }
}
