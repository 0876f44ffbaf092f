//! Commands: each reads its arguments, calls the library and prints a table, JSON or CSV.
//!
//! Results go to standard output or to `--out`; progress, warnings and errors to standard error. Exit status 0 for
//! success, 2 for bad input, 1 for a computation that failed.

mod asymptotics;
mod convergence;
#[cfg(feature = "train")]
mod dataset;
mod error;
mod figure;
mod limit;
mod output;
mod progress;
#[cfg(feature = "train")]
mod score;
mod solve;
mod study;
#[cfg(feature = "train")]
mod train;
mod value;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use error::CliError;

/// Optimal rewards for ranked responses, their limiting laws, and the figures of reward collapse.
///
/// A reward model trained on rankings maximises sum U(r_j - r_i) over pairs, for every prompt alike. These commands solve
/// that problem exactly, with an optimality certificate, and compare it with its n -> infinity limit.
#[derive(Debug, Parser)]
#[command(name = "reward-collapse", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Print no progress and no warnings.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Solve(solve::Arguments),
    Limit(limit::Arguments),
    Asymptotics(asymptotics::Arguments),
    Figure(figure::Arguments),
    #[cfg(feature = "train")]
    Dataset(dataset::Arguments),
    #[cfg(feature = "train")]
    Train(train::Arguments),
    #[cfg(feature = "train")]
    Score(score::Arguments),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Parses the command line, runs the command and reports its error in one line.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let result = match &cli.command {
        Command::Solve(arguments) => solve::run(arguments, cli.quiet),
        Command::Limit(arguments) => limit::run(arguments, cli.quiet),
        Command::Asymptotics(arguments) => asymptotics::run(arguments, cli.quiet),
        Command::Figure(arguments) => figure::run(arguments, cli.quiet),
        #[cfg(feature = "train")]
        Command::Dataset(arguments) => dataset::run(arguments, cli.quiet),
        #[cfg(feature = "train")]
        Command::Train(arguments) => train::run(arguments, cli.quiet),
        #[cfg(feature = "train")]
        Command::Score(arguments) => score::run(arguments, cli.quiet),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "reward-collapse", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error::report(&error.to_string());
            error.exit_code()
        }
    }
}

/// Help and version as clap prints them; anything else in one line.
fn refuse(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // A closed pipe is no reason to fail.
            let _ = error.print();
            if error.use_stderr() { CliError::Input(String::new()).exit_code() } else { ExitCode::SUCCESS }
        }
        _ => {
            let text = error.to_string();
            let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
            let message = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
            let message = message.trim_start_matches("error: ");
            let message = message.split(" For more information").next().unwrap_or(message);
            error::report(&format!("{message}; see `reward-collapse --help`"));
            CliError::Input(String::new()).exit_code()
        }
    }
}
