//! Trains reward models on rankings, and lays them open to the theory of [`reward_collapse`].
//!
//! | module | what it has |
//! |---|---|
//! | [`dataset`] | rankings: read, made from instructions with long answers, or made up |
//! | [`reward_model`] | DeBERTa with one output, in libtorch; its tokenisers and weights |
//! | [`training`] | configurations, the loss on pairs, the optimiser, checkpoints, metrics |
//!
//! Compiling it needs libtorch 2.11; `make` fetches it where a target asks for it. The program of this package is run by
//! `reward-collapse dataset`, `train` and `score`.

#[doc(hidden)]
pub mod cli;
pub mod dataset;
mod guard;
mod libtorch;
mod random;
pub mod reward_model;
pub mod training;
