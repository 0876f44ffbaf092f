//! Errors of the command line and their exit status.

use std::error::Error as StdError;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::compare::ConvergenceError;
use crate::design::DesignError;
#[cfg(feature = "figures")]
use crate::figure::FigureError;
use crate::files::FileError;
use crate::limit::LimitError;
use crate::simulate::SimulateError;
use crate::solution::SolveError;
use crate::utility::UtilityError;
use thiserror::Error;

/// What went wrong, and whose doing it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CliError {
    /// The input is at fault: exit status 2.
    #[error("{0}")]
    Input(String),
    /// The computation is: exit status 1.
    #[error("{0}")]
    Failure(String),
}

impl CliError {
    /// The input is at fault, for `error` and what caused it.
    pub fn input(error: &dyn StdError) -> Self {
        Self::Input(with_causes(error))
    }

    /// The computation is, for `error` and what caused it.
    pub fn failure(error: &dyn StdError) -> Self {
        Self::Failure(with_causes(error))
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Input(_) => ExitCode::from(2),
            CliError::Failure(_) => ExitCode::from(1),
        }
    }
}

/// An error and what caused it, in one sentence: `cannot read FILE: No such file or directory`. A cause that the error
/// tells of itself is left out.
pub fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let own = error.to_string();
        if !text.ends_with(&own) {
            text.push_str(": ");
            text.push_str(&own);
        }
        cause = error.source();
    }
    text
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

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        CliError::input(&error)
    }
}

impl From<UtilityError> for CliError {
    fn from(error: UtilityError) -> Self {
        CliError::input(&error)
    }
}

impl From<SolveError> for CliError {
    fn from(error: SolveError) -> Self {
        match error {
            SolveError::NotConverged(_) | SolveError::Uncertified(_) | SolveError::Stopped(_) => {
                CliError::failure(&error)
            }
            _ => CliError::input(&error),
        }
    }
}

impl From<LimitError> for CliError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Refused(_)
            | LimitError::SlowSlope { .. }
            | LimitError::NotPositive { .. }
            | LimitError::Overflow { .. } => CliError::input(&error),
            _ => CliError::failure(&error),
        }
    }
}

impl From<DesignError> for CliError {
    fn from(error: DesignError) -> Self {
        match error {
            DesignError::Solve(error) => error.into(),
            DesignError::Limit(error) => error.into(),
            DesignError::Programme { .. } | DesignError::Compare(_) => CliError::failure(&error),
            _ => CliError::input(&error),
        }
    }
}

impl From<SimulateError> for CliError {
    fn from(error: SimulateError) -> Self {
        match error {
            SimulateError::Diverged { .. } | SimulateError::Cancelled => CliError::failure(&error),
            _ => CliError::input(&error),
        }
    }
}

impl From<ConvergenceError> for CliError {
    fn from(error: ConvergenceError) -> Self {
        match error {
            ConvergenceError::Solve(error) => error.into(),
            ConvergenceError::Limit(error) => error.into(),
            _ => CliError::failure(&error),
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
            FigureError::File(_)
            | FigureError::Experiment(_)
            | FigureError::MissingUtility(_)
            | FigureError::NoTheory { .. }
            | FigureError::NoRuns { .. }
            | FigureError::Width(_) => CliError::input(&error),
            _ => CliError::failure(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_its_causes() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = FileError::writing("a file", full);
        assert_eq!(with_causes(&error), format!("cannot write a file: {}", error.source));
        // As a part of another error it is told once.
        let error = crate::study::StudyError::from(error);
        assert_eq!(with_causes(&error).matches("cannot write").count(), 1);
        assert!(with_causes(&error).len() > error.to_string().len());
    }
}
