//! Limit laws.

use pyo3::prelude::*;
use reward_collapse::limit::{FreeLaw, LimitLaw};

use crate::arrays;
use crate::errors::Raise;
use crate::run::stoppable;
use crate::terms::Terms;
use crate::utility::Utility;

/// A law of either kind, which have the same functions.
#[derive(Debug, Clone)]
pub enum Kind {
    /// On [0, 1], without a field.
    Paper(LimitLaw),
    /// Of problem (7).
    Free(FreeLaw),
}

/// What `Limit` computes with.
#[pyclass(frozen, module = "reward_collapse._core")]
#[derive(Debug)]
pub struct Law {
    kind: Kind,
}

impl Law {
    /// The law of the library.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }
}

/// Calls the same function of either kind.
macro_rules! either {
    ($law:expr, $name:ident $(, $argument:expr)*) => {
        match &$law.kind {
            Kind::Paper(law) => law.$name($($argument),*),
            Kind::Free(law) => law.$name($($argument),*),
        }
    };
}

#[pymethods]
impl Law {
    #[new]
    fn new(
        py: Python<'_>,
        utility: &Utility,
        field: Option<&str>,
        support: (f64, f64),
        smoothing: f64,
        centering: f64,
    ) -> PyResult<Self> {
        let terms = Terms::new(support, field, smoothing, centering)?;
        let utility = utility.shared().clone();
        let kind = if terms.are_those_of_the_paper() {
            stoppable(py, move |_| LimitLaw::of(&utility).map(Kind::Paper).map_err(Raise::raise))??
        } else {
            let problem = terms.problem(utility)?;
            stoppable(py, move |_| FreeLaw::of_problem(&problem).map(Kind::Free).map_err(Raise::raise))??
        };
        Ok(Self { kind })
    }

    fn pdf<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arrays::map(x, |points| points.iter_mut().for_each(|x| *x = keep_nan(*x, either!(self, density, *x))))
    }

    fn cdf<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arrays::map(x, |points| points.iter_mut().for_each(|x| *x = keep_nan(*x, either!(self, cdf, *x))))
    }

    fn ppf<'py>(&self, u: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arrays::map(u, |points| points.iter_mut().for_each(|u| *u = keep_nan(*u, either!(self, quantile, *u))))
    }

    fn central_moment(&self, k: u32) -> f64 {
        either!(self, central_moment, k)
    }

    #[getter]
    fn mean(&self) -> f64 {
        either!(self, mean)
    }

    #[getter]
    fn var(&self) -> f64 {
        either!(self, variance)
    }

    #[getter]
    fn atoms(&self) -> Vec<(f64, f64)> {
        either!(self, atoms).iter().map(|atom| (atom.at, atom.mass)).collect()
    }

    #[getter]
    fn ends(&self) -> (f64, f64) {
        match &self.kind {
            Kind::Paper(_) => (0.0, 1.0),
            Kind::Free(law) => law.ends().into(),
        }
    }

    #[getter]
    fn gap(&self) -> f64 {
        either!(self, gap)
    }

    #[getter]
    fn mean_utility(&self) -> f64 {
        match &self.kind {
            Kind::Paper(law) => law.mean_utility(),
            Kind::Free(law) => law.energy(),
        }
    }

    #[getter]
    fn concavity(&self) -> String {
        either!(self, concavity).to_string()
    }

    #[getter]
    fn closed_form(&self) -> Option<String> {
        match &self.kind {
            Kind::Paper(law) => law.closed_form().map(|form| form.to_string()),
            Kind::Free(_) => None,
        }
    }
}

fn keep_nan(x: f64, value: f64) -> f64 {
    if x.is_nan() { x } else { value }
}
