//! A bound over all laws, for rewards under a field that need not be concave.
//!
//! For a law `P` on the support let `Phi = U * P + w V` with `w = 1 - 1/n`. The form `int int U(|x-y|) dP dP` is concave in `P` where `U` is
//! concave and does not fall on the differences that the support allows, so that for any other law `Q`
//!
//! ```text
//! E_w(Q) - E_w(P) <= 2 (max Phi - int Phi dP),    E_w(P) = int int U dP dP + 2 w int V dP.
//! ```
//!
//! `n` rewards are a law of `n` equal atoms, whose pairs of a response with itself add `U(0)/n` to the double integral whatever the rewards are:
//! the mean over pairs and twice that of the field are `n/(n-1) (E_w(P) - U(0)/n)`. So no rewards gain more than `n/(n-1)` times the bound.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::problem::Equilibrium;
use crate::utility::Concavity;

/// Cells that the maximum of the potential is looked for in.
const MOST_CELLS: usize = 400_000;

/// How much of the bound may be left to the width of the cells.
const SLACK: f64 = 1e-3;

/// An interval, with a bound on the potential there.
struct Cell {
    bound: f64,
    from: f64,
    to: f64,
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

/// The potential of the rewards with the field.
struct Potential<'a> {
    problem: &'a Equilibrium,
    rewards: &'a [f64],
    weight: f64,
}

impl Potential<'_> {
    /// `Phi(x)` and `Phi'(x)`, with bounds on the errors of both. `x` is no reward unless the slope is not needed.
    fn at(&self, x: f64) -> [f64; 4] {
        let share = 1.0 / self.rewards.len() as f64;
        let (mut value, mut slope, mut value_error, mut slope_error) = (0.0, 0.0, 0.0, 0.0);
        for &reward in self.rewards {
            let distance = (x - reward).abs();
            let (jet, errors) = (self.problem.pair(distance), self.problem.pair_errors(distance));
            let rounding = f64::EPSILON * (2.0 + self.rewards.len() as f64);
            value += share * jet.value;
            slope += share * if x >= reward { jet.slope } else { -jet.slope };
            let moved = f64::EPSILON * distance;
            value_error += share * (errors.value + rounding * jet.value.abs() + moved * jet.slope.abs());
            slope_error += share * (errors.slope + rounding * jet.slope.abs() + moved * jet.curvature.abs());
        }
        if let Some(field) = self.problem.field() {
            let (jet, errors) = (field.jet(x), field.errors(x));
            value += self.weight * jet.value;
            slope += self.weight * jet.slope;
            value_error += errors.value + 4.0 * f64::EPSILON * jet.value.abs();
            slope_error += errors.slope + 4.0 * f64::EPSILON * jet.slope.abs();
        }
        [value, slope, value_error, slope_error]
    }

    /// A bound on `Phi` between two neighbouring points, between which is no reward: `Phi` lies below the parabola that touches it in the middle
    /// and has the largest curvature of the field.
    fn cell(&self, from: f64, to: f64, best: &mut f64) -> Cell {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let [value, slope, value_error, slope_error] = self.at(middle);
        *best = best.max(value);
        let bend = self.problem.field().map_or(0.0, |field| field.largest_curvature(from, to));
        // The pairs' part is concave between rewards.
        let bend = (self.weight * bend).max(0.0);
        let bound = value + value_error + (slope.abs() + slope_error) * half + 0.5 * bend * half * half;
        Cell { bound: if bound.is_nan() { f64::INFINITY } else { bound }, from, to }
    }
}

/// A bound on how much larger `S` can be than at these rewards, for any rewards on the support. None where the form is not known to be concave
/// among laws: on an unbounded support, with centring, or for a utility that falls, or is not proved concave, or has an infinite slope at 0.
pub(super) fn bound(problem: &Equilibrium, rewards: &[f64]) -> Option<f64> {
    let support = problem.support();
    let width = support.upper() - support.lower();
    let is_covered = support.is_bounded()
        && !problem.is_repelling()
        && problem.centering() == 0.0
        && problem.utility_concavity() == Concavity::Proved
        && problem.pair(width).slope >= problem.pair_errors(width).slope;
    if !is_covered {
        return None;
    }
    let n = rewards.len() as f64;
    let potential = Potential { problem, rewards, weight: 1.0 - 1.0 / n };
    let mut least_mean = 0.0;
    let mut best = f64::NEG_INFINITY;
    for &reward in rewards {
        let [value, _, error, _] = potential.at(reward);
        least_mean += (value - error) / n;
        best = best.max(value + error);
    }
    least_mean -= 4.0 * f64::EPSILON * n * least_mean.abs();
    let mut edges: Vec<f64> = rewards.iter().copied().chain([support.lower(), support.upper()]).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let mut cells: BinaryHeap<Cell> =
        edges.windows(2).map(|pair| potential.cell(pair[0], pair[1], &mut best)).collect();
    for _ in 0..MOST_CELLS {
        let Some(cell) = cells.peek() else { break };
        let enough = cell.bound - best <= SLACK * (best - least_mean).max(1e-13 * best.abs());
        let middle = 0.5 * (cell.from + cell.to);
        if enough || middle <= cell.from || middle >= cell.to {
            break;
        }
        let (from, to) = (cell.from, cell.to);
        cells.pop();
        let halves = [potential.cell(from, middle, &mut best), potential.cell(middle, to, &mut best)];
        cells.extend(halves);
    }
    let highest = cells.peek().map_or(best, |cell| cell.bound.max(best));
    let pairs = n * (n - 1.0) / 2.0;
    let gain = 2.0 * (highest - least_mean).max(0.0) * n / (n - 1.0);
    (gain.is_finite()).then_some(pairs * gain * (1.0 + 16.0 * f64::EPSILON))
}
