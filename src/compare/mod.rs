//! Comparing finite rewards with the limit law: distances, histograms and rates.

mod distance;
mod error;
mod histogram;
mod rate;

pub use distance::{kolmogorov, wasserstein1};
pub use error::CompareError;
pub use histogram::{Bin, Histogram};
pub use rate::{PredictedRate, Rate, fit_rate, predicted_rate};
