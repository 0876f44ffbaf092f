//! Finite rewards against their limit law, for several n.

use thiserror::Error;

use super::{CompareError, PredictedRate, Rate, fit_rate, kolmogorov, predicted_rate, wasserstein1};
use crate::limit::{LimitError, LimitLaw};
use crate::solution::{SolveError, solve};
use crate::utility::{ClosedForm, SharedUtility};

/// One finite problem beside the limit law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvergenceRow {
    /// The number of responses.
    pub n: usize,
    /// Wasserstein-1 distance of the rewards from the limit law.
    pub w1: f64,
    /// Kolmogorov distance.
    pub ks: f64,
    /// Mean utility of a pair of different responses.
    pub mean_utility: f64,
    /// Mean utility of two independent draws from the limit law; `-inf` for a pole with `sigma >= 1`.
    pub limit_mean_utility: f64,
    /// The certificate of the finite solve, per pair.
    pub gap: f64,
    /// Seconds that the solve took.
    pub seconds: f64,
}

/// How fast the optimal rewards of one utility approach the limit law.
#[derive(Debug, Clone, PartialEq)]
pub struct Convergence {
    /// The utility, as [`crate::utility::parse`] reads it.
    pub utility: String,
    /// The closed form of the limit law, where it has one.
    pub closed_form: Option<ClosedForm>,
    /// One row for each n.
    pub rows: Vec<ConvergenceRow>,
    /// The power of n fitted to W1, where there are two sizes or more.
    pub fit: Option<Rate>,
    /// What theory expects of W1.
    pub predicted: PredictedRate,
}

/// Why a comparison with the limit law failed.
#[derive(Debug, Error)]
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
}

/// Solves for every size and compares with the limit law; `starting` is told each size as its solve begins.
///
/// # Errors
/// [`ConvergenceError`] for the first solve or comparison that fails.
///
/// ```
/// use reward_collapse::{compare::convergence, utility::parse};
/// let result = convergence(&parse("log(x)")?, &[64, 128, 256], &mut |_| ())?;
/// assert!((result.fit.unwrap().exponent + 1.0).abs() < 0.02); // W1 ~ c/n
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn convergence(
    utility: &SharedUtility,
    sizes: &[usize],
    starting: &mut dyn FnMut(usize),
) -> Result<Convergence, ConvergenceError> {
    let law = LimitLaw::of(utility.as_ref())?;
    let row = |n: usize| -> Result<ConvergenceRow, ConvergenceError> {
        starting(n);
        let solution = solve(utility, n)?;
        Ok(ConvergenceRow {
            n,
            w1: wasserstein1(&solution.rewards, &law)?,
            ks: kolmogorov(&solution.rewards, &law)?,
            mean_utility: solution.mean_utility,
            limit_mean_utility: law.mean_utility(),
            gap: solution.gap,
            seconds: solution.seconds,
        })
    };
    let rows: Vec<ConvergenceRow> = sizes.iter().copied().map(row).collect::<Result<_, _>>()?;
    let distances: Vec<f64> = rows.iter().map(|row| row.w1).collect();
    Ok(Convergence {
        utility: utility.to_string(),
        closed_form: law.closed_form(),
        fit: fit_rate(sizes, &distances),
        predicted: predicted_rate(utility.as_ref()),
        rows,
    })
}
