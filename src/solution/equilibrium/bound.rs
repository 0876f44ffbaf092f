//! Whether problem (7) has a maximiser, and how far it can be from given rewards.

use crate::problem::{Ascending, Balance, Equilibrium};
use crate::utility::Concavity;

/// What a certificate of problem (7) rests on, beside concavity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Basis {
    /// The support itself: the best state that linear forces would lead to in it.
    Support,
    /// A bound on the mean distance of a maximiser's rewards from a point, or from each other.
    MeanDistance,
    /// A curvature of the field or of the centring that is nowhere less.
    StrongConcavity,
    /// The largest gap between neighbours that a maximiser can have.
    Gaps,
    /// The potential of the rewards and the field, whose maximum bounds what any law gains.
    Laws,
    /// Nothing: no rewards nearby are better, and those farther away were looked at from several starts only.
    Starts,
}

/// Distances at which slopes are looked at, for bounds that hold beyond.
const FARTHEST: i32 = 500;

/// Differences and positions, as powers of 2, from small to large.
fn probes() -> impl Iterator<Item = f64> {
    (-60..FARTHEST).map(|k| 2f64.powi(k))
}

/// A difference beyond which `U_q` certainly falls: more than that no two neighbours are apart at a maximiser whose upper responses
/// may move.
fn falling_from(problem: &Equilibrium) -> Option<f64> {
    let falls = |x: f64| {
        let slope = problem.pair(x).slope;
        slope.is_finite() && slope + problem.pair_errors(x).slope < 0.0
    };
    let mut high = probes().find(|&x| falls(x))?;
    let mut low = 0.5 * high;
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if falls(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Why there is no maximiser: a move that gains for ever.
pub(super) fn no_maximiser(problem: &Equilibrium, n: usize) -> Option<&'static str> {
    let support = problem.support();
    if support.is_bounded() || n < 2 {
        return None;
    }
    let (up, down) = (support.upper() == f64::INFINITY, support.lower() == f64::NEG_INFINITY);
    if problem.centering() > 0.0 && (n > 2 || falling_from(problem).is_some()) {
        return None;
    }
    if problem.centering() > 0.0 && n == 2 && up && down && problem.field().is_none() {
        return Some(
            "with two responses the centring term holds their sum and not their difference, which grows without end; more responses, \
             a smoothing or a field keep it finite",
        );
    }
    let Some(field) = problem.field() else {
        return match falling_from(problem) {
            Some(_) => None,
            None => Some(
                "rewards that are farther apart are always better, and nothing keeps them together; use smoothing, a field such \
                 as --field \"-0.01x^2\", or a bounded support",
            ),
        };
    };
    if field.potential().is_some() {
        // The law itself pulls back what leaves it.
        return None;
    }
    // The outermost response gains by leaving unless the field pulls it back more than all others push it away.
    let held = |side: f64| {
        if field.concavity() == Concavity::Refuted {
            return (20..40).map(|k| 2f64.powi(k)).all(|x| {
                let pull = -side * field.jet(side * x).slope;
                !pull.is_finite() || pull > problem.pair(x).slope
            });
        }
        probes().any(|x| {
            let pull = -side * field.jet(side * x).slope;
            let push = problem.pair(x).slope;
            pull.is_finite() && pull > 0.0 && pull > push
        })
    };
    if up && !held(1.0) {
        return Some("the field does not keep the best response from moving up without end");
    }
    if down && !held(-1.0) {
        return Some("the field does not keep the worst response from moving down without end");
    }
    None
}

/// A bound on `max S - S(r)` for the rewards that `balance` belongs to, rounding included, and what it rests on. None where no way
/// leads to one.
pub(super) fn bound(problem: &Equilibrium, rewards: &Ascending, balance: &Balance) -> Option<(f64, Basis)> {
    // A force that is infinite, as between rewards that tie and may not, bounds nothing.
    let numbers = balance.gradient.iter().chain(&balance.errors).chain(&balance.cuts).chain(&balance.cut_errors);
    if !numbers.chain([&balance.objective, &balance.objective_error]).all(|number| number.is_finite()) {
        return Some((f64::INFINITY, Basis::Starts));
    }
    let support = problem.support();
    let mut found = Vec::new();
    if support.is_bounded() {
        found.push((in_interval(rewards, balance, support.lower(), support.upper()), Basis::Support));
    } else if let Some(ball) = Ball::of(problem, rewards.len(), balance) {
        found.push((ball.gain(rewards, balance), Basis::MeanDistance));
    }
    found.extend(by_strong_concavity(problem, rewards, balance).map(|bound| (bound, Basis::StrongConcavity)));
    found.extend(by_gaps(problem, rewards, balance).map(|bound| (bound, Basis::Gaps)));
    found.extend(by_mean_difference(problem, rewards, balance).map(|bound| (bound, Basis::MeanDistance)));
    found.extend(of_a_centred_pair(problem, rewards, balance).map(|bound| (bound, Basis::Gaps)));
    // The objective is rounded, too.
    let total = |(bound, basis): (f64, Basis)| (bound + balance.objective_error, basis);
    found.into_iter().filter(|(bound, _)| bound.is_finite()).min_by(|a, b| a.0.total_cmp(&b.0)).map(total)
}

/// The most that ascending rewards in `[lower, upper]` could gain by the forces: an extreme state has its first few at the lower end
/// and all others at the upper one, so that it gains the force across that cut times the width. The rewards at hand have the sum of
/// all cuts times the gaps there, and the gaps add up to the width: nothing cancels.
fn in_interval(rewards: &Ascending, balance: &Balance, lower: f64, upper: f64) -> f64 {
    let n = rewards.len();
    // The cut above all has no force.
    let cuts = || balance.cuts.iter().copied().zip(balance.cut_errors.iter().copied()).chain([(0.0, 0.0)]);
    let highest = cuts().map(|(cut, error)| cut + error).fold(0.0, f64::max);
    let between = (1..n).map(|i| rewards.gap(i - 1));
    let gaps = [rewards.above(0, lower)].into_iter().chain(between).chain([-rewards.above(n - 1, upper)]);
    let gain: f64 = cuts().zip(gaps).map(|((cut, error), gap)| (highest - cut + error) * gap).sum();
    gain.max(0.0) * (1.0 + 4.0 * n as f64 * f64::EPSILON)
}

/// `S(s) <= S(r) + g.(s - r) - mu/2 |s - r|^2`, with `mu` from the field and the centring.
fn by_strong_concavity(problem: &Equilibrium, rewards: &Ascending, balance: &Balance) -> Option<f64> {
    let n = rewards.len() as f64;
    let of_field = problem.field().map_or(0.0, |field| field.least_stiffness());
    let of_centering = 2.0 * problem.centering() * (n - 2.0).max(0.0);
    let stiffness = ((n - 1.0) * of_field + of_centering) * (1.0 - 4.0 * f64::EPSILON);
    if stiffness <= 0.0 {
        return None;
    }
    let support = problem.support();
    let gain = |i: usize| {
        let (force, error) = (balance.gradient[i], balance.errors[i]);
        let outwards = rewards.above(i, support.lower()) <= 0.0 && force + error <= 0.0
            || rewards.above(i, support.upper()) >= 0.0 && force - error >= 0.0;
        let size = force.abs() + error;
        if outwards { 0.0 } else { size * size / (2.0 * stiffness) }
    };
    Some((0..rewards.len()).map(gain).sum::<f64>() * (1.0 + 4.0 * n * f64::EPSILON))
}

/// Where a shift of all changes nothing, and `U_q` falls from some difference on: every gap of a maximiser lies between 0 and that
/// difference, or else some response above it would gain by coming closer.
fn by_gaps(problem: &Equilibrium, rewards: &Ascending, balance: &Balance) -> Option<f64> {
    if !problem.is_free_to_shift() || problem.support().is_bounded() {
        return None;
    }
    let largest = falling_from(problem)?;
    let cut = |i: usize| {
        let (force, error, gap) = (balance.cuts[i], balance.cut_errors[i], rewards.gap(i - 1));
        (force * (largest - gap)).max(-force * gap).max(0.0) + error * largest.max(gap)
    };
    let gain: f64 = (1..rewards.len()).map(cut).sum();
    Some(gain * (1.0 + 8.0 * rewards.len() as f64 * f64::EPSILON))
}

/// Where a shift of all changes nothing, and `U_q` falls from some difference `x` on: since `U_q` lies below its tangent at `x`, the mean
/// `m` of the distances of all pairs of a maximiser is bounded by `S/N <= U_q(x) + U_q'(x) (m - x)`, and `S` is no smaller than at the
/// rewards at hand. An extreme state has one gap only.
fn by_mean_difference(problem: &Equilibrium, rewards: &Ascending, balance: &Balance) -> Option<f64> {
    if !problem.is_free_to_shift() || problem.support().is_bounded() {
        return None;
    }
    let n = rewards.len();
    let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
    let least = (balance.objective - balance.objective_error) / pairs;
    let mean = |x: f64| {
        let (pair, errors) = (problem.pair(x), problem.pair_errors(x));
        let fall = -pair.slope - errors.slope;
        let mean = (pair.value + errors.value + (errors.slope - pair.slope) * x - least) / fall;
        // The rounding of these few operations is far below the factor.
        if fall > 0.0 && mean.is_finite() { mean.max(0.0) * (1.0 + 1e-9) + 1e-9 * x } else { f64::INFINITY }
    };
    // Tangents at distances that are not in geometric progression alone: some bound is much better than those.
    let from = falling_from(problem)?;
    let near = (0..64).map(|k| from * (1.0 + f64::from(k) / 16.0));
    let mean = near.chain(probes()).map(mean).fold(f64::INFINITY, f64::min);
    if !mean.is_finite() {
        return None;
    }
    let (mut steepest, mut here, mut sizes) = (0.0f64, 0.0, 0.0);
    for i in 1..n {
        let (force, error, gap) = (balance.cuts[i], balance.cut_errors[i], rewards.gap(i - 1));
        steepest = steepest.max((force + error) / (i as f64 * (n - i) as f64));
        here += (error - force) * gap;
        sizes += (force.abs() + error) * gap;
    }
    Some((steepest * pairs * mean + here).max(0.0) * (1.0 + 1e-12) + 4.0 * n as f64 * f64::EPSILON * sizes)
}

/// For two responses on the line without a field: `S` is a function of their difference, which is at most where `U_q` falls, less
/// `c` times the square of their sum.
fn of_a_centred_pair(problem: &Equilibrium, rewards: &Ascending, balance: &Balance) -> Option<f64> {
    if rewards.len() != 2 {
        return None;
    }
    let support = problem.support();
    let is_line = support.lower() == f64::NEG_INFINITY && support.upper() == f64::INFINITY;
    if problem.centering() == 0.0 || problem.field().is_some() || !is_line {
        return None;
    }
    let largest = falling_from(problem)?;
    let half = |sign: f64| 0.5 * (balance.gradient[1] + sign * balance.gradient[0]);
    let error = 0.5 * (balance.errors[0] + balance.errors[1]) + f64::EPSILON * half(1.0).abs().max(half(-1.0).abs());
    let (force, gap) = (half(-1.0), rewards.gap(0));
    let by_difference = (force * (largest - gap)).max(-force * gap).max(0.0) + error * largest.max(gap);
    let by_sum = (half(1.0).abs() + error).powi(2) / (4.0 * problem.centering());
    Some((by_difference + by_sum) * (1.0 + 16.0 * f64::EPSILON))
}

/// Rewards whose mean distance from a point is bounded: every maximiser is among them.
struct Ball {
    /// The point: an end of the support, or 0.
    from: f64,
    /// The signs of the directions in which the support is unbounded.
    sides: Vec<f64>,
    /// The mean distance.
    mean: f64,
}

impl Ball {
    /// From tangents to `V` and `U` at distance `x`, for the best `x`: for all `s`, with `u = max(U'(x), 0)` and `V(y) <= a - k |y - t|`,
    /// `S(s)/N <= U(x) - U'(x) x + 2 a - 2 (k - u) mean|s - t|`, and a maximiser has no smaller `S` than the rewards at hand.
    fn of(problem: &Equilibrium, n: usize, balance: &Balance) -> Option<Self> {
        let field = problem.field()?;
        let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
        let least = (balance.objective - balance.objective_error) / pairs;
        let support = problem.support();
        let finite = |end: f64| end.is_finite().then_some(end);
        let from = finite(support.lower()).or(finite(support.upper())).unwrap_or(0.0);
        let ends = [(-1.0, support.lower()), (1.0, support.upper())];
        let sides: Vec<f64> = ends.into_iter().filter(|(_, end)| end.is_infinite()).map(|(side, _)| side).collect();
        let mean = |x: f64| {
            let (pair, pair_errors) = (problem.pair(x), problem.pair_errors(x));
            let push = (pair.slope + pair_errors.slope).max(0.0);
            let (mut above, mut pull) = (f64::NEG_INFINITY, f64::INFINITY);
            for side in &sides {
                let at = from + side * x;
                let (jet, errors) = (field.jet(at), field.errors(at));
                pull = pull.min(-side * jet.slope - errors.slope);
                // The tangent at `at`, taken to `from`.
                above = above.max(jet.value + errors.value + (errors.slope - side * jet.slope) * x);
            }
            // U(d) <= U(x) + s (d - x) for d >= 0, whatever the sign of s. Centring only takes away.
            let of_pairs = pair.value + pair_errors.value - (pair.slope - pair_errors.slope) * x;
            let mean = (of_pairs + 2.0 * above - least) / (2.0 * (pull - push));
            // The rounding of these few operations is far below the factor.
            if pull > push && mean.is_finite() { mean.max(0.0) * (1.0 + 1e-9) + 1e-9 * x } else { f64::INFINITY }
        };
        let mean = probes().map(mean).fold(f64::INFINITY, f64::min);
        mean.is_finite().then_some(Self { from, sides, mean })
    }

    /// The most that the forces promise within it. An extreme state has its first few or its last few responses at one distance,
    /// and all others at the point.
    fn gain(&self, rewards: &Ascending, balance: &Balance) -> f64 {
        let n = rewards.len();
        let total = n as f64 * self.mean;
        let (all, error_of_all) = (balance.cuts[0], balance.cut_errors[0]);
        let mut steepest = 0.0f64;
        for side in &self.sides {
            for (i, (cut, error)) in balance.cuts.iter().zip(&balance.cut_errors).enumerate() {
                let mean = if *side > 0.0 {
                    (cut + error) / (n - i) as f64
                } else if i > 0 {
                    // On those below the cut, downwards.
                    (cut + error - all + error_of_all) / i as f64
                } else {
                    0.0
                };
                steepest = steepest.max(mean);
            }
            if *side < 0.0 {
                steepest = steepest.max((error_of_all - all) / n as f64);
            }
        }
        let first = rewards.above(0, self.from);
        let (mut here, mut sizes) = (all * first, error_of_all * first.abs());
        let mut largest = (all * first).abs();
        for i in 1..n {
            let gap = rewards.gap(i - 1);
            here += balance.cuts[i] * gap;
            sizes += balance.cut_errors[i] * gap;
            largest += balance.cuts[i].abs() * gap;
        }
        let rounding = 4.0 * n as f64 * f64::EPSILON * (largest + sizes + steepest * total);
        (steepest * total - here).max(0.0) + sizes + rounding
    }
}
