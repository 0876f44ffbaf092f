//! Local maximisers from several starts, for a field that is not concave.

use ndarray::Array1;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::SolveError;
use super::super::direction::newton_direction;
use super::start;
use crate::problem::{Balance, Equilibrium};

/// Iterations from each start.
const MOST_ITERATIONS: u64 = 500;

/// Starts drawn at random; for more than [`MANY`] responses a quarter as many.
const RANDOM_STARTS: usize = 8;
const MANY: usize = 64;

/// Promise, relative to the size of the objective, from which on smaller forces count as a gain, too: values may no longer tell one from rounding.
const BY_FORCES: f64 = 1e-8;

/// The best of the local maximisers that are found, with all iterations and the number of starts.
pub(super) fn best(problem: &Equilibrium, n: usize, seed: u64) -> Result<(Vec<f64>, u64, usize), SolveError> {
    let starts = starts(problem, n, seed);
    let count = starts.len();
    let mut iterations = 0;
    let mut best: Option<(f64, Vec<f64>)> = None;
    for start in starts {
        let (rewards, objective, taken) = climb(problem, start);
        iterations += taken;
        let is_better = best.as_ref().is_none_or(|(known, _)| objective > *known);
        if objective.is_finite() && is_better {
            best = Some((objective, rewards));
        }
    }
    match best {
        Some((_, rewards)) => Ok((rewards, iterations, count)),
        None => {
            Err(SolveError::NoMaximiser { problem: problem.to_string(), reason: "no start leads to finite rewards" })
        }
    }
}

/// Quantiles of the law that the field is the potential of, evenly spaced rewards, and random ones.
fn starts(problem: &Equilibrium, n: usize, seed: u64) -> Vec<Vec<f64>> {
    let support = problem.support();
    let mut spaced = start::coarsest(problem, n);
    let (low, high) = match (support.is_bounded(), problem.field().and_then(|field| field.potential())) {
        (true, _) => (support.lower(), support.upper()),
        (false, Some(potential)) => {
            let law = potential.target();
            let (low, high) = (law.quantile(1e-3).max(support.lower()), law.quantile(1.0 - 1e-3).min(support.upper()));
            spaced = (0..n).map(|i| low + (high - low) * (i as f64 + 0.5) / n as f64).collect();
            (low, high)
        }
        (false, None) => {
            let (low, high) = (spaced[0], spaced[n - 1]);
            let room = high - low;
            ((low - room).max(support.lower()), (high + room).min(support.upper()))
        }
    };
    let mut starts = Vec::new();
    if let Some(potential) = problem.field().and_then(|field| field.potential()) {
        let quantiles = (0..n).map(|i| potential.target().quantile((i as f64 + 0.5) / n as f64));
        starts.push(quantiles.map(|x| x.clamp(support.lower(), support.upper())).collect());
    }
    starts.push(spaced);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..if n > MANY { RANDOM_STARTS / 4 } else { RANDOM_STARTS } {
        starts.push((0..n).map(|_| low + (high - low) * random.random::<f64>()).collect());
    }
    for start in &mut starts {
        start.sort_by(f64::total_cmp);
        if problem.is_repelling() {
            spread(start, low, high);
        }
    }
    starts
}

/// Moves tied rewards apart.
fn spread(rewards: &mut [f64], low: f64, high: f64) {
    let n = rewards.len() as f64;
    for (i, reward) in rewards.iter_mut().enumerate() {
        let even = low + (high - low) * (i as f64 + 0.5) / n;
        *reward = 0.99 * *reward + 0.01 * even;
    }
}

/// Newton's method with a stiffness that makes each step one uphill, and with an active set at the ends of the support.
fn climb(problem: &Equilibrium, mut rewards: Vec<f64>) -> (Vec<f64>, f64, u64) {
    let mut balance = problem.balance(&rewards);
    let mut shift = 0.0;
    for iteration in 0..MOST_ITERATIONS {
        let Some(direction) = uphill(problem, &rewards, &balance, &mut shift) else {
            return (rewards, balance.objective, iteration);
        };
        let promise: f64 = balance.gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let scale = balance.magnitude.max(f64::MIN_POSITIVE);
        if promise <= 1e-30 * scale {
            return (rewards, balance.objective, iteration);
        }
        let mut step = longest_step(problem, &rewards, &direction);
        let by_forces = promise <= BY_FORCES * scale;
        let mut accepted = false;
        while step > 1e-12 {
            let moved = walk(problem, &rewards, &direction, step);
            let new = problem.balance(&moved);
            let is_higher = new.objective > balance.objective + 1e-4 * step * promise;
            let is_calmer = || force(problem, &moved, &new) < 0.9 * force(problem, &rewards, &balance);
            if is_higher || by_forces && is_calmer() {
                (rewards, balance, accepted) = (moved, new, true);
                shift *= 0.1;
                break;
            }
            step *= 0.5;
        }
        if !accepted {
            return (rewards, balance.objective, iteration);
        }
    }
    (rewards, balance.objective, MOST_ITERATIONS)
}

/// Whether a reward is at an end and pushed against it.
fn is_held(problem: &Equilibrium, reward: f64, force: f64) -> bool {
    let support = problem.support();
    reward <= support.lower() && force <= 0.0 || reward >= support.upper() && force >= 0.0
}

/// The largest force on a reward that may move.
pub(super) fn force(problem: &Equilibrium, rewards: &[f64], balance: &Balance) -> f64 {
    let free = rewards.iter().zip(&balance.gradient).filter(|(r, g)| !is_held(problem, **r, **g));
    free.map(|(_, g)| g.abs()).fold(0.0, f64::max)
}

/// A direction in which the objective grows, 0 for rewards that are held; none where all are.
fn uphill(problem: &Equilibrium, rewards: &[f64], balance: &Balance, shift: &mut f64) -> Option<Vec<f64>> {
    let n = rewards.len();
    let held: Vec<bool> = rewards.iter().zip(&balance.gradient).map(|(r, g)| is_held(problem, *r, *g)).collect();
    let first = held.iter().position(|held| !held)?;
    let last = held.iter().rposition(|held| !held)? + 1;
    let hessian = problem.stiffness(rewards);
    let largest = hessian.diag().iter().fold(0.0, |m: f64, h| m.max(h.abs())).max(f64::MIN_POSITIVE);
    if !largest.is_finite() {
        return None;
    }
    let cost_gradient: Array1<f64> = balance.gradient.iter().map(|g| -g).collect();
    loop {
        let mut matrix = hessian.clone();
        matrix.diag_mut().mapv_inplace(|h| h + *shift);
        if matrix.diag().iter().skip(first).take(last - first).all(|h| *h > 1e-12 * largest)
            && let Ok(direction) = newton_direction(&matrix, &cost_gradient, first..last)
        {
            let gain: f64 = direction.iter().zip(&balance.gradient).map(|(d, g)| d * g).sum();
            if gain >= 0.0 && direction.iter().all(|d| d.is_finite()) {
                return Some(direction);
            }
        }
        *shift = (*shift * 4.0).max(1e-4 * largest);
        if *shift > 1e9 * n as f64 * largest {
            return None;
        }
    }
}

/// The longest step, at most 1, that keeps responses apart where they repel each other without bound.
fn longest_step(problem: &Equilibrium, rewards: &[f64], direction: &[f64]) -> f64 {
    if !problem.is_repelling() {
        return 1.0;
    }
    let pairs = rewards.windows(2).zip(direction.windows(2));
    let limit = |(r, d): (&[f64], &[f64])| {
        let closing = d[0] - d[1];
        if closing > 0.0 { 0.9 * (r[1] - r[0]) / closing } else { f64::INFINITY }
    };
    pairs.map(limit).fold(1.0, f64::min)
}

/// A pair in the wrong order is worth less than the same pair in order.
fn walk(problem: &Equilibrium, rewards: &[f64], direction: &[f64], step: f64) -> Vec<f64> {
    let support = problem.support();
    let moved = rewards.iter().zip(direction).map(|(r, d)| (r + step * d).clamp(support.lower(), support.upper()));
    let mut moved: Vec<f64> = moved.collect();
    moved.sort_by(f64::total_cmp);
    moved
}
