//! The commands that need data, a reward model or libtorch; `reward-collapse` runs them.

mod dataset;
mod score;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use reward_collapse::cli::run_program;

/// Data sets of rankings, and reward models trained on them.
///
/// `reward-collapse dataset`, `train` and `score` run this program.
#[derive(Debug, Parser)]
// People call it by the other program's name, and are told so in its help.
#[command(
    name = "reward-collapse",
    bin_name = "reward-collapse",
    version,
    propagate_version = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Print no progress and no warnings.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dataset(dataset::Arguments),
    Train(train::Arguments),
    Score(score::Arguments),
}

/// Parses the command line, runs the command and reports its error in one line.
pub fn run() -> ExitCode {
    run_program(|cli: Cli| match &cli.command {
        Command::Dataset(arguments) => dataset::run(arguments, cli.quiet),
        Command::Train(arguments) => train::run(arguments, cli.quiet),
        Command::Score(arguments) => score::run(arguments, cli.quiet),
    })
}
