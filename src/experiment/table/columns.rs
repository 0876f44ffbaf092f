//! Which column holds what.

use crate::experiment::Split;

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Prompt,
    Reward,
    Rank,
    Type,
    Response,
    Step,
    Split,
    OpenEnded,
    ResponseIndex,
}

impl Slot {
    pub(super) const ALL: [Self; 9] = [
        Self::Prompt,
        Self::Reward,
        Self::Rank,
        Self::Type,
        Self::Response,
        Self::Step,
        Self::Split,
        Self::OpenEnded,
        Self::ResponseIndex,
    ];
}

/// The names of the columns. Prompt and reward must be there. The others are used where they are; but one that was given a
/// name must be there too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The prompt, as its text or an identifier; `None` stands for `prompt`.
    pub prompt: Option<String>,
    /// The reward or logit; `None` stands for `reward`.
    pub reward: Option<String>,
    /// The rank, 1 for the best response and equal for ties; `None` stands for `rank`.
    pub rank: Option<String>,
    /// The type of the prompt; `None` stands for `type`.
    pub prompt_type: Option<String>,
    /// The response, as its text or an identifier; `None` stands for `response`.
    pub response: Option<String>,
}

impl Columns {
    /// The column's name.
    pub(super) fn name(&self, slot: Slot) -> &str {
        match slot {
            Slot::Prompt => self.prompt.as_deref().unwrap_or("prompt"),
            Slot::Reward => self.reward.as_deref().unwrap_or("reward"),
            Slot::Rank => self.rank.as_deref().unwrap_or("rank"),
            Slot::Type => self.prompt_type.as_deref().unwrap_or("type"),
            Slot::Response => self.response.as_deref().unwrap_or("response"),
            // Those of `rewards.csv`.
            Slot::Step => "step",
            Slot::Split => "split",
            Slot::OpenEnded => "open_ended",
            Slot::ResponseIndex => "response_index",
        }
    }

    /// Whether a file without the column is of no use.
    pub(super) fn is_needed(&self, slot: Slot) -> bool {
        match slot {
            Slot::Prompt | Slot::Reward => true,
            Slot::Rank => self.rank.is_some(),
            Slot::Type => self.prompt_type.is_some(),
            Slot::Response => self.response.is_some(),
            Slot::Step | Slot::Split | Slot::OpenEnded | Slot::ResponseIndex => false,
        }
    }

    /// What to say of a column that is not there, in a file that has `present`.
    pub(super) fn missing<'a>(&self, slot: Slot, present: impl IntoIterator<Item = &'a str>) -> String {
        let present: Vec<String> = present.into_iter().map(|name| format!("`{name}`")).collect();
        let present = if present.is_empty() { "none".to_owned() } else { present.join(", ") };
        let hint = match slot {
            Slot::Prompt if self.prompt.is_none() => "; name it with --prompt-column",
            Slot::Reward if self.reward.is_none() => "; name it with --reward-column",
            _ => "",
        };
        format!("there is no column `{}`; it has {present}{hint}", self.name(slot))
    }
}

/// What of a file is read, and under which names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// The names of the columns.
    pub columns: Columns,
    /// Of a file with a column `step`, the step that is read; `None` for the last.
    pub step: Option<u64>,
    /// Of a file with a column `split`, the part that is read; `None` for all.
    pub split: Option<Split>,
}
