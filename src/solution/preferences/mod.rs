//! Rewards fitted to weighted pairs: the maximiser of problem (7), with its certificate.

mod certificate;
mod elimination;
mod error;
mod existence;
mod newton;
mod standard_errors;
mod system;
mod tree;
mod unique;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use error::FitError;

use super::{LARGEST_RELATIVE_GAP, Observer, Unique};
use crate::problem::{Field, Preferences, Support, WeightedPairs};
use crate::utility::{Concavity, LogSigmoid, OnLine, UtilityError};
use newton::Newton;

/// Newton iterations unless told otherwise: a few dozen are many.
const ITERATIONS: u64 = 500;

/// What is maximised, and over which rewards.
#[derive(Clone)]
pub struct FitOptions {
    /// `U_q`; `log sigmoid(x)` by default.
    pub utility: OnLine,
    /// `V`; 0 by default.
    pub field: Option<Field>,
    /// `I`; the whole line by default.
    pub support: Support,
    /// Whether to compute standard errors; not by default.
    pub standard_errors: bool,
    /// Newton iterations; 500 unless given.
    pub max_iterations: Option<u64>,
    /// Called after every iteration; may stop the fit.
    pub observer: Option<Observer>,
}

impl fmt::Debug for FitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FitOptions")
            .field("utility", &self.utility)
            .field("field", &self.field)
            .field("support", &self.support)
            .field("standard_errors", &self.standard_errors)
            .field("max_iterations", &self.max_iterations)
            .field("observer", &self.observer.as_ref().map(|_| "given"))
            .finish()
    }
}

impl FitOptions {
    /// The Bradley-Terry fit: `U = log sigmoid(x)` on the whole line, without a field.
    ///
    /// # Errors
    /// None in fact: the signature is that of the parts.
    pub fn bradley_terry() -> Result<Self, UtilityError> {
        Ok(Self {
            utility: OnLine::new(Arc::new(LogSigmoid::new(1.0)?), 0.0)?,
            field: None,
            support: Support::LINE,
            standard_errors: false,
            max_iterations: None,
            observer: None,
        })
    }
}

/// Best rewards for weighted pairs, and what is known about them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PreferenceFit {
    /// The utility, with its smoothing if there is any.
    pub utility: String,
    /// The field, if there is one.
    pub field: Option<String>,
    /// The support, as `A,B`.
    pub support: String,
    /// The items, in ascending order of their rewards.
    pub items: Vec<String>,
    /// The rewards, aligned with `items`. Where a shift changes nothing, those of mean 0; on half a line those that begin at its end.
    pub rewards: Vec<f64>,
    /// With `standard_errors`: the roots of the diagonal of `(-W F'')^-1` at the rewards, aligned with `items`; under mean 0 where a shift changes
    /// nothing.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub standard_errors: Option<Vec<f64>>,
    /// `F(r)`, per comparison.
    pub objective: f64,
    /// A bound on `max F` less this `objective`, the rounding errors of `F` and its derivatives at `rewards` included. It rests on the
    /// concavity of `F`, and `concavity` says how that is known.
    pub gap: f64,
    /// `W`, the sum of the counts.
    pub comparisons: f64,
    /// Whether no other rewards reach the same objective.
    pub unique: Unique,
    /// How it is known that `F` is concave.
    pub concavity: Concavity,
    /// Newton iterations.
    pub iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Maximises `F(r) = 1/W sum_ij w_ij U_q(r_j - r_i - m_ij) + 2/n sum_i V(r_i)` over `r` in `I^n`, where `w_ij` is how often `j` beat `i`.
///
/// On an unbounded `I` it is seen first whether a maximiser exists. Memory and time of each iteration are `O(items + comparisons)`, and
/// the result does not depend on the number of threads.
///
/// # Errors
/// [`FitError`]: no maximiser, a utility that is not concave, standard errors that don't exist or are too large a computation, or a gap above
/// [`LARGEST_RELATIVE_GAP`] times the mean of `|U|`; the rewards reached are inside the last.
///
/// ```
/// use reward_collapse::problem::{Comparison, Preferences};
/// use reward_collapse::solution::{FitOptions, fit_preferences};
/// let items = vec!["tea".to_owned(), "coffee".to_owned()];
/// let won = Comparison { winner: 0, loser: 1, count: 3.0, margin: 0.0 };
/// let lost = Comparison { winner: 1, loser: 0, count: 1.0, margin: 0.0 };
/// let fit = fit_preferences(&Preferences::new(items, vec![won, lost])?, &FitOptions::bradley_terry()?)?;
/// assert_eq!(fit.items, ["coffee", "tea"]);
/// assert!((fit.rewards[1] - fit.rewards[0] - 3.0f64.ln()).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_preferences(preferences: &Preferences, options: &FitOptions) -> Result<PreferenceFit, FitError> {
    let start = Instant::now();
    let support = options.support;
    let field = options.field.as_ref();
    if options.standard_errors {
        standard_errors::check(preferences.items().len())?;
    }
    let concavity = existence::concavity(preferences, options)?;
    existence::check(preferences, options)?;
    let pairs = WeightedPairs::new(preferences, &options.utility, field);
    // Then the best rewards on the line can be put anywhere.
    let shifts = field.is_none() && !support.is_bounded();
    let is_steep = |end: f64| {
        let at_end = field.map(|field| field.jet(end));
        end.is_finite() && at_end.is_some_and(|jet| !(jet.value.is_finite() && jet.slope.is_finite()))
    };
    let newton = Newton {
        pairs: &pairs,
        support: if shifts { Support::LINE } else { support },
        open: [is_steep(support.lower()), is_steep(support.upper())],
        shifts,
        max_iterations: options.max_iterations.unwrap_or(ITERATIONS),
        observer: options.observer.as_ref(),
    };
    let (mut rewards, iterations) = newton.maximise()?;
    if shifts {
        place(&mut rewards, support);
    }
    // What bounds all rewards of the line bounds those of a half.
    let certificate = certificate::certify(&pairs, field, newton.support, &rewards);
    let errors = options
        .standard_errors
        .then(|| standard_errors::standard_errors(&pairs, support, shifts, &rewards))
        .transpose()?;
    let mut order: Vec<usize> = (0..rewards.len()).collect();
    order.sort_by(|&i, &j| rewards[i].total_cmp(&rewards[j]));
    let sorted = |values: &[f64]| order.iter().map(|&i| values[i]).collect::<Vec<f64>>();
    let fit = PreferenceFit {
        utility: options.utility.to_string(),
        field: field.map(Field::to_string),
        support: support.to_string(),
        items: order.iter().map(|&i| preferences.items()[i].clone()).collect(),
        rewards: sorted(&rewards),
        standard_errors: errors.map(|errors| sorted(&errors)),
        objective: certificate.objective,
        gap: certificate.gap,
        comparisons: preferences.total(),
        unique: unique::unique(&pairs, support, &rewards),
        concavity,
        iterations,
        seconds: start.elapsed().as_secs_f64(),
    };
    if certificate.gap <= LARGEST_RELATIVE_GAP * certificate.scale {
        Ok(fit)
    } else {
        Err(FitError::NotConverged(Box::new(fit)))
    }
}

/// Shifts rewards to a mean of 0, or to begin at the one end of the support.
fn place(rewards: &mut [f64], support: Support) {
    let (lower, upper) = (support.lower(), support.upper());
    let least = rewards.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rewards.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
    for r in rewards {
        *r = match () {
            () if lower.is_finite() => *r - least + lower,
            () if upper.is_finite() => *r - most + upper,
            () => *r - mean,
        };
    }
}
