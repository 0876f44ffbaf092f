//! Commands: each reads its arguments, calls the library and prints a table, JSON or CSV.
//!
//! Results go to standard output or to `--out`; progress, warnings and errors to standard error. Exit status 0 for
//! success, 2 for bad input, 1 for a computation that failed. What the program of the training package shares is public.

mod asymptotics;
mod compare;
mod convergence;
mod design;
mod diagnose;
mod equilibrium;
pub mod error;
#[cfg(feature = "figures")]
mod figure;
mod limit;
pub mod output;
#[cfg(feature = "figures")]
mod page;
mod preferences;
pub mod progress;
mod simulate;
mod solve;
mod study;
pub mod table;
mod terms;
mod training;
mod value;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

pub use error::CliError;

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
    Simulate(simulate::Arguments),
    Design(design::Arguments),
    Compare(compare::Arguments),
    Diagnose(diagnose::Arguments),
    #[cfg(feature = "figures")]
    Figure(figure::Arguments),
    /// Build data sets of rankings, to train a reward model on.
    #[command(disable_help_flag = true)]
    Dataset(training::Arguments),
    /// Train a reward model on rankings, as a configuration says.
    #[command(disable_help_flag = true)]
    Train(training::Arguments),
    /// Print the rewards that a trained model gives the responses of a data set.
    #[command(disable_help_flag = true)]
    Score(training::Arguments),
    /// Print a completion script for a shell.
    #[command(
        after_help = "Example:\n  reward-collapse completions bash > ~/.local/share/bash-completion/completions/reward-collapse"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page: of the program, or of one command.
    #[command(
        after_help = "Examples:\n  reward-collapse man | man -l -\n  reward-collapse man solve > reward-collapse-solve.1"
    )]
    Man {
        /// The command.
        command: Option<String>,
    },
}

/// Parses the command line, runs the command and reports its error in one line.
pub fn run() -> ExitCode {
    run_program(|cli: Cli| {
        let quiet = cli.quiet;
        match &cli.command {
            Command::Solve(arguments) => solve::run(arguments, quiet),
            Command::Limit(arguments) => limit::run(arguments, quiet),
            Command::Asymptotics(arguments) => asymptotics::run(arguments, quiet),
            Command::Simulate(arguments) => simulate::run(arguments, quiet),
            Command::Design(arguments) => design::run(arguments),
            Command::Compare(arguments) => compare::run(arguments, quiet),
            Command::Diagnose(arguments) => diagnose::run(arguments, quiet),
            #[cfg(feature = "figures")]
            Command::Figure(arguments) => figure::run(arguments, quiet),
            Command::Dataset(arguments) => training::run("dataset", arguments, quiet),
            Command::Train(arguments) => training::run("train", arguments, quiet),
            Command::Score(arguments) => training::run("score", arguments, quiet),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Cli::command(), "reward-collapse", &mut script);
                output::print(&String::from_utf8_lossy(&script))
            }
            Command::Man { command } => output::print(&manual(command.as_deref())?),
        }
    })
}

/// The manual page of the program, or of one of its commands.
fn manual(name: Option<&str>) -> Result<String, CliError> {
    let mut program = Cli::command();
    // Names the commands in full, as in `reward-collapse solve`.
    program.build();
    let command = match name {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            found.ok_or_else(|| CliError::Input(format!("there is no command `{name}`; see `reward-collapse help`")))?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(|error| CliError::failure(&error))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// Parses the command line of a program, runs `command` and reports its error in one line.
pub fn run_program<C: Parser>(command: impl FnOnce(C) -> Result<(), CliError>) -> ExitCode {
    let cli = match C::try_parse_from(arguments()) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match command(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error::report(&error::with_causes(&error));
            error.exit_code()
        }
    }
}

/// The command that a usage line is about: the words up to the first option or argument.
fn command_of(text: &str) -> String {
    let usage = text.lines().find_map(|line| line.trim().strip_prefix("Usage: ")).unwrap_or("reward-collapse");
    let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
    usage.split_whitespace().take_while(is_word).collect::<Vec<_>>().join(" ")
}

/// `help --help` is about `help`.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if let [_, command, flag] = arguments.as_mut_slice()
        && *command == "help"
        && (*flag == "--help" || *flag == "-h")
    {
        *flag = "help".into();
    }
    arguments
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
            error::report(&format!("{message}; see `{} --help`", command_of(&text)));
            CliError::Input(String::new()).exit_code()
        }
    }
}
