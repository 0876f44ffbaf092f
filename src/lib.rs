//! Optimal rewards for ranked responses, and the laws that they converge to.
//!
//! People rank `n` responses to a prompt from worst to best. A reward model that is flexible enough, and trained to
//! convergence, maximises
//!
//! ```text
//! S(r) = sum_{i<j} U(r_j - r_i)    subject to    0 <= r_1 <= r_2 <= ... <= r_n <= 1        (1)
//! ```
//!
//! for an increasing concave utility `U`. The problem does not involve the prompt, so every prompt gets the same rewards:
//! *reward collapse* ([arXiv:2305.17608](https://arxiv.org/abs/2305.17608)). This crate solves (1), with an upper bound on how
//! far the objective is from the optimum. It computes the law that the rewards converge to as `n` grows, and the distance
//! between the two.
//!
//! ```
//! use reward_collapse::{limit::LimitLaw, solution::solve, utility::parse};
//! let utility = parse("log(x+0.1)")?;
//! let best = solve(&utility, 8)?; // rewards 0, 0, 0.1463, 0.3728, 0.6272, 0.8537, 1, 1
//! let law = LimitLaw::of(&utility)?; // the share of responses that end at exactly 0:
//! assert!(best.gap < 1e-12 && (law.atoms()[0].mass - 0.1839878103).abs() < 1e-10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! | module | in the mathematics | chapter of the book (`docs/src` in the repository) |
//! |---|---|---|
//! | [`utility`] | the utility `U` | `utilities.md` |
//! | [`problem`] | the objective `S`, its gradient and its Hessian | `finite-problem.md`, `fast-sums.md` |
//! | [`solution`] | the maximiser of (1), and its certificate | `solver.md`, `certificate.md` |
//! | [`target`] | laws that a person asks for, and the fields that make them limit laws | `design.md` |
//! | [`limit`] | the limit law `P*` | `limit-laws.md` |
//! | [`compare`] | distances between the two, and rates of convergence | `comparison.md`, `rates.md` |
//! | [`design`] | losses whose rewards follow a law that a person asks for | `design.md` |
//! | [`simulate`] | how training gets to the maximiser: many prompts with free logits | `simulate.md` |
//! | [`diagnosis`] | whether a model's rewards have collapsed | `diagnose.md` |
//! | [`study`] | tables of such distances, kept on disk | `command-line.md` |
//! | [`experiment`] | losses, and the rewards that trained models learned | `experiment.md`, `data.md` |
//! | `figure`, with the feature `figures` | figures of all of these | `collapse-figure.md`, `experiment-figure.md` |
//!
//! Start with [`solution::solve`] and [`limit::LimitLaw::of`]; both take any reference to a [`utility::Utility`]. The folder
//! `examples` of the repository has five short programs.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `cli` | yes | the program `reward-collapse`; turns on `serde` |
//! | `figures` | yes | the module `figure`, which draws SVG, PNG and PDF |
//! | `quadratic` | through `cli` | utilities for a target law, by a quadratic programme |
//! | `tables` | through `cli` | rewards from parquet and compressed files |
//! | `serde` | through `cli` | `Serialize` and `Deserialize` for solutions, certificates and what they are made of |
//!
//! With `default-features = false` the crate is the mathematics alone. OpenBLAS is its one system library.
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod compare;
mod dense;
pub mod design;
pub mod diagnosis;
pub mod experiment;
#[cfg(feature = "figures")]
pub mod figure;
#[doc(hidden)]
pub mod files;
pub mod limit;
pub mod problem;
mod resample;
pub mod simulate;
pub mod solution;
pub mod study;
pub mod target;
pub mod utility;

pub use files::{FileAction, FileError};

/// Compiles and runs the program in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
