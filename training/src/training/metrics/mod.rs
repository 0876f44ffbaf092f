//! What a run tells while it goes on: `metrics.jsonl`, one JSON object a line, and event files for TensorBoard.

mod error;
mod events;
mod lines;
mod point;

use std::path::Path;

use serde::Serialize;

pub use error::MetricsError;
pub use point::{EvaluationPoint, TrainingPoint};

use events::Events;
use lines::Lines;

/// The name of the file of lines in a run's output directory.
pub const METRICS_FILE: &str = "metrics.jsonl";

/// Writes both, each point at once, so that a killed run has kept all it told.
#[derive(Debug)]
pub struct Metrics {
    lines: Lines,
    events: Events,
}

impl Metrics {
    /// Begins the metrics of a new run in `directory`, which is made if need be.
    ///
    /// # Errors
    /// [`MetricsError::Exists`] if there are some, [`MetricsError::Busy`] if another run is writing there, and
    /// [`MetricsError::File`].
    pub fn create(directory: &Path) -> Result<Self, MetricsError> {
        let lines = Lines::open(directory.join(METRICS_FILE))?;
        if !lines.is_empty() {
            return Err(MetricsError::Exists { path: directory.join(METRICS_FILE) });
        }
        Ok(Self { lines, events: Events::create(directory, None)? })
    }

    /// Takes up the metrics of a run that goes on after `step` steps: what was told of later steps is forgotten, and a
    /// line that was not written to its end. `None` is for a run that starts anew, and all is forgotten.
    ///
    /// # Errors
    /// [`MetricsError::Line`] for a file that is malformed before its last line, and as [`Metrics::create`].
    pub fn resume(directory: &Path, step: impl Into<Option<u64>>) -> Result<Self, MetricsError> {
        let step = step.into();
        let mut lines = Lines::open(directory.join(METRICS_FILE))?;
        lines.truncate_after(step)?;
        let first_again = step.map_or(0, |step| step.saturating_add(1));
        Ok(Self { lines, events: Events::create(directory, Some(first_again))? })
    }

    /// Tells how training goes.
    ///
    /// # Errors
    /// [`MetricsError::File`], such as for a full disk; what was told before is still there.
    pub fn log_training(&mut self, point: &TrainingPoint) -> Result<(), MetricsError> {
        self.log(point, point.step, &point.scalars())
    }

    /// Tells what an evaluation gave.
    ///
    /// # Errors
    /// As [`Metrics::log_training`].
    pub fn log_evaluation(&mut self, point: &EvaluationPoint) -> Result<(), MetricsError> {
        self.log(point, point.step, &point.scalars())
    }

    fn log(&mut self, point: &impl Serialize, step: u64, scalars: &[(String, f64)]) -> Result<(), MetricsError> {
        self.lines.append(point)?;
        self.events.scalars(step, scalars)
    }
}

#[cfg(test)]
mod tests;
