//! Optimal rewards of the finite problem (1), each with its certificate.
//!
//! [`solve`] runs [`ActiveSetNewton`] in `argmin`'s `Executor` on a ladder of problems with 4, 8, 16, .. and finally `n`
//! responses, each starting from the one before, and certifies the result. Small problems are dense; large ones form their sums
//! by interpolation and solve Newton's equation by GMRES. The steps, and the certificate, are the same.
//!
//! [`fit_preferences`] solves problem (7) for weighted pairs: how often each item beat each other.

mod certificate;
mod direction;
mod ends;
mod equilibrium;
mod error;
mod gmres;
mod ladder;
mod method;
mod newton;
mod observer;
mod preferences;
mod start;
mod unique;

use std::fmt;
use std::time::Instant;

pub use certificate::Certificate;
pub use direction::NewtonHessian;
pub use ends::Ends;
pub use equilibrium::{
    Basis, EquilibriumSolution, Scope, largest_gap, solve_equilibrium, solve_equilibrium_with,
    solve_from_several_starts,
};
pub use error::SolveError;
pub use method::{Interpolation, Method};
pub use newton::{ActiveSetNewton, NewtonState};
pub use observer::{Observer, Progress};
pub use preferences::{FitError, FitOptions, PreferenceFit, fit_preferences};
pub use unique::Unique;

use crate::problem::{FastRewards, FoldedRewards, Forces, Positions, UNDERFLOW, two_sum};
use crate::utility::{AffineParts, Concavity, FiniteClosedForm, Utility, check_admissible};
use method::{MEMORY_OF_REWARDS, check_memory};

/// The gap, relative to the scale of `U`, above which a result is not called converged.
pub const LARGEST_RELATIVE_GAP: f64 = 1e-9;

/// Responses up to which the fast method has nothing to offer.
const ONE_GROUP: usize = 80;

/// Optimal rewards and what is known about them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    /// A bound on the best objective less this `objective`, per pair, the rounding errors of both included. It rests on the concavity of
    /// `U`, and `concavity` says how that is known.
    ///
    /// Both belong to the rewards as they were solved for, in two doubles each. `rewards` are those rounded to doubles:
    /// recomputing from them costs digits where responses crowd, and near 1 above all.
    pub gap: f64,
    /// `gap` over the scale of `U`: the mean of `|U|` over the pairs, or the mean of `U'(t) t` if that is larger.
    pub relative_gap: f64,
    /// How it is known that `U` is concave.
    pub concavity: Concavity,
    /// How sums over pairs were formed.
    pub method: Method,
    /// How the errors of interpolation are known that `gap` includes.
    #[cfg_attr(feature = "serde", serde(default))]
    pub interpolation: Interpolation,
    /// Newton iterations, over all problems of the ladder.
    pub iterations: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Whether no other rewards reach the same objective.
    pub unique: bool,
    /// The theorem that gives the maximiser, if there is one.
    pub closed_form: Option<FiniteClosedForm>,
}

/// How to solve.
#[derive(Clone, Default)]
pub struct SolveOptions {
    /// How sums over pairs are formed; [`Method::for_responses`] unless given. Up to 80 responses always dense.
    pub method: Option<Method>,
    /// Newton iterations for each problem of the ladder; 500 unless given.
    pub max_iterations: Option<u64>,
    /// Called after every iteration; may stop the solve.
    pub observer: Option<Observer>,
}

impl fmt::Debug for SolveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SolveOptions")
            .field("method", &self.method)
            .field("max_iterations", &self.max_iterations)
            .field("observer", &self.observer.as_ref().map(|_| "given"))
            .finish()
    }
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
pub fn solve<U: Utility + ?Sized>(utility: &U, n: usize) -> Result<Solution, SolveError> {
    solve_with(utility, n, &SolveOptions::default())
}

/// [`solve`] with a method, an iteration limit and an observer.
///
/// # Errors
/// As [`solve`], and [`SolveError::Cancelled`] if the observer stops it.
pub fn solve_with<U: Utility + ?Sized>(utility: &U, n: usize, options: &SolveOptions) -> Result<Solution, SolveError> {
    // A reference is a utility of known size, whatever it points to.
    let utility: &dyn Utility = &utility;
    if n == 0 {
        return Err(SolveError::NoResponses);
    }
    if let Some(refusal) = utility.refusal() {
        return Err(refusal.into());
    }
    if utility.concavity() == Concavity::Sampled {
        check_admissible(utility)?;
    }
    solve_admissible(utility, n, options)
}

/// A factor and a constant change no rewards, but may cost digits: both are set aside first.
fn solve_admissible(utility: &dyn Utility, n: usize, options: &SolveOptions) -> Result<Solution, SolveError> {
    let solution = match utility.affine() {
        Some(parts) => {
            let solution = match solve_admissible(parts.base, n, options) {
                Err(SolveError::NotConverged(partial)) => {
                    return Err(SolveError::NotConverged(Box::new(scaled(*partial, utility, parts))));
                }
                solution => solution?,
            };
            scaled(solution, utility, parts)
        }
        None => solve_base(utility, n, options)?,
    };
    if n > 1 && !(solution.objective.is_finite() && solution.gap.is_finite()) {
        return Err(SolveError::Overflow { utility: solution.utility, n });
    }
    Ok(solution)
}

/// The solution for `scale * base + shift` from that for `base`.
fn scaled(base: Solution, utility: &dyn Utility, parts: AffineParts<'_>) -> Solution {
    let AffineParts { scale, shift, .. } = parts;
    let pairs = pairs(base.n);
    let products = [scale * base.objective, shift * pairs];
    let (objective, of_sum) = two_sum(products[0], products[1]);
    let mean_utility = objective / pairs;
    // The errors of two products and a sum are themselves doubles.
    let of_products = scale.mul_add(base.objective, -products[0]).abs() + shift.mul_add(pairs, -products[1]).abs();
    let rounding = if base.n < 2 { 0.0 } else { (of_products + of_sum.abs()) * (1.0 + 4.0 * f64::EPSILON) / pairs };
    let gap = scale * base.gap + rounding;
    let unit = if base.relative_gap > 0.0 { base.gap / base.relative_gap } else { 0.0 };
    let scale_of_utility = (scale * unit).max(mean_utility.abs());
    Solution {
        utility: utility.to_string(),
        objective,
        mean_utility,
        gap,
        relative_gap: if gap == 0.0 { 0.0 } else { gap / scale_of_utility },
        ..base
    }
}

fn pairs(n: usize) -> f64 {
    n as f64 * (n as f64 - 1.0) / 2.0
}

fn solve_base(utility: &dyn Utility, n: usize, options: &SolveOptions) -> Result<Solution, SolveError> {
    let start = Instant::now();
    let pairs = pairs(n);
    // So few responses make one group, and every pair is summed by itself anyway.
    let method = options.method.filter(|_| n > ONE_GROUP).unwrap_or_else(|| Method::for_responses(n));
    check_memory(n, if utility.is_linear() { MEMORY_OF_REWARDS * n as f64 } else { method.memory(n) })?;
    let (positions, iterations, summary) = if utility.is_linear() {
        (Positions::from_half(n, vec![0.0; n / 2]), 0, Summary::of_polarised(utility, n))
    } else {
        let (positions, iterations) = ladder::climb(utility, n, method, options)?;
        let forces = match method {
            Method::Dense => FoldedRewards::new(utility).forces(&positions),
            Method::Fast => FastRewards::new(utility).forces(&positions),
        };
        (positions, iterations, Summary::of(utility, forces, pairs))
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
        concavity: utility.concavity(),
        method,
        // The optimum of a linear utility is known, and its sums, too.
        interpolation: Interpolation::of(if utility.is_linear() { Method::Dense } else { method }, utility),
        iterations,
        seconds: start.elapsed().as_secs_f64(),
        unique,
        // What a utility of one's own says of itself is no theorem.
        closed_form: utility.finite_closed_form().filter(|_| utility.concavity() == Concavity::Proved),
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

impl Summary {
    fn of(utility: &dyn Utility, forces: Forces, pairs: f64) -> Self {
        let certificate = Certificate::from(forces);
        // Far from all its action, a utility of finite slope may be 0 to the last digit at all rewards.
        let range = if utility.slope_at_zero().is_finite() { utility.value(1.0) - utility.value(0.0) } else { 0.0 };
        Self {
            objective: forces.objective,
            gap: certificate.gap,
            // And where all values underflow, the gap is what underflow leaves of them.
            scale: forces.magnitude.max(certificate.virial).max(pairs * range).max(pairs * UNDERFLOW / f64::EPSILON),
            slack: forces.slack,
        }
    }

    /// Half of the responses at each end, the middle one at 1/2: three kinds of pairs. By the theorem the gap is that of rounding.
    fn of_polarised(utility: &dyn Utility, n: usize) -> Self {
        let (half, middle) = ((n / 2) as f64, (n % 2) as f64);
        let kinds = [(half * (half - 1.0), 0.0), (half * half, 1.0), (2.0 * half * middle, 0.5)];
        let over_kinds = |f: &dyn Fn(f64) -> f64| kinds.iter().map(|(pairs, t)| pairs * f(utility.value(*t))).sum();
        let objective: f64 = over_kinds(&|u| u);
        // Whole and half numbers of pairs are exact up to here.
        let rounding = if objective < 2f64.powi(52) { 0.0 } else { 2.0 * f64::EPSILON * objective };
        Self { objective, gap: rounding, scale: over_kinds(&f64::abs), slack: n % 2 == 1 }
    }
}
