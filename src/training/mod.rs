//! Training the reward model: what a run is, and what it writes. With the feature `train`.

pub mod configuration;
pub mod metrics;
pub mod schedule;
