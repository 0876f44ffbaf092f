//! Watching a solve, and stopping it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use argmin::core::observers::{Observe, ObserverMode};
use argmin::core::{Error, Executor, IterState, KV, KvValue, Solver, State};
use ndarray::Array1;

use super::SolveError;

/// The state of an iteration on parameters `P`.
type IterationState<P> = IterState<P, Array1<f64>, (), (), (), f64>;

/// One Newton iteration of a running solve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of responses of the problem of the ladder that is being solved.
    pub n: usize,
    /// The iteration within it, from 0.
    pub iteration: u64,
    /// The cost `-S` at the iterate.
    pub cost: f64,
    /// The certificate of the iterate in plain doubles, relative to the virial.
    pub relative_gap: f64,
    /// The share of the Newton step that was taken.
    pub step: f64,
}

/// Is told about every iteration. The solve ends with [`SolveError::Cancelled`](super::SolveError::Cancelled) once it returns
/// [`ControlFlow::Break`].
pub type Observer = Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync>;

/// Hands on what argmin's executor tells.
struct Forward {
    n: usize,
    observer: Observer,
    /// Set when the observer has had enough.
    stopped: Arc<AtomicBool>,
}

impl<P: Clone> Observe<IterationState<P>> for Forward {
    fn observe_iter(&mut self, state: &IterationState<P>, kv: &KV) -> Result<(), Error> {
        let number = |key| match kv.get(key) {
            Some(KvValue::Float(value)) => *value,
            _ => f64::NAN,
        };
        let progress = Progress {
            n: self.n,
            iteration: state.get_iter(),
            cost: state.get_cost(),
            relative_gap: number("relative_gap"),
            step: number("step"),
        };
        match (self.observer)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                self.stopped.store(true, Ordering::Relaxed);
                Err(Error::msg("stopped by its observer"))
            }
        }
    }
}

/// Runs `solver` on `problem` from `begin` for at most `limit` iterations, watched by `observer`; the parameters reached and the
/// iterations taken. `n` is what the observer is told.
pub(super) fn watch<O, S, P>(
    problem: O,
    solver: S,
    begin: P,
    n: usize,
    limit: u64,
    observer: Option<&Observer>,
) -> Result<(P, u64), SolveError>
where
    S: Solver<O, IterationState<P>>,
    P: Clone,
{
    let stopped = Arc::new(AtomicBool::new(false));
    let mut executor =
        Executor::new(problem, solver).configure(|state| state.param(begin).max_iters(limit)).timer(false);
    if let Some(observer) = observer {
        executor = executor
            .add_observer(Forward { n, observer: observer.clone(), stopped: stopped.clone() }, ObserverMode::Always);
    }
    let mut result = executor.run().map_err(|error| match stopped.load(Ordering::Relaxed) {
        true => SolveError::Cancelled,
        false => SolveError::Stopped(error.to_string()),
    })?;
    let reached = result.state.take_param().ok_or_else(|| SolveError::Stopped("no rewards".into()))?;
    Ok((reached, result.state.get_iter()))
}
