//! The finite problem, and fits to weighted pairs.

use std::hint::black_box;
use std::time::Instant;

use numpy::{PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use reward_collapse::problem::{Comparison, Preferences};
use reward_collapse::solution::{
    Basis, EquilibriumSolution, FitOptions, Interpolation, Observer, PreferenceFit, Scope, Solution, SolveError,
    SolveOptions, Unique, fit_preferences, solve_equilibrium, solve_with,
};
use reward_collapse::utility::OnLine;

use crate::arrays::array;
use crate::errors::{Raise, input};
use crate::run::{Stop, briefly, stoppable};
use crate::terms::{Terms, scope};
use crate::utility::Utility;

/// Responses up to which a solve takes less than a millisecond or so, and is not worth a thread of its own.
const FEW: usize = 64;

fn observer(stop: &Stop) -> Observer {
    let stop = stop.clone();
    std::sync::Arc::new(move |_| stop.control())
}

/// The fields of a `Solution` after `utility` and `n`, in its order.
#[pyfunction]
pub fn solve<'py>(
    py: Python<'py>,
    utility: &Utility,
    n: usize,
    field: Option<&str>,
    support: (f64, f64),
    smoothing: f64,
    centering: f64,
) -> PyResult<Bound<'py, PyTuple>> {
    let shared = utility.shared();
    let terms = Terms::new(support, field, smoothing, centering)?;
    if terms.are_those_of_the_paper() {
        let solution = if n <= FEW {
            briefly(py, || solve_with(shared, n, &SolveOptions::default()))?
        } else {
            let shared = shared.clone();
            stoppable(py, move |stop| {
                solve_with(&shared, n, &SolveOptions { observer: Some(observer(stop)), ..SolveOptions::default() })
            })?
        };
        return of_the_paper(py, solution.map_err(Raise::raise)?);
    }
    let problem = terms.problem(shared.clone())?;
    let solution: Result<EquilibriumSolution, SolveError> = if n <= FEW {
        briefly(py, || solve_equilibrium(&problem, n, None))?
    } else {
        stoppable(py, move |stop| solve_equilibrium(&problem, n, Some(observer(stop))))?
    };
    with_terms(py, solution.map_err(Raise::raise)?)
}

/// What `solve` takes without Python, in seconds: the mean over `times` calls. For the benchmark of the package, which sets its own time beside it.
#[pyfunction]
pub fn seconds_of_solve(py: Python<'_>, utility: &Utility, n: usize, times: u32) -> PyResult<f64> {
    let shared = utility.shared();
    let seconds = briefly(py, || {
        let began = Instant::now();
        for _ in 0..times {
            black_box(solve_with(black_box(shared), black_box(n), &SolveOptions::default())?);
        }
        Ok::<f64, SolveError>(began.elapsed().as_secs_f64() / f64::from(times.max(1)))
    })?;
    seconds.map_err(Raise::raise)
}

fn of_the_paper(py: Python<'_>, solution: Solution) -> PyResult<Bound<'_, PyTuple>> {
    let closed_form = solution.closed_form.map(|form| form.to_string());
    (
        array(py, solution.rewards),
        solution.objective,
        solution.mean_utility,
        solution.gap,
        solution.unique,
        solution.iterations,
        closed_form,
        solution.concavity.to_string(),
        solution.seconds,
        "support",
        scope(Scope::Rewards),
        interpolation(solution.interpolation),
    )
        .into_pyobject(py)
}

fn with_terms(py: Python<'_>, solution: EquilibriumSolution) -> PyResult<Bound<'_, PyTuple>> {
    let basis = match solution.basis {
        Basis::Support => "support",
        Basis::MeanDistance => "mean-distance",
        Basis::StrongConcavity => "strong-concavity",
        Basis::Gaps => "gaps",
        Basis::Laws => "laws",
        Basis::Starts => "starts",
    };
    (
        array(py, solution.rewards),
        solution.objective,
        solution.mean_utility,
        solution.gap,
        unique(py, solution.unique)?,
        solution.iterations,
        None::<String>,
        solution.concavity.to_string(),
        solution.seconds,
        basis,
        scope(solution.bound),
        interpolation(solution.interpolation),
    )
        .into_pyobject(py)
}

/// How errors of interpolation are known, in the words of the program's JSON.
fn interpolation(interpolation: Interpolation) -> &'static str {
    match interpolation {
        Interpolation::None => "none",
        Interpolation::Bounded => "bounded",
        Interpolation::Measured => "measured",
    }
}

/// True, False or "up to a shift".
fn unique(py: Python<'_>, unique: Unique) -> PyResult<Bound<'_, PyAny>> {
    Ok(match unique {
        Unique::Yes => true.into_pyobject(py)?.to_owned().into_any(),
        Unique::No => false.into_pyobject(py)?.to_owned().into_any(),
        Unique::UpToShift => "up to a shift".into_pyobject(py)?.into_any(),
    })
}

/// The fields of a `PreferenceFit` after `utility`, in its order. Items are given by name, winners and losers by their indices.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn fit<'py>(
    py: Python<'py>,
    utility: &Utility,
    items: Vec<String>,
    winner: PyReadonlyArray1<'py, u32>,
    loser: PyReadonlyArray1<'py, u32>,
    count: Option<PyReadonlyArray1<'py, f64>>,
    margin: Option<PyReadonlyArray1<'py, f64>>,
    field: Option<&str>,
    support: (f64, f64),
    smoothing: f64,
    standard_errors: bool,
) -> PyResult<Bound<'py, PyTuple>> {
    let rows = winner.len();
    let lengths = [Some(loser.len()), count.as_ref().map(|c| c.len()), margin.as_ref().map(|m| m.len())];
    if let Some(other) = lengths.into_iter().flatten().find(|length| *length != rows) {
        return Err(input(format_args!("the columns of the preferences differ in length: {rows} and {other} rows")));
    }
    let terms = Terms::new(support, field, smoothing, 0.0)?;
    let mut options = FitOptions {
        utility: OnLine::new(utility.shared().clone(), smoothing).map_err(Raise::raise)?,
        field: terms.field,
        support: terms.support,
        standard_errors,
        max_iterations: None,
        observer: None,
    };
    let (winner, loser) = (winner.as_array(), loser.as_array());
    let (count, margin) = (count.as_ref().map(|c| c.as_array()), margin.as_ref().map(|m| m.as_array()));
    let comparisons = (0..rows).map(|row| Comparison {
        winner: winner[row],
        loser: loser[row],
        count: count.map_or(1.0, |count| count[row]),
        margin: margin.map_or(0.0, |margin| margin[row]),
    });
    let comparisons: Vec<Comparison> = comparisons.collect();
    let fit = stoppable(py, move |stop| {
        options.observer = Some(observer(stop));
        let preferences = Preferences::new(items, comparisons).map_err(Raise::raise)?;
        fit_preferences(&preferences, &options).map_err(Raise::raise)
    })??;
    of_preferences(py, fit)
}

fn of_preferences(py: Python<'_>, fit: PreferenceFit) -> PyResult<Bound<'_, PyTuple>> {
    (
        fit.items,
        array(py, fit.rewards),
        fit.standard_errors.map(|errors| array(py, errors)),
        fit.objective,
        fit.gap,
        fit.comparisons,
        unique(py, fit.unique)?,
        fit.iterations,
        fit.concavity.to_string(),
        fit.seconds,
    )
        .into_pyobject(py)
}
