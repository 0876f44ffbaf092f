//! Losses for a law that is wanted.

use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use reward_collapse::design::{Design, DesignError, DesignMethod, DesignOptions};
use reward_collapse::problem::{Field, Support};
use reward_collapse::target::{Target, TargetError};

use crate::arrays;
use crate::errors::{Raise, failure, input};
use crate::run::stoppable;
use crate::terms::{field_of, scope};
use crate::utility::Utility;

impl Raise for TargetError {
    fn raise(self) -> PyErr {
        input(self)
    }
}

impl Raise for DesignError {
    fn raise(self) -> PyErr {
        match self {
            DesignError::Solve(error) => error.raise(),
            other => input(other),
        }
    }
}

/// What `Design` holds, by name, and its file as JSON. The base utility is None for a utility alone.
#[pyfunction]
#[pyo3(signature = (target, base, n, exact, support))]
pub fn design<'py>(
    py: Python<'py>,
    target: &str,
    base: Option<&Utility>,
    n: usize,
    exact: bool,
    support: Option<(f64, f64)>,
) -> PyResult<Bound<'py, PyDict>> {
    let target: Target = target.parse().map_err(|error: TargetError| error.raise())?;
    let support = support.map(|(a, b)| Support::new(a, b)).transpose().map_err(Raise::raise)?;
    let base = base.map(|base| base.shared().clone());
    let design = stoppable(py, move |_| match base {
        Some(base) => Design::by_field(target, base, DesignOptions { support, n, exact }),
        None => Design::by_utility(target, n),
    })?
    .map_err(Raise::raise)?;
    let dict = PyDict::new(py);
    dict.set_item("file", serde_json::to_string_pretty(&design.to_file()).map_err(failure)?)?;
    dict.set_item("target", design.target.to_string())?;
    dict.set_item("method", if design.method == DesignMethod::Field { "field" } else { "utility" })?;
    dict.set_item("utility", design.utility.to_string())?;
    dict.set_item("field", design.field.as_ref().map(ToString::to_string))?;
    dict.set_item("support", (design.support.lower(), design.support.upper()))?;
    dict.set_item("n", n)?;
    dict.set_item("residual", design.residual)?;
    dict.set_item("w1_limit", design.w1_limit)?;
    dict.set_item("rewards", design.rewards.into_pyarray(py))?;
    dict.set_item("w1", design.w1)?;
    dict.set_item("quantile_distance", design.quantile_distance)?;
    dict.set_item("gap", design.gap)?;
    dict.set_item("bound", scope(design.bound))?;
    dict.set_item("concavity", design.concavity.to_string())?;
    Ok(dict)
}

/// A field `V`: what `Design.potential` and a loss with it compute with.
#[pyclass(frozen, module = "reward_collapse._core")]
#[derive(Debug)]
pub struct Potential {
    field: Field,
}

#[pymethods]
impl Potential {
    #[new]
    fn new(field: &str, support: (f64, f64)) -> PyResult<Self> {
        Ok(Self { field: field_of(field, Support::new(support.0, support.1).map_err(Raise::raise)?)? })
    }

    /// Its values at numbers, or those of its derivative of order 1 or 2.
    fn __call__<'py>(&self, x: &Bound<'py, PyAny>, order: u32) -> PyResult<Bound<'py, PyAny>> {
        let of: fn(&Field, f64) -> f64 = match order {
            0 => |field, x| field.jet(x).value,
            1 => |field, x| field.jet(x).slope,
            2 => |field, x| field.jet(x).curvature,
            _ => return Err(input(format_args!("the order of a derivative is 0, 1 or 2, not {order}"))),
        };
        arrays::map(x, |points| points.iter_mut().for_each(|x| *x = of(&self.field, *x)))
    }
}
