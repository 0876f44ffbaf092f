//! Newton's method with an active set, for problem (7).

use argmin::core::{
    CostFunction, Error, Gradient, Hessian, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus,
};
use argmin::kv;
use ndarray::{Array1, Array2};

use super::super::NewtonHessian;
use crate::problem::{Equilibrium, EquilibriumHessian};

/// The iteration state.
pub(super) type State = IterState<Array1<f64>, Array1<f64>, (), (), (), f64>;

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
pub(super) struct BoxNewton {
    lower: f64,
    upper: f64,
    repels: bool,
    /// Whether the field keeps rewards off the lower and the upper end.
    keeps_off: [bool; 2],
    /// Whether a shift of all changes nothing.
    floats: bool,
    /// Whether rewards have to ascend.
    sorts: bool,
    /// The size of the objective.
    scale: f64,
    /// See [`BoxNewton::up_to`].
    enough: f64,
    /// What the last step promised.
    promised: f64,
    best: Option<(f64, Array1<f64>)>,
    stale: usize,
    finished: bool,
}

impl BoxNewton {
    /// For `problem`, whose objective is of size `scale`.
    pub(super) fn new(problem: &Equilibrium, scale: f64) -> Self {
        let (lower, upper) = (problem.support().lower(), problem.support().upper());
        let off = |end: f64| end.is_finite() && problem.field().is_some_and(|field| !field.jet(end).slope.is_finite());
        Self {
            lower,
            upper,
            repels: problem.is_repelling(),
            keeps_off: [off(lower), off(upper)],
            floats: problem.is_free_to_shift() && lower == f64::NEG_INFINITY && upper == f64::INFINITY,
            sorts: false,
            scale,
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

    /// Puts rewards in order after every step, as fast sums ask for. For a pair in the wrong order that is a gain, unless its
    /// utility falls; the length of a step is judged by where it leads.
    pub(super) fn sorting(self) -> Self {
        Self { sorts: true, ..self }
    }

    /// The responses that are not held at an end: at an end are those that lie there and are pushed outwards.
    fn free(&self, rewards: &Array1<f64>, cost_gradient: &Array1<f64>) -> std::ops::Range<usize> {
        let n = rewards.len();
        let at_lower = rewards.iter().take_while(|reward| **reward <= self.lower).count();
        let first = (0..at_lower).find(|&i| cost_gradient[i] < 0.0).unwrap_or(at_lower);
        let at_upper = rewards.iter().rev().take_while(|reward| **reward >= self.upper).count();
        let last = (n - at_upper..n).rev().find(|&i| cost_gradient[i] > 0.0).map_or(n - at_upper, |i| i + 1);
        first..last.max(first)
    }

    /// The longest step, at most 1.
    fn longest_step(&self, rewards: &Array1<f64>, direction: &[f64]) -> f64 {
        let n = direction.len();
        let limit = |room: f64, closing: f64| if closing > 0.0 { SHARE * room / closing } else { f64::INFINITY };
        let mut longest = 1.0f64;
        for i in 0..n {
            if self.repels && i + 1 < n {
                longest = longest.min(limit(rewards[i + 1] - rewards[i], direction[i] - direction[i + 1]));
            }
            // Only the outermost may arrive at an end, where responses repel each other.
            if self.keeps_off[0] || self.repels && i > 0 {
                longest = longest.min(limit(rewards[i] - self.lower, -direction[i]));
            }
            if self.keeps_off[1] || self.repels && i + 1 < n {
                longest = longest.min(limit(self.upper - rewards[i], direction[i]));
            }
        }
        longest
    }

    fn walk(&self, rewards: &Array1<f64>, direction: &[f64], step: f64) -> Array1<f64> {
        let moved = rewards.iter().zip(direction).map(|(reward, d)| (reward + step * d).clamp(self.lower, self.upper));
        let mut moved: Vec<f64> = moved.collect();
        if self.sorts && !moved.is_sorted() {
            moved.sort_unstable_by(f64::total_cmp);
        }
        Array1::from_vec(moved)
    }

    fn record(&mut self, promise: f64, rewards: &Array1<f64>) {
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

impl<O> Solver<O, State> for BoxNewton
where
    O: CostFunction<Param = Array1<f64>, Output = f64>
        + Gradient<Param = Array1<f64>, Gradient = Array1<f64>>
        + Hessian<Param = Array1<f64>>,
    O::Hessian: Anchored,
{
    fn name(&self) -> &str {
        "projected active-set Newton on an interval"
    }

    fn init(&mut self, problem: &mut Problem<O>, mut state: State) -> Result<(State, Option<KV>), Error> {
        let rewards = state.take_param().ok_or_else(|| Error::msg("the solver needs initial rewards"))?;
        let gradient = problem.gradient(&rewards)?;
        Ok((state.param(rewards).gradient(gradient), None))
    }

    fn next_iter(&mut self, problem: &mut Problem<O>, mut state: State) -> Result<(State, Option<KV>), Error> {
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
            moved = self.walk(&rewards, &direction, step);
            new_gradient = problem.gradient(&moved)?;
            let change: Vec<f64> = moved.iter().zip(&rewards).map(|(to, from)| to - from).collect();
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

    fn terminate(&mut self, _state: &State) -> TerminationStatus {
        if self.finished {
            TerminationStatus::Terminated(TerminationReason::SolverConverged)
        } else {
            TerminationStatus::NotTerminated
        }
    }
}
