//! Utilities `U`: increasing concave functions of a reward difference `x`.
//!
//! Ranking losses train a reward model on `-U(r_winner - r_loser)`. Each family of the paper has a file of its own with
//! its value, first and second derivative, its behaviour at `x = 0+`, and the closed forms it is known to have. Any other
//! expression in `x` becomes an [`Expression`]: a tree with derivatives, error bounds and a proof of concavity. [`parse`] chooses
//! between the two.
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
mod family;
mod forward;
mod inverse_power;
mod linear;
mod log;
mod log_sigmoid;
mod on_line;
mod power;
mod quadratic;
mod recognise;
mod shape;
mod smoothed_inverse;
mod smoothed_log;
mod smoothed_square;
mod spline;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use admissible::{check_admissible, decreasing_interval};
pub use affine::Affine;
pub use closed_form::{ClosedForm, FiniteClosedForm};
pub use error::UtilityError;
pub use exponential::Exponential;
pub(crate) use expression::Curve;
pub use expression::{Expression, Operation};
pub use family::{FAMILIES, Family};
pub use inverse_power::InversePower;
pub use linear::Linear;
pub use log::Log;
pub use log_sigmoid::LogSigmoid;
pub use on_line::OnLine;
pub use power::Power;
pub use quadratic::Quadratic;
pub use smoothed_inverse::SmoothedInverse;
pub use smoothed_log::SmoothedLog;
pub use smoothed_square::SmoothedSquare;
pub(crate) use spline::convex_at;
pub use spline::{Spline, SplineError, SplineUtility};

/// A utility that may be shared between threads, problems and figures.
pub type SharedUtility = Arc<dyn Utility>;

/// `U`, `U'` and `U''` at one point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Jet {
    /// `U(x)`.
    pub value: f64,
    /// `U'(x)`.
    pub slope: f64,
    /// `U''(x)`.
    pub curvature: f64,
}

/// Bounds on the rounding errors of computed `U` and `U'` at an exact argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// A bound on the error of `U(x)`.
    pub value: f64,
    /// A bound on the error of `U'(x)`.
    pub slope: f64,
}

impl Errors {
    /// Errors of `value` and `slope` units of `f64::EPSILON / 2`, each relative to what it is an error of; but not less than what
    /// the last operation may lose to underflow.
    pub fn relative(jet: Jet, value: f64, slope: f64) -> Self {
        let unit = 0.5 * f64::EPSILON;
        Self { value: unit * value * jet.value.abs(), slope: unit * slope * jet.slope.abs() }.with_underflow(1.0)
    }

    /// These errors, and those of a few intermediate results that underflow and are then multiplied by at most `factor`.
    pub fn with_underflow(self, factor: f64) -> Self {
        // The distance between subnormal numbers.
        const SMALLEST: f64 = f64::MIN_POSITIVE * f64::EPSILON;
        let lost = 4.0 * factor.max(1.0) * SMALLEST;
        Self { value: self.value + lost, slope: self.slope + lost }
    }
}

/// How it is known that a utility is concave, and increasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Concavity {
    /// By its formula, or by interval arithmetic on all of [1e-150, 1]; solvers hold no two rewards closer than that.
    Proved,
    /// At about 900 points. A certificate then holds under the assumption that nothing happens between them.
    Sampled,
    /// It is not concave: for a field that was let through all the same.
    Refuted,
}

impl Concavity {
    /// What is known of a sum of two functions.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Concavity::Refuted, _) | (_, Concavity::Refuted) => Concavity::Refuted,
            (Concavity::Proved, Concavity::Proved) => Concavity::Proved,
            _ => Concavity::Sampled,
        }
    }
}

impl fmt::Display for Concavity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Concavity::Proved => "proved",
            Concavity::Sampled => "sampled",
            Concavity::Refuted => "refuted",
        })
    }
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
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
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

/// `scale * base + shift`.
#[derive(Debug, Clone, Copy)]
pub struct AffineParts<'a> {
    /// What the optimal rewards are those of.
    pub base: &'a dyn Utility,
    /// Positive.
    pub scale: f64,
    /// Finite.
    pub shift: f64,
}

/// An increasing concave function `U` of a reward difference.
///
/// # Contract
/// `U` is finite, increasing and concave on `(0, 1]`; `slope` and `curvature` are its derivatives; `origin` says how it leaves
/// `0+`. [`solve`](crate::solution::solve) and [`LimitLaw::of`](crate::limit::LimitLaw::of) check this by [`check_admissible`] for every utility that is
/// not proved concave, and refuse what fails.
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

    /// Whether [`Utility::extended`] goes on with the formula of `U`, as for `log sigmoid`, and not along the tangent at `0+`.
    fn extends_by_formula(&self) -> bool {
        false
    }

    /// `U(x)` less its leading singular term at 0 ([`Origin::leading_term`]): what a quadrature may treat as smooth.
    fn regular_part(&self, x: f64) -> f64 {
        self.value(x) - self.origin().leading_term(x)
    }

    /// Whether `U` is affine, so that the finite problem need not have a unique maximiser.
    fn is_linear(&self) -> bool {
        false
    }

    /// Whether `U'` is completely monotone on `x > 0`: `U'`, `-U''`, `U'''`, `-U''''`, .. are not negative.
    ///
    /// Then the error of interpolating `U'` is largest at known places, so that the measured error of fast sums is a bound:
    /// [`Interpolation`](crate::solution::Interpolation).
    fn slope_is_completely_monotone(&self) -> bool {
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

    /// Bounds on the rounding errors of [`Utility::jet`] at an exact `x`. They enter every certificate.
    ///
    /// Unless overridden: a few units in the last place of each.
    fn errors(&self, x: f64) -> Errors {
        Errors::relative(self.jet(x), 6.0, 6.0)
    }

    /// How it is known that `U` is concave. Whoever says [`Concavity::Proved`] vouches for it: solvers examine others at
    /// some 900 points, and say so with their results.
    fn concavity(&self) -> Concavity {
        Concavity::Sampled
    }

    /// Whether `U` is known to be strictly concave, so that the finite problem has one maximiser. Where that is not known,
    /// solvers look at the curvature where the rewards are.
    fn is_strictly_concave(&self) -> bool {
        false
    }

    /// `U = scale * base + shift`, for a utility that is made so: the optimal rewards are those of `base`.
    fn affine(&self) -> Option<AffineParts<'_>> {
        None
    }

    /// Why the theory does not apply, for a family that lies outside it.
    fn refusal(&self) -> Option<UtilityError> {
        None
    }
}

/// Reads a utility as people write it: `x`, `x^0.8`, `log(x)`, `-1/x`, `-x^-0.5`, `logsigmoid(4x)`, `log(x+0.1)`,
/// `1-exp(-4x)`, `x-0.25x^2`, or any increasing concave expression in `x`, with or without spaces and `*`.
///
/// Known families are recognised by algebra, however they are written, up to a positive factor and a constant (neither changes
/// the optimal rewards), and then carry their closed forms. What they compute is compared with what was typed.
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
    if text.trim_start().starts_with("spline(") {
        return Ok(Arc::new(SplineUtility::parse(text)?));
    }
    let expression = Expression::parse(text)?;
    if let Some(member) = recognise::family(&expression) {
        return Ok(member);
    }
    if let Some((base, factor, constant)) = expression.without_factor_and_constant() {
        // The derivatives of the whole may be out of the range of doubles where those of the base are not.
        let is_ordinary = (1e-100..1e100).contains(&factor);
        admissible::check_expression(if is_ordinary { &expression } else { &base })?;
        return Ok(Arc::new(Affine::new(Arc::new(base), factor, constant, text.trim())?));
    }
    admissible::check_expression(&expression)?;
    Ok(Arc::new(expression))
}

impl std::str::FromStr for Box<dyn Utility> {
    type Err = UtilityError;

    /// As [`parse`].
    ///
    /// ```
    /// use reward_collapse::{solution::solve, utility::Utility};
    /// let utility: Box<dyn Utility> = "logsigmoid(4x)".parse()?;
    /// assert!((solve(&utility, 8)?.rewards[2] - 0.1952).abs() < 5e-5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, UtilityError> {
        Ok(Box::new(parse(text)?))
    }
}

/// `x` rounded to so many significant decimal digits.
fn round_significant(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}
