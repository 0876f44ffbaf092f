//! Errors of the command line and their exit status.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::compare::ConvergenceError;
#[cfg(feature = "figures")]
use crate::figure::FigureError;
use crate::limit::LimitError;
use crate::solution::SolveError;
use crate::utility::UtilityError;
use thiserror::Error;

/// What went wrong, and whose doing it was.
#[derive(Debug, Error)]
pub enum CliError {
    /// The input is at fault: exit status 2.
    #[error("{0}")]
    Input(String),
    /// The computation is: exit status 1.
    #[error("{0}")]
    Failure(String),
}

impl CliError {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Input(_) => ExitCode::from(2),
            CliError::Failure(_) => ExitCode::from(1),
        }
    }
}

/// Prints the one line; red on a terminal that wants colour.
pub fn report(message: &str) {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let label = if colour { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    // With standard error closed there is no one to tell.
    let _ = writeln!(std::io::stderr(), "{label} {message}");
}

/// Prints a warning in one line, unless `quiet`.
pub fn warn(message: &str, quiet: bool) {
    if !quiet {
        let _ = writeln!(std::io::stderr(), "warning: {message}");
    }
}

impl From<UtilityError> for CliError {
    fn from(error: UtilityError) -> Self {
        CliError::Input(error.to_string())
    }
}

impl From<SolveError> for CliError {
    fn from(error: SolveError) -> Self {
        match error {
            SolveError::NotConverged(_) | SolveError::Stopped(_) => CliError::Failure(error.to_string()),
            _ => CliError::Input(error.to_string()),
        }
    }
}

impl From<LimitError> for CliError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Refused(_) | LimitError::SlowSlope { .. } | LimitError::NotPositive { .. } => {
                CliError::Input(error.to_string())
            }
            _ => CliError::Failure(error.to_string()),
        }
    }
}

impl From<ConvergenceError> for CliError {
    fn from(error: ConvergenceError) -> Self {
        match error {
            ConvergenceError::Solve(error) => error.into(),
            ConvergenceError::Limit(error) => error.into(),
            ConvergenceError::Compare(error) => CliError::Failure(error.to_string()),
        }
    }
}

#[cfg(feature = "figures")]
impl From<FigureError> for CliError {
    fn from(error: FigureError) -> Self {
        match error {
            FigureError::Utility(error) => error.into(),
            FigureError::Solve(error) => error.into(),
            FigureError::Limit(error) => error.into(),
            FigureError::Write { .. } | FigureError::Experiment(_) | FigureError::NoRuns { .. } => {
                CliError::Input(error.to_string())
            }
            _ => CliError::Failure(error.to_string()),
        }
    }
}
