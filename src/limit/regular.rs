//! Quadrature of what is left of `U` after its leading term.

use std::f64::consts::PI;
use std::num::NonZeroUsize;

use gauss_quad::{FiniteAboveNegOneF64, GaussJacobi};

use super::gegenbauer::Gegenbauer;
use super::legendre::{ORDER, RULE};
use crate::utility::Utility;

/// Halvings of the distance to the point at which the potential is wanted: enough for a kink or a square root there to drown
/// in rounding.
const HALVINGS: usize = 30;

/// Longest panel times the highest degree: a rule of [`ORDER`] nodes is exact for the cosines on it.
const PHASE: f64 = 16.0;

/// The regular part `R(x) = U(x) - leading(x)`, integrated against the weighted even polynomials.
///
/// With `t = cos(theta)` the weight is `sin(theta)^s d theta`. Panels shrink by halves towards the target, where `R` may
/// have a kink or a weak singularity; the first panel at each end carries the factor `theta^s` in a Gauss-Jacobi rule.
pub(super) struct RegularPart<'a> {
    utility: &'a dyn Utility,
    s: f64,
    family: Gegenbauer,
    modes: usize,
    /// `R(1/2)`. It shifts the potential and nothing else, so it is kept out of the quadrature and its rounding errors.
    shift: f64,
    /// Nodes on (0, 1) and weights for `int_0^1 f(z) z^s dz`.
    end_rule: Vec<(f64, f64)>,
}

impl<'a> RegularPart<'a> {
    pub(super) fn new(utility: &'a dyn Utility, s: f64, family: Gegenbauer, modes: usize) -> Self {
        Self { utility, s, family, modes, shift: utility.regular_part(0.5), end_rule: end_rule(s) }
    }

    /// The constant left out of [`RegularPart::row`].
    pub(super) fn shift(&self) -> f64 {
        self.shift
    }

    /// `q_0(t), q_2(t), ...`
    pub(super) fn polynomials(&self, t: f64) -> Vec<f64> {
        let mut values = vec![0.0; self.modes];
        self.family.even(t * t, &mut values);
        values
    }

    /// `int (R(|x-y|) - R(1/2)) w(u) q_m(u) du` for `m = 0, 2, 4, ...`, at `x = (1 - cos theta)/2`, `y = (1 - u)/2`.
    pub(super) fn row(&self, theta: f64) -> Vec<f64> {
        let mut sums = self.family.even_sums(self.modes);
        for side in [-1.0, 1.0] {
            let room = if side < 0.0 { theta } else { PI - theta };
            self.for_each_node(room, |distance, to_end, weight| {
                // |x - y| without cancellation: (cos theta - cos phi)/2 as a product of sines.
                let half = 0.5 * distance;
                let gap = ((theta + side * half).sin() * half.sin()).abs();
                let u = to_end.cos();
                sums.add(u * u, weight * self.regular_part(gap));
            });
        }
        sums.finish()
    }

    /// `R`, held constant at distances so small that the expression for `U` breaks down (`1 - exp(-x)` rounds to 0 there).
    fn regular_part(&self, gap: f64) -> f64 {
        const SAFE: f64 = 1e-12;
        let regular = self.utility.regular_part(gap);
        let regular = if regular.is_finite() || gap >= SAFE { regular } else { self.utility.regular_part(SAFE) };
        regular - self.shift
    }

    /// Calls `visit(distance to the target, distance to the end, weight)` for each node of `int sin(phi)^s d phi` over the
    /// stretch of length `room` between the target and an end of [0, pi].
    fn for_each_node(&self, room: f64, mut visit: impl FnMut(f64, f64, f64)) {
        if room <= 0.0 {
            return;
        }
        let longest = PHASE / (2.0 * self.modes as f64);
        // The end panel reaches to half of the room, or over all of it where the target is the other end.
        let end = (0.5 * room).min(longest);
        for &(z, weight) in &self.end_rule {
            let to_end = end * z;
            let smooth = (to_end.sin() / to_end).powf(self.s);
            visit(room - to_end, to_end, end.powf(self.s + 1.0) * smooth * weight);
        }
        let mut far = room - end;
        let target_is_the_other_end = room == PI;
        for level in 0..=HALVINGS {
            let near = if level == HALVINGS { 0.0 } else { room * 0.5f64.powi(level as i32 + 1) };
            if near >= far {
                continue;
            }
            if near == 0.0 && target_is_the_other_end {
                for &(z, weight) in &self.end_rule {
                    let distance = far * z;
                    let smooth = (distance.sin() / distance).powf(self.s);
                    visit(distance, room - distance, far.powf(self.s + 1.0) * smooth * weight);
                }
                return;
            }
            let pieces = ((far - near) / longest).ceil().max(1.0);
            let half = 0.5 * (far - near) / pieces;
            for piece in 0..pieces as usize {
                let middle = near + half * (2.0 * piece as f64 + 1.0);
                for i in 0..ORDER {
                    let distance = middle + half * RULE.nodes[i];
                    let to_end = room - distance;
                    // Measured from the nearer end, for the sake of small angles.
                    let angle = if target_is_the_other_end { distance.min(to_end) } else { to_end };
                    visit(distance, to_end, half * RULE.weights[i] * angle.sin().powf(self.s));
                }
            }
            far = near;
        }
    }
}

/// Gauss-Jacobi nodes on (0, 1) and weights for `int_0^1 f(z) z^s dz`.
fn end_rule(s: f64) -> Vec<(f64, f64)> {
    let order = NonZeroUsize::new(ORDER).unwrap_or(NonZeroUsize::MIN);
    let exponent = |e: f64| FiniteAboveNegOneF64::new(e).unwrap_or_default();
    // The rule has (1+z)^s on [-1, 1], which is 2^(s+1) z^s dz on [0, 1].
    let scale = 0.5f64.powf(s + 1.0);
    GaussJacobi::new(order, exponent(0.0), exponent(s))
        .iter()
        .map(|&(z, weight)| (0.5 * (1.0 + z), scale * weight))
        .collect()
}
