//! How a model's output becomes a reward.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What becomes of a logit `z`, the model's one output, before rewards are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Head {
    /// The reward is `1 / (1 + exp(-z))`, in (0, 1), as in the paper's experiment.
    #[default]
    Sigmoid,
    /// The reward is `z` itself, as Bradley-Terry models are usually trained.
    Raw,
}

impl Head {
    /// Both, as they are written.
    pub const BOTH: [Head; 2] = [Head::Sigmoid, Head::Raw];

    /// The reward of a logit.
    pub fn reward(self, logit: f64) -> f64 {
        match self {
            Head::Sigmoid => sigmoid(logit),
            Head::Raw => logit,
        }
    }

    /// The derivative of the reward by the logit, without cancellation where a sigmoid is near 1.
    pub fn slope(self, logit: f64) -> f64 {
        match self {
            Head::Sigmoid => sigmoid(logit) * sigmoid(-logit),
            Head::Raw => 1.0,
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Head::Sigmoid => "sigmoid",
            Head::Raw => "raw",
        })
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::Head;

    #[test]
    fn slopes_are_those_of_rewards() {
        for head in Head::BOTH {
            for logit in [-30.0, -2.0, 0.0, 0.3, 5.0] {
                let h = 1e-5;
                let difference = (head.reward(logit + h) - head.reward(logit - h)) / (2.0 * h);
                assert!((head.slope(logit) - difference).abs() < 1e-9 * difference.abs().max(1e-3), "{head} {logit}");
            }
            // Far out, where 1 - sigmoid is 0 in doubles, it is not lost.
            assert!(head.slope(40.0) > 0.0);
        }
    }
}
