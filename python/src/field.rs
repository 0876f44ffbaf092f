//! A field as a tree, for the losses that are trained in Python.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use reward_collapse::problem::{Field, Support};
use reward_collapse::utility::Expression;

use crate::errors::Raise;
use crate::utility::tree_of;

/// The formula of a field as nested tuples, as `Utility._tree` gives that of a utility; the field has been found concave on the support.
#[pyfunction]
pub fn field_tree(py: Python<'_>, text: &str, support: (f64, f64)) -> PyResult<Py<PyTuple>> {
    let support = Support::new(support.0, support.1).map_err(Raise::raise)?;
    Field::parse(text, support).map_err(Raise::raise)?;
    tree_of(py, &Expression::parse(text).map_err(Raise::raise)?)
}
