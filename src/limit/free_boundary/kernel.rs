//! Quadrature of a utility on the line against panel polynomials.

use super::FreeLawError;
use crate::limit::grading::{Grading, Integrable};
use crate::limit::legendre::{ORDER, RULE};
use crate::limit::potential::{PanelRow, Panels};
use crate::utility::{Jet, OnLine};

/// Pieces of `U_q''`: a panel's rule is exact for products of degree 31, so half of the digits suffice here.
const PIECES: Grading = Grading { tolerance: 1e-9, negligible: f64::EPSILON, depth: 40 };

/// `U_q` on distances up to some length, in pieces on which it is a polynomial to given accuracy.
pub(super) struct Kernel<'a> {
    utility: &'a OnLine,
    /// `U_q'(0+)`.
    slope: f64,
    length: f64,
    cuts: Vec<f64>,
}

/// The functionals `p -> int K(|x-y|) p(y) dy` and `p -> int U_q(|x-y|) p(y) dy`, as weights on the values at the nodes.
pub(super) struct Rows {
    pub(super) kernel: Vec<f64>,
    pub(super) utility: Vec<f64>,
}

impl<'a> Kernel<'a> {
    /// For distances up to `length`.
    ///
    /// # Errors
    /// [`FreeLawError::NotConcave`] if `U_q` is convex at a node of its pieces.
    pub(super) fn new(utility: &'a OnLine, length: f64) -> Result<Self, FreeLawError> {
        let slope = slope_at_zero(utility);
        let function = Integrable {
            function: |t: f64| -utility.jet(t).curvature / (2.0 * slope),
            antiderivative: |t: f64| if t == 0.0 { -0.5 } else { -utility.jet(t).slope / (2.0 * slope) },
        };
        let rounding = 2.0 * utility.errors(0.0).slope / slope;
        let grading = Grading { negligible: PIECES.negligible.max(rounding), ..PIECES };
        let cuts = grading.cuts(0.0, length, &function);
        for piece in cuts.windows(2) {
            let (middle, half) = (0.5 * (piece[0] + piece[1]), 0.5 * (piece[1] - piece[0]));
            let convex = |t: &f64| utility.jet(*t).curvature > 1e-13 * slope / length;
            if let Some(at) = RULE.nodes.iter().map(|z| middle + half * z).find(convex) {
                return Err(FreeLawError::NotConcave { utility: utility.to_string(), at, width: length });
            }
        }
        Ok(Self { utility, slope, length, cuts })
    }

    pub(super) fn name(&self) -> String {
        self.utility.to_string()
    }

    pub(super) fn slope(&self) -> f64 {
        self.slope
    }

    /// `U_q` and its derivatives at a distance `t >= 0`.
    pub(super) fn jet(&self, t: f64) -> Jet {
        self.utility.jet(t)
    }

    /// `K = -U_q''/(2 U_q'(0+))`.
    pub(super) fn at(&self, t: f64) -> f64 {
        -self.utility.jet(t).curvature / (2.0 * self.slope)
    }

    /// `U_q'(t)/(2 U_q'(0+))`: 1/2 less the kernel's mass up to `t`.
    pub(super) fn leftover(&self, t: f64) -> f64 {
        if t == 0.0 { 0.5 } else { self.utility.jet(t).slope / (2.0 * self.slope) }
    }

    /// A distance beyond which a millionth of the kernel's mass remains.
    pub(super) fn reach(&self) -> f64 {
        let remains = |t: f64| self.leftover(t) - self.leftover(self.length);
        self.cuts[1..].iter().copied().find(|&t| remains(t) <= 1e-6).unwrap_or(self.length)
    }

    /// Both functionals at `x`.
    pub(super) fn rows(&self, x: f64, panels: &Panels) -> Rows {
        let size = (panels.edges().len() - 1) * ORDER;
        let mut rows = Rows { kernel: Vec::with_capacity(size), utility: Vec::with_capacity(size) };
        for (from, stretch) in panels.each() {
            let [curvature, utility] = self.row(x, from, stretch, |t| self.utility.jet(t));
            rows.kernel.extend(curvature.map(|entry| -entry / (2.0 * self.slope)));
            rows.utility.extend(utility);
        }
        rows
    }

    /// `p -> int U_q'(|x-y|) p(y) dy`, for an end `x` of the panels.
    pub(super) fn slope_row(&self, x: f64, panels: &Panels) -> Vec<f64> {
        let slopes = |t: f64| Jet { value: self.utility.jet(t).slope, slope: 0.0, curvature: 0.0 };
        panels.each().flat_map(|(from, stretch)| self.row(x, from, stretch, slopes)[1]).collect()
    }

    fn row(&self, x: f64, from: f64, stretch: f64, jet: impl Fn(f64) -> Jet) -> [[f64; ORDER]; 2] {
        let mut panel = PanelRow::new(from, stretch);
        let to = from + 2.0 * stretch;
        // y = x - t and y = x + t.
        panel.accumulate(&jet, &self.cuts, [x, -1.0], [x - to, x - from]);
        panel.accumulate(&jet, &self.cuts, [x, 1.0], [from - x, to - x]);
        panel.finish()
    }
}

/// `U_q'(0+)`.
pub(super) fn slope_at_zero(utility: &OnLine) -> f64 {
    // The tangent continues U to x < 0, so that both orders of a pair have the slope of U there.
    (1.0 - 2.0 * utility.smoothing()) * utility.utility().slope_at_zero()
}
