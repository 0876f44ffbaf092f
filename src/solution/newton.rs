//! A projected (active-set) Newton method on the ordered box.

use argmin::core::{
    CostFunction, Error, Gradient, Hessian, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus,
};
use ndarray::{Array1, Array2};

use super::certificate::quick_gap;
use super::cholesky;
use crate::problem::Positions;

/// The iteration state that [`ActiveSetNewton`] runs on.
pub type NewtonState = IterState<Positions, Array1<f64>, (), Array2<f64>, (), f64>;

/// Share of a gap between neighbours that one step may close: a step never crosses a tie.
const TO_THE_TIE: f64 = 0.9;

/// Where `U'(0+)` is infinite no reward reaches 0, but for `x^gamma` with `gamma` near 1 the optimum may lie below the
/// smallest double. Reward `i` is then held at `i` times this distance; what that costs is inside the certificate.
const SMALLEST: f64 = 1e-150;

/// The lowest position of reward `i`.
pub(super) fn lowest(i: usize, touching: bool) -> f64 {
    if touching { 0.0 } else { i as f64 * SMALLEST }
}

/// Shortest step that the line search tries.
const SHORTEST_STEP: f64 = 1e-10;

/// Iterations without progress, close to the optimum, after which rounding has been reached.
const STALE: usize = 3;

/// Projected Newton for the folded problem, as an `argmin` [`Solver`].
///
/// *Requires* `CostFunction`, `Gradient` and `Hessian` (lower triangle) on [`Positions`]; a convex cost.
///
/// An iteration
/// 1. frees those responses at the end 0 that a force pulls inwards (several at once, in rank order: the one-sided forces
///    within a tied block increase with rank),
/// 2. solves the Newton system of the free ones by a diagonally scaled Cholesky factorisation,
/// 3. walks along the projection of that direction onto the box: at most nine tenths of the way to a tie, then back until
///    the directional derivative says that the maximum has not been overshot by much.
///
/// It stops when the certificate, relative to the virial, meets the tolerance, or when rounding keeps it from improving.
///
/// Reference: Bertsekas, *Projected Newton methods for optimization problems with simple constraints*, SIAM J. Control
/// Optim. 20 (1982), 221-246. An exact release rule replaces its epsilon-active set, which this problem does not need:
/// tied responses at an end are released by the sign of their own one-sided force.
#[derive(Debug, Clone)]
pub struct ActiveSetNewton {
    touching: bool,
    tolerance: f64,
    best: Option<(f64, Positions)>,
    stale: usize,
    finished: bool,
}

impl ActiveSetNewton {
    /// `touching`: whether responses may sit at exactly 0, that is, whether `U'(0+)` is finite.
    /// `tolerance`: the gap, relative to the virial, at which to stop.
    pub fn new(touching: bool, tolerance: f64) -> Self {
        Self { touching, tolerance, best: None, stale: 0, finished: false }
    }

    fn floor(&self, i: usize) -> f64 {
        lowest(i, self.touching)
    }

    /// The responses that sit at the end: nearly always one or more, as an increasing utility always keeps the first there.
    fn block(&self, x: &Positions) -> usize {
        x.lower_half().iter().enumerate().take_while(|(i, x)| **x <= self.floor(*i)).count()
    }

    /// The direction of the responses `first_free..`; zero for those before.
    fn direction(
        &self,
        hessian: &Array2<f64>,
        cost_gradient: &Array1<f64>,
        first_free: usize,
    ) -> Result<Vec<f64>, Error> {
        let m = cost_gradient.len();
        let scale: Vec<f64> = (first_free..m).map(|i| hessian[(i, i)].max(f64::MIN_POSITIVE).sqrt().recip()).collect();
        let scaled_force: Array1<f64> = (first_free..m).map(|i| -cost_gradient[i] * scale[i - first_free]).collect();
        // Exact arithmetic needs no shift: the matrix is positive definite where U is strictly concave.
        let mut shift = 0.0;
        loop {
            let mut matrix = hessian.slice(ndarray::s![first_free.., first_free..]).to_owned();
            for (i, mut row) in matrix.rows_mut().into_iter().enumerate() {
                row.iter_mut().take(i).zip(&scale).for_each(|(h, s)| *h *= s * scale[i]);
                row[i] = 1.0 + shift;
            }
            if let Some(z) = cholesky::solve(matrix, &scaled_force)? {
                let mut direction = vec![0.0; first_free];
                direction.extend(z.iter().zip(&scale).map(|(z, s)| z * s));
                return Ok(direction);
            }
            if shift > 1.0 {
                return Err(Error::msg("the Newton matrix is not positive definite"));
            }
            shift = (shift * 100.0_f64).max(1e-14);
        }
    }

    /// The longest step, at most 1, along `direction` that closes no gap by more than [`TO_THE_TIE`].
    ///
    /// Two responses that both arrive at the end 0 may tie there.
    fn longest_step(&self, x: &Positions, direction: &[f64]) -> f64 {
        let m = direction.len();
        let limit = |gap: f64, closing: f64, lands_at_end: bool| {
            if closing <= 0.0 || lands_at_end { 1.0 } else { (TO_THE_TIE * gap / closing).min(1.0) }
        };
        let mut step = 1.0f64;
        for i in 0..m - 1 {
            let gap = x.near(i, i + 1);
            let closing = direction[i] - direction[i + 1];
            let meeting = x.lower_half()[i] + direction[i] * gap / closing;
            step = step.min(limit(gap, closing, self.touching && meeting <= 0.0));
        }
        let last = m - 1;
        step = step.min(limit(x.far(last, last), 2.0 * direction[last], false));
        step
    }

    fn record(&mut self, relative_gap: f64, x: &Positions) {
        let best = self.best.as_ref().map_or(f64::INFINITY, |(gap, _)| *gap);
        if relative_gap < 0.5 * best {
            self.stale = 0;
        } else {
            self.stale += 1;
        }
        if relative_gap < best {
            self.best = Some((relative_gap, x.clone()));
        }
        let at_rounding = self.stale >= STALE && best < 1e-9;
        self.finished |= relative_gap <= self.tolerance || at_rounding;
    }

    fn relative_gap(cost_gradient: &Array1<f64>, x: &Positions) -> f64 {
        let quick = quick_gap(cost_gradient.as_slice().unwrap_or_default(), x.lower_half());
        if quick.gap == 0.0 { 0.0 } else { quick.gap / quick.virial.abs() }
    }
}

fn dot(gradient: &Array1<f64>, step: &[f64]) -> f64 {
    gradient.iter().zip(step).map(|(g, s)| g * s).sum()
}

impl<O> Solver<O, NewtonState> for ActiveSetNewton
where
    O: CostFunction<Param = Positions, Output = f64>
        + Gradient<Param = Positions, Gradient = Array1<f64>>
        + Hessian<Param = Positions, Hessian = Array2<f64>>,
{
    fn name(&self) -> &str {
        "projected active-set Newton"
    }

    fn init(&mut self, problem: &mut Problem<O>, mut state: NewtonState) -> Result<(NewtonState, Option<KV>), Error> {
        let x = state.take_param().ok_or_else(|| Error::msg("the solver needs initial positions"))?;
        let gradient = problem.gradient(&x)?;
        self.record(Self::relative_gap(&gradient, &x), &x);
        let cost = problem.cost(&x)?;
        Ok((state.param(x).gradient(gradient).cost(cost), None))
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

        let block = self.block(&x);
        let first_free = (0..block).find(|&i| gradient[i] < 0.0).unwrap_or(block);
        if first_free >= m {
            self.finished = true;
            return Ok((state.param(x).gradient(gradient), None));
        }
        let hessian = problem.hessian(&x)?;
        let mut direction = self.direction(&hessian, &gradient, first_free)?;
        let parts_in_order = |d: &[f64]| d[first_free..block].windows(2).all(|pair| pair[0] < pair[1]);
        if block - first_free > 1 && !parts_in_order(&direction) {
            direction = self.direction(&hessian, &gradient, block - 1)?;
        }

        let mut step = self.longest_step(&x, &direction);
        let start_gap = Self::relative_gap(&gradient, &x);
        let (mut moved, mut new_gradient);
        loop {
            moved = x.moved(&direction, step, |i| self.floor(i));
            new_gradient = problem.gradient(&moved)?;
            let change: Vec<f64> = (0..m).map(|i| moved.difference(&x, i)).collect();
            let (before, after) = (dot(&gradient, &change), dot(&new_gradient, &change));
            // The cost is convex: it falls along the step as long as `after <= 0`, and overshoots mildly up to half.
            if after <= 0.5 * before.abs() || Self::relative_gap(&new_gradient, &moved) < start_gap {
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
        self.record(Self::relative_gap(&new_gradient, &moved), &moved);
        if self.finished
            && let Some((_, best)) = self.best.take()
        {
            moved = best;
        }
        let cost = problem.cost(&moved)?;
        Ok((state.param(moved).gradient(new_gradient).cost(cost), None))
    }

    fn terminate(&mut self, _state: &NewtonState) -> TerminationStatus {
        if self.finished {
            TerminationStatus::Terminated(TerminationReason::SolverConverged)
        } else {
            TerminationStatus::NotTerminated
        }
    }
}
