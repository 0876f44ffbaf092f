//! Where responses are.

use crate::problem::{Ascending, Positions};

/// Responses on a line, in ascending order, whose distances the sums are over.
pub(super) trait Places: Clone + std::fmt::Debug + Send + Sync {
    /// Whether each has a mirror image at `1 - x`, which the others meet too.
    const MIRRORED: bool;

    /// The number of responses that are held.
    fn count(&self) -> usize;

    /// The number of responses with their mirror images, and the one in the middle if there is one.
    fn total(&self) -> usize;

    /// `x_j - x_i` for `i <= j` among those that are held.
    fn near(&self, i: usize, j: usize) -> f64;

    /// `1 - x_i - x_j`, the distance to a mirror image; not asked for where there are none.
    fn far(&self, i: usize, j: usize) -> f64;

    /// The distance from `i` to `j >= i` among all.
    fn distance(&self, i: usize, j: usize) -> f64;
}

impl Places for Positions {
    const MIRRORED: bool = true;

    fn count(&self) -> usize {
        self.lower_half().len()
    }

    fn total(&self) -> usize {
        self.n()
    }

    fn near(&self, i: usize, j: usize) -> f64 {
        Positions::near(self, i, j)
    }

    fn far(&self, i: usize, j: usize) -> f64 {
        Positions::far(self, i, j)
    }

    fn distance(&self, i: usize, j: usize) -> f64 {
        Positions::distance(self, i, j)
    }
}

impl Places for Ascending {
    const MIRRORED: bool = false;

    fn count(&self) -> usize {
        self.len()
    }

    fn total(&self) -> usize {
        self.len()
    }

    fn near(&self, i: usize, j: usize) -> f64 {
        self.between(i, j)
    }

    fn far(&self, _: usize, _: usize) -> f64 {
        f64::INFINITY
    }

    fn distance(&self, i: usize, j: usize) -> f64 {
        self.between(i, j)
    }
}
