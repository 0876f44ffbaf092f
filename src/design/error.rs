//! What can be wrong with a design.

use std::path::PathBuf;

use thiserror::Error;

use crate::compare::CompareError;
use crate::files::FileError;
use crate::limit::LimitError;
use crate::problem::{EquilibriumError, FieldError, SupportError};
use crate::solution::SolveError;
use crate::target::TargetError;
use crate::utility::UtilityError;

/// Why there is no such design.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DesignError {
    /// The target, or its potential.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The field.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The utility.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// The support of a file.
    #[error(transparent)]
    Support(#[from] SupportError),
    /// Utility and support do not go together.
    #[error(transparent)]
    Equilibrium(#[from] EquilibriumError),
    /// The target does not lie in the support.
    #[error(
        "the law `{target}` reaches from {from} to {to}, beyond the support {support}; take --support=-inf,inf, or a law that lies within"
    )]
    Outside {
        /// The law.
        target: String,
        /// Its lower end.
        from: f64,
        /// Its upper end.
        to: f64,
        /// The support.
        support: String,
    },
    /// An atom that is not at an end.
    #[error(
        "the law `{target}` has an atom at {at}, inside the support: its field has a corner there, on which rewards would have to lie exactly; spread \
         it a little, as beta(60,60) or uniform({at},...) does"
    )]
    InnerAtom {
        /// The law.
        target: String,
        /// Where the atom is.
        at: f64,
    },
    /// A utility alone gives symmetric laws.
    #[error(
        "the law `{target}` is not its own mirror image about 1/2 (its distribution function differs by up to {asymmetry:.2e}), and a utility alone gives \
         only such laws, since it counts differences of rewards; use --method field"
    )]
    Asymmetric {
        /// The law.
        target: String,
        /// The largest difference.
        asymmetry: f64,
    },
    /// No utility comes near the law.
    #[error(
        "no concave utility gives a law like `{target}`: the best is all but a jump at 0, and leaves a residual of {residual:.1e}; use --method field"
    )]
    OutOfReach {
        /// The law.
        target: String,
        /// The residual.
        residual: f64,
    },
    /// The quadratic programme failed.
    #[error("no utility was found for `{target}`: the quadratic programme ended with {status}")]
    Programme {
        /// The law.
        target: String,
        /// What the solver said.
        status: String,
    },
    /// The finite problem.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The limit law.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Rewards and target could not be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A file that cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that is no design.
    #[error("{} is no design: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
