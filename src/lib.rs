#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod compare;
#[cfg(feature = "train")]
pub mod dataset;
mod dense;
pub mod experiment;
pub mod figure;
pub mod files;
pub mod limit;
pub mod problem;
#[cfg(feature = "train")]
mod random;
#[cfg(feature = "train")]
pub mod reward_model;
pub mod solution;
pub mod study;
#[cfg(feature = "train")]
pub mod training;
pub mod utility;

// Links the system BLAS and LAPACK behind `ndarray-linalg`.
use openblas_src as _;
