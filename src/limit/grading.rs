//! Where to cut an interval so that a function is a polynomial, to given accuracy, on each piece.

use super::legendre::{ORDER, RULE, is_resolved, spectral_tail};
use crate::utility::Utility;

/// How an interval is bisected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grading {
    /// Size of the last Legendre coefficients on a piece, relative to the largest.
    pub(super) tolerance: f64,
    /// Integral over a piece that may be neglected, whether of the function or of its last Legendre terms.
    pub(super) negligible: f64,
    /// Most bisections in a row: pieces next to a singularity end there.
    pub(super) depth: usize,
}

/// A positive function with its antiderivative, so that a layer too thin for a rule to see is still noticed.
pub(super) struct Integrable<F, A> {
    pub(super) function: F,
    pub(super) antiderivative: A,
}

impl Grading {
    /// The same, but never refined for the sake of less mass than the rounding error of `U'` relative to `U'(0+)`.
    pub(super) fn above_rounding_of(self, utility: &dyn Utility) -> Self {
        let slope = utility.slope_at_zero();
        Self { negligible: self.negligible.max(2.0 * utility.errors(0.0).slope / slope), ..self }
    }

    /// Cut points `from = t_0 < t_1 < ... < t_L = to` by adaptive bisection.
    ///
    /// Boundary layers, and integrable singularities at the cut points, are found without being asked for. The function is
    /// evaluated at interior points only.
    pub(super) fn cuts<F, A>(&self, from: f64, to: f64, f: &Integrable<F, A>) -> Vec<f64>
    where
        F: Fn(f64) -> f64,
        A: Fn(f64) -> f64,
    {
        /// Beyond any layer or singularity: a function with so many pieces is noise.
        const MOST_PIECES: usize = 200;
        let mut cuts = vec![from];
        let mut waiting = vec![(from, to, 0)];
        while let Some((from, to, depth)) = waiting.pop() {
            let enough = depth >= self.depth || cuts.len() + waiting.len() >= MOST_PIECES;
            if enough || self.is_fine(from, to, f) {
                cuts.push(to);
            } else {
                let middle = 0.5 * (from + to);
                waiting.push((middle, to, depth + 1));
                waiting.push((from, middle, depth + 1));
            }
        }
        cuts
    }

    fn is_fine<F, A>(&self, from: f64, to: f64, f: &Integrable<F, A>) -> bool
    where
        F: Fn(f64) -> f64,
        A: Fn(f64) -> f64,
    {
        let (start, end) = ((f.antiderivative)(from), (f.antiderivative)(to));
        if (end - start).abs() <= self.negligible {
            return true;
        }
        let (middle, stretch) = (0.5 * (from + to), 0.5 * (to - from));
        let values = RULE.nodes.map(|z| (f.function)(middle + stretch * z));
        let integral: f64 = stretch * values.iter().zip(RULE.weights).map(|(v, w)| v * w).sum::<f64>();
        // An antiderivative with rounding errors of its own must not force cuts.
        let agrees = (integral - (end - start)).abs() <= 1e-8 * start.abs().max(end.abs()) + self.negligible;
        agrees && self.resolves(&RULE.coefficients(&values), stretch)
    }

    /// Whether these Legendre coefficients, on a piece of half length `stretch`, have decayed.
    pub(super) fn resolves(&self, coefficients: &[f64; ORDER], stretch: f64) -> bool {
        spectral_tail(coefficients) * stretch <= self.negligible || is_resolved(coefficients, self.tolerance)
    }
}
