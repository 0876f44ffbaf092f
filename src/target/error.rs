//! What can be wrong with a target.

use std::path::PathBuf;

use thiserror::Error;

use crate::utility::UtilityError;

/// Why there is no such law, or no potential of it.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The text is no law.
    #[error(
        "cannot read the law `{text}`: {reason}; write beta(2,5), uniform, uniform(0,2), atoms(0:0.3,1:0.7), normal(0,1), empirical(FILE), or a \
         mixture such as 0.3*beta(2,60)+0.7*uniform"
    )]
    Syntax {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Masses or weights that make no probability.
    #[error("`{text}` is no probability law: {reason}")]
    NotALaw {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A line of a file of rewards is no number.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read: which one, and why.
    #[error("{0}")]
    Unreadable(String),
    /// The base utility.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// The potential is infinite, or not computed.
    #[error("the field for the law `{target}` under `{base}` cannot be formed: {reason}")]
    NoPotential {
        /// The law.
        target: String,
        /// The utility.
        base: String,
        /// Why.
        reason: &'static str,
    },
}
