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

/// The command that a usage line is about: the words up to the first option or argument. A message about a value has no such line, and is
/// about the `command` that was called.
fn command_of(text: &str, command: &str) -> String {
    let usage = text.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let Some(usage) = usage else { return format!("reward-collapse {command}").trim_end().to_owned() };
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
            // The words of Rust's parsers.
            let message = message
                .replace("invalid float literal", "write a number such as 0.02, with a point")
                .replace("invalid digit found in string", "write a whole number, such as 1000")
                .replace(" tip: ", "; ");
            let called = std::env::args()
                .nth(1)
                .filter(|_| matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation));
            error::report(&format!("{message}; see `{} --help`", command_of(&text, &called.unwrap_or_default())));
            CliError::Input(String::new()).exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::Parser;
    use clap::error::ErrorKind;

    use super::Cli;

    /// The commands in the blocks of a page that show a shell.
    fn commands(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = text;
        while let Some((_, block)) = rest.split_once("```") {
            let Some((block, after)) = block.split_once("```") else { break };
            rest = after;
            let Some((language, body)) = block.split_once('\n') else { continue };
            if language == "sh" || language == "console" {
                let body = body.replace("\\\n", " ");
                let lines = body.lines().map(|line| line.trim_start().trim_start_matches("$ "));
                found.extend(lines.filter(|line| line.starts_with("reward-collapse ")).map(str::to_owned));
            }
        }
        found
    }

    /// A word such as FILE or N, or [TYPE=]U, for which a person puts something.
    fn is_placeholder(word: &str) -> bool {
        word.starts_with('[') || word.ends_with("..") || word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    }

    #[test]
    fn every_command_of_readme_and_book_is_understood() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let chapters = fs::read_dir(root.join("docs/src")).unwrap().map(|entry| entry.unwrap().path());
        let pages = chapters.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
        let mut count = 0;
        for page in pages.chain([root.join("README.md")]) {
            for line in commands(&fs::read_to_string(&page).unwrap()) {
                let words = shlex::split(&line).unwrap_or_else(|| panic!("{}: {line}", page.display()));
                let end = words.iter().position(|word| ["|", ">", "&&", "&"].contains(&word.as_str()));
                let words = &words[..end.unwrap_or(words.len())];
                if words.iter().any(|word| is_placeholder(word)) {
                    continue;
                }
                count += 1;
                if let Err(error) = Cli::try_parse_from(words) {
                    let is_help = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion].contains(&error.kind());
                    assert!(is_help, "{}: {line}\n{error}", page.display());
                }
            }
        }
        assert!(count > 60, "{count}");
    }
}
