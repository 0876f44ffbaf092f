#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod compare;
mod dense;
pub mod experiment;
#[cfg(feature = "figures")]
pub mod figure;
#[doc(hidden)]
pub mod files;
pub mod limit;
pub mod problem;
pub mod solution;
pub mod study;
pub mod utility;

pub use files::{FileAction, FileError};
