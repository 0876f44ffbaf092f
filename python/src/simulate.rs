//! Simulated training.

use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use reward_collapse::compare::wasserstein1;
use reward_collapse::problem::Support;
use reward_collapse::simulate::{
    Batch, DistanceToLimit, Head, Labels, LossOptimum, LossOptimumError, Noise, Optimiser, Record, Row, Settings,
    SimulateError, Theory,
};

use crate::arrays::array;
use crate::errors::{Raise, input};
use crate::run::stoppable;
use crate::terms::field_of;
use crate::utility::Utility;

impl Raise for SimulateError {
    fn raise(self) -> PyErr {
        input(self)
    }
}

impl Raise for LossOptimumError {
    fn raise(self) -> PyErr {
        match self {
            LossOptimumError::Simulate(error) => error.raise(),
            LossOptimumError::Problem(error) => error.raise(),
            LossOptimumError::Solve(error) => error.raise(),
            other => input(other),
        }
    }
}

fn settings(py: Python<'_>, given: &Bound<'_, PyDict>, n: usize, prompts: usize, steps: u64) -> PyResult<Settings> {
    let item = |name: &str| Ok::<_, PyErr>(given.get_item(name)?.unwrap_or_else(|| py.None().into_bound(py)));
    let optimiser = match item("optimiser")?.extract::<String>()?.as_str() {
        "sgd" => Optimiser::Sgd,
        "adam" => Optimiser::Adam,
        other => return Err(input(format_args!("the optimiser is 'sgd' or 'adam', not {other:?}"))),
    };
    let head = match item("head")?.extract::<String>()?.as_str() {
        "sigmoid" => Head::Sigmoid,
        "raw" => Head::Raw,
        other => return Err(input(format_args!("the head is 'sigmoid' or 'raw', not {other:?}"))),
    };
    let noise = match item("noise")?.extract::<String>()?.as_str() {
        "fixed" => Noise::Fixed,
        "fresh" => Noise::Fresh,
        other => return Err(input(format_args!("the noise is 'fixed' or 'fresh', not {other:?}"))),
    };
    let flip: f64 = item("flip")?.extract()?;
    let labels = match item("qualities")?.extract::<Option<Vec<f64>>>()? {
        Some(_) if flip != 0.0 => return Err(input("give flip or qualities, not both")),
        Some(qualities) => Labels::BradleyTerry(qualities),
        None if flip == 0.0 => Labels::True,
        None => Labels::Flipped(flip),
    };
    let support = if head == Head::Sigmoid { Support::UNIT } else { Support::LINE };
    let field = item("field")?.extract::<Option<String>>()?.map(|text| field_of(&text, support)).transpose()?;
    Ok(Settings {
        field,
        optimiser,
        learning_rate: item("learning_rate")?.extract()?,
        batch: item("batch")?.extract::<Option<usize>>()?.map_or(Batch::Full, Batch::Pairs),
        head,
        labels,
        noise,
        smoothing: item("smoothing")?.extract()?,
        centering: item("centering")?.extract()?,
        compared: item("compared")?.extract()?,
        initial_spread: item("initial_spread")?.extract()?,
        record: item("every")?.extract::<Option<u64>>()?.map_or(Record::Logarithmic, Record::Every),
        seed: item("seed")?.extract()?,
        ..Settings::new(n, prompts, steps)
    })
}

/// What `Simulation` holds, by name. `batch` is a number of pairs, or None for all.
#[pyfunction]
pub fn simulate<'py>(
    py: Python<'py>,
    utility: &Utility,
    n: usize,
    prompts: usize,
    steps: u64,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let settings = settings(py, options, n, prompts, steps)?;
    settings.check().map_err(Raise::raise)?;
    let shared = utility.shared().clone();
    let simulation = stoppable(py, move |stop| {
        let optimum = LossOptimum::of(&shared, &settings).map_err(Raise::raise)?;
        let law = optimum.as_ref().and_then(|optimum| optimum.limit.as_deref());
        let distance = law.map(|law| move |rewards: &[f64]| wasserstein1(rewards, law).unwrap_or(f64::NAN));
        let theory = Theory {
            optimum: optimum.as_ref().map(|optimum| optimum.rewards.as_slice()),
            free_middle: optimum.as_ref().is_some_and(|optimum| optimum.free_middle),
            limit: distance.as_ref().map(|distance| distance as DistanceToLimit<'_>),
        };
        reward_collapse::simulate::simulate(&shared, &settings, &theory, &mut |_| stop.control()).map_err(Raise::raise)
    })??;
    let rows = &simulation.rows;
    let measure = |of: fn(&Row) -> Option<f64>| {
        let values: Option<Vec<f64>> = rows.iter().map(of).collect();
        values.map(|values| array(py, values))
    };
    let dict = PyDict::new(py);
    dict.set_item("step", rows.iter().map(|row| row.step).collect::<Vec<_>>())?;
    dict.set_item("distance", measure(|row| row.distance))?;
    dict.set_item("w1_limit", measure(|row| row.w1_limit))?;
    dict.set_item("wrong_end", measure(|row| row.wrong_end))?;
    dict.set_item("deviation", measure(|row| Some(row.deviation)))?;
    let means: Vec<f64> = rows.iter().flat_map(|row| row.rewards.iter().copied()).collect();
    dict.set_item("rewards", means.into_pyarray(py).reshape([rows.len(), n])?)?;
    dict.set_item("final", simulation.rewards.into_pyarray(py).reshape([prompts, n])?)?;
    dict.set_item("optimum", simulation.optimum.map(|optimum| array(py, optimum)))?;
    dict.set_item("optimum_w1", simulation.optimum_w1)?;
    dict.set_item("learning_rate", simulation.settings.learning_rate())?;
    dict.set_item("seconds", simulation.seconds)?;
    Ok(dict)
}
