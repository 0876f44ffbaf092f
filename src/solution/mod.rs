//! Optimal rewards of the finite problem (1), each with its certificate.
//!
//! [`solve`] runs [`ActiveSetNewton`] in `argmin`'s `Executor` on a ladder of problems with 4, 8, 16, .. and finally `n`
//! responses, each starting from the one before, and certifies the result. Small problems are dense; large ones form their sums
//! by interpolation and solve Newton's equation by GMRES. The steps, and the certificate, are the same.

mod certificate;
mod direction;
mod error;
mod gmres;
mod ladder;
mod method;
mod newton;
mod start;

use std::sync::Arc;
use std::time::Instant;

pub use certificate::Certificate;
pub use direction::NewtonHessian;
pub use error::SolveError;
pub use method::Method;
pub use newton::{ActiveSetNewton, Ends, NewtonState};

use crate::problem::{FastRewards, FoldedRewards, Forces, Positions};
use crate::utility::SharedUtility;
use method::{MEMORY_OF_REWARDS, check_memory};

/// The gap, relative to the scale of `U`, above which a result is not called converged.
pub const LARGEST_RELATIVE_GAP: f64 = 1e-9;

/// Responses up to which the fast method has nothing to offer.
const ONE_GROUP: usize = 80;

/// Optimal rewards and what is known about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// The utility, as [`crate::utility::parse`] reads it.
    pub utility: String,
    /// The number of responses.
    pub n: usize,
    /// The rewards, worst response first: ascending, symmetric, in [0, 1].
    pub rewards: Vec<f64>,
    /// `S(r)`, the sum over the `n(n-1)/2` pairs.
    pub objective: f64,
    /// `S(r)` per pair; NaN for `n = 1`.
    pub mean_utility: f64,
    /// A rigorous bound on the best objective less this `objective`, per pair; its own rounding error is bounded for the
    /// families of [`crate::utility`] and estimated for a typed expression.
    ///
    /// Both belong to the rewards as they were solved for, in two doubles each. `rewards` are those rounded to doubles:
    /// recomputing from them costs digits where responses crowd, and near 1 above all.
    pub gap: f64,
    /// `gap` over the scale of `U`: the mean of `|U|` over the pairs, or the mean of `U'(t) t` if that is larger.
    pub relative_gap: f64,
    /// How sums over pairs were formed.
    pub method: Method,
    /// Newton iterations, over all problems of the ladder.
    pub iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Whether no other rewards reach the same objective.
    pub unique: bool,
    /// The theorem that gives the maximiser, if there is one.
    pub closed_form: Option<String>,
}

/// One Newton iteration of a running solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The number of responses of the problem of the ladder that is being solved.
    pub n: usize,
    /// The iteration within it.
    pub iteration: u64,
}

/// Is told about every iteration.
pub type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// How to solve.
#[derive(Clone, Default)]
pub struct SolveOptions {
    /// How sums over pairs are formed; [`Method::for_responses`] unless given. Up to 80 responses always dense.
    pub method: Option<Method>,
    /// Newton iterations for each problem of the ladder; 500 unless given.
    pub max_iterations: Option<u64>,
    /// Called after every iteration.
    pub observer: Option<Observer>,
}

/// Solves the finite problem (1) for `n` ranked responses.
///
/// Up to 1000 responses with dense matrices, beyond in `O(n log n)` ([`Method`]).
///
/// # Errors
/// [`SolveError`]: no responses, a utility outside the theory, too large an `n` for the free memory, or a certificate that
/// is not below [`LARGEST_RELATIVE_GAP`]; the rewards reached are inside the last.
///
/// ```
/// use reward_collapse::{solution::solve, utility::parse};
/// let solution = solve(&parse("-1/x")?, 8)?;
/// assert!((solution.rewards[1] - 0.1208).abs() < 5e-5);
/// assert!(solution.gap < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn solve(utility: &SharedUtility, n: usize) -> Result<Solution, SolveError> {
    solve_with(utility, n, &SolveOptions::default())
}

/// [`solve`] with an iteration limit and an observer.
///
/// # Errors
/// As [`solve`].
pub fn solve_with(utility: &SharedUtility, n: usize, options: &SolveOptions) -> Result<Solution, SolveError> {
    let start = Instant::now();
    if n == 0 {
        return Err(SolveError::NoResponses);
    }
    if let Some(refusal) = utility.refusal() {
        return Err(refusal.into());
    }
    let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
    // So few responses make one group, and every pair is summed by itself anyway.
    let method = options.method.filter(|_| n > ONE_GROUP).unwrap_or_else(|| Method::for_responses(n));
    check_memory(n, if utility.is_linear() { MEMORY_OF_REWARDS * n as f64 } else { method.memory(n) })?;
    let (positions, iterations, summary) = if utility.is_linear() {
        (Positions::new(n, vec![0.0; n / 2]), 0, Summary::of_polarised(utility, n))
    } else {
        let (positions, iterations) = ladder::climb(utility, n, method, options)?;
        let forces = match method {
            Method::Dense => FoldedRewards::new(utility.clone(), n).forces(&positions),
            Method::Fast => FastRewards::new(utility.clone(), n).forces(&positions),
        };
        (positions, iterations, forces.into())
    };
    // With one response there is no pair and any reward will do; so it will for the middle one of a linear utility, or one
    // that is linear in pieces. And where a utility that turns down before x = 1 leaves the ends free, all can be shifted.
    let at_ends = positions.lower_half().first() == Some(&0.0);
    let Summary { objective, gap, scale, slack } = summary;
    let unique = at_ends && !slack;
    let solution = Solution {
        utility: utility.to_string(),
        n,
        rewards: positions.rewards(),
        objective,
        mean_utility: objective / pairs,
        gap: if gap == 0.0 { 0.0 } else { gap / pairs },
        relative_gap: if gap == 0.0 { 0.0 } else { gap / scale },
        method,
        iterations,
        seconds: start.elapsed().as_secs_f64(),
        unique,
        closed_form: utility.finite_closed_form().map(|form| form.to_string()),
    };
    if solution.relative_gap <= LARGEST_RELATIVE_GAP {
        Ok(solution)
    } else {
        Err(SolveError::NotConverged(Box::new(solution)))
    }
}

/// Objective, certificate and scale of `U`, summed over the pairs.
struct Summary {
    objective: f64,
    gap: f64,
    scale: f64,
    /// Whether a response may move at no cost.
    slack: bool,
}

impl From<Forces> for Summary {
    fn from(forces: Forces) -> Self {
        let certificate = Certificate::from(forces);
        Self {
            objective: forces.objective,
            gap: certificate.gap,
            scale: forces.magnitude.max(certificate.virial),
            slack: forces.slack,
        }
    }
}

impl Summary {
    /// Half of the responses at each end, the middle one at 1/2: three kinds of pairs. The gap is 0 by the theorem.
    fn of_polarised(utility: &SharedUtility, n: usize) -> Self {
        let (half, middle) = ((n / 2) as f64, (n % 2) as f64);
        let kinds = [(half * (half - 1.0), 0.0), (half * half, 1.0), (2.0 * half * middle, 0.5)];
        let over_kinds = |f: &dyn Fn(f64) -> f64| kinds.iter().map(|(pairs, t)| pairs * f(utility.value(*t))).sum();
        Self { objective: over_kinds(&|u| u), gap: 0.0, scale: over_kinds(&f64::abs), slack: n % 2 == 1 }
    }
}
