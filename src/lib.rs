//! Numerical toolkit for the free-reward theory of reward collapse.

pub mod compare;
pub mod figure;
pub mod limit;
pub mod problem;
pub mod solution;
pub mod utility;

// Links the system BLAS and LAPACK behind `ndarray-linalg`.
use openblas_src as _;
