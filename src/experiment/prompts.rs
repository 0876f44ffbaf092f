//! The two kinds of prompt.

use serde::Serialize;

/// The two kinds of prompt of the paper's experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Prompts {
    /// Prompts for which a graded scale of rewards is wanted.
    #[serde(rename = "open_ended")]
    Open,
    /// Prompts with a right and a wrong answer.
    #[serde(rename = "closed_ended")]
    Closed,
}

impl Prompts {
    /// Both kinds, in the order of legends.
    pub const BOTH: [Prompts; 2] = [Prompts::Open, Prompts::Closed];

    /// The name used in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            Prompts::Open => "open_ended",
            Prompts::Closed => "closed_ended",
        }
    }
}
