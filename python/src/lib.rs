//! The extension module `reward_collapse._core`: the mathematics for NumPy.
//!
//! What people call is written in Python, in `reward_collapse/`; this module turns arrays into slices and back, releases the interpreter for every
//! longer computation, and maps errors. It has no numbers of its own.

mod arrays;
mod design;
mod distance;
mod errors;
mod limit;
mod run;
mod simulate;
mod solve;
mod tables;
mod terms;
mod utility;

use pyo3::prelude::*;

/// The compiled part of the package. Import `reward_collapse` instead.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::design::{Potential, design};
    #[pymodule_export]
    use super::distance::{asymptotics, wasserstein_between, wasserstein_to_law};
    #[pymodule_export]
    use super::limit::Law;
    #[pymodule_export]
    use super::simulate::simulate;
    #[pymodule_export]
    use super::solve::{fit, seconds_of_solve, solve};
    #[pymodule_export]
    use super::tables::{Rewards, compare, diagnose};
    #[pymodule_export]
    use super::utility::{Utility, field_tree};

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        run::remember_this_process();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
