//! The two kinds of prompt.

use serde::{Deserialize, Serialize};

/// The two kinds of prompt of the paper's experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PromptType {
    /// Prompts for which a graded scale of rewards is wanted.
    #[serde(rename = "open_ended")]
    Open,
    /// Prompts with a right and a wrong answer.
    #[serde(rename = "closed_ended")]
    Closed,
}

impl PromptType {
    /// Both kinds, in the order of legends.
    pub const BOTH: [PromptType; 2] = [PromptType::Open, PromptType::Closed];

    /// The name used in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            PromptType::Open => "open_ended",
            PromptType::Closed => "closed_ended",
        }
    }

    /// Of a prompt whose ranking file has `uniform: true`, which marks open-ended prompts, or `false`.
    pub fn from_uniform(uniform: bool) -> Self {
        if uniform { PromptType::Open } else { PromptType::Closed }
    }

    /// Whether evenly spread rewards are wanted: what ranking files call `uniform`, and `rewards.csv` `open_ended`.
    pub fn is_open_ended(self) -> bool {
        self == PromptType::Open
    }
}
