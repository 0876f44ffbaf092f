//! What can prevent a limit law from being computed.

use thiserror::Error;

use crate::utility::UtilityError;

/// Why there is no limit law.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LimitError {
    /// The utility is outside the theory.
    #[error(transparent)]
    Refused(#[from] UtilityError),
    /// `U'(0+)` is infinite but `U'` follows no power: neither equation (6) nor a Jacobi weight applies.
    #[error(
        "no method for the limit law of `{utility}`: its slope at 0+ is infinite but follows no power of x \
         (finite slopes and leading terms x^gamma, log x, -x^-sigma are supported)"
    )]
    SlowSlope {
        /// The utility.
        utility: String,
    },
    /// The potential of the computed law is not flat.
    #[error("the limit law of `{utility}` did not converge: its potential still varies by {residual:.1e}")]
    NotConverged {
        /// The utility.
        utility: String,
        /// `max Phi - E(P)`, or NaN where the utility could not be evaluated.
        residual: f64,
    },
    /// The computed law is no distribution.
    #[error(
        "the limit law of `{utility}` was not resolved: its computed density is {density:.1e} at x = {at:.2e}, and none is \
         negative; `solve` finds the optimal rewards for any n"
    )]
    Signed {
        /// The utility.
        utility: String,
        /// The smallest density found.
        density: f64,
        /// Where it was found.
        at: f64,
    },
    /// A constant potential on [0, 1] needs negative mass: the support of the limit law is smaller.
    #[error(
        "no method for the limit law of `{utility}`: it decreases before x = 1, and its optimal rewards do not reach 0 and 1; \
         `solve` finds them for any n"
    )]
    NotPositive {
        /// The utility.
        utility: String,
    },
    /// The mean utility is beyond the largest double.
    #[error("the mean of `{utility}` is too large for a double; leave out its factor or constant, which change no law")]
    Overflow {
        /// The utility.
        utility: String,
    },
    /// The discretised equation could not be solved.
    #[error("the discretised equation for the limit law of `{utility}` could not be solved: {reason}")]
    LinearAlgebra {
        /// The utility.
        utility: String,
        /// What LAPACK or the operating system reported.
        reason: String,
    },
}
