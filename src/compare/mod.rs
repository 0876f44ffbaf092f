//! Comparing finite rewards with the limit law: distances, histograms and rates.

mod convergence;
mod distance;
mod error;
mod extended;
mod histogram;
mod measure;
mod predicted;
mod rate;

pub use convergence::{Convergence, ConvergenceError, ConvergenceRow, convergence};
pub use distance::{kolmogorov, wasserstein1};
pub use error::CompareError;
pub use histogram::{Bin, Histogram};
pub use measure::{Measure, Trend};
pub use predicted::{PredictedRate, predicted_rate};
pub use rate::{Rate, drift, fit_rate};
