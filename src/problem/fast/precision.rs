//! How accurately sums are formed.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use super::chebyshev::Chebyshev;
use super::resolution::Resolution;
use crate::problem::kernel::PairKernel;

/// A relative accuracy, the Chebyshev points for it, and the table of distances that was made last.
#[derive(Debug)]
pub(super) struct Precision {
    pub(super) accuracy: f64,
    pub(super) chebyshev: Chebyshev,
    kept: Mutex<Option<Kept>>,
}

/// A table, and the distances that it reaches.
#[derive(Debug)]
struct Kept {
    distances: RangeInclusive<f64>,
    resolution: Arc<Resolution>,
}

impl Precision {
    /// For an accuracy from 1e-2 down to 1e-13.
    pub(super) fn new(accuracy: f64) -> Self {
        let accuracy = accuracy.clamp(1e-13, 1e-2);
        // Interpolation gains about 0.75 digits a point on intervals as long as their distance from a pole.
        let order = (-accuracy.log10() / 0.75).ceil() as usize + 4;
        Self { accuracy, chebyshev: Chebyshev::new(order), kept: Mutex::new(None) }
    }

    /// The table of `kernel` for distances from `smallest` to `largest`, which itself need not be above `farthest`, and for slopes as
    /// small as `floor`; one that was made before where it serves.
    pub(super) fn resolution(
        &self,
        kernel: &dyn PairKernel,
        distances: RangeInclusive<f64>,
        farthest: f64,
        floor: f64,
        other_floor: f64,
    ) -> Arc<Resolution> {
        let (smallest, largest) = distances.into_inner();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Kept { distances, resolution }) = &*kept
            && *distances.start() <= smallest
            && (largest..=2.0 * largest).contains(distances.end())
            && resolution.floor() <= floor
        {
            return resolution.clone();
        }
        // Room for what the next steps ask for.
        let distances = smallest / 16.0..=(1.25 * largest).min(farthest);
        let tolerance = self.accuracy / (1.0 + self.chebyshev.lebesgue());
        let resolution =
            Resolution::new(kernel, &self.chebyshev, tolerance, distances.clone(), floor / 4.0, other_floor);
        let resolution = Arc::new(resolution);
        *kept = Some(Kept { distances, resolution: resolution.clone() });
        resolution
    }
}
