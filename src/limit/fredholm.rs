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

use ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;

use super::LimitError;
use super::grading::{Grading, Integrable};
use super::legendre::{ORDER, RULE};
use super::piecewise::Piecewise;
use super::potential::{Certificate, PairQuadrature, Panels, Rows, dot};
use crate::dense;
use crate::utility::Utility;

/// The density is resolved panel by panel to this relative size of its last Legendre coefficients.
const DENSITY: Grading = Grading { tolerance: 1e-13, negligible: 1e-15, depth: 32 };

/// The shortest panel.
const SHORTEST: f64 = 0.5 / (1u64 << DENSITY.depth) as f64;

/// Rounds of bisecting the panels on which the computed density is not resolved.
const REFINEMENTS: usize = 4;

/// Refinement stops at so many panels, 16 unknowns each.
const MOST_PANELS: usize = 160;

/// A solved equation: the law and its certificate.
pub(super) struct Solution {
    pub(super) atom: f64,
    pub(super) law: Piecewise,
    pub(super) certificate: Certificate,
}

/// The limit law of a utility with slope `slope` at `0+`. Costs a dense solve with 16 unknowns a panel.
pub(super) fn solve(utility: &dyn Utility, slope: f64) -> Result<Solution, LimitError> {
    let quadrature = PairQuadrature::new(utility, slope);
    let grading = DENSITY.above_rounding_of(utility);
    let flat_from = flat_from(&quadrature);
    let mut panels = Panels::new(initial_edges(&quadrature, &grading, flat_from));
    let mut solution = solve_on(&quadrature, &panels, flat_from)?;
    for _ in 0..REFINEMENTS {
        let Some(refined) = bisect_unresolved(&panels, &solution.density, &grading) else { break };
        panels = refined;
        solution = solve_on(&quadrature, &panels, flat_from)?;
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

/// Where the density is constant from, up to the middle; 1/2 where it is nowhere.
///
/// Further from the ends than a kernel reaches, the equation says that `p` is the mean of its neighbourhood, so that it is linear
/// but for terms that decay as fast as the kernel; by symmetry, it is then constant. Imposed, this replaces equations that say
/// the same to rounding and no more: for `log sigmoid(1e6 x)` they left `p` undetermined by parts in a hundred thousand.
fn flat_from(quadrature: &PairQuadrature) -> f64 {
    let layer = quadrature.whole_reach().map_or(1.0, |reach| LAYER_IN_REACHES * reach);
    // The potential just beyond is examined as well.
    if 4.0 * layer <= 0.5 { layer } else { 0.5 }
}

/// How far from the ends the density is constant, in units of the distance beyond which nothing of the kernel remains.
const LAYER_IN_REACHES: f64 = 3.0;

/// Panels of the density: it inherits the layers of `k(x) + k(1-x)`, and kinks where the kernel has them.
fn initial_edges(quadrature: &PairQuadrature, grading: &Grading, flat_from: f64) -> Vec<f64> {
    let driving = Integrable {
        function: |x: f64| quadrature.driving(x),
        antiderivative: |x: f64| quadrature.driving_integral(x),
    };
    let mut edges = grading.cuts(0.0, 0.5, &driving);
    let cuts = quadrature.cuts();
    edges.extend(cuts.iter().copied().filter(|t| (SHORTEST..0.5).contains(t)));
    edges.extend(cuts.iter().map(|t| 1.0 - t).filter(|&x| x < 0.5));
    edges.retain(|x| *x < flat_from || flat_from == 0.5);
    if flat_from < 0.5 {
        edges.extend([flat_from, 2.0 * flat_from, 0.5]);
    }
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let longest = LONGEST_IN_REACHES * quadrature.reach();
    let parts = |edge: &[f64]| match ((edge[1] - edge[0]) / longest).ceil() {
        parts if edge[0] < flat_from => parts.clamp(1.0, MOST_PARTS),
        _ => 1.0,
    };
    let split = edges.windows(2).flat_map(|edge| {
        let parts = parts(edge);
        (0..parts as usize).map(move |i| edge[0] + (edge[1] - edge[0]) * i as f64 / parts)
    });
    split.chain([0.5]).collect()
}

/// Longest panel, in units of the kernel's reach: the outermost nodes lie within 0.6% of a panel's edge, and must see past it,
/// or the equation would fall apart into one for each panel.
const LONGEST_IN_REACHES: f64 = 25.0;

/// Into how many parts a panel is cut at most for that reason.
const MOST_PARTS: f64 = 32.0;

fn solve_on(quadrature: &PairQuadrature, panels: &Panels, flat_from: f64) -> Result<Discrete, LimitError> {
    let nodes = panels.nodes();
    let size = nodes.len();
    let first_panel = first_panel_correction(quadrature, panels);
    let rows: Vec<Rows> = nodes.par_iter().map(|&x| quadrature.rows(x, panels)).collect();
    let (mut matrix, mut right) = (Array2::zeros((size, size)), Array1::zeros(size));
    let layers = panels.edges().iter().take_while(|edge| **edge < flat_from).count() * ORDER;
    for (i, (&x, row)) in nodes.iter().zip(&rows).enumerate() {
        if i >= layers {
            // As at the end of the last layer.
            let at_end = matrix.row_mut(i);
            at_end.into_iter().skip(layers - ORDER).zip(&RULE.at_right_end).for_each(|(entry, w)| *entry = -w);
            matrix[[i, i]] += 1.0;
            continue;
        }
        matrix.row_mut(i).assign(&ArrayView1::from(&row.kernel).mapv(|entry| -entry));
        matrix.row_mut(i).iter_mut().take(ORDER).for_each(|entry| *entry *= first_panel);
        matrix[[i, i]] += quadrature.leftover(x) + row.kernel.iter().sum::<f64>();
        right[i] = quadrature.driving(x);
    }
    let failed = |reason| LimitError::LinearAlgebra { utility: quadrature.name(), reason };
    let mut density = dense::solve(matrix, right).map_err(failed)?.to_vec();
    density[..ORDER].iter_mut().for_each(|p| *p *= first_panel);
    let atom = 1.0 / (2.0 + 2.0 * panels.integral(&density));
    density.iter_mut().for_each(|p| *p *= atom);
    let potential: Vec<f64> = rows.iter().map(|row| dot(&row.utility, &density)).collect();
    let certificate = quadrature.certificate(atom, panels, &density, &potential);
    Ok(Discrete { atom, density, certificate })
}

/// What the first panel's rule misses of the mass of `k(x) + k(1-x)`, as a factor: 1 unless `U''` is unbounded at 0.
///
/// There `p` inherits the singularity of `k`, and its mass within the smallest panel, which is not to be mistaken for part of
/// the atom, is known from `U'`.
fn first_panel_correction(quadrature: &PairQuadrature, panels: &Panels) -> f64 {
    let edge = panels.edges()[1];
    let values: Vec<f64> = panels.nodes()[..ORDER].iter().map(|&x| quadrature.driving(x)).collect();
    let by_rule = panels.integral(&values);
    let exact = quadrature.driving_integral(edge);
    let correction = exact / by_rule;
    let is_rounding = (exact - by_rule).abs() <= 64.0 * f64::EPSILON || !correction.is_finite();
    if is_rounding { 1.0 } else { correction }
}

/// Panels with those bisected on which `density` is not resolved; `None` if there are none, or too many.
fn bisect_unresolved(panels: &Panels, density: &[f64], grading: &Grading) -> Option<Panels> {
    let mut edges = vec![0.0];
    for (edge, values) in panels.edges().windows(2).zip(density.chunks_exact(ORDER)) {
        let too_short = edge[1] - edge[0] <= SHORTEST;
        if !too_short && !grading.resolves(&RULE.coefficients(values), 0.5 * (edge[1] - edge[0])) {
            edges.push(0.5 * (edge[0] + edge[1]));
        }
        edges.push(edge[1]);
    }
    let refined = edges.len() > panels.edges().len() && edges.len() <= MOST_PANELS;
    refined.then(|| Panels::new(edges))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utility::parse;

    /// `a`, `p(1/2)` and `E(P)` with every panel halved so many times.
    fn refined(text: &str, slope: f64, halvings: usize) -> (f64, f64, f64) {
        let utility = parse(text).unwrap();
        let quadrature = PairQuadrature::new(&*utility, slope);
        let flat_from = flat_from(&quadrature);
        let mut edges = initial_edges(&quadrature, &DENSITY, flat_from);
        for _ in 0..halvings {
            edges = edges.windows(2).flat_map(|e| [e[0], 0.5 * (e[0] + e[1])]).chain([0.5]).collect();
        }
        let panels = Panels::new(edges);
        let solution = solve_on(&quadrature, &panels, flat_from).unwrap();
        let law = Piecewise::new(solution.atom, panels.edges(), panels.coefficients(&solution.density));
        (solution.atom, crate::limit::lower_half::LowerHalf::density(&law, 0.5), solution.certificate.mean_utility)
    }

    #[test]
    fn finer_panels_change_nothing_down_to_small_eps() {
        for (text, slope, tolerance) in [
            ("log(x+0.01)", 1e2, 1e-13),
            ("-1/(x+0.01)", 1e4, 1e-13),
            ("log(x+0.001)", 1e3, 1e-12),
            ("-1/(x+0.001)", 1e6, 1e-11),
            ("log(x+0.0001)", 1e4, 1e-11),
            ("logsigmoid(100x)", 50.0, 1e-12),
            ("logsigmoid(1e4x)", 5e3, 1e-12),
            ("logsigmoid(1e7x)", 5e6, 1e-12),
        ] {
            let utility = parse(text).unwrap();
            let Solution { atom, law, certificate } = solve(&*utility, slope).unwrap();
            let (finer_atom, finer_density, finer_mean) = refined(text, slope, 1);
            let density = crate::limit::lower_half::LowerHalf::density(&law, 0.5);
            assert!((atom / finer_atom - 1.0).abs() < tolerance, "{text}: {atom} {finer_atom}");
            assert!((density / finer_density - 1.0).abs() < tolerance, "{text}: {density} {finer_density}");
            assert!((certificate.mean_utility / finer_mean - 1.0).abs() < tolerance, "{text}");
        }
    }
}
