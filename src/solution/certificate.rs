//! The optimality certificate.

use crate::problem::{FoldedRewards, Forces, Positions};
use crate::utility::Utility;

/// A rigorous bound on how far feasible rewards are from the optimum of (1).
///
/// `S` is concave, so for feasible `s`
///
/// ```text
/// S(s) - S(r) <= sum_{i<j} U'(t_ij) [(s_j - s_i) - t_ij],     t_ij = r_j - r_i,
/// ```
///
/// and the right side is largest at a step vector `s = (0, .., 0, 1, .., 1)`. With the step before response `k` the first
/// part is the force across the cut, `F_k = sum_{i<k<=j} U'(t_ij)`; the second is the virial `T = sum U'(t_ij) t_ij`:
///
/// ```text
/// max S - S(r) <= max_k F_k - T.
/// ```
///
/// Both are sums of positive terms, so the bound keeps its relative accuracy, and its own rounding error is bounded and
/// added. At ties `U'(0+)` enters, the one-sided derivative that a feasible direction asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Certificate {
    /// The bound on `max S - S(r)` for the computed `S(r)`, its own rounding error and that of `S(r)` included.
    pub gap: f64,
    /// The part of `gap` that bounds these rounding errors.
    pub rounding: f64,
    /// `max_k F_k`.
    pub largest_cut: f64,
    /// `T`.
    pub virial: f64,
}

impl Certificate {
    /// The certificate of the symmetric rewards `x`. `O(n^2)`.
    pub fn of<U: Utility>(problem: &FoldedRewards<U>, x: &Positions) -> Self {
        problem.forces(x).into()
    }
}

impl From<Forces> for Certificate {
    fn from(forces: Forces) -> Self {
        let Forces { largest_cut, virial, .. } = forces;
        let rounding = forces.rounding + forces.objective_rounding;
        Self { gap: (largest_cut - virial).max(0.0) + rounding, rounding, largest_cut, virial }
    }
}

/// `max_k F_k - T` from the folded gradient of `-S`, in plain doubles: what an iteration watches.
///
/// The folded gradient is twice the gradient in `r`, and `T = sum_i r_i dS/dr_i` over both halves.
pub(super) fn quick_gap(cost_gradient: &[f64], x: &[f64]) -> QuickGap {
    let mut cut = 0.0;
    let mut largest_cut = 0.0f64;
    let mut virial = 0.0;
    for (g, x) in cost_gradient.iter().zip(x) {
        cut += 0.5 * g;
        largest_cut = largest_cut.max(cut);
        virial += 0.5 * g * (1.0 - 2.0 * x);
    }
    QuickGap { gap: (largest_cut - virial).max(0.0), largest_cut, virial }
}

/// See [`quick_gap`].
#[derive(Debug, Clone, Copy)]
pub(super) struct QuickGap {
    pub(super) gap: f64,
    pub(super) largest_cut: f64,
    pub(super) virial: f64,
}
