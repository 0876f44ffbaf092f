//! Numbers and arrays of numbers, of any shape, to the same and back.

use numpy::{AllowTypeChange, IntoPyArray, PyArrayLikeDyn, ndarray::ArrayD};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::run::briefly;

/// Numbers up to which the interpreter is not released.
const FEW: usize = 256;

/// Applies `each`, which overwrites arguments by values, to a number or to all elements of an array.
///
/// Returns a float for a number and for an array without dimensions, and a new array of the same shape otherwise.
pub fn map<'py>(x: &Bound<'py, PyAny>, each: impl Fn(&mut [f64]) + Send + Sync) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if x.is_instance_of::<PyFloat>() || x.is_instance_of::<PyInt>() {
        let mut value = [x.extract()?];
        each(&mut value);
        return Ok(PyFloat::new(py, value[0]).into_any());
    }
    let given: PyArrayLikeDyn<'py, f64, AllowTypeChange> = x.extract()?;
    let given = given.as_array();
    let (shape, dimensions) = (given.raw_dim(), given.ndim());
    // The one copy is what becomes of the result.
    let mut values: Vec<f64> = given.iter().copied().collect();
    if values.len() <= FEW {
        each(&mut values);
    } else {
        values = briefly(py, move || {
            each(&mut values);
            values
        })?;
    }
    match (dimensions, values.first()) {
        (0, Some(value)) => Ok(PyFloat::new(py, *value).into_any()),
        _ => {
            let array = ArrayD::from_shape_vec(shape, values).map_err(crate::errors::failure)?;
            Ok(array.into_pyarray(py).into_any())
        }
    }
}

/// A vector as an array, without a copy.
pub fn array(py: Python<'_>, values: Vec<f64>) -> Bound<'_, PyAny> {
    values.into_pyarray(py).into_any()
}
