//! How well the data determine each reward.

use ndarray::Array2;

use super::FitError;
use crate::dense;
use crate::problem::{Support, WeightedPairs};

/// Items up to which the Hessian is inverted: half a minute of LAPACK on one core.
const MOST_ITEMS: usize = 3000;

/// Refused before the fit, not after it.
pub(super) fn check(items: usize) -> Result<(), FitError> {
    if items > MOST_ITEMS { Err(FitError::TooManyItems { items, most: MOST_ITEMS }) } else { Ok(()) }
}

/// The roots of the diagonal of `(-W F''(r))^-1`, with a field; without one, where a shift is free, of the covariance of rewards of mean 0, the
/// pseudo-inverse. With `U = log sigmoid` and no field, `W F` is the log-likelihood.
pub(super) fn standard_errors(
    pairs: &WeightedPairs<'_>,
    support: Support,
    shifts: bool,
    rewards: &[f64],
) -> Result<Vec<f64>, FitError> {
    let n = rewards.len();
    check(n)?;
    let at_end = |r: &&f64| **r == support.lower() || **r == support.upper();
    // Rewards that may be shifted are put at an end by convention only.
    let items = if shifts { 0 } else { rewards.iter().filter(at_end).count() };
    if items > 0 {
        return Err(FitError::AtEnds { items });
    }
    let now = pairs.evaluate(rewards);
    let total = pairs.preferences().total();
    let mut information = Array2::zeros((n, n));
    for (c, conductance) in pairs.preferences().comparisons().iter().zip(&now.conductances) {
        let (i, j, weight) = (c.winner as usize, c.loser as usize, conductance * total);
        information[(i, i)] += weight;
        information[(j, j)] += weight;
        information[(i, j)] -= weight;
        information[(j, i)] -= weight;
    }
    for (item, curvature) in now.field_curvatures.iter().enumerate() {
        information[(item, item)] += curvature * total;
    }
    // A multiple of the projection on shifts, which the inverse has inverted, as large as the rest.
    let size = information.diag().sum() / n as f64;
    let shift = if shifts { size / n as f64 } else { 0.0 };
    information += shift;
    let inverse = dense::inverse_diagonal(information).map_err(FitError::LinearAlgebra)?.ok_or(FitError::Singular)?;
    let of_shift = if shifts { 1.0 / (size * n as f64) } else { 0.0 };
    Ok(inverse.into_iter().map(|variance| (variance - of_shift).max(0.0).sqrt()).collect())
}
