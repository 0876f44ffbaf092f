//! What can be wrong with a field.

use std::path::PathBuf;

use thiserror::Error;

use crate::target::TargetError;
use crate::utility::{SplineError, UtilityError};

/// Why a field was refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The text is no expression.
    #[error("the field: {0}")]
    Expression(#[from] UtilityError),
    /// A text that is no spline, or samples that make none.
    #[error("the field: {0}")]
    Spline(#[from] SplineError),
    /// The potential of a law.
    #[error("the field: {0}")]
    Target(#[from] TargetError),
    /// It is not finite inside the support.
    #[error("the field `{field}` is not defined near x = {at}, which the support {support} contains")]
    Undefined {
        /// The field.
        field: String,
        /// A point where it fails.
        at: f64,
        /// The support.
        support: String,
    },
    /// It is convex somewhere.
    #[error(
        "the field `{field}` is not concave on {from} <= x <= {to}: rewards then need not have one best state; solve takes \
         --allow-nonconcave"
    )]
    NotConcave {
        /// The field.
        field: String,
        /// Where the interval begins.
        from: f64,
        /// Where it ends.
        to: f64,
    },
    /// Samples that are convex somewhere.
    #[error(
        "the samples of {} are not concave between x = {from} and x = {to}: rewards then need not have one best state; solve takes \
         --allow-nonconcave", path.display()
    )]
    Samples {
        /// The file.
        path: PathBuf,
        /// The first of three samples that are convex.
        from: f64,
        /// The last of them.
        to: f64,
    },
    /// A row of samples that is none.
    #[error("{}, line {line}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that cannot be read: which one, and why.
    #[error("{0}")]
    Unreadable(String),
}
