//! Utilities `U`: increasing concave functions of a reward difference `x`.
//!
//! Ranking losses train a reward model on `-U(r_winner - r_loser)`. Each family of the paper has a file of its own with
//! its value, first and second derivative, its behaviour at `x = 0+`, and the closed forms it is known to have. Any other
//! expression in `x` becomes an [`Expression`], differentiated symbolically. [`parse`] chooses between the two.
//!
//! | family | `U(x)` | `U'(0+)` |
//! |---|---|---|
//! | [`Linear`] | `x` | `1` |
//! | [`Power`] | `x^gamma`, `0 < gamma < 1` | `inf` |
//! | [`Log`] | `log x` | `inf` |
//! | [`InversePower`] | `-x^-sigma`, `sigma > 0` | `inf` |
//! | [`LogSigmoid`] | `log sigmoid(k x)`, `k > 0` | `k/2` |
//! | [`SmoothedLog`] | `log(x + eps)`, `eps > 0` | `1/eps` |
//! | [`SmoothedInverse`] | `-1/(x + eps)`, `eps > 0` | `1/eps^2` |
//! | [`Exponential`] | `1 - exp(-k x)`, `k > 0` | `k` |
//! | [`Quadratic`] | `x - b x^2/2`, `0 < b <= 1` | `1` |
//! | [`SmoothedSquare`] | `(x + eps)^2`: convex, refused by every solver | `2 eps` |

mod admissible;
mod affine;
mod closed_form;
mod error;
mod exponential;
mod expression;
mod inverse_power;
mod linear;
mod log;
mod log_sigmoid;
mod notation;
mod power;
mod quadratic;
mod recognise;
mod smoothed_inverse;
mod smoothed_log;
mod smoothed_square;

use std::fmt;
use std::sync::Arc;

pub use admissible::{check_admissible, decreasing_interval};
pub use affine::Affine;
pub use closed_form::{ClosedForm, FiniteClosedForm};
pub use error::UtilityError;
pub use exponential::Exponential;
pub use expression::Expression;
pub use inverse_power::InversePower;
pub use linear::Linear;
pub use log::Log;
pub use log_sigmoid::LogSigmoid;
pub use power::Power;
pub use quadratic::Quadratic;
pub use smoothed_inverse::SmoothedInverse;
pub use smoothed_log::SmoothedLog;
pub use smoothed_square::SmoothedSquare;

/// A utility that may be shared between threads, problems and figures.
pub type SharedUtility = Arc<dyn Utility>;

/// `U`, `U'` and `U''` at one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jet {
    /// `U(x)`.
    pub value: f64,
    /// `U'(x)`.
    pub slope: f64,
    /// `U''(x)`.
    pub curvature: f64,
}

/// `U` itself, or one of its derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivative {
    /// `U`.
    Value,
    /// `U'`.
    Slope,
    /// `U''`.
    Curvature,
}

/// How `U` leaves `x = 0+`: this decides whether rewards tie at the ends and what weight the limit law carries there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin {
    /// `U'(0+)` is finite: responses may sit at exactly 0 and exactly 1, and the limit law has atoms there.
    FiniteSlope(f64),
    /// `U(x) ~ scale * x^gamma` with `0 < gamma < 1`, up to a constant.
    Power {
        /// The exponent, in (0, 1).
        gamma: f64,
        /// The positive factor.
        scale: f64,
    },
    /// `U(x) ~ scale * log x`, up to a constant.
    Log {
        /// The positive factor.
        scale: f64,
    },
    /// `U(x) ~ -scale * x^-sigma` with `sigma > 0`.
    Pole {
        /// The exponent.
        sigma: f64,
        /// The positive factor.
        scale: f64,
    },
    /// `U'(0+)` is infinite, but `U'` follows no power of `x`, as for `x - x log x`.
    SlowSlope,
}

impl Origin {
    /// `U'(0+)`, which may be infinite.
    pub fn slope(&self) -> f64 {
        match *self {
            Origin::FiniteSlope(slope) => slope,
            _ => f64::INFINITY,
        }
    }

    /// The leading singular term at distance `x > 0`; zero where the slope is finite.
    pub fn leading_term(&self, x: f64) -> f64 {
        match *self {
            Origin::FiniteSlope(_) | Origin::SlowSlope => 0.0,
            Origin::Power { gamma, scale } => scale * x.powf(gamma),
            Origin::Log { scale } => scale * x.ln(),
            Origin::Pole { sigma, scale } => -scale * x.powf(-sigma),
        }
    }
}

/// An increasing concave function `U` of a reward difference.
///
/// `value`, `slope` and `curvature` are for `x > 0`, and for `x = 0` where the slope there is finite; for negative `x`
/// use [`Utility::extended`]. `Display` writes the expression that [`parse`] reads back.
///
/// ```
/// use reward_collapse::utility::{LogSigmoid, Utility};
/// let u = LogSigmoid::new(4.0)?;
/// assert_eq!(u.slope(0.0), 2.0); // U'(0+) = k/2
/// assert_eq!(u.to_string(), "logsigmoid(4x)");
/// # Ok::<(), reward_collapse::utility::UtilityError>(())
/// ```
pub trait Utility: fmt::Display + fmt::Debug + Send + Sync {
    /// `U(x)`.
    fn value(&self, x: f64) -> f64;

    /// `U'(x)`.
    fn slope(&self, x: f64) -> f64;

    /// `U''(x)`.
    fn curvature(&self, x: f64) -> f64;

    /// `U`, `U'` and `U''` together; families that share work between the three override it.
    fn jet(&self, x: f64) -> Jet {
        Jet { value: self.value(x), slope: self.slope(x), curvature: self.curvature(x) }
    }

    /// Replaces every `x` by `U(x)` or a derivative there: one call for many points.
    fn map(&self, derivative: Derivative, points: &mut [f64]) {
        match derivative {
            Derivative::Value => points.iter_mut().for_each(|x| *x = self.value(*x)),
            Derivative::Slope => points.iter_mut().for_each(|x| *x = self.slope(*x)),
            Derivative::Curvature => points.iter_mut().for_each(|x| *x = self.curvature(*x)),
        }
    }

    /// How `U` leaves `x = 0+`.
    fn origin(&self) -> Origin;

    /// `U'(0+)`, which may be infinite.
    fn slope_at_zero(&self) -> f64 {
        self.origin().slope()
    }

    /// The concave extension to `x < 0`, where a training pair is misordered: the tangent at `0+` for a finite slope, and
    /// `-inf` for an infinite one. For `x >= 0` this is [`Utility::jet`].
    fn extended(&self, x: f64) -> Jet {
        if x >= 0.0 {
            return self.jet(x);
        }
        match self.origin() {
            Origin::FiniteSlope(slope) => Jet { value: self.value(0.0) + slope * x, slope, curvature: 0.0 },
            _ => Jet { value: f64::NEG_INFINITY, slope: f64::INFINITY, curvature: 0.0 },
        }
    }

    /// `U(x)` less its leading singular term at 0 ([`Origin::leading_term`]): what a quadrature may treat as smooth.
    fn regular_part(&self, x: f64) -> f64 {
        self.value(x) - self.origin().leading_term(x)
    }

    /// Whether `U` is affine, so that the finite problem need not have a unique maximiser.
    fn is_linear(&self) -> bool {
        false
    }

    /// The limit law where a theorem gives it.
    fn closed_form(&self) -> Option<ClosedForm> {
        None
    }

    /// The finite maximiser where a theorem gives it.
    fn finite_closed_form(&self) -> Option<FiniteClosedForm> {
        None
    }

    /// A bound on the rounding error of a value `slope` of `U'` at an exact argument, in units of `f64::EPSILON / 2`. For the
    /// families it is a few units of the slope itself; for a typed [`Expression`] it is an estimate.
    fn slope_error(&self, slope: f64) -> f64 {
        6.0 * slope.abs()
    }

    /// Why the theory does not apply, for a family that lies outside it.
    fn refusal(&self) -> Option<UtilityError> {
        None
    }
}

/// Reads a utility as people write it: `x`, `x^0.8`, `log(x)`, `-1/x`, `-x^-0.5`, `logsigmoid(4x)`, `log(x+0.1)`,
/// `1-exp(-4x)`, `x-0.25x^2`, or any increasing concave expression in `x`, with or without spaces and `*`.
///
/// Known families are recognised however they are written, up to a positive factor and a constant (neither changes the
/// optimal rewards), and then carry their closed forms.
///
/// # Errors
/// [`UtilityError`] says what is wrong and where: syntax, an unknown name, or the interval of `(0, 1]` on which the
/// expression is not increasing or not concave.
///
/// ```
/// use reward_collapse::utility::parse;
/// let u = parse("3*sqrt(x) + 1")?;
/// assert_eq!(u.closed_form().unwrap().to_string(), "Beta(0.25, 0.25)");
/// assert!(parse("x^2").is_err()); // convex
/// # Ok::<(), reward_collapse::utility::UtilityError>(())
/// ```
pub fn parse(text: &str) -> Result<SharedUtility, UtilityError> {
    let expression = Expression::parse(text)?;
    check_admissible(&expression)?;
    Ok(recognise::family(&expression).unwrap_or_else(|| Arc::new(expression)))
}
