//! What sums over pairs ask of a utility.

use crate::utility::{Derivative, Errors, Jet, Origin, Utility};

/// A concave function of the distance of a pair, for distances `t >= 0`. Unlike a [`Utility`] it need not increase.
pub(super) trait PairKernel: Sync {
    /// Replaces every distance by the function there, or a derivative.
    fn at_all(&self, derivative: Derivative, distances: &mut [f64]);

    /// The function and its derivatives.
    fn at(&self, distance: f64) -> Jet;

    /// Bounds on the rounding errors of [`PairKernel::at`] at an exact distance.
    fn errors_at(&self, distance: f64) -> Errors;

    /// How it leaves 0.
    fn start(&self) -> Origin;
}

impl<U: Utility> PairKernel for U {
    fn at_all(&self, derivative: Derivative, distances: &mut [f64]) {
        self.map(derivative, distances);
    }

    fn at(&self, distance: f64) -> Jet {
        self.jet(distance)
    }

    fn errors_at(&self, distance: f64) -> Errors {
        self.errors(distance)
    }

    fn start(&self) -> Origin {
        self.origin()
    }
}
