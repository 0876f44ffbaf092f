//! `rewards.csv`: the rewards of each evaluation of a run.

mod reader;
mod writer;

use std::fmt;

use serde::Serialize;

pub use reader::read_rewards;
pub use writer::{append_rewards, keep_rewards};

use super::PromptType;

/// The file's name in a run's directory.
pub const REWARDS_FILE: &str = "rewards.csv";

/// The columns, in the order in which they are written.
const COLUMNS: [&str; 6] = ["step", "split", "prompt", "open_ended", "response_index", "reward"];

/// The part of the data that a prompt belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Prompts trained on.
    Train,
    /// Prompts held out.
    Test,
}

impl Split {
    /// Both, in the order of figures.
    pub const BOTH: [Split; 2] = [Split::Train, Split::Test];

    /// The name used in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The reward of one response at one evaluation: a row of `rewards.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct RewardRow {
    /// Optimiser steps taken.
    pub step: u64,
    /// The prompt's part of the data.
    pub split: Split,
    /// The prompt's number, or whatever else identifies it within its split.
    pub prompt: String,
    /// The prompt's type.
    pub prompt_type: PromptType,
    /// 1 for the worst response.
    pub index: usize,
    /// In [0, 1]. Training has single precision: what is written is the nearest `f32`.
    pub reward: f64,
}
