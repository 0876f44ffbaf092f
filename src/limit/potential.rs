//! The potential of a piecewise polynomial law, and the certificate it gives.

use super::grading::{Grading, Integrable};
use super::legendre::{ORDER, RULE, polynomials};
use crate::utility::{Jet, Utility};

/// Pieces of `U''`: a panel's rule is exact for products of degree 31, so half of the digits suffice here.
const KERNEL: Grading = Grading { tolerance: 1e-9, negligible: f64::EPSILON, depth: 40 };

/// Factors of 0.8 by which a kernel's reach may be shorter than [0, 1]: down to 1e-19.
const MOST_SHRINKINGS: usize = 200;

/// Panels of an interval, each with [`ORDER`] Gauss-Legendre nodes: of [0, 1/2] for a symmetric law on [0, 1].
pub(super) struct Panels {
    edges: Vec<f64>,
}

impl Panels {
    pub(super) fn new(edges: Vec<f64>) -> Self {
        Self { edges }
    }

    pub(super) fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Left edge and half length of each panel.
    pub(super) fn each(&self) -> impl Iterator<Item = (f64, f64)> {
        self.edges.windows(2).map(|edge| (edge[0], 0.5 * (edge[1] - edge[0])))
    }

    pub(super) fn nodes(&self) -> Vec<f64> {
        self.each().flat_map(|(from, stretch)| RULE.nodes.map(|z| from + stretch * (1.0 + z))).collect()
    }

    /// The integral over all panels of the function with these values at the nodes.
    pub(super) fn integral(&self, values: &[f64]) -> f64 {
        let sum = |values: &[f64]| values.iter().zip(RULE.weights).map(|(v, w)| v * w).sum::<f64>();
        self.each().zip(values.chunks_exact(ORDER)).map(|((_, stretch), values)| stretch * sum(values)).sum()
    }

    /// Legendre coefficients on each panel of the function with these values at the nodes.
    pub(super) fn coefficients(&self, values: &[f64]) -> Vec<Vec<f64>> {
        values.chunks_exact(ORDER).map(|values| RULE.coefficients(values).to_vec()).collect()
    }
}

/// The functionals `p -> int_0^1 k(|x-y|) p(y) dy` and `p -> int_0^1 U(|x-y|) p(y) dy` of a symmetric `p`, as weights on its
/// values at the nodes in [0, 1/2].
pub(super) struct Rows {
    pub(super) kernel: Vec<f64>,
    pub(super) utility: Vec<f64>,
}

/// `E(P)`, and the bound `2 (max Phi - E(P))` on how far it is from the largest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Certificate {
    pub(super) mean_utility: f64,
    pub(super) gap: f64,
}

impl Certificate {
    /// For a law with `E = -inf`.
    pub(super) const DIVERGENT: Self = Self { mean_utility: f64::NEG_INFINITY, gap: f64::NAN };

    /// `highest` is `max Phi`; `largest` bounds the terms that were summed, whose rounding errors are added to the gap.
    pub(super) fn new(highest: f64, mean_utility: f64, largest: f64) -> Self {
        let rounding = 4.0 * f64::EPSILON * largest.max(mean_utility.abs());
        let excess = highest - mean_utility;
        // NaN passes through, to be refused.
        Self { mean_utility, gap: if excess < 0.0 { rounding } else { 2.0 * excess + rounding } }
    }
}

/// Quadrature of `U` and `U''` against panel polynomials, exact up to rounding: the kernel's pieces are laid out from `y = x`
/// in both directions, so that no rule straddles the kink there, a layer of the kernel or a panel's edge.
pub(super) struct PairQuadrature<'a> {
    utility: &'a dyn Utility,
    slope: f64,
    cuts: Vec<f64>,
}

impl<'a> PairQuadrature<'a> {
    pub(super) fn new(utility: &'a dyn Utility, slope: f64) -> Self {
        let kernel = Integrable {
            function: |t: f64| -utility.curvature(t) / (2.0 * slope),
            antiderivative: |t: f64| if t == 0.0 { -0.5 } else { -utility.slope(t) / (2.0 * slope) },
        };
        Self { utility, slope, cuts: KERNEL.above_rounding_of(utility).cuts(0.0, 1.0, &kernel) }
    }

    pub(super) fn name(&self) -> String {
        self.utility.to_string()
    }

    /// Cut points of the kernel on [0, 1].
    pub(super) fn cuts(&self) -> &[f64] {
        &self.cuts
    }

    /// A distance beyond which a millionth of the kernel's mass remains.
    pub(super) fn reach(&self) -> f64 {
        self.cuts[1..].iter().copied().find(|&t| self.remains(t) <= 1e-6).unwrap_or(1.0)
    }

    /// The share of the kernel's mass beyond a distance.
    fn remains(&self, t: f64) -> f64 {
        self.utility.slope(t) / self.slope
    }

    /// A distance beyond which nothing of the kernel's mass remains that a double could tell; `None` where it reaches all the
    /// way.
    pub(super) fn whole_reach(&self) -> Option<f64> {
        const NOTHING: f64 = 0.1 * f64::EPSILON;
        let lengths = std::iter::successors(Some(1.0), |t| Some(0.8 * t)).take_while(|t| self.remains(*t) <= NOTHING);
        lengths.take(MOST_SHRINKINGS).last()
    }

    /// `D(x) = [U'(x) + U'(1-x)] / (2 U'(0+)) = 1 - int_0^1 k(|x-y|) dy`.
    pub(super) fn leftover(&self, x: f64) -> f64 {
        (self.utility.slope(x) + self.utility.slope(1.0 - x)) / (2.0 * self.slope)
    }

    /// `k(x) + k(1-x)`.
    pub(super) fn driving(&self, x: f64) -> f64 {
        -(self.utility.curvature(x) + self.utility.curvature(1.0 - x)) / (2.0 * self.slope)
    }

    /// `int_0^x [k(t) + k(1-t)] dt`.
    pub(super) fn driving_integral(&self, x: f64) -> f64 {
        let near = if x == 0.0 { 0.0 } else { self.slope - self.utility.slope(x) };
        (near + (self.utility.slope(1.0 - x) - self.utility.slope(1.0))) / (2.0 * self.slope)
    }

    /// Both functionals at `0 <= x <= 1/2`, folded to [0, 1/2] by the symmetry of `p`.
    pub(super) fn rows(&self, x: f64, panels: &Panels) -> Rows {
        let size = (panels.edges.len() - 1) * ORDER;
        let mut rows = Rows { kernel: Vec::with_capacity(size), utility: Vec::with_capacity(size) };
        for (from, stretch) in panels.each() {
            let mut panel = PanelRow::new(from, stretch);
            let to = from + 2.0 * stretch;
            // y = x - t, y = x + t, and the mirror image 1 - y = x + t.
            self.accumulate(&mut panel, x, -1.0, x - to, x - from);
            self.accumulate(&mut panel, x, 1.0, from - x, to - x);
            self.accumulate(&mut panel, 1.0 - x, -1.0, 1.0 - x - to, 1.0 - x - from);
            let [kernel, utility] = panel.finish();
            rows.kernel.extend(kernel.map(|entry| -entry / (2.0 * self.slope)));
            rows.utility.extend(utility);
        }
        rows
    }

    fn accumulate(&self, panel: &mut PanelRow, centre: f64, side: f64, near: f64, far: f64) {
        panel.accumulate(|t| self.utility.jet(t), &self.cuts, [centre, side], [near, far]);
    }

    /// Certificate of `a (delta_0 + delta_1) + p dx` from `p` and `int U(|x-y|) p(y) dy` at the nodes: the potential is
    /// examined there and at the edges of the panels.
    pub(super) fn certificate(
        &self,
        atom: f64,
        panels: &Panels,
        density: &[f64],
        potential_at_nodes: &[f64],
    ) -> Certificate {
        let from_atoms = |x: f64| atom * (self.utility.value(x) + self.utility.value(1.0 - x));
        let at_nodes: Vec<f64> =
            panels.nodes().iter().zip(potential_at_nodes).map(|(&x, smooth)| from_atoms(x) + smooth).collect();
        let at_edges: Vec<f64> =
            panels.edges.iter().map(|&x| from_atoms(x) + dot(&self.rows(x, panels).utility, density)).collect();
        let moment: Vec<f64> = at_nodes.iter().zip(density).map(|(phi, p)| phi * p).collect();
        let mean_utility = 2.0 * (atom * at_edges[0] + panels.integral(&moment));
        let highest = at_nodes.iter().chain(&at_edges).fold(f64::NEG_INFINITY, |m, phi| m.max(*phi));
        let largest = self.utility.value(0.0).abs().max(self.utility.value(1.0).abs());
        Certificate::new(highest, mean_utility, largest)
    }
}

/// Weights on one panel's nodes, gathered as weights on its nodes and on its Legendre polynomials.
pub(super) struct PanelRow {
    from: f64,
    stretch: f64,
    on_nodes: [[f64; ORDER]; 2],
    on_polynomials: [[f64; ORDER]; 2],
    has_polynomials: bool,
}

impl PanelRow {
    pub(super) fn new(from: f64, stretch: f64) -> Self {
        let zero = [[0.0; ORDER]; 2];
        Self { from, stretch, on_nodes: zero, on_polynomials: zero, has_polynomials: false }
    }

    /// Adds the part of the panel at `y = centre + side t`, `near < t < far`, piece by piece of the kernel, which is smooth between
    /// the `cuts`.
    pub(super) fn accumulate(
        &mut self,
        jet: impl Fn(f64) -> Jet,
        cuts: &[f64],
        [centre, side]: [f64; 2],
        [near, far]: [f64; 2],
    ) {
        if far <= 0.0 {
            return;
        }
        let start = near.max(0.0);
        let first = cuts.partition_point(|&t| t <= start);
        if near >= 0.0 && cuts.get(first).is_none_or(|&t| t >= far) {
            self.add_whole(|y| jet((centre - y).abs()));
            return;
        }
        let mut from = start;
        for &cut in cuts[first..].iter().chain(&[f64::INFINITY]) {
            let to = cut.min(far);
            let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
            for (z, weight) in RULE.nodes.iter().zip(RULE.weights) {
                let t = middle + half * z;
                self.add(centre + side * t, half * weight, jet(t));
            }
            from = to;
            if to >= far {
                break;
            }
        }
    }

    /// A quadrature point `y` within the panel.
    fn add(&mut self, y: f64, weight: f64, jet: Jet) {
        let p = polynomials((y - self.from) / self.stretch - 1.0);
        let (curvature, value) = (weight * jet.curvature, weight * jet.value);
        let [on_curvature, on_value] = &mut self.on_polynomials;
        for ((p, for_curvature), for_value) in p.iter().zip(on_curvature).zip(on_value) {
            *for_curvature += curvature * p;
            *for_value += value * p;
        }
        self.has_polynomials = true;
    }

    /// The panel's own rule, where the kernel has no cut within the panel.
    fn add_whole(&mut self, jet: impl Fn(f64) -> Jet) {
        for i in 0..ORDER {
            let jet = jet(self.from + self.stretch * (1.0 + RULE.nodes[i]));
            let weight = self.stretch * RULE.weights[i];
            self.on_nodes[0][i] += weight * jet.curvature;
            self.on_nodes[1][i] += weight * jet.value;
        }
    }

    /// The weights on the panel's nodes of `U''` and of `U`.
    pub(super) fn finish(self) -> [[f64; ORDER]; 2] {
        let mut rows = self.on_nodes;
        if self.has_polynomials {
            for (row, moments) in rows.iter_mut().zip(&self.on_polynomials) {
                for (moment, to_coefficients) in moments.iter().zip(&RULE.to_coefficients) {
                    for (entry, t) in row.iter_mut().zip(to_coefficients) {
                        *entry += moment * t;
                    }
                }
            }
        }
        rows
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Certificate of the law with atoms `atom` and a uniform density `1 - 2 atom` between.
pub(super) fn certify_uniform(utility: &dyn Utility, slope: f64, atom: f64) -> Certificate {
    let quadrature = PairQuadrature::new(utility, slope);
    let panels = Panels::new(vec![0.0, 0.5]);
    let density = vec![1.0 - 2.0 * atom; ORDER];
    let smooth: Vec<f64> =
        panels.nodes().iter().map(|&x| dot(&quadrature.rows(x, &panels).utility, &density)).collect();
    quadrature.certificate(atom, &panels, &density, &smooth)
}
