//! The rewards that any model gave the responses of many prompts.

mod builder;
mod cell;
mod columns;
mod error;
mod read;
mod text;

use std::sync::Arc;

pub use builder::{TableBuilder, TableRow};
pub use columns::{Columns, TableOptions};
pub use error::TableError;
pub use text::Responses;

use text::Texts;

/// The rewards of many prompts: raw logits, or numbers in [0, 1]. Prompts may differ in their number of responses.
///
/// All rewards lie in one list, so that 100,000 prompts of 8 take a few tens of megabytes. Of a long response only the
/// beginning is kept.
///
/// ```no_run
/// use reward_collapse::experiment::{RewardTable, TableOptions};
/// let table = RewardTable::read("rewards.csv".as_ref(), &TableOptions::default())?;
/// for prompt in table.prompts() {
///     println!("{} ({}): {:?}", prompt.name, prompt.prompt_type, prompt.rewards);
/// }
/// # Ok::<(), reward_collapse::experiment::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RewardTable {
    names: Vec<Arc<str>>,
    /// Distinct, in the order of their first prompts.
    types: Vec<Arc<str>>,
    /// The place of each prompt's type among `types`.
    type_of: Vec<u32>,
    /// Where the responses of each prompt begin, and at the end where those of the last prompt end.
    starts: Vec<usize>,
    rewards: Vec<f64>,
    /// NaN for the prompts without.
    ranks: Option<Vec<f64>>,
    responses: Option<Texts>,
    step: Option<u64>,
}

/// The rewards that a model gave the responses of one prompt.
#[derive(Debug, Clone, Copy)]
pub struct PromptRewards<'a> {
    /// The prompt's text, or whatever identifies it within its type.
    pub name: &'a str,
    /// The name of its type; empty where prompts have none.
    pub prompt_type: &'a str,
    /// The place of its type in [`RewardTable::types`].
    pub type_index: usize,
    /// In the order of the file.
    pub rewards: &'a [f64],
    /// The rank of each response: 1 is the best, and equal ranks tie. `None` where there are none.
    pub ranks: Option<&'a [f64]>,
    /// The texts of the responses, or what else identifies them.
    pub responses: Option<Responses<'a>>,
}

impl RewardTable {
    /// The number of prompts, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Prompt `index`, counted from 0 in the order of their first rows.
    pub fn prompt(&self, index: usize) -> Option<PromptRewards<'_>> {
        let of = self.starts.get(index).copied()?..self.starts.get(index + 1).copied()?;
        let type_index = self.type_of.get(index).copied()? as usize;
        let ranks = self.ranks.as_deref().and_then(|ranks| ranks.get(of.clone()));
        Some(PromptRewards {
            name: self.names.get(index)?,
            prompt_type: self.types.get(type_index)?,
            type_index,
            rewards: self.rewards.get(of.clone())?,
            ranks: ranks.filter(|ranks| !ranks.iter().any(|rank| rank.is_nan())),
            responses: self.responses.as_ref().map(|texts| texts.of(of)),
        })
    }

    /// All prompts, in the order of their first rows.
    pub fn prompts(&self) -> impl Iterator<Item = PromptRewards<'_>> + Clone {
        (0..self.len()).filter_map(|index| self.prompt(index))
    }

    /// The names of the types, in the order of their first prompts. Prompts without a type have that of the empty name.
    pub fn types(&self) -> &[Arc<str>] {
        &self.types
    }

    /// The rewards of all prompts, one after the other.
    pub fn rewards(&self) -> &[f64] {
        &self.rewards
    }

    /// Whether any prompt has ranks.
    pub fn has_ranks(&self) -> bool {
        self.ranks.is_some()
    }

    /// The step of training, where the file has several.
    pub fn step(&self) -> Option<u64> {
        self.step
    }

    /// The same with each reward put through `change`, such as a sigmoid.
    #[must_use]
    pub fn map(mut self, change: impl Fn(f64) -> f64) -> Self {
        self.rewards.iter_mut().for_each(|reward| *reward = change(*reward));
        self
    }
}

impl PromptRewards<'_> {
    /// The number of responses.
    pub fn n(&self) -> usize {
        self.rewards.len()
    }

    /// The rewards from the worst response to the best: by rank where there are ranks, and else ascending. Of responses
    /// with equal ranks the smaller reward comes first.
    pub fn ascending(&self) -> Vec<f64> {
        let Some(ranks) = self.ranks else {
            let mut rewards = self.rewards.to_vec();
            rewards.sort_by(f64::total_cmp);
            return rewards;
        };
        let mut ranked: Vec<(f64, f64)> = ranks.iter().copied().zip(self.rewards.iter().copied()).collect();
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.total_cmp(&other.1)));
        ranked.into_iter().map(|(_, reward)| reward).collect()
    }
}
