//! Finite slope: the law clamped to an interval, from a Fredholm equation of the second kind.
//!
//! With `s = U_q'(0+)` and `K = -U_q''/(2s)`, the law `alpha delta_A + p(x) dx + beta delta_B` has a constant potential with the
//! field on [A, B] where
//!
//! ```text
//! p(x) = alpha K(x-A) + beta K(B-x) + int_A^B K(|x-y|) p(y) dy - V''(x)/(2s),
//! ```
//!
//! `Phi' + V' = 0` at one point, and the mass is 1. As in [`super::super::fredholm`], `1 - int K` enters from `U_q'` and not as a
//! difference of nearly equal numbers. `alpha` and `beta` are the pressures on the ends: the system with them among the unknowns
//! stays regular where `I - K` is singular, which without a field is at the very length that is looked for.

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::FreeLawError;
use super::ends::Clamped;
use super::kernel::{Kernel, Rows};
use crate::dense;
use crate::limit::grading::{Grading, Integrable};
use crate::limit::legendre::{ORDER, RULE, evaluate};
use crate::limit::potential::{Panels, dot};
use crate::problem::Field;
use crate::utility::Jet;

/// The density is resolved panel by panel to this relative size of its last Legendre coefficients.
const DENSITY: Grading = Grading { tolerance: 1e-13, negligible: 1e-15, depth: 32 };

/// Rounds of bisecting the panels on which the computed density is not resolved.
const REFINEMENTS: usize = 4;

/// Refinement stops at so many panels, 16 unknowns each.
const MOST_PANELS: usize = 120;

/// Knots of a field at which panels are cut.
const MOST_KNOTS: usize = 80;

/// Longest panel, in units of the kernel's reach: the outermost nodes of a panel must see past its edge.
const LONGEST_IN_REACHES: f64 = 25.0;

/// Into how many parts a panel is cut at most for that reason.
const MOST_PARTS: f64 = 32.0;

/// The clamped law, by its values at the nodes of panels.
pub(super) struct Solved {
    /// `alpha` and `beta`.
    pub(super) atoms: [f64; 2],
    pub(super) panels: Panels,
    pub(super) density: Vec<f64>,
    rows: Vec<Rows>,
}

/// The law clamped to `ends`. Without a field it is made symmetric, which fixes the shift that nothing else does.
pub(super) fn clamp(kernel: &Kernel, field: Option<&Field>, ends: [f64; 2]) -> Result<Clamped<Solved>, FreeLawError> {
    let mut panels = Panels::new(initial_edges(kernel, field, ends));
    let mut solved = solve_on(kernel, field, panels)?;
    for _ in 0..REFINEMENTS {
        let Some(refined) = bisect_unresolved(&solved) else { break };
        panels = refined;
        solved = solve_on(kernel, field, panels)?;
    }
    let outwards = solved.outwards();
    Ok(Clamped { law: solved, outwards })
}

impl Solved {
    /// Newton's moves of the ends: at zero pressure an end that moves outwards by `d` gives up an atom of `p d`.
    fn outwards(&self) -> [f64; 2] {
        let coefficients = self.panels.coefficients(&self.density);
        let at_end = |side: usize| match side {
            0 => coefficients.first().map_or(f64::NAN, |c| evaluate(c, -1.0)),
            _ => coefficients.last().map_or(f64::NAN, |c| evaluate(c, 1.0)),
        };
        let largest = self.density.iter().fold(0.0, |m: f64, p| m.max(p.abs()));
        let half = self.density.len() / 2;
        [0, 1].map(|side| {
            let near = if side == 0 { &self.density[..half] } else { &self.density[half..] };
            let p = at_end(side);
            let is_positive = p > 0.0 && near.iter().all(|p| *p > -1e-12 * largest);
            if is_positive { self.atoms[side] / p } else { f64::NAN }
        })
    }

    /// The first place where the density is negative, beyond rounding.
    pub(super) fn negative_at(&self) -> Option<f64> {
        let edges = self.panels.edges();
        // Where all is in atoms, what there is of a density is rounding.
        let even = 1.0 / (edges[edges.len() - 1] - edges[0]);
        let largest = self.density.iter().fold(even, |m: f64, p| m.max(p.abs()));
        self.panels.nodes().into_iter().zip(&self.density).find(|(_, p)| **p < -1e-9 * largest).map(|(x, _)| x)
    }

    /// Points and masses with the integral of any function: the panels' rule, and the atoms.
    pub(super) fn rule(&self) -> Vec<(f64, f64)> {
        let weights = self.panels.each().flat_map(|(_, stretch)| RULE.weights.map(|w| stretch * w));
        let between = self.panels.nodes().into_iter().zip(weights).zip(&self.density).map(|((x, w), p)| (x, w * p));
        let edges = self.panels.edges();
        let lower = (edges[0], self.atoms[0]);
        let upper = (edges[edges.len() - 1], self.atoms[1]);
        std::iter::once(lower).chain(between).chain([upper]).collect()
    }

    /// `Phi` at the points of [`Solved::rule`], and at the panels' edges.
    pub(super) fn potential(&self, kernel: &Kernel) -> (Vec<f64>, Vec<(f64, f64)>) {
        let edges = self.panels.edges();
        let (lower, upper) = (edges[0], edges[edges.len() - 1]);
        let from_atoms =
            |x: f64| self.atoms[0] * kernel.jet(x - lower).value + self.atoms[1] * kernel.jet(upper - x).value;
        let nodes = self.panels.nodes();
        let inside = nodes.iter().zip(&self.rows).map(|(&x, row)| from_atoms(x) + dot(&row.utility, &self.density));
        let at_edges: Vec<(f64, f64)> = edges
            .par_iter()
            .map(|&x| (x, from_atoms(x) + dot(&kernel.rows(x, &self.panels).utility, &self.density)))
            .collect();
        let (first, last) = (at_edges[0].1, at_edges[at_edges.len() - 1].1);
        (std::iter::once(first).chain(inside).chain([last]).collect(), at_edges)
    }
}

const NO_FIELD: Jet = Jet { value: 0.0, slope: 0.0, curvature: 0.0 };

/// Panels of the density: it inherits the layers of the kernel at both ends, and the features of `V''`.
fn initial_edges(kernel: &Kernel, field: Option<&Field>, [lower, upper]: [f64; 2]) -> Vec<f64> {
    let twice = 2.0 * kernel.slope();
    let v = |x: f64| field.map_or(NO_FIELD, |field| field.jet(x));
    let shape = Integrable {
        function: |x: f64| kernel.at(x - lower) + kernel.at(upper - x) - v(x).curvature / twice,
        antiderivative: |x: f64| kernel.leftover(upper - x) - kernel.leftover(x - lower) - v(x).slope / twice,
    };
    let edges = DENSITY.cuts(lower, upper, &shape);
    // A field of pieces is smooth between them; very many pieces are as good as smooth.
    let knots = field.map(Field::knots).unwrap_or_default();
    let inside: Vec<f64> = knots.into_iter().filter(|x| *x > lower && *x < upper).collect();
    let mut edges = edges;
    if inside.len() <= MOST_KNOTS {
        edges.extend(inside);
        edges.sort_by(f64::total_cmp);
        edges.dedup_by(|next, kept| *next - *kept <= 1e-14 * (upper - lower));
    }
    let longest = LONGEST_IN_REACHES * kernel.reach();
    let split = edges.windows(2).flat_map(|edge| {
        // Two panels at least, so that each end has one of its own.
        let least = if edges.len() == 2 { 2.0 } else { 1.0 };
        let parts = ((edge[1] - edge[0]) / longest).ceil().clamp(least, MOST_PARTS);
        (0..parts as usize).map(move |i| edge[0] + (edge[1] - edge[0]) * i as f64 / parts)
    });
    split.chain([upper]).collect()
}

fn solve_on(kernel: &Kernel, field: Option<&Field>, panels: Panels) -> Result<Solved, FreeLawError> {
    let nodes = panels.nodes();
    let size = nodes.len();
    let edges = panels.edges();
    let (lower, upper) = (edges[0], edges[edges.len() - 1]);
    let length = upper - lower;
    let twice = 2.0 * kernel.slope();
    let rows: Vec<Rows> = nodes.par_iter().map(|&x| kernel.rows(x, &panels)).collect();
    let (mut matrix, mut right) = (Array2::zeros((size + 2, size + 2)), Array1::zeros(size + 2));
    let (alpha, beta) = (size, size + 1);
    for (i, (&x, row)) in nodes.iter().zip(&rows).enumerate() {
        for (j, entry) in row.kernel.iter().enumerate() {
            matrix[[i, j]] = -entry;
        }
        matrix[[i, i]] += kernel.leftover(x - lower) + kernel.leftover(upper - x) + row.kernel.iter().sum::<f64>();
        matrix[[i, alpha]] = -kernel.at(x - lower);
        matrix[[i, beta]] = -kernel.at(upper - x);
        right[i] = -field.map_or(0.0, |field| field.jet(x).curvature) / twice;
    }
    let (mass, balance) = (size, size + 1);
    let weights: Vec<f64> = panels.each().flat_map(|(_, stretch)| RULE.weights.map(|w| stretch * w)).collect();
    matrix.row_mut(mass).iter_mut().zip(weights.iter().chain(&[1.0, 1.0])).for_each(|(entry, w)| *entry = *w);
    right[mass] = 1.0;
    match field {
        // Phi' + V' at A+ and at B-, added: on the panels the equation makes them equal.
        Some(field) => {
            let [up, down] = [upper, lower].map(|end| kernel.slope_row(end, &panels));
            let row: Vec<f64> = up.iter().zip(&down).map(|(up, down)| (up - down) / twice).collect();
            let from_atom = 0.5 + kernel.leftover(length);
            matrix
                .row_mut(balance)
                .iter_mut()
                .zip(row.iter().chain(&[from_atom, -from_atom]))
                .for_each(|(e, w)| *e = *w);
            right[balance] = -(field.jet(lower).slope + field.jet(upper).slope) / twice;
        }
        None => {
            matrix[[balance, alpha]] = 1.0;
            matrix[[balance, beta]] = -1.0;
        }
    }
    let failed = |reason| FreeLawError::LinearAlgebra { utility: kernel.name(), reason };
    let solution = dense::solve(matrix, right).map_err(failed)?.to_vec();
    let atoms = [solution[alpha], solution[beta]];
    Ok(Solved { atoms, panels, density: solution[..size].to_vec(), rows })
}

/// Panels with those bisected on which the density is not resolved; `None` if there are none, or too many.
fn bisect_unresolved(solved: &Solved) -> Option<Panels> {
    let before = solved.panels.edges();
    let mut edges = vec![before[0]];
    for (edge, values) in before.windows(2).zip(solved.density.chunks_exact(ORDER)) {
        if !DENSITY.resolves(&RULE.coefficients(values), 0.5 * (edge[1] - edge[0])) {
            edges.push(0.5 * (edge[0] + edge[1]));
        }
        edges.push(edge[1]);
    }
    let refined = edges.len() > before.len() && edges.len() <= MOST_PANELS;
    refined.then(|| Panels::new(edges))
}
