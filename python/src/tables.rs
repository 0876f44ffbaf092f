//! Rewards of any model: compared with theory, and diagnosed.

use std::path::PathBuf;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use reward_collapse::compare::{TableComparisonError, Target, TypeComparison};
use reward_collapse::diagnosis::{DiagnosisError, Options, Shift};
use reward_collapse::experiment::{Columns, Head, RewardTable, TableBuilder, TableError, TableOptions, TableRow};

use crate::errors::{Raise, failure, input};
use crate::run::stoppable;
use crate::terms::Terms;
use crate::utility::Utility;

impl Raise for TableError {
    fn raise(self) -> PyErr {
        input(self)
    }
}

impl Raise for TableComparisonError {
    fn raise(self) -> PyErr {
        match self {
            TableComparisonError::Solve(error) => error.raise(),
            TableComparisonError::Compare(error) => error.raise(),
            other => input(other),
        }
    }
}

impl Raise for DiagnosisError {
    fn raise(self) -> PyErr {
        match self {
            DiagnosisError::Utility(error) => error.raise(),
            DiagnosisError::Solve(error) => error.raise(),
            DiagnosisError::Simulate(error) => error.raise(),
            other => input(other),
        }
    }
}

/// The rewards of many prompts.
#[pyclass(frozen, module = "reward_collapse._core")]
#[derive(Debug)]
pub struct Rewards {
    table: RewardTable,
}

#[pymethods]
impl Rewards {
    /// From columns, a row for each response.
    #[new]
    fn new(
        prompt: Vec<String>,
        reward: PyReadonlyArray1<'_, f64>,
        kind: Option<Vec<String>>,
        rank: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let (reward, rank) = (reward.as_array(), rank.as_ref().map(|rank| rank.as_array()));
        let mut builder = TableBuilder::default();
        for (row, (prompt, &reward)) in prompt.iter().zip(reward.iter()).enumerate() {
            let prompt_type = kind.as_ref().and_then(|kind| kind.get(row)).map_or("", String::as_str);
            let rank = rank.and_then(|rank| rank.get(row).copied());
            builder
                .push(TableRow { prompt, prompt_type, reward, rank, response: None })
                .map_err(|reason| input(format_args!("row {row}: {reason}")))?;
        }
        match builder.finish() {
            Ok(Some(table)) => Ok(Self { table }),
            Ok(None) => Err(input("the table of rewards has no rows")),
            // The table counts from 1.
            Err((row, reason)) => Err(input(format_args!("row {}: {reason}", row.saturating_sub(1)))),
        }
    }

    /// From a file that the program reads.
    #[staticmethod]
    fn read(
        py: Python<'_>,
        path: PathBuf,
        prompt: Option<String>,
        reward: Option<String>,
        kind: Option<String>,
        rank: Option<String>,
    ) -> PyResult<Self> {
        let columns = Columns { prompt, reward, rank, prompt_type: kind, response: None };
        let options = TableOptions { columns, ..TableOptions::default() };
        let table = stoppable(py, move |_| RewardTable::read(&path, &options).map_err(Raise::raise))??;
        Ok(Self { table })
    }

    /// The names of the types of prompts; one empty name where there are none.
    #[getter]
    fn types(&self) -> Vec<String> {
        self.table.types().iter().map(|name| name.to_string()).collect()
    }
}

/// Utility, field and support.
type LossOfType<'py> = (PyRef<'py, Utility>, Option<String>, (f64, f64));

/// The rows of `Comparison` as JSON: a utility, a field and a support for each type, in the order of `Rewards.types`.
#[pyfunction]
pub fn compare(
    py: Python<'_>,
    rewards: &Rewards,
    losses: Vec<LossOfType<'_>>,
    sigmoid: bool,
    smoothing: f64,
    centering: f64,
) -> PyResult<String> {
    let problem = |(utility, field, support): &LossOfType<'_>| {
        Terms::new(*support, field.as_deref(), smoothing, centering)?.problem(utility.shared().clone())
    };
    let problems: Vec<_> = losses.iter().map(problem).collect::<PyResult<_>>()?;
    let table = rewards.table.clone();
    stoppable(py, move |_| {
        let table = if sigmoid { table.map(|logit| Head::Sigmoid.reward(logit)) } else { table };
        let one = |(kind, problem)| TypeComparison::of(&table, kind, &mut Target::new(problem)).map_err(Raise::raise);
        let rows: Vec<TypeComparison> = problems.into_iter().enumerate().map(one).collect::<PyResult<_>>()?;
        serde_json::to_string(&rows).map_err(failure)
    })?
}

/// `Diagnosis` as JSON.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what the Python function takes")]
pub fn diagnose(
    py: Python<'_>,
    rewards: &Rewards,
    utility: Option<String>,
    sigmoid: bool,
    raw: bool,
    remove_shift: Option<bool>,
    tolerance: f64,
    near_end: f64,
    permutations: usize,
    resamples: usize,
    seed: u64,
) -> PyResult<String> {
    let options = Options {
        utility,
        sigmoid,
        raw,
        shift: match remove_shift {
            None => Shift::Auto,
            Some(false) => Shift::Keep,
            Some(true) => Shift::Remove,
        },
        tolerance,
        near_end,
        permutations,
        resamples,
        seed,
        ..Options::default()
    };
    options.check().map_err(Raise::raise)?;
    let table = rewards.table.clone();
    stoppable(py, move |_| {
        let diagnosis = reward_collapse::diagnosis::diagnose(&table, &options).map_err(Raise::raise)?;
        serde_json::to_string(&diagnosis).map_err(failure)
    })?
}
