//! From a handful of responses to `n`, by doubling.

use argmin::core::{CostFunction, Gradient, Hessian};
use ndarray::Array1;

use super::newton::pinned;
use super::observer::watch;
use super::{ActiveSetNewton, Ends, Method, NewtonHessian, SolveError, SolveOptions, start};
use crate::problem::{ACCURACY, FastRewards, FoldedRewards, Positions};
use crate::utility::Utility;

/// Where Newton stops: the gap relative to the virial, on the way up (for a utility of ordinary curvature) and at the end.
const COARSE_TOLERANCE: f64 = 1e-4;
const FINE_TOLERANCE: f64 = 1e-15;

/// The fast method's running sum of forces carries a rounding error that grows like a random walk, and was seen at 5e-15
/// times this root for `n` up to a million. Below it there is nothing to iterate for; the certificate sums otherwise.
fn fast_tolerance(n: usize) -> f64 {
    ACCURACY.max(1e-14 * (n as f64).sqrt())
}

/// Where Newton stops on the way up. Rewards that are good enough to start from balance the forces that depend on them. Of a
/// nearly linear utility such as `x^0.98 + x` these are a small part of the virial, and the gap must be small beside that.
fn coarse_tolerance(utility: &dyn Utility) -> f64 {
    const POINTS: usize = 32;
    let (mut curved, mut all) = (0.0, 0.0);
    for k in 0..POINTS {
        let t = (k as f64 + 0.5) / POINTS as f64;
        let jet = utility.jet(t);
        curved -= (1.0 - t) * t * t * jet.curvature;
        all += (1.0 - t) * t * jet.slope;
    }
    let share = curved / all;
    COARSE_TOLERANCE * if share.is_nan() { 1.0 } else { share.clamp(1e-6, 1.0) }
}

/// Relative accuracy of the fast method's Hessians.
const HESSIAN_ACCURACY: f64 = 1e-6;

/// The relative change of a distance between neighbours, by the last Newton step, below which the next would change nothing.
const SETTLED: f64 = 1e-6;

/// Responses up to which a coarse problem is solved densely on the way to a fast one: about where both take as long.
const COARSE_DENSE_UP_TO: usize = 300;

/// Values of the kernel a response that the solve of one problem of the ladder may use: some 2000 products with a Hessian, where
/// a solve takes 50 to 200.
const MOST_WORK: f64 = 1e5;

/// Newton steps that one problem of the ladder may take.
const DEFAULT_MAX_ITERATIONS: u64 = 500;

/// Solves a ladder of ever larger problems, each started from the one before.
pub(super) fn climb(
    utility: &dyn Utility,
    n: usize,
    method: Method,
    options: &SolveOptions,
) -> Result<(Positions, u64), SolveError> {
    let ends = Ends::of(utility);
    let touching = ends.touch();
    let mut ladder: Vec<usize> = std::iter::successors(Some(n), |&n| start::coarser(n)).collect();
    let coarse_tolerance = coarse_tolerance(utility);
    let mut iterations = 0;
    let mut coarse: Option<Positions> = None;
    while let Some(rung) = ladder.pop() {
        if start::neighbours_underflow(utility, rung) {
            coarse = Some(start::equally_spaced(rung));
            continue;
        }
        let begin = match &coarse {
            None => start::coarsest(utility, rung, touching),
            Some(coarse) => start::refine(coarse, rung, touching),
        };
        if coarse.is_none() && rung < n {
            coarse = Some(begin);
            continue;
        }
        let last = rung == n;
        let dense = method == Method::Dense || !last && rung <= COARSE_DENSE_UP_TO;
        let newton = |finest: f64| ActiveSetNewton::new(ends, if last { finest } else { coarse_tolerance.max(finest) });
        let (positions, taken) = if dense {
            // Tiny distances, which a steep `U''` makes, are where the gap says least about the rewards.
            let newton = newton(FINE_TOLERANCE);
            let newton = if last && touching && !ends.straight() { newton.settling(SETTLED) } else { newton };
            run(FoldedRewards::new(utility), newton, begin, rung, options)?
        } else {
            let newton = newton(fast_tolerance(rung)).limited_to(MOST_WORK * rung as f64);
            let newton = if last { newton.settling(SETTLED) } else { newton };
            let problem = FastRewards::new(utility).with_hessian_accuracy(HESSIAN_ACCURACY);
            run(problem, newton, begin, rung, options)?
        };
        iterations += taken;
        coarse = Some(positions);
    }
    let positions = coarse.ok_or_else(|| SolveError::Stopped("no positions".into()))?;
    Ok((if touching { tie_at_end(utility, method, positions)? } else { positions }, iterations))
}

/// Moves to the end 0 those responses that Newton's method holds as near to it as it holds any, as far as they stay there once
/// tied. Others have their best place between the end and the smallest distance.
fn tie_at_end(utility: &dyn Utility, method: Method, positions: Positions) -> Result<Positions, SolveError> {
    let block = pinned(&positions);
    let tied = positions.tied(block);
    if tied == positions {
        return Ok(positions);
    }
    let gradient = match method {
        Method::Dense => FoldedRewards::new(utility).gradient(&tied),
        Method::Fast => FastRewards::new(utility).gradient(&tied),
    };
    let gradient = gradient.map_err(|error| SolveError::Stopped(error.to_string()))?;
    let released = (0..block).find(|&i| gradient[i] < 0.0).unwrap_or(block);
    Ok(positions.tied(released))
}

/// Runs Newton's method on one problem of the ladder; the positions reached and the iterations taken.
fn run<O>(
    problem: O,
    newton: ActiveSetNewton,
    begin: Positions,
    n: usize,
    options: &SolveOptions,
) -> Result<(Positions, u64), SolveError>
where
    O: CostFunction<Param = Positions, Output = f64>
        + Gradient<Param = Positions, Gradient = Array1<f64>>
        + Hessian<Param = Positions>,
    O::Hessian: NewtonHessian,
{
    let limit = options.max_iterations.unwrap_or(DEFAULT_MAX_ITERATIONS);
    // The cost is for observers only; the solver goes by gradients.
    let newton = if options.observer.is_some() { newton.reporting_cost() } else { newton };
    watch(problem, newton, begin, n, limit, options.observer.as_ref())
}
