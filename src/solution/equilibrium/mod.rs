//! Optimal rewards of problem (7), each with its certificate.

mod bound;
mod newton;
mod over_laws;
mod several;
mod start;

use std::time::Instant;

use ndarray::Array1;

pub use bound::Basis;

use argmin::core::Hessian;

use super::method::check_memory;
use super::observer::watch;
use super::{Interpolation, LARGEST_RELATIVE_GAP, Method, Observer, SolveError, SolveOptions, Unique};
use crate::problem::{Ascending, Equilibrium, FastEquilibrium};
use crate::utility::Concavity;
use newton::BoxNewton;

/// Newton iterations for each problem of the ladder.
const MOST_ITERATIONS: u64 = 300;

/// Responses up to which dense matrices are faster.
const DENSE_UP_TO: usize = 300;

/// Responses up to which the fast method has nothing to offer.
const ONE_GROUP: usize = 40;

/// What a Newton step may promise, relative to the size of the objective, at the end of a coarse problem on the way to a fast one.
const COARSE: f64 = 1e-10;

/// Relative accuracy of the fast method's Hessians.
const HESSIAN_ACCURACY: f64 = 1e-6;

/// Bytes that the fast method takes for each response.
const MEMORY_OF_FAST_SUMS: f64 = 4000.0;

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
    /// How sums over pairs were formed.
    pub method: Method,
    /// How the errors of interpolation are known that `gap` includes.
    pub interpolation: Interpolation,
    /// Newton iterations, over all problems of the ladder.
    pub iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Whether other rewards are as good.
    pub unique: Unique,
}

/// Solves problem (7) for `n` ranked responses: up to 300 with dense matrices, beyond in `O(n log n)`.
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
    solve_equilibrium_with(problem, n, &SolveOptions { observer, ..SolveOptions::default() })
}

/// [`solve_equilibrium`] with a method, an iteration limit and an observer. A field that is not concave is always solved with
/// dense matrices, as are up to 40 responses.
///
/// # Errors
/// As [`solve_equilibrium`], and [`SolveError::Cancelled`] if the observer stops it.
pub fn solve_equilibrium_with(
    problem: &Equilibrium,
    n: usize,
    options: &SolveOptions,
) -> Result<EquilibriumSolution, SolveError> {
    let began = Instant::now();
    if n < 2 {
        return Err(SolveError::TooFew { n });
    }
    if let Some(reason) = bound::no_maximiser(problem, n) {
        return Err(SolveError::NoMaximiser { problem: problem.to_string(), reason });
    }
    if problem.concavity() == Concavity::Refuted {
        return solve_from_several_starts(problem, n, 0);
    }
    let by_size = if n <= DENSE_UP_TO { Method::Dense } else { Method::Fast };
    let method = options.method.filter(|_| n > ONE_GROUP).unwrap_or(by_size);
    check_memory(n, memory(method, n))?;
    let mut rewards: Option<Ascending> = None;
    let mut iterations = 0;
    let known = start::of_a_linear_utility(problem, n).map(Ascending::from);
    let rungs = if known.is_some() { vec![n] } else { start::ladder(n) };
    for rung in rungs {
        let begin = match rewards.as_ref().or(known.as_ref()) {
            Some(known) if known.len() == rung => known.clone(),
            None => start::coarsest(problem, rung).into(),
            Some(coarse) => coarse.refined(rung),
        };
        let on_this_rung = if rung < n && rung <= DENSE_UP_TO { Method::Dense } else { method };
        let enough = if rung < n && method == Method::Fast { COARSE } else { 0.0 };
        let (found, taken) = run(problem, begin, on_this_rung, enough, options)?;
        iterations += taken;
        rewards = Some(found);
    }
    let mut positions = rewards.ok_or_else(|| SolveError::Stopped("no rewards".into()))?;
    let floats = problem.is_free_to_shift() && !problem.support().is_bounded();
    if floats {
        positions = settle(&positions, problem);
    }
    let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
    let in_order = positions.is_in_order();
    let balance = match method {
        Method::Fast => FastEquilibrium::new(problem).balance(&positions),
        Method::Dense => {
            // Its positions are doubles.
            positions = positions.rounded().to_vec().into();
            problem.balance(positions.rounded())
        }
    };
    let Some((gap, basis)) = bound::bound(problem, &positions, &balance) else {
        return Err(SolveError::NoBound { problem: problem.to_string() });
    };
    let unique = match floats {
        true => Unique::UpToShift,
        false if is_determined(problem, &positions, method)? => Unique::Yes,
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
        method,
        interpolation: Interpolation::of(method, problem.utility()),
        iterations,
        seconds: began.elapsed().as_secs_f64(),
        unique,
        rewards: positions.rounded().to_vec(),
    };
    // Where all rewards are at one end there is no distance, and the objective is 0 of its own accord: what is left is rounding.
    let rounding = 64.0 * f64::EPSILON * pairs * problem.pair(1.0).slope.abs();
    let scale = balance.magnitude.max(rounding / LARGEST_RELATIVE_GAP);
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
    check_memory(n, memory(Method::Dense, n))?;
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
        method: Method::Dense,
        interpolation: Interpolation::None,
        iterations,
        seconds: began.elapsed().as_secs_f64(),
        // Other maximisers as good cannot be ruled out.
        unique: Unique::No,
        rewards,
    };
    if settled { Ok(solution) } else { Err(SolveError::Uncertified(Box::new(solution))) }
}

/// Takes rewards that may be shifted together to mean 0, or to the finite end of the support.
fn settle(rewards: &Ascending, problem: &Equilibrium) -> Ascending {
    let support = problem.support();
    let shift = if support.lower().is_finite() {
        rewards.above(0, support.lower())
    } else if support.upper().is_finite() {
        rewards.above(rewards.len() - 1, support.upper())
    } else {
        rewards.rounded().iter().sum::<f64>() / rewards.len() as f64
    };
    rewards.shifted(-shift)
}

/// An estimate of the bytes that a solve takes.
fn memory(method: Method, n: usize) -> f64 {
    match method {
        Method::Dense => 4.0 * 8.0 * (n as f64).powi(2),
        Method::Fast => MEMORY_OF_FAST_SUMS * n as f64,
    }
}

/// Whether no small move of the responses that are not held at an end is free: the Hessian is positive definite beyond rounding.
fn is_determined(problem: &Equilibrium, rewards: &Ascending, method: Method) -> Result<bool, SolveError> {
    let support = problem.support();
    let inside = |i| f64::from(rewards.above(i, support.lower()) > 0.0 && rewards.above(i, support.upper()) < 0.0);
    let free: Vec<f64> = (0..rewards.len()).map(inside).collect();
    // The rows of the Hessian, added up over what is free, and its diagonal.
    let (sums, diagonal) = match method {
        Method::Dense => {
            let hessian = problem.stiffness(rewards.rounded());
            (hessian.dot(&Array1::from_vec(free.clone())).to_vec(), hessian.diag().to_vec())
        }
        Method::Fast => {
            let hessian = FastEquilibrium::new(problem).hessian(rewards);
            let hessian = hessian.map_err(|error| SolveError::Stopped(error.to_string()))?;
            (hessian.apply(&free), hessian.diagonal())
        }
    };
    let largest = |values: Vec<f64>| values.iter().zip(&free).map(|(value, free)| value * free).fold(0.0, f64::max);
    let (excess, diagonal) = (largest(sums), largest(diagonal));
    // A Laplacian with a positive excess on some row, and connected by its weights, is positive definite.
    Ok(free.iter().all(|free| *free == 0.0) || diagonal > 0.0 && excess > 1e-12 * diagonal)
}

/// Runs Newton's method until it promises no more than `enough`.
fn run(
    problem: &Equilibrium,
    begin: Ascending,
    method: Method,
    enough: f64,
    options: &SolveOptions,
) -> Result<(Ascending, u64), SolveError> {
    let n = begin.len();
    let limit = options.max_iterations.unwrap_or(MOST_ITERATIONS);
    let observer = options.observer.as_ref();
    match method {
        Method::Dense => {
            let begin = Array1::from_vec(begin.rounded().to_vec());
            let magnitude = problem.balance(&begin.to_vec()).magnitude;
            let newton = BoxNewton::new(problem, magnitude).up_to(enough);
            let (rewards, taken) = watch(problem.clone(), newton, begin, n, limit, observer)?;
            Ok((rewards.to_vec().into(), taken))
        }
        Method::Fast => {
            let fast = FastEquilibrium::new(problem).with_hessian_accuracy(HESSIAN_ACCURACY);
            let newton = BoxNewton::new(problem, fast.balance(&begin).magnitude).up_to(enough);
            watch(fast, newton, begin, n, limit, observer)
        }
    }
}
