//! The sums by `ferreus_bbfmm`.

use faer::{Mat, RowRef};
use ferreus_bbfmm::{FmmParams, FmmTree, KernelFunction, M2LCompressionType};

use crate::Run;
use crate::clock::{Clock, Seconds};
use crate::sums::Sum;

/// What [`run`] measures.
pub struct Outcome {
    /// To build the tree.
    pub build: Seconds,
    /// For one product, the better of two.
    pub product: Seconds,
    /// The product.
    pub values: Vec<f64>,
}

/// One product with the kernel of `run`.
pub fn run(run: &Run, x: &[f64], charges: &[f64]) -> Outcome {
    match (run.sum, run.odd) {
        (Sum::Potential, _) => product(run, Log, x, charges, false),
        (Sum::Slope, false) => product(run, Log, x, charges, true),
        (Sum::Slope, true) => product(run, Inverse, x, charges, false),
        (Sum::Curvature, _) => product(run, InverseSquare, x, charges, false),
    }
}

fn product<K: KernelFunction + Send + Sync>(
    run: &Run,
    kernel: K,
    x: &[f64],
    charges: &[f64],
    gradient: bool,
) -> Outcome {
    let points = Mat::from_fn(x.len(), 1, |i, _| x[i]);
    let weights = Mat::from_fn(x.len(), 1, |i, _| charges[i]);
    let parameters = FmmParams {
        max_points_per_cell: run.leaf,
        compression_type: if run.compress { M2LCompressionType::ACA } else { M2LCompressionType::None },
        ..FmmParams::new_defaults(run.order)
    };
    let start = Clock::start();
    let mut tree = FmmTree::new(points.clone(), run.order, kernel, true, true, None, Some(parameters));
    let build = start.read();
    let mut once = || {
        let start = Clock::start();
        tree.set_weights(&weights.as_ref());
        let values = if gradient {
            tree.evaluate_with_gradients(&weights.as_ref(), &points).map(|(_, gradients)| gradients)
        } else {
            tree.evaluate(&weights.as_ref(), &points)
        };
        // The points are in their own tree, so none can be outside.
        (start.read(), values.unwrap_or_else(|error| panic!("{error}")))
    };
    let (first, values) = once();
    let (second, _) = once();
    let product = Seconds { wall: first.wall.min(second.wall), cpu: first.cpu.min(second.cpu) };
    Outcome { build, product, values: (0..x.len()).map(|i| values[(i, 0)]).collect() }
}

/// `log |x - y|`; 0 for a point with itself, as the crate leaves no pair out.
struct Log;

impl KernelFunction for Log {
    #[inline(always)]
    fn evaluate(&self, target: RowRef<f64>, source: RowRef<f64>) -> f64 {
        let difference = target[0] - source[0];
        if difference == 0.0 { 0.0 } else { difference.abs().ln() }
    }

    /// Only the gradient is asked for, and only of near pairs: no logarithm.
    #[inline(always)]
    fn evaluate_value_gradient(&self, target: RowRef<f64>, source: RowRef<f64>, gradient: &mut [f64]) -> Option<f64> {
        let difference = target[0] - source[0];
        gradient[0] = if difference == 0.0 { 0.0 } else { 1.0 / difference };
        Some(0.0)
    }
}

/// `1 / (x - y)`.
struct Inverse;

impl KernelFunction for Inverse {
    #[inline(always)]
    fn evaluate(&self, target: RowRef<f64>, source: RowRef<f64>) -> f64 {
        let difference = target[0] - source[0];
        if difference == 0.0 { 0.0 } else { 1.0 / difference }
    }
}

/// `1 / (x - y)^2`.
struct InverseSquare;

impl KernelFunction for InverseSquare {
    #[inline(always)]
    fn evaluate(&self, target: RowRef<f64>, source: RowRef<f64>) -> f64 {
        let difference = target[0] - source[0];
        if difference == 0.0 { 0.0 } else { 1.0 / (difference * difference) }
    }
}
