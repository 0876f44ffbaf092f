//! Watching a run, and stopping it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::evaluation::Evaluated;

/// How training goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// The mean loss of the last step's prompts.
    pub loss: f64,
    /// Their share of pairs in the right order.
    pub accuracy: f64,
    /// Responses encoded a second, since this sitting began.
    pub sequences_per_second: f64,
}

/// Watches a run from its preparation to its end. Each method does nothing unless it is written.
pub trait Observer {
    /// What is being done before the first step, such as `reading the data`.
    fn preparing(&mut self, what: &str) {
        let _ = what;
    }

    /// What a person should know: what the run does otherwise than asked, or leaves out.
    fn warned(&mut self, what: &str) {
        let _ = what;
    }

    /// After each step. [`ControlFlow::Break`] ends the run, with its state saved.
    fn stepped(&mut self, progress: &Progress) -> ControlFlow<()> {
        let _ = progress;
        ControlFlow::Continue(())
    }

    /// After each evaluation of a split.
    fn evaluated(&mut self, evaluated: &Evaluated) {
        let _ = evaluated;
    }

    /// After each checkpoint.
    fn saved(&mut self, checkpoint: &Path) {
        let _ = checkpoint;
    }
}

/// An observer that does nothing.
impl Observer for () {}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// After its last step.
    Finished,
    /// Before it, as its observer asked; it can go on from the checkpoint.
    Interrupted {
        /// Steps taken.
        step: u64,
        /// The checkpoint.
        checkpoint: PathBuf,
    },
}
