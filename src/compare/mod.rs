//! Comparing finite rewards with the limit law, and learned rewards with both: distances, histograms and rates.

mod comparison;
mod convergence;
mod distance;
mod error;
mod histogram;
mod learned;
mod measure;
mod optimum;
mod predicted;
mod rate;
mod sampling;
mod serde_float;
mod table;
mod target;
mod theories;

pub use comparison::Comparison;
pub use convergence::{Convergence, ConvergenceError, ConvergenceRow, convergence};
pub use distance::{kolmogorov, wasserstein1, wasserstein1_between};
pub use error::{CompareError, TheoryError};
pub use histogram::{Bin, Histogram};
pub use learned::{Learned, LearnedDistance, LearnedReward, centred};
pub use measure::{Measure, Trend};
pub use optimum::{Optimum, Prediction};
pub use predicted::{PredictedRate, predicted_rate};
pub use rate::{Rate, drift, fit_rate};
pub use sampling::{DistanceIntervals, RESAMPLES, SamplingError};
pub use table::{Order, SizeComparison, Sizes, TableComparisonError, TypeComparison};
pub use target::{Target, TargetOptimum};
pub use theories::{Theories, TheoryPair};
