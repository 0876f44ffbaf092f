//! A projected (active-set) Newton method on the ordered box.

use argmin::core::{
    CostFunction, Error, Gradient, Hessian, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus,
};
use argmin::kv;
use ndarray::Array1;

use super::certificate::quick_gap;
use super::direction::NewtonHessian;
use super::ends::Ends;
use crate::problem::Positions;

/// The iteration state that [`ActiveSetNewton`] runs on.
pub type NewtonState = IterState<Positions, Array1<f64>, (), (), (), f64>;

/// Share of a gap between neighbours that one step may close: a step never crosses a tie.
pub(super) const TO_THE_TIE: f64 = 0.9;

/// Where `U'(0+)` is infinite no two rewards tie, but for `x^gamma` with `gamma` near 1 the best gap may lie below the
/// smallest double. Gaps are kept at this; what that costs is inside the certificate.
pub(super) const SMALLEST: f64 = 1e-150;

/// Up to this many times its rank a response counts as held at the end 0: its gap is as small as gaps are kept.
const PINNED: f64 = 2.0 * SMALLEST;

/// Shortest step that the line search tries.
const SHORTEST_STEP: f64 = 1e-10;

/// Iterations without progress after which rounding has been reached: a few at a gap that is rounding itself, more at one
/// that may still fall (the gap need not fall at every step). A large gap may rest while distances change by orders of
/// magnitude, but not for ever.
const STALE: [(f64, usize); 3] = [(1e-13, 3), (1e-9, 12), (f64::INFINITY, 60)];

/// A direction that would lose is solved for again, to this share of the tolerance.
const REFINED: f64 = 1e-5;

/// Iterations in a row whose line search came to nothing after which no other will fare better.
const STUCK: usize = 2;

/// Share of the step that the line search began with below which it has come to nothing, unless the gap fell.
const NEARLY_NOTHING: f64 = 1e-3;

/// Projected Newton for the folded problem, as an `argmin` [`Solver`].
///
/// *Requires* `CostFunction`, `Gradient` and `Hessian` on [`Positions`], with a Hessian that solves Newton's equation
/// ([`NewtonHessian`]: a matrix or an operator); a convex cost.
///
/// An iteration
/// 1. frees those responses at the end 0 that a force pulls inwards (several at once, in rank order: the one-sided forces
///    within a tied block increase with rank),
/// 2. solves the Newton system of the free ones,
/// 3. walks along that direction, then back until the directional derivative says that the maximum has not been overshot by
///    much. No step crosses a tie: where `U''(0+)` is finite it follows the projection onto the box, at most nine tenths of the
///    way to a tie; elsewhere every gap is stretched by the power law of `U'` at 0.
///
/// It decides by gradients alone; observers are told the relative gap and the step, and the cost where
/// [`ActiveSetNewton::reporting_cost`] asks for it. It stops when the
/// certificate, relative to the virial, meets the tolerance, or when rounding keeps it from improving.
///
/// Reference: Bertsekas, *Projected Newton methods for optimization problems with simple constraints*, SIAM J. Control
/// Optim. 20 (1982), 221-246. An exact release rule replaces its epsilon-active set, which this problem does not need:
/// tied responses at an end are released by the sign of their own one-sided force.
#[derive(Debug, Clone)]
pub struct ActiveSetNewton {
    ends: Ends,
    tolerance: f64,
    /// The size of the cost; 0 until it is needed.
    cost_scale: f64,
    /// See [`ActiveSetNewton::settling`].
    settled: f64,
    /// See [`ActiveSetNewton::reporting_cost`].
    reports_cost: bool,
    best: Option<(f64, Positions)>,
    /// Whether the iterate before met the tolerance.
    met: bool,
    stale: usize,
    stuck: usize,
    /// See [`ActiveSetNewton::limited_to`].
    work_left: f64,
    finished: bool,
}

impl ActiveSetNewton {
    /// `tolerance`: the gap, relative to the virial, at which to stop.
    pub fn new(ends: Ends, tolerance: f64) -> Self {
        Self {
            ends,
            tolerance,
            cost_scale: 0.0,
            settled: f64::INFINITY,
            reports_cost: false,
            best: None,
            met: false,
            stale: 0,
            stuck: 0,
            work_left: f64::INFINITY,
            finished: false,
        }
    }

    /// Goes on from an iterate that meets the tolerance, by one step, unless the last step changed no distance between
    /// neighbours by more than a share of `change`. The gap is a square of the error of the rewards: a gap that will do may
    /// leave rewards that will not.
    pub fn settling(self, change: f64) -> Self {
        Self { settled: change, ..self }
    }

    /// Ends with the best iterate so far once so many values of the kernel have been used, as
    /// [`NewtonHessian::work`] counts them.
    pub fn limited_to(self, work: f64) -> Self {
        Self { work_left: work, ..self }
    }

    /// Computes the cost of every iterate for observers, who otherwise see an infinite one: the method itself needs none.
    pub fn reporting_cost(self) -> Self {
        Self { reports_cost: true, ..self }
    }

    /// The state at an iterate, and what observers are told beside it: `relative_gap` and `step`.
    fn report<O>(
        &self,
        problem: &mut Problem<O>,
        state: NewtonState,
        x: Positions,
        gradient: Array1<f64>,
        step: f64,
    ) -> Result<(NewtonState, Option<KV>), Error>
    where
        O: CostFunction<Param = Positions, Output = f64>,
    {
        let gap = self.relative_gap(&gradient, &x);
        let state = if self.reports_cost { state.cost(problem.cost(&x)?) } else { state };
        Ok((state.param(x).gradient(gradient), Some(kv!("relative_gap" => gap; "step" => step;))))
    }

    /// The longest step, at most 1, along `direction` that closes no gap by more than [`TO_THE_TIE`]. Two responses that
    /// both arrive at the end 0 may tie there.
    fn longest_step(x: &Positions, direction: &[f64]) -> f64 {
        let m = direction.len();
        let limit = |gap: f64, closing: f64| if closing <= 0.0 { 1.0 } else { TO_THE_TIE * gap / closing };
        let inner = (0..m - 1).map(|i| {
            let (gap, closing) = (x.near(i, i + 1), direction[i] - direction[i + 1]);
            let meeting = x.lower_half()[i] + direction[i] * gap / closing;
            if meeting <= 0.0 { 1.0 } else { limit(gap, closing) }
        });
        let across = limit(x.far(m - 1, m - 1), 2.0 * direction[m - 1]);
        inner.chain([across, 1.0]).fold(f64::INFINITY, f64::min)
    }

    /// The gap over the virial, or over the cost where the first response has left the end: there is no force across
    /// any cut then, and the virial is 0 at the optimum.
    fn relative_gap(&self, cost_gradient: &Array1<f64>, x: &Positions) -> f64 {
        let quick = quick_gap(cost_gradient.as_slice().unwrap_or_default(), x.lower_half());
        let free = x.lower_half().first().is_some_and(|first| *first > 0.0);
        let scale = if free { quick.virial.abs().max(self.cost_scale) } else { quick.virial.abs() };
        if quick.gap == 0.0 { 0.0 } else { quick.gap / scale }
    }

    /// Takes note of an iterate, and of the largest relative change of a distance between neighbours that led to it.
    fn record(&mut self, relative_gap: f64, x: &Positions, change: f64) {
        let best = self.best.as_ref().map_or(f64::INFINITY, |(gap, _)| *gap);
        if relative_gap < 0.5 * best {
            self.stale = 0;
        } else {
            self.stale += 1;
        }
        // While rewards settle, the gap is rounding: the later iterate is the better one.
        if relative_gap < best || relative_gap <= self.tolerance {
            self.best = Some((relative_gap, x.clone()));
        }
        let meets = relative_gap <= self.tolerance;
        let at_rounding = STALE.iter().any(|(gap, stale)| best < *gap && self.stale >= *stale);
        self.finished |= meets && (self.met || change <= self.settled) || at_rounding;
        self.met = meets;
    }
}

/// How many responses are held at the end 0.
pub(super) fn pinned(x: &Positions) -> usize {
    let at_end = |(i, x): &(usize, &f64)| **x <= PINNED * *i as f64;
    x.lower_half().iter().enumerate().take_while(at_end).count()
}

/// The largest relative change of a distance between neighbours.
fn largest_change(from: &Positions, to: &Positions) -> f64 {
    let m = from.lower_half().len();
    let gaps = |x: &Positions, i: usize| if i + 1 < m { x.near(i, i + 1) } else { x.far(i, i) };
    let change = |i: usize| {
        let (before, after) = (gaps(from, i), gaps(to, i));
        if before == after { 0.0 } else { (after - before).abs() / before.max(after) }
    };
    (0..m).map(change).fold(0.0, f64::max)
}

/// The relative residual at which an iterative method may stop solving Newton's equation: falling with the gap, so that
/// convergence stays faster than linear (Dembo, Eisenstat and Steihaug, *Inexact Newton methods*, SIAM J. Numer. Anal. 19
/// (1982), 400-408).
fn inner_tolerance(relative_gap: f64) -> f64 {
    (0.1 * relative_gap.sqrt()).clamp(1e-8, 1e-2)
}

fn dot(gradient: &Array1<f64>, step: &[f64]) -> f64 {
    gradient.iter().zip(step).map(|(g, s)| g * s).sum()
}

impl<O> Solver<O, NewtonState> for ActiveSetNewton
where
    O: CostFunction<Param = Positions, Output = f64>
        + Gradient<Param = Positions, Gradient = Array1<f64>>
        + Hessian<Param = Positions>,
    O::Hessian: NewtonHessian,
{
    fn name(&self) -> &str {
        "projected active-set Newton"
    }

    fn init(&mut self, problem: &mut Problem<O>, mut state: NewtonState) -> Result<(NewtonState, Option<KV>), Error> {
        let x = state.take_param().ok_or_else(|| Error::msg("the solver needs initial positions"))?;
        let gradient = problem.gradient(&x)?;
        self.record(self.relative_gap(&gradient, &x), &x, f64::INFINITY);
        self.report(problem, state, x, gradient, 0.0)
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<O>,
        mut state: NewtonState,
    ) -> Result<(NewtonState, Option<KV>), Error> {
        let missing = || Error::msg("the solver was not initialised");
        let x = state.take_param().ok_or_else(missing)?;
        let gradient = state.take_gradient().ok_or_else(missing)?;
        let m = gradient.len();

        // Nearly always one or more: an increasing utility keeps the first response there.
        let block = pinned(&x);
        let first_free = (0..block).find(|&i| gradient[i] < 0.0).unwrap_or(block);
        if first_free >= m {
            self.finished = true;
            return self.report(problem, state, x, gradient, 0.0);
        }
        let start_gap = self.relative_gap(&gradient, &x);
        let tolerance = inner_tolerance(start_gap);
        let hessian = problem.hessian(&x)?;
        let set_up = hessian.work();
        let mut direction = hessian.direction(&gradient, first_free..m, tolerance)?;
        // Where distances differ by orders of magnitude the largest may be left to the errors of the others.
        if dot(&gradient, &direction) > 0.0 && start_gap > self.tolerance {
            direction = hessian.direction(&gradient, first_free..m, REFINED * tolerance)?;
        }
        let parts_in_order = |d: &[f64]| d[first_free..block].windows(2).all(|pair| pair[0] < pair[1]);
        if block - first_free > 1 && !parts_in_order(&direction) {
            direction = hessian.direction(&gradient, block - 1..m, tolerance)?;
        }

        let mut step = if self.ends.straight() { Self::longest_step(&x, &direction) } else { 1.0 };
        if first_free == 0 && self.cost_scale == 0.0 {
            self.cost_scale = problem.cost(&x)?.abs();
        }
        let (mut moved, mut new_gradient);
        let mut change_of_gaps = 0.0;
        let (first_step, mut gradients) = (step, 0);
        loop {
            gradients += 1;
            moved = self.ends.walk(&x, &direction, step);
            new_gradient = problem.gradient(&moved)?;
            let change: Vec<f64> = (0..m).map(|i| moved.difference(&x, i)).collect();
            let (before, after) = (dot(&gradient, &change), dot(&new_gradient, &change));
            // Where all but a few responses have settled, both are rounding: of forces across cuts, times changes of gaps.
            let largest_cut = quick_gap(gradient.as_slice().unwrap_or_default(), x.lower_half()).largest_cut;
            let changes = change.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>() + change[m - 1].abs();
            let noise = 2.0 * self.tolerance * largest_cut * changes;
            // The cost is convex: it falls along the step as long as `after <= 0`, and overshoots mildly up to half.
            if after <= 0.5 * before.abs() + noise || self.relative_gap(&new_gradient, &moved) < start_gap {
                change_of_gaps = largest_change(&x, &moved);
                break;
            }
            let secant = if after.is_finite() { before.abs() / (before.abs() + after) } else { 0.1 };
            step *= secant.clamp(0.1, 0.5);
            if step < SHORTEST_STEP {
                (moved, new_gradient) = (x, gradient);
                self.finished = true;
                break;
            }
        }
        let gap = self.relative_gap(&new_gradient, &moved);
        self.record(gap, &moved, change_of_gaps);
        let came_to_nothing = step < NEARLY_NOTHING * first_step && gap > 0.5 * start_gap;
        self.stuck = if came_to_nothing { self.stuck + 1 } else { 0 };
        // A gradient takes about as much as setting up the Hessian.
        self.work_left -= hessian.work() + f64::from(gradients) * set_up;
        self.finished |= self.stuck >= STUCK || self.work_left < 0.0;
        if self.finished
            && let Some((best_gap, best)) = self.best.take()
            && best_gap < gap
        {
            new_gradient = problem.gradient(&best)?;
            moved = best;
        }
        self.report(problem, state, moved, new_gradient, step)
    }

    fn terminate(&mut self, _state: &NewtonState) -> TerminationStatus {
        if self.finished {
            TerminationStatus::Terminated(TerminationReason::SolverConverged)
        } else {
            TerminationStatus::NotTerminated
        }
    }
}
