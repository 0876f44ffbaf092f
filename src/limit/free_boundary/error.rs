//! What can prevent a law with a free boundary from being computed.

use thiserror::Error;

use crate::problem::FieldError;
use crate::utility::UtilityError;

/// Why there is no such law.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FreeLawError {
    /// The utility is outside the theory.
    #[error(transparent)]
    Refused(#[from] UtilityError),
    /// Rewards gain by running away: no law maximises.
    #[error(
        "no law of `{utility}` on {support}{field}: rewards gain without end by moving {direction}; a bounded support, a field that \
         pulls back there, or label smoothing (for a finite slope) keeps them"
    )]
    RunsAway {
        /// The utility, with its smoothing.
        utility: String,
        /// The support.
        support: String,
        /// ` with the field ...`, or nothing.
        field: String,
        /// How they move.
        direction: &'static str,
    },
    /// The utility is convex at distances that the law needs.
    #[error("no law of `{utility}`: it is not concave near x = {at:.3e}, and the law reaches distances of {width:.3e}")]
    NotConcave {
        /// The utility, with its smoothing.
        utility: String,
        /// A distance at which it is convex.
        at: f64,
        /// The length of the interval that was tried.
        width: f64,
    },
    /// Centring that is no field.
    #[error(
        "the limit with centring is known for a support that is symmetric about 0, such as -inf,inf, and without a field"
    )]
    Centring,
    /// The field is refused.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Neither a second-kind equation nor a Jacobi weight applies.
    #[error(
        "no method for the law of `{utility}` with a free boundary: finite slopes at 0+, and multiples of log x, x^gamma and -x^-sigma \
         with sigma < 1, are supported"
    )]
    NoMethod {
        /// The utility.
        utility: String,
    },
    /// The one interval on which the potential is constant would need negative mass.
    #[error("the law of `{utility}` is not on one interval: a charge turns negative at x = {at:.6e}")]
    NotOneInterval {
        /// The utility, with its smoothing.
        utility: String,
        /// Where.
        at: f64,
    },
    /// Ends or potential did not settle.
    #[error("the law of `{utility}` did not converge: {reason}")]
    NotConverged {
        /// The utility, with its smoothing.
        utility: String,
        /// What is left.
        reason: String,
    },
    /// The discretised equation could not be solved.
    #[error("the discretised equation for the law of `{utility}` could not be solved: {reason}")]
    LinearAlgebra {
        /// The utility, with its smoothing.
        utility: String,
        /// What LAPACK or the operating system reported.
        reason: String,
    },
}
