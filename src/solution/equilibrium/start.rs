//! Where Newton's method begins on problem (7).

use crate::problem::Equilibrium;
use crate::utility::Concavity;

/// Responses of the smallest problem of the ladder.
const COARSEST: usize = 8;

/// The numbers of responses on the way to `n`, the smallest first.
pub(super) fn ladder(n: usize) -> Vec<usize> {
    let mut rungs: Vec<usize> =
        std::iter::successors(Some(n), |&n| (n > COARSEST).then(|| n.div_ceil(2).max(COARSEST))).collect();
    rungs.reverse();
    rungs
}

/// Evenly spaced rewards, in the best of many intervals.
pub(super) fn coarsest(problem: &Equilibrium, n: usize) -> Vec<f64> {
    let (lower, upper) = (problem.support().lower(), problem.support().upper());
    let spaced = |low: f64, high: f64| -> Vec<f64> {
        // Inside, where a field may be infinite at the ends.
        (0..n).map(|i| low + (high - low) * (i as f64 + 0.5) / n as f64).collect()
    };
    let mut candidates = Vec::new();
    if lower.is_finite() && upper.is_finite() {
        candidates.push(spaced(lower, upper));
    }
    let centres = centres(problem);
    for centre in centres {
        for exponent in -30..60 {
            let half = 2f64.powi(exponent);
            let (low, high) = ((centre - half).max(lower), (centre + half).min(upper));
            if low < high && (high - low).is_finite() {
                candidates.push(spaced(low, high));
            }
        }
    }
    let value = |rewards: &Vec<f64>| {
        let objective = problem.balance(rewards).objective;
        if objective.is_nan() { f64::NEG_INFINITY } else { objective }
    };
    let best = candidates.into_iter().map(|rewards| (value(&rewards), rewards)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, rewards)| rewards).unwrap_or_else(|| spaced(0.0, 1.0))
}

/// The optimum for a linear utility, where it is known and Newton's method would not find its way there.
///
/// On a bounded support, without centring and with a field of constant slope `v` or none, each reward is at the end where its coefficient
/// `k (2i - n - 1)/(n - 1) + v` drives it. There is no curvature, and no step that is preconditioned by it gets to the ends.
///
/// With the field that is the potential of a law under `U = x`, they are, with `c` the field's factor, the quantiles of
/// `1/2 + (2i - n - 1)/(2 c (n - 1))`. There may be next to no curvature where the law has hardly any mass.
pub(super) fn of_a_linear_utility(problem: &Equilibrium, n: usize) -> Option<Vec<f64>> {
    let support = problem.support();
    let [low, high] = [support.lower(), support.upper()];
    let slope_of_field = || match problem.field() {
        None => Some(0.0),
        // Of a concave function with the same slope at both ends.
        Some(field) => {
            let [lower, upper] = [low, high].map(|at| field.jet(at).slope);
            (lower == upper && field.concavity() == Concavity::Proved).then_some(lower)
        }
    };
    if problem.utility().is_linear()
        && problem.centering() == 0.0
        && support.is_bounded()
        && n > 1
        && let Some(v) = slope_of_field()
    {
        let k = (1.0 - 2.0 * problem.smoothing()) * problem.utility().slope_at_zero();
        let place = |i: usize| match k * (2.0 * i as f64 + 1.0 - n as f64) / (n as f64 - 1.0) + v {
            driven if driven < 0.0 => low,
            driven if driven > 0.0 => high,
            _ => low + 0.5 * (high - low),
        };
        return Some((0..n).map(place).collect());
    }
    let potential = problem.field()?.potential()?;
    let is_its_own = problem.utility().is_linear() && potential.base().to_string() == problem.utility().to_string();
    if !is_its_own || problem.smoothing() != 0.0 || problem.centering() != 0.0 {
        return None;
    }
    let level = |i: usize| {
        let share = (2.0 * i as f64 + 1.0 - n as f64) / (n as f64 - 1.0);
        (0.5 + 0.5 * share / potential.factor()).clamp(0.0, 1.0)
    };
    Some((0..n).map(|i| potential.target().quantile(level(i)).clamp(support.lower(), support.upper())).collect())
}

/// Middles of intervals to try: where the field is largest, and 0.
fn centres(problem: &Equilibrium) -> Vec<f64> {
    let (lower, upper) = (problem.support().lower(), problem.support().upper());
    let mut centres: Vec<f64> = [0.0, lower, upper].into_iter().filter(|x| x.is_finite()).collect();
    if let Some(field) = problem.field() {
        let sizes = (-40..60).map(|k| 2f64.powi(k));
        let points = sizes.flat_map(|size| [size, -size]).flat_map(|x| {
            [
                x,
                if lower.is_finite() { lower + x.abs() } else { x },
                if upper.is_finite() { upper - x.abs() } else { x },
            ]
        });
        let inside = points.filter(|x| (lower..=upper).contains(x) && field.jet(*x).value.is_finite());
        centres.extend(inside.max_by(|a, b| field.jet(*a).value.total_cmp(&field.jet(*b).value)));
    }
    centres.retain(|centre| (lower..=upper).contains(centre));
    centres
}
