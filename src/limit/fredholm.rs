//! Finite slope: the Fredholm equation of the second kind for the density.
//!
//! With `U'(0+) < inf` the law is `P = a (delta_0 + delta_1) + p(x) dx`, and differentiating `Phi = const` twice gives
//!
//! ```text
//! p(x) = a [k(x) + k(1-x)] + int_0^1 k(|x-y|) p(y) dy,      k(t) = -U''(t) / (2 U'(0+)) >= 0.
//! ```
//!
//! Since `int_0^1 k(|x-y|) dy = 1 - D(x)` with `D(x) = [U'(x) + U'(1-x)] / (2 U'(0+))`, the same equation reads
//!
//! ```text
//! D(x) p(x) + int_0^1 k(|x-y|) (p(x) - p(y)) dy = a [k(x) + k(1-x)],
//! ```
//!
//! which is the one discretised: `I - K` is nearly singular for a short-ranged kernel, and here the small `D` enters exactly
//! instead of as the rounding error of `1 - int k`. It is solved for `a = 1` and normalised by `2a + int p = 1`.

use ndarray::{Array1, Array2};

use super::LimitError;
use super::dense;
use super::grading::{Grading, Integrable};
use super::legendre::{ORDER, RULE};
use super::piecewise::Piecewise;
use super::potential::{Certificate, PairQuadrature, Panels};
use crate::utility::Utility;

/// The density is resolved panel by panel to this relative size of its last Legendre coefficients.
const DENSITY: Grading = Grading { tolerance: 1e-13, negligible: 1e-15, depth: 40 };

/// Rounds of bisecting the panels on which the computed density is not resolved.
const REFINEMENTS: usize = 4;

/// A solved equation: the law and its certificate.
pub(super) struct Solution {
    pub(super) atom: f64,
    pub(super) law: Piecewise,
    pub(super) certificate: Certificate,
}

/// The limit law of a utility with slope `slope` at `0+`. Costs a dense solve with 16 unknowns a panel.
pub(super) fn solve(utility: &dyn Utility, slope: f64) -> Result<Solution, LimitError> {
    let quadrature = PairQuadrature::new(utility, slope);
    let mut panels = Panels::new(initial_edges(utility, slope, &quadrature));
    let mut solution = solve_on(&quadrature, &panels)?;
    for _ in 0..REFINEMENTS {
        let Some(refined) = bisect_unresolved(&panels, &solution.density) else { break };
        panels = refined;
        solution = solve_on(&quadrature, &panels)?;
    }
    let Discrete { atom, density, certificate } = solution;
    let law = Piecewise::new(atom, panels.edges(), panels.coefficients(&density));
    Ok(Solution { atom, law, certificate })
}

/// `a`, and `p` at the nodes.
struct Discrete {
    atom: f64,
    density: Vec<f64>,
    certificate: Certificate,
}

/// Panels of the density: it inherits the layers of `k(x) + k(1-x)`, and kinks where the kernel has them.
fn initial_edges(utility: &dyn Utility, slope: f64, quadrature: &PairQuadrature) -> Vec<f64> {
    let driving = Integrable {
        function: |x: f64| -(utility.curvature(x) + utility.curvature(1.0 - x)) / (2.0 * slope),
        antiderivative: |x: f64| {
            let near = if x == 0.0 { slope } else { utility.slope(x) };
            (utility.slope(1.0 - x) - near) / (2.0 * slope)
        },
    };
    let mut edges = DENSITY.cuts(0.0, 0.5, &driving);
    let cuts = quadrature.cuts();
    edges.extend(cuts.iter().copied().filter(|&t| t < 0.5));
    edges.extend(cuts.iter().map(|t| 1.0 - t).filter(|&x| x < 0.5));
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges
}

fn solve_on(quadrature: &PairQuadrature, panels: &Panels) -> Result<Discrete, LimitError> {
    let nodes = panels.nodes();
    let size = nodes.len();
    let (mut matrix, mut right) = (Array2::zeros((size, size)), Array1::zeros(size));
    let mut potential = Array2::zeros((size, size));
    for (i, &x) in nodes.iter().enumerate() {
        let rows = quadrature.rows(x, panels);
        let diagonal = quadrature.leftover(x) + rows.kernel.iter().sum::<f64>();
        matrix.row_mut(i).assign(&Array1::from(rows.kernel).mapv(|entry| -entry));
        matrix[[i, i]] += diagonal;
        right[i] = quadrature.driving(x);
        potential.row_mut(i).assign(&Array1::from(rows.utility));
    }
    let failed = |reason| LimitError::LinearAlgebra { utility: quadrature.name(), reason };
    let per_atom = dense::solve(matrix, right).map_err(failed)?;
    let atom = 1.0 / (2.0 + 2.0 * panels.integral(per_atom.as_slice().unwrap_or_default()));
    let density = per_atom * atom;
    let potential_at_nodes = potential.dot(&density);
    let density = density.to_vec();
    let certificate = quadrature.certificate(atom, panels, &density, &potential_at_nodes.to_vec());
    Ok(Discrete { atom, density, certificate })
}

/// Panels with those bisected on which `density` is not resolved; `None` if there are none.
fn bisect_unresolved(panels: &Panels, density: &[f64]) -> Option<Panels> {
    let mut edges = vec![0.0];
    for (edge, values) in panels.edges().windows(2).zip(density.chunks_exact(ORDER)) {
        let too_short = edge[1] - edge[0] <= 0.5f64.powi(DENSITY.depth as i32 + 1);
        if !too_short && !DENSITY.resolves(&RULE.coefficients(values), 0.5 * (edge[1] - edge[0])) {
            edges.push(0.5 * (edge[0] + edge[1]));
        }
        edges.push(edge[1]);
    }
    (edges.len() > panels.edges().len()).then(|| Panels::new(edges))
}
