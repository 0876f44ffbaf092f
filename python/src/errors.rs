//! Errors of the library as exceptions, with the same words.

use std::fmt::Display;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use reward_collapse::compare::{CompareError, ConvergenceError};
use reward_collapse::limit::{FreeLawError, LimitError};
use reward_collapse::problem::{EquilibriumError, FieldError, PreferencesError, SupportError};
use reward_collapse::solution::{FitError, SolveError};
use reward_collapse::utility::UtilityError;

/// An exception of the package, which are defined in Python.
fn exception(name: &'static str, class: &'static PyOnceLock<Py<PyType>>, words: String) -> PyErr {
    Python::attach(|py| match class.import(py, "reward_collapse._errors", name) {
        Ok(class) => PyErr::from_type(class.clone(), words),
        Err(error) => error,
    })
}

/// `InputError`, a ValueError: something is wrong with what was given.
pub fn input(words: impl Display) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    exception("InputError", &CLASS, words.to_string())
}

/// `ConvergenceError`, a RuntimeError: the computation did not reach what it has to.
pub fn failure(words: impl Display) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    exception("ConvergenceError", &CLASS, words.to_string())
}

/// An error of the library that has its exception.
pub trait Raise {
    /// The exception.
    fn raise(self) -> PyErr;
}

macro_rules! inputs {
    ($($error:ty),*) => {
        $(impl Raise for $error {
            fn raise(self) -> PyErr {
                input(self)
            }
        })*
    };
}

inputs!(UtilityError, SupportError, FieldError, EquilibriumError, PreferencesError, CompareError);

impl Raise for SolveError {
    fn raise(self) -> PyErr {
        match self {
            SolveError::NotConverged(_) | SolveError::Uncertified(_) | SolveError::Stopped(_) => failure(self),
            _ => input(self),
        }
    }
}

impl Raise for ConvergenceError {
    fn raise(self) -> PyErr {
        match self {
            ConvergenceError::Solve(error) => error.raise(),
            ConvergenceError::Limit(error) => error.raise(),
            ConvergenceError::Compare(error) => error.raise(),
            other => failure(other),
        }
    }
}

impl Raise for FitError {
    fn raise(self) -> PyErr {
        match self {
            FitError::NotConverged(_) | FitError::LinearAlgebra(_) | FitError::Singular => failure(self),
            _ => input(self),
        }
    }
}

impl Raise for LimitError {
    fn raise(self) -> PyErr {
        match self {
            LimitError::NotConverged { .. } => failure(self),
            _ => input(self),
        }
    }
}

impl Raise for FreeLawError {
    fn raise(self) -> PyErr {
        match self {
            FreeLawError::NotConverged { .. } => failure(self),
            _ => input(self),
        }
    }
}
