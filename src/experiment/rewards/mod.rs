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

/// The columns, in the order in which they are written; the fourth tells the type of prompt.
const COLUMNS: [&str; 6] = ["step", "split", "prompt", "open_ended", "response_index", "reward"];
const OPEN_ENDED: usize = 3;

/// The column of `rewards.csv` that tells the type of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TypeColumn {
    /// `open_ended`, true or false, as in the paper's experiment.
    #[default]
    OpenEnded,
    /// `type`, with the name.
    Type,
}

impl TypeColumn {
    /// `open_ended` where all `types` are the paper's, and `type` where there is any other.
    pub fn of<'a>(types: impl IntoIterator<Item = &'a PromptType>) -> Self {
        if types.into_iter().all(PromptType::is_released) { Self::OpenEnded } else { Self::Type }
    }

    /// Its name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenEnded => COLUMNS[OPEN_ENDED],
            Self::Type => "type",
        }
    }

    /// The value for a type; `None` for one that the column cannot tell.
    fn value(self, prompt_type: &PromptType) -> Option<&str> {
        match self {
            Self::OpenEnded => prompt_type.uniform().map(|open| if open { "true" } else { "false" }),
            Self::Type => Some(prompt_type.name()),
        }
    }

    /// The type for a value, or what is wrong with it.
    fn parse(self, value: &str) -> Result<PromptType, String> {
        let is = |words: [&str; 2]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        match self {
            Self::Type => value.parse().map_err(|error: super::PromptTypeError| error.to_string()),
            Self::OpenEnded if is(["true", "1"]) => Ok(PromptType::open_ended()),
            Self::OpenEnded if is(["false", "0"]) => Ok(PromptType::closed_ended()),
            Self::OpenEnded => Err(format!("open_ended is `{value}`, neither true nor false")),
        }
    }
}

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
