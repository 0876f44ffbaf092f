//! Optimal rewards of problem (7), each with its certificate.

mod bound;
mod newton;
mod over_laws;
mod several;
mod start;

use std::time::Instant;

use ndarray::Array1;

pub use bound::Basis;

use super::method::check_memory;
use super::observer::watch;
use super::{LARGEST_RELATIVE_GAP, Observer, SolveError, Unique};
use crate::problem::Equilibrium;
use crate::utility::Concavity;
use newton::BoxNewton;

/// Newton iterations for each problem of the ladder.
const MOST_ITERATIONS: u64 = 300;

/// What no rewards do better than those found: the range of the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Scope {
    /// All rewards on the support: the objective is concave in them.
    #[serde(rename = "global in r")]
    Rewards,
    /// All probability laws on the support, and so all rewards: the objective is concave in the law.
    #[serde(rename = "over all laws")]
    Laws,
    /// Rewards nearby: the field is not concave, and several starts were tried.
    #[serde(rename = "local")]
    Local,
}

impl Scope {
    /// What two bounds have in common: one over all laws is one over all rewards, too.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Local, _) | (_, Self::Local) => Self::Local,
            (Self::Laws, Self::Laws) => Self::Laws,
            _ => Self::Rewards,
        }
    }
}

/// The largest of several gaps: NaN where one of them is no bound, as under [`Scope::Local`].
pub fn largest_gap(gaps: impl IntoIterator<Item = f64>) -> f64 {
    // `f64::max` would pass over NaN.
    gaps.into_iter().fold(0.0, |most, gap| if gap > most || gap.is_nan() { gap } else { most })
}

/// Optimal rewards of problem (7) for a full ranking, and what is known about them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EquilibriumSolution {
    /// The utility, without smoothing.
    pub utility: String,
    /// The number of responses.
    pub n: usize,
    /// The interval of rewards, such as `-inf,inf`.
    pub support: String,
    /// The field.
    pub field: Option<String>,
    /// The smoothing `q`.
    pub smoothing: f64,
    /// The centring coefficient `c`.
    pub centering: f64,
    /// The rewards, worst response first.
    pub rewards: Vec<f64>,
    /// `S(r)`: the sum over pairs, with `n - 1` times the sum of the field.
    pub objective: f64,
    /// `S(r)` over the number of pairs: the pair mean of `U_q` and centring, and twice the mean of the field.
    pub mean_utility: f64,
    /// A bound on the best objective less this one, per pair, rounding included; NaN where [`EquilibriumSolution::bound`] is
    /// [`Scope::Local`].
    pub gap: f64,
    /// What the bound rests on.
    pub basis: Basis,
    /// What the bound is over.
    pub bound: Scope,
    /// How it is known that utility and field are concave.
    pub concavity: Concavity,
    /// Newton iterations, over all problems of the ladder.
    pub iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Whether other rewards are as good.
    pub unique: Unique,
}

/// Solves problem (7) for `n` ranked responses, with dense matrices: `O(n^3)`.
///
/// # Errors
/// [`SolveError::NoMaximiser`] where better rewards can always be found; [`SolveError::NoResponses`] for fewer than two;
/// [`SolveError::TooLarge`]; [`SolveError::Uncertified`] where the certificate is not small.
///
/// ```
/// use reward_collapse::problem::{Equilibrium, Support};
/// use reward_collapse::solution::solve_equilibrium;
/// use reward_collapse::utility::parse;
/// // Raw logits under the Bradley-Terry loss with label smoothing 0.1.
/// let problem = Equilibrium::new(parse("logsigmoid(x)")?, 0.1, Support::LINE)?;
/// let solution = solve_equilibrium(&problem, 8, None)?;
/// assert!((solution.rewards[7] - 2.457787).abs() < 1e-6);
/// assert!(solution.gap < 1e-13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn solve_equilibrium(
    problem: &Equilibrium,
    n: usize,
    observer: Option<Observer>,
) -> Result<EquilibriumSolution, SolveError> {
    let began = Instant::now();
    if n < 2 {
        return Err(SolveError::TooFew { n });
    }
    if let Some(reason) = bound::no_maximiser(problem, n) {
        return Err(SolveError::NoMaximiser { problem: problem.to_string(), reason });
    }
    check_memory(n, 4.0 * 8.0 * (n as f64).powi(2))?;
    if problem.concavity() == Concavity::Refuted {
        return solve_from_several_starts(problem, n, 0);
    }
    let mut rewards: Option<Vec<f64>> = None;
    let mut iterations = 0;
    let known = start::of_a_linear_base(problem, n);
    let rungs = if known.is_some() { vec![n] } else { start::ladder(n) };
    for rung in rungs {
        let begin = match rewards.as_ref().or(known.as_ref()) {
            Some(known) if known.len() == rung => known.clone(),
            None => start::coarsest(problem, rung),
            Some(coarse) => start::refine(coarse, rung),
        };
        let (found, taken) = run(problem, begin, observer.as_ref())?;
        iterations += taken;
        rewards = Some(found);
    }
    let mut rewards = rewards.unwrap_or_default();
    let floats = problem.is_free_to_shift() && !problem.support().is_bounded();
    if floats {
        settle(&mut rewards, problem);
    }
    let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
    let balance = problem.balance(&rewards);
    let Some((gap, basis)) = bound::bound(problem, &rewards, &balance) else {
        return Err(SolveError::NoBound { problem: problem.to_string() });
    };
    let unique = match floats {
        true => Unique::UpToShift,
        false if is_determined(problem, &rewards) => Unique::Yes,
        false => Unique::No,
    };
    let solution = EquilibriumSolution {
        utility: problem.utility().to_string(),
        n,
        support: problem.support().to_string(),
        field: problem.field().map(ToString::to_string),
        smoothing: problem.smoothing(),
        centering: problem.centering(),
        objective: balance.objective,
        mean_utility: balance.objective / pairs,
        gap: gap / pairs,
        basis,
        bound: Scope::Rewards,
        concavity: problem.concavity(),
        iterations,
        seconds: began.elapsed().as_secs_f64(),
        unique,
        rewards,
    };
    // Where all rewards are at one end there is no distance, and the objective is 0 of its own accord.
    let scale = balance.magnitude.max(pairs * f64::EPSILON * problem.pair(1.0).slope.abs());
    let in_order = solution.rewards.windows(2).all(|pair| pair[0] <= pair[1]);
    if in_order && gap <= LARGEST_RELATIVE_GAP * scale {
        Ok(solution)
    } else {
        Err(SolveError::Uncertified(Box::new(solution)))
    }
}

/// Solves problem (7) with a field that is not concave, for `n` ranked responses: local maximisers are sought from the quantiles of the law that
/// the field is the potential of, where it is one, from evenly spaced rewards and from random ones drawn with `seed`; the best is returned.
///
/// Its bound is over all laws, where the support is bounded and the utility is proved concave, does not fall and has a finite slope at 0, and
/// [`Scope::Local`] elsewhere.
///
/// # Errors
/// As for [`solve_equilibrium`], which calls this with the seed 0.
pub fn solve_from_several_starts(
    problem: &Equilibrium,
    n: usize,
    seed: u64,
) -> Result<EquilibriumSolution, SolveError> {
    let began = Instant::now();
    if n < 2 {
        return Err(SolveError::TooFew { n });
    }
    if let Some(reason) = bound::no_maximiser(problem, n) {
        return Err(SolveError::NoMaximiser { problem: problem.to_string(), reason });
    }
    check_memory(n, 4.0 * 8.0 * (n as f64).powi(2))?;
    let (rewards, iterations, _) = several::best(problem, n, seed)?;
    let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
    let balance = problem.balance(&rewards);
    let over_laws = over_laws::bound(problem, &rewards);
    // Away from the maximiser forces are left.
    let force = several::force(problem, &rewards, &balance);
    let width = rewards[n - 1] - rewards[0];
    let settled = force * width <= LARGEST_RELATIVE_GAP * balance.magnitude;
    let solution = EquilibriumSolution {
        utility: problem.utility().to_string(),
        n,
        support: problem.support().to_string(),
        field: problem.field().map(ToString::to_string),
        smoothing: problem.smoothing(),
        centering: problem.centering(),
        objective: balance.objective,
        mean_utility: balance.objective / pairs,
        gap: over_laws.map_or(f64::NAN, |gap| gap / pairs),
        basis: if over_laws.is_some() { Basis::Laws } else { Basis::Starts },
        bound: if over_laws.is_some() { Scope::Laws } else { Scope::Local },
        concavity: problem.concavity(),
        iterations,
        seconds: began.elapsed().as_secs_f64(),
        // Other maximisers as good cannot be ruled out.
        unique: Unique::No,
        rewards,
    };
    if settled { Ok(solution) } else { Err(SolveError::Uncertified(Box::new(solution))) }
}

/// Takes rewards that may be shifted together to mean 0, or to the finite end of the support.
fn settle(rewards: &mut [f64], problem: &Equilibrium) {
    let support = problem.support();
    let shift = if support.lower().is_finite() {
        rewards[0] - support.lower()
    } else if support.upper().is_finite() {
        rewards[rewards.len() - 1] - support.upper()
    } else {
        rewards.iter().sum::<f64>() / rewards.len() as f64
    };
    rewards.iter_mut().for_each(|reward| *reward -= shift);
}

/// Whether no small move of the responses that are not held at an end is free: the Hessian is positive definite beyond rounding.
fn is_determined(problem: &Equilibrium, rewards: &[f64]) -> bool {
    let support = problem.support();
    let free: Vec<usize> =
        (0..rewards.len()).filter(|&i| rewards[i] > support.lower() && rewards[i] < support.upper()).collect();
    let hessian = problem.stiffness(rewards);
    let diagonal = free.iter().map(|&i| hessian[(i, i)]).fold(0.0, f64::max);
    // A Laplacian with a positive excess on some row, and connected by its weights, is positive definite.
    let excess: f64 = free.iter().map(|&i| free.iter().map(|&j| hessian[(i, j)]).sum::<f64>()).fold(0.0, f64::max);
    free.is_empty() || diagonal > 0.0 && excess > 1e-12 * diagonal
}

fn run(problem: &Equilibrium, begin: Vec<f64>, observer: Option<&Observer>) -> Result<(Vec<f64>, u64), SolveError> {
    let n = begin.len();
    let scale = problem.balance(&begin).magnitude.max(f64::MIN_POSITIVE);
    let newton = BoxNewton::new(problem, scale);
    let (rewards, taken) = watch(problem.clone(), newton, Array1::from_vec(begin), n, MOST_ITERATIONS, observer)?;
    Ok((rewards.to_vec(), taken))
}
