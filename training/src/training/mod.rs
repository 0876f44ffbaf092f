//! Training the reward model: what a run is, how it goes, and what it writes.
//!
//! [`Trainer::prepare`](trainer::Trainer::prepare) makes a run out of a [`Configuration`](configuration::Configuration);
//! its steps take prompts from a [`PromptSource`](source::PromptSource), the [gradient](gradient::accumulate) of their
//! [loss](loss::RankingLoss), and a step of [`AdamW`](optimiser::AdamW) down the [schedule](schedule::Schedule).

pub mod checkpoint;
pub mod configuration;
#[cfg(test)]
mod counts;
pub mod embedded;
mod error;
pub mod evaluation;
pub mod gradient;
pub mod loss;
pub mod loss_scale;
pub mod metrics;
pub mod observer;
pub mod optimiser;
mod prepare;
pub mod ranks;
pub mod schedule;
pub mod source;
pub mod trainer;
pub mod workers;
mod writer;

pub use error::TrainingError;
