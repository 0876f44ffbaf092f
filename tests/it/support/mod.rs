//! Known answers and checks that several tests share.

#![allow(dead_code, unused_imports)]

mod gauss_lobatto;

pub mod page;
pub mod random_expressions;
pub mod reference;

pub use gauss_lobatto::{gauss_lobatto, gauss_lobatto_by_recurrence};

use rand::Rng;
use rand::rngs::StdRng;
use reward_collapse::problem::Equilibrium;
use reward_collapse::solution::EquilibriumSolution;

/// Every family at the ends and inside of the range of its parameter.
pub fn table_utilities() -> Vec<String> {
    let mut table = vec!["log(x)".to_owned()];
    table.extend([0.02, 0.3, 0.7, 0.9, 0.98].map(|gamma| format!("x^{gamma}")));
    table.extend([0.02, 0.5, 1.0, 2.0, 4.0, 8.0].map(|sigma| format!("-x^-{sigma}")));
    table.extend([1e-4, 1e-2, 0.1, 1.0, 10.0].map(|eps| format!("log(x+{eps})")));
    table.extend([1e-4, 1e-2, 0.1, 1.0, 10.0].map(|eps| format!("-1/(x+{eps})")));
    table.extend([0.01, 1.0, 4.0, 50.0, 1000.0].map(|k| format!("logsigmoid({k}x)")));
    table.extend([0.01, 1.0, 4.0, 50.0, 1000.0].map(|k| format!("1-exp(-{k}x)")));
    table.extend([0.01, 0.5, 1.0].map(|b| format!("x-{}x^2", b / 2.0)));
    table
}

/// Iterations of conjugate gradients, preconditioned, to a residual of 1e-8 in the norm of the preconditioner. The right side is
/// the image of `moves`.
pub fn conjugate_gradients(
    apply: impl Fn(&[f64]) -> Vec<f64>,
    precondition: impl Fn(&[f64]) -> Vec<f64>,
    moves: &[f64],
) -> usize {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut residual = apply(moves);
    let mut search = precondition(&residual);
    let mut size = dot(&residual, &search);
    let enough = 1e-16 * size;
    let mut count = 0;
    while size > enough {
        let image = apply(&search);
        let step = size / dot(&search, &image);
        residual.iter_mut().zip(&image).for_each(|(r, i)| *r -= step * i);
        let preconditioned = precondition(&residual);
        let next = dot(&residual, &preconditioned);
        search.iter_mut().zip(&preconditioned).for_each(|(s, p)| *s = p + next / size * *s);
        (size, count) = (next, count + 1);
        assert!(count < 200, "{size:e} of {enough:e}");
    }
    count
}

/// Rewards nearby, moved by random numbers up to half of each size, gain no more than the gap allows.
pub fn assert_none_nearby_beats(
    problem: &Equilibrium,
    solution: &EquilibriumSolution,
    sizes: impl IntoIterator<Item = f64>,
    random: &mut StdRng,
) {
    let pairs = solution.n as f64 * (solution.n as f64 - 1.0) / 2.0;
    let (lower, upper) = (problem.support().lower(), problem.support().upper());
    for size in sizes {
        let moved = solution.rewards.iter().map(|r| (r + size * (random.random::<f64>() - 0.5)).clamp(lower, upper));
        let mut other: Vec<f64> = moved.collect();
        other.sort_by(f64::total_cmp);
        // Responses that repel each other may not tie.
        if problem.is_repelling() && other.windows(2).any(|pair| pair[0] == pair[1]) {
            continue;
        }
        let balance = problem.balance(&other);
        if balance.objective.is_finite() {
            let gained = (balance.objective - balance.objective_error - solution.objective) / pairs;
            assert!(gained <= solution.gap, "{problem}, n = {}: {gained:e} {:e}", solution.n, solution.gap);
        }
    }
}
