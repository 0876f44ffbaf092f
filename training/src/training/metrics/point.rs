//! What is told at a step.

use serde::Serialize;

/// How training goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainingPoint {
    /// The number of optimiser steps that are done.
    pub step: u64,
    /// The mean loss since the point before.
    pub loss: f64,
    /// The part of pairs whose better answer has the higher reward, since the point before.
    pub accuracy: f64,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// The norm of its gradient before clipping.
    pub gradient_norm: f64,
    /// Sequences a second since the point before.
    pub sequences_per_second: f64,
    /// Tokens a second since the point before, without padding.
    pub tokens_per_second: f64,
    /// Seconds that the run has taken, over all its sittings.
    pub seconds: f64,
}

/// What an evaluation gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationPoint {
    /// The number of optimiser steps that are done.
    pub step: u64,
    /// Which prompts: `train` or `test`.
    pub split: String,
    /// Their mean loss.
    pub loss: f64,
    /// The part of pairs whose better answer has the higher reward.
    pub accuracy: f64,
}

impl TrainingPoint {
    /// The curves of TensorBoard that it adds to.
    pub(super) fn scalars(&self) -> Vec<(String, f64)> {
        [
            ("loss", self.loss),
            ("accuracy", self.accuracy),
            ("learning_rate", self.learning_rate),
            ("gradient_norm", self.gradient_norm),
            ("sequences_per_second", self.sequences_per_second),
            ("tokens_per_second", self.tokens_per_second),
            ("seconds", self.seconds),
        ]
        .map(|(name, value)| (format!("train/{name}"), value))
        .to_vec()
    }
}

impl EvaluationPoint {
    /// The curves of TensorBoard that it adds to.
    pub(super) fn scalars(&self) -> Vec<(String, f64)> {
        [("loss", self.loss), ("accuracy", self.accuracy)]
            .map(|(name, value)| (format!("evaluation/{}_{name}", self.split), value))
            .to_vec()
    }
}
