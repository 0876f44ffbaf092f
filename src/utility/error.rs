//! What can be wrong with a utility.

use thiserror::Error;

use super::Origin;

/// Why a utility was refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum UtilityError {
    /// The text is not an expression.
    #[error("cannot read the utility `{expression}`: {reason}")]
    Syntax {
        /// What was typed.
        expression: String,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// Two readings of the text do not agree: a fault of this library.
    #[error(
        "two readings of the utility `{utility}` differ at x = {at}: {} and {}; please report it, and write it with more \
         parentheses",
        .readings[0], .readings[1]
    )]
    TwoReadings {
        /// The utility.
        utility: String,
        /// Where they differ.
        at: f64,
        /// Both values.
        readings: [f64; 2],
    },
    /// A parameter of a family is outside its domain.
    #[error("{family} needs {domain}, got {name} = {value}")]
    Parameter {
        /// The family, such as `x^gamma`.
        family: &'static str,
        /// The parameter's name.
        name: &'static str,
        /// The value given.
        value: f64,
        /// The values allowed.
        domain: &'static str,
    },
    /// `U'(0+)` is infinite where `U` is needed for `x < 0`.
    #[error(
        "the slope of {utility} at 0 is infinite, so that no pair may be in the wrong order, as pairs are when training begins; use x + \
         0.1 in place of x, as the released losses log and x_inv do"
    )]
    InfiniteSlope {
        /// The utility.
        utility: String,
    },
    /// The utility has no finite value or derivative somewhere in (0, 1].
    #[error("the utility `{utility}` is not defined near x = {at} (it must be finite on 0 < x <= 1)")]
    Undefined {
        /// The utility.
        utility: String,
        /// A point where it fails.
        at: String,
    },
    /// `U' <= 0` on part of (0, 1].
    #[error(
        "the utility `{utility}` is not increasing on {from} <= x <= {to} (U' = {worst} there): a better response must gain"
    )]
    NotIncreasing {
        /// The utility.
        utility: String,
        /// Where the interval begins.
        from: String,
        /// Where the interval ends.
        to: String,
        /// The most negative slope seen there.
        worst: String,
    },
    /// `U'' > 0` on part of (0, 1].
    #[error(
        "the utility `{utility}` is not concave on {from} <= x <= {to} (U'' = {worst} there): the theory needs a concave U"
    )]
    NotConcave {
        /// The utility.
        utility: String,
        /// Where the interval begins.
        from: String,
        /// Where the interval ends.
        to: String,
        /// The largest curvature seen there.
        worst: String,
    },
    /// The slope near 0 is not what the utility's `origin` says.
    #[error("the slope of `{utility}` near 0 does not follow its origin, {origin:?}: it is {slope} at x = {at}")]
    Origin {
        /// The utility.
        utility: String,
        /// What it says.
        origin: Origin,
        /// A point near 0.
        at: String,
        /// The slope there.
        slope: String,
    },
}

/// A parameter that must lie strictly between two bounds; NaN lies nowhere.
pub(super) fn parameter_in(
    family: &'static str,
    name: &'static str,
    value: f64,
    domain: &'static str,
    allowed: impl Fn(f64) -> bool,
) -> Result<f64, UtilityError> {
    if value.is_finite() && allowed(value) {
        Ok(value)
    } else {
        Err(UtilityError::Parameter { family, name, value, domain })
    }
}
