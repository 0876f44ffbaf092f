//! Newton's method with an active set, for problem (7).

use argmin::core::{
    CostFunction, Error, Gradient, Hessian, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus,
};
use argmin::kv;
use ndarray::{Array1, Array2};

use super::super::NewtonHessian;
use crate::problem::{Ascending, Equilibrium, EquilibriumHessian, Support};

/// The iteration state on rewards of type `P`.
pub(super) type State<P> = IterState<P, Array1<f64>, (), (), (), f64>;

/// Rewards that Newton's method moves.
pub(super) trait Rewards: Clone {
    /// The number of rewards.
    fn count(&self) -> usize;

    /// The distance from reward `i` to the next.
    fn gap(&self, i: usize) -> f64;

    /// How far reward `i` is above a point.
    fn above(&self, i: usize, point: f64) -> f64;

    /// These moved by `step * direction`, as far as `support` lets them.
    fn moved(&self, direction: &[f64], step: f64, support: Support) -> Self;

    /// Reward `i` here less that in `other`.
    fn difference(&self, other: &Self, i: usize) -> f64;
}

/// In any order.
impl Rewards for Array1<f64> {
    fn count(&self) -> usize {
        self.len()
    }

    fn gap(&self, i: usize) -> f64 {
        self[i + 1] - self[i]
    }

    fn above(&self, i: usize, point: f64) -> f64 {
        self[i] - point
    }

    fn moved(&self, direction: &[f64], step: f64, support: Support) -> Self {
        let moved = |(reward, d): (&f64, &f64)| (reward + step * d).clamp(support.lower(), support.upper());
        self.iter().zip(direction).map(moved).collect()
    }

    fn difference(&self, other: &Self, i: usize) -> f64 {
        self[i] - other[i]
    }
}

/// Put in order after every step, as fast sums ask for. For a pair in the wrong order that is a gain, unless its utility falls; the
/// length of a step is judged by where it leads.
impl Rewards for Ascending {
    fn count(&self) -> usize {
        self.len()
    }

    fn gap(&self, i: usize) -> f64 {
        Ascending::gap(self, i)
    }

    fn above(&self, i: usize, point: f64) -> f64 {
        Ascending::above(self, i, point)
    }

    fn moved(&self, direction: &[f64], step: f64, support: Support) -> Self {
        Ascending::moved(self, direction, step, support).sorted()
    }

    fn difference(&self, other: &Self, i: usize) -> f64 {
        Ascending::difference(self, other, i)
    }
}

/// Share of a distance that one step may use up, where it may not become 0.
const SHARE: f64 = 0.9;

/// Shortest step that the line search tries.
const SHORTEST_STEP: f64 = 1e-12;

/// Gain that Newton's model promises, relative to the size of the objective, at which rounding has been reached.
const SETTLED: f64 = 1e-29;

/// Iterations without a smaller promise after which it has been reached, too: a few where little is promised.
const STALE: [(f64, usize); 3] = [(1e-20, 2), (1e-10, 8), (f64::INFINITY, 60)];

/// Projected Newton for an [`Equilibrium`], as an `argmin` solver. It decides by gradients: for a concave objective a step gains if the
/// force at its end still points along it.
///
/// Where `U'(0+)` is infinite no step closes a gap between neighbours by more than nine tenths. Elsewhere the objective is concave
/// in all rewards, whatever their order, and its maximiser is in order.
#[derive(Debug, Clone)]
pub(super) struct BoxNewton<P> {
    support: Support,
    repels: bool,
    /// Whether the field keeps rewards off the lower and the upper end.
    keeps_off: [bool; 2],
    /// Whether a shift of all changes nothing.
    floats: bool,
    /// The size of the objective.
    scale: f64,
    /// See [`BoxNewton::up_to`].
    enough: f64,
    /// What the last step promised.
    promised: f64,
    best: Option<(f64, P)>,
    stale: usize,
    finished: bool,
}

impl<P: Rewards> BoxNewton<P> {
    /// For `problem`, whose objective is of size `scale`.
    pub(super) fn new(problem: &Equilibrium, scale: f64) -> Self {
        let (lower, upper) = (problem.support().lower(), problem.support().upper());
        let off = |end: f64| end.is_finite() && problem.field().is_some_and(|field| !field.jet(end).slope.is_finite());
        Self {
            support: problem.support(),
            repels: problem.is_repelling(),
            keeps_off: [off(lower), off(upper)],
            floats: problem.is_free_to_shift() && lower == f64::NEG_INFINITY && upper == f64::INFINITY,
            scale: scale.max(f64::MIN_POSITIVE),
            enough: SETTLED,
            promised: 1.0,
            best: None,
            stale: 0,
            finished: false,
        }
    }

    /// Ends once no more than this is promised, relative to the size of the objective.
    pub(super) fn up_to(self, promise: f64) -> Self {
        Self { enough: promise.max(SETTLED), ..self }
    }

    /// The responses that are not held at an end: at an end are those that lie there and are pushed outwards.
    fn free(&self, rewards: &P, cost_gradient: &Array1<f64>) -> std::ops::Range<usize> {
        let n = rewards.count();
        let (lower, upper) = (self.support.lower(), self.support.upper());
        let at_lower = (0..n).take_while(|&i| rewards.above(i, lower) <= 0.0).count();
        let first = (0..at_lower).find(|&i| cost_gradient[i] < 0.0).unwrap_or(at_lower);
        let at_upper = (0..n).rev().take_while(|&i| rewards.above(i, upper) >= 0.0).count();
        let last = (n - at_upper..n).rev().find(|&i| cost_gradient[i] > 0.0).map_or(n - at_upper, |i| i + 1);
        first..last.max(first)
    }

    /// The longest step, at most 1.
    fn longest_step(&self, rewards: &P, direction: &[f64]) -> f64 {
        let n = direction.len();
        let limit = |room: f64, closing: f64| if closing > 0.0 { SHARE * room / closing } else { f64::INFINITY };
        let mut longest = 1.0f64;
        for i in 0..n {
            if self.repels && i + 1 < n {
                longest = longest.min(limit(rewards.gap(i), direction[i] - direction[i + 1]));
            }
            // Only the outermost may arrive at an end, where responses repel each other.
            if self.keeps_off[0] || self.repels && i > 0 {
                longest = longest.min(limit(rewards.above(i, self.support.lower()), -direction[i]));
            }
            if self.keeps_off[1] || self.repels && i + 1 < n {
                longest = longest.min(limit(-rewards.above(i, self.support.upper()), direction[i]));
            }
        }
        longest
    }

    fn record(&mut self, promise: f64, rewards: &P) {
        let best = self.best.as_ref().map_or(f64::INFINITY, |(promise, _)| *promise);
        self.stale = if promise < 0.25 * best { 0 } else { self.stale + 1 };
        if promise < best {
            self.best = Some((promise, rewards.clone()));
        }
        let best = best.min(promise);
        self.finished |=
            best <= self.enough || STALE.iter().any(|(least, stale)| best < *least && self.stale >= *stale);
    }
}

/// A Hessian of problem (7).
pub(super) trait Anchored: NewtonHessian {
    /// The same with a stiffness against a shift of all, which changes no direction that balanced forces ask for.
    fn anchored(self) -> Self;
}

impl Anchored for Array2<f64> {
    fn anchored(mut self) -> Self {
        let n = self.nrows() as f64;
        let anchor = self.diag().sum() / (n * n);
        self.mapv_inplace(|entry| entry + anchor);
        self
    }
}

impl Anchored for EquilibriumHessian {
    fn anchored(self) -> Self {
        EquilibriumHessian::anchored(self)
    }
}

/// The relative residual at which an iterative method may stop solving Newton's equation.
fn inner_tolerance(promised: f64) -> f64 {
    (0.1 * promised.sqrt()).clamp(1e-8, 1e-2)
}

fn dot(a: &Array1<f64>, b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl<O, P> Solver<O, State<P>> for BoxNewton<P>
where
    P: Rewards,
    O: CostFunction<Param = P, Output = f64> + Gradient<Param = P, Gradient = Array1<f64>> + Hessian<Param = P>,
    O::Hessian: Anchored,
{
    fn name(&self) -> &str {
        "projected active-set Newton on an interval"
    }

    fn init(&mut self, problem: &mut Problem<O>, mut state: State<P>) -> Result<(State<P>, Option<KV>), Error> {
        let rewards = state.take_param().ok_or_else(|| Error::msg("the solver needs initial rewards"))?;
        let gradient = problem.gradient(&rewards)?;
        Ok((state.param(rewards).gradient(gradient), None))
    }

    fn next_iter(&mut self, problem: &mut Problem<O>, mut state: State<P>) -> Result<(State<P>, Option<KV>), Error> {
        let missing = || Error::msg("the solver was not initialised");
        let rewards = state.take_param().ok_or_else(missing)?;
        let gradient = state.take_gradient().ok_or_else(missing)?;
        let free = self.free(&rewards, &gradient);
        if free.is_empty() {
            self.record(0.0, &rewards);
            return Ok((state.param(rewards).gradient(gradient), None));
        }
        let hessian = problem.hessian(&rewards)?;
        let hessian = if self.floats { hessian.anchored() } else { hessian };
        let direction = hessian.direction(&gradient, free, inner_tolerance(self.promised))?;
        let promise = -0.5 * dot(&gradient, &direction) / self.scale;
        self.promised = promise.abs().min(1.0);
        self.record(promise.max(0.0), &rewards);
        if self.finished
            && let Some((_, best)) = self.best.take()
        {
            return Ok((state.param(best).gradient(gradient), None));
        }

        let mut step = self.longest_step(&rewards, &direction);
        let (mut moved, mut new_gradient);
        loop {
            moved = rewards.moved(&direction, step, self.support);
            new_gradient = problem.gradient(&moved)?;
            let change: Vec<f64> = (0..moved.count()).map(|i| moved.difference(&rewards, i)).collect();
            let (before, after) = (dot(&gradient, &change), dot(&new_gradient, &change));
            // The cost is convex: it falls for certain where it still falls at the end of the step.
            if after <= 0.0 || after <= -0.5 * before || promise <= 1e-24 || step < SHORTEST_STEP {
                break;
            }
            // Where the derivative would be 0, were it linear.
            step *= (before / (before - after)).clamp(0.05, 0.7);
        }
        let kv = kv!("relative_gap" => promise; "step" => step;);
        Ok((state.param(moved).gradient(new_gradient), Some(kv)))
    }

    fn terminate(&mut self, _state: &State<P>) -> TerminationStatus {
        if self.finished {
            TerminationStatus::Terminated(TerminationReason::SolverConverged)
        } else {
            TerminationStatus::NotTerminated
        }
    }
}
