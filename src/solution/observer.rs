//! Watching a solve, and stopping it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use argmin::core::observers::Observe;
use argmin::core::{Error, IterState, KV, KvValue, State};
use ndarray::Array1;

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
pub(super) struct Forward {
    pub(super) n: usize,
    pub(super) observer: Observer,
    /// Set when the observer has had enough.
    pub(super) stopped: Arc<AtomicBool>,
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
