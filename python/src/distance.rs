//! Distances between samples and laws, and how they fall with the number of responses.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use reward_collapse::compare::{Convergence, ConvergenceRow, convergence, wasserstein1, wasserstein1_between};

use crate::arrays::array;
use crate::errors::{Raise, failure};
use crate::limit::{Kind, Law};
use crate::run::{briefly, stoppable};
use crate::utility::Utility;

/// The Wasserstein-1 distance of an ascending sample from a law.
#[pyfunction]
pub fn wasserstein_to_law(py: Python<'_>, rewards: PyReadonlyArray1<'_, f64>, law: &Law) -> PyResult<f64> {
    let rewards = rewards.as_slice()?;
    let distance = briefly(py, || match law.kind() {
        Kind::Paper(law) => wasserstein1(rewards, law),
        Kind::Free(law) => wasserstein1(rewards, law),
    })?;
    distance.map_err(Raise::raise)
}

/// The Wasserstein-1 distance of two ascending samples.
#[pyfunction]
pub fn wasserstein_between(
    py: Python<'_>,
    one: PyReadonlyArray1<'_, f64>,
    other: PyReadonlyArray1<'_, f64>,
) -> PyResult<f64> {
    let (one, other) = (one.as_slice()?, other.as_slice()?);
    briefly(py, || wasserstein1_between(one, other))?.map_err(Raise::raise)
}

/// What `Asymptotics` holds, by name.
#[pyfunction]
pub fn asymptotics<'py>(py: Python<'py>, utility: &Utility, sizes: Vec<usize>) -> PyResult<Bound<'py, PyDict>> {
    let shared = utility.shared().clone();
    let result = stoppable(py, move |stop| convergence(&shared, &sizes, &mut |_| stop.control()))?;
    let Convergence { closed_form, concavity, rows, trends, .. } = result.map_err(Raise::raise)?;
    let column = |of: fn(&ConvergenceRow) -> f64| array(py, rows.iter().map(of).collect());
    let dict = PyDict::new(py);
    dict.set_item("n", rows.iter().map(|row| row.n).collect::<Vec<_>>())?;
    dict.set_item("w1", column(|row| row.w1))?;
    dict.set_item("ks", column(|row| row.ks))?;
    dict.set_item("mean_utility", column(|row| row.mean_utility))?;
    dict.set_item("energy_difference", column(|row| row.energy_difference))?;
    dict.set_item("end_share", column(|row| row.end_share))?;
    dict.set_item("gap", column(|row| row.gap))?;
    dict.set_item("seconds", column(|row| row.seconds))?;
    let first = rows.first().ok_or_else(|| failure("there are no rows"))?;
    dict.set_item("limit_mean_utility", first.limit_mean_utility)?;
    dict.set_item("atom", first.atom)?;
    dict.set_item("closed_form", closed_form.map(|form| form.to_string()))?;
    dict.set_item("concavity", concavity.to_string())?;
    let rates = trends.iter().map(|trend| {
        let fit = trend.fit;
        let fitted = (fit.map(|fit| fit.exponent), fit.map(|fit| fit.constant));
        (trend.measure.name(), fitted.0, fitted.1, trend.predicted.to_string(), trend.drift)
    });
    dict.set_item("rates", rates.collect::<Vec<_>>())?;
    Ok(dict)
}
