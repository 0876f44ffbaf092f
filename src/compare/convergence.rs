//! Finite rewards against their limit law, for several n.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{CompareError, Measure, Trend, kolmogorov, serde_float, wasserstein1};
use crate::limit::{LimitError, LimitLaw};
use crate::solution::{Method, SolveError, solve};
use crate::utility::{ClosedForm, Concavity, Utility};

/// One finite problem beside the limit law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ConvergenceRow {
    /// The number of responses.
    pub n: usize,
    /// Wasserstein-1 distance of the rewards from the limit law.
    pub w1: f64,
    /// Kolmogorov distance.
    pub ks: f64,
    /// How much more mean utility a pair has than in the limit, `mean_utility - limit_mean_utility`.
    ///
    /// Under a pole with `sigma >= 1` the limit has `-inf`. There it is `mean_utility` less that of equally spaced rewards
    /// `(i-1)/(n-1)`, which have the same limit. NaN for `n = 1`; otherwise not negative, but for rounding.
    #[serde(with = "serde_float")]
    pub energy_difference: f64,
    /// Mean utility of a pair of different responses; NaN for `n = 1`.
    #[serde(with = "serde_float")]
    pub mean_utility: f64,
    /// Mean utility of two independent draws from the limit law; `-inf` for a pole with `sigma >= 1`.
    #[serde(with = "serde_float")]
    pub limit_mean_utility: f64,
    /// The share of responses whose reward is exactly 0, which is also the share at exactly 1.
    pub end_share: f64,
    /// The mass of the limit law's atom at 0, which is also that at 1; 0 where it has none.
    pub atom: f64,
    /// The certificate of the finite solve, per pair.
    #[serde(with = "serde_float")]
    pub gap: f64,
    /// How the finite solve formed its sums.
    pub method: Method,
    /// Newton iterations of the finite solve.
    pub iterations: u64,
    /// Seconds that the solve took.
    pub seconds: f64,
}

impl ConvergenceRow {
    /// Solves for `n` responses and compares with `law`, the limit law of `utility`.
    ///
    /// # Errors
    /// [`ConvergenceError`] if the solve or the comparison fails.
    pub fn compute<U: Utility + ?Sized>(utility: &U, law: &LimitLaw, n: usize) -> Result<Self, ConvergenceError> {
        let solution = solve(utility, n)?;
        let limit_mean_utility = law.mean_utility();
        let reference = if limit_mean_utility.is_finite() { limit_mean_utility } else { equally_spaced(&utility, n) };
        Ok(Self {
            n,
            w1: wasserstein1(&solution.rewards, law)?,
            ks: kolmogorov(&solution.rewards, law)?,
            energy_difference: solution.mean_utility - reference,
            mean_utility: solution.mean_utility,
            limit_mean_utility,
            end_share: solution.rewards.partition_point(|&r| r <= 0.0) as f64 / n as f64,
            atom: law.atoms().first().map_or(0.0, |atom| atom.mass),
            gap: solution.gap,
            method: solution.method,
            iterations: solution.iterations,
            seconds: solution.seconds,
        })
    }
}

/// The mean utility of the pairs of `n` equally spaced rewards from 0 to 1; NaN for `n = 1`.
fn equally_spaced(utility: &dyn Utility, n: usize) -> f64 {
    let (responses, pairs) = (n as f64, n as f64 * (n as f64 - 1.0) / 2.0);
    // From far to near: under a pole the near pairs outweigh the far ones, and small terms are to be added first.
    let total: f64 = (1..n).rev().map(|k| (n - k) as f64 * utility.value(k as f64 / (responses - 1.0))).sum();
    total / pairs
}

/// How fast the optimal rewards of one utility approach the limit law.
#[derive(Debug, Clone, PartialEq)]
pub struct Convergence {
    /// The utility, as [`crate::utility::parse`] reads it.
    pub utility: String,
    /// The closed form of the limit law, where it has one.
    pub closed_form: Option<ClosedForm>,
    /// How it is known that the utility is concave, on which every `gap` rests.
    pub concavity: Concavity,
    /// One row for each n, ascending.
    pub rows: Vec<ConvergenceRow>,
    /// One for each measure that applies to the utility, in the order of [`Measure::ALL`].
    pub trends: Vec<Trend>,
}

impl Convergence {
    /// What `rows` of `utility`, computed against its `law`, say about the rates.
    pub fn of(utility: &dyn Utility, law: &LimitLaw, mut rows: Vec<ConvergenceRow>) -> Self {
        rows.sort_by_key(|row| row.n);
        let measures = Measure::ALL.into_iter().filter(|measure| measure.applies_to(utility));
        Self {
            utility: utility.to_string(),
            closed_form: law.closed_form(),
            concavity: utility.concavity(),
            trends: measures.map(|measure| Trend::of(measure, utility, &rows)).collect(),
            rows,
        }
    }

    /// How `measure` falls with n; `None` if it does not apply to the utility.
    pub fn trend(&self, measure: Measure) -> Option<&Trend> {
        self.trends.iter().find(|trend| trend.measure == measure)
    }
}

/// Why a comparison with the limit law failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConvergenceError {
    /// A finite problem was not solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// There is no limit law.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The two could not be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The observer stopped it.
    #[error("the comparison was stopped")]
    Cancelled,
}

/// Solves for every size and compares with the limit law; `observer` is told each size as its solve begins, and may stop.
///
/// # Errors
/// [`ConvergenceError`] for the first solve or comparison that fails.
///
/// ```
/// use std::ops::ControlFlow;
/// use reward_collapse::{compare::{Measure, convergence}, utility::parse};
/// let result = convergence(&parse("log(x)")?, &[64, 128, 256], &mut |_| ControlFlow::Continue(()))?;
/// let trend = result.trend(Measure::Wasserstein1).unwrap();
/// assert!((trend.fit.unwrap().exponent + 1.0).abs() < 0.02); // W1 ~ c/n
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn convergence<U: Utility + ?Sized>(
    utility: &U,
    sizes: &[usize],
    observer: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Convergence, ConvergenceError> {
    let law = LimitLaw::of(utility)?;
    let row = |&n: &usize| match observer(n) {
        ControlFlow::Continue(()) => ConvergenceRow::compute(utility, &law, n),
        ControlFlow::Break(()) => Err(ConvergenceError::Cancelled),
    };
    let rows = sizes.iter().map(row).collect::<Result<_, _>>()?;
    Ok(Convergence::of(&utility, &law, rows))
}
