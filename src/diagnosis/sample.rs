//! The prompts of a table that have something to compare.

use super::DiagnosisError;
use crate::experiment::{PromptRewards, RewardTable};

/// What prompts without a type are called beside others.
const NO_TYPE: &str = "(none)";

/// The prompts with two responses or more. A prompt with one is left out: it has no distribution.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    prompts: Vec<PromptRewards<'a>>,
    /// The type of each, by its place in `types`.
    kinds: Vec<usize>,
    types: Vec<String>,
    pub left_out: usize,
    pub has_ranks: bool,
}

impl<'a> Sample<'a> {
    pub fn of(table: &'a RewardTable) -> Result<Self, DiagnosisError> {
        let prompts: Vec<PromptRewards<'_>> = table.prompts().filter(|prompt| prompt.n() > 1).collect();
        let has_ranks = prompts.iter().any(|prompt| prompt.ranks.is_some());
        if let Some(without) = prompts.iter().find(|prompt| has_ranks && prompt.ranks.is_none()) {
            return Err(DiagnosisError::SomeRanks { prompt: without.name.to_owned() });
        }
        if prompts.len() < 2 {
            return Err(DiagnosisError::TooFewPrompts { found: prompts.len() });
        }
        // A type whose prompts are all left out is none.
        let mut places = vec![None; table.types().len()];
        let mut types = Vec::new();
        let mut kinds = Vec::with_capacity(prompts.len());
        for prompt in &prompts {
            let Some(place) = places.get_mut(prompt.type_index) else { continue };
            kinds.push(*place.get_or_insert_with(|| {
                types.push(prompt.prompt_type.to_owned());
                types.len() - 1
            }));
        }
        if types.len() > 1 {
            types.iter_mut().filter(|name| name.is_empty()).for_each(|name| NO_TYPE.clone_into(name));
        }
        Ok(Self { left_out: table.len() - prompts.len(), prompts, kinds, types, has_ranks })
    }

    /// The number of prompts.
    pub fn len(&self) -> usize {
        self.prompts.len()
    }

    /// Their responses, all together.
    pub fn responses(&self) -> usize {
        self.prompts.iter().map(PromptRewards::n).sum()
    }

    /// The types of prompts, in the order in which they were met.
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// The type of a prompt, by its place among the types.
    pub fn kind(&self, prompt: usize) -> usize {
        self.kinds.get(prompt).copied().unwrap_or_default()
    }

    /// The name of a prompt's type; `None` where it has none.
    pub fn type_name(&self, prompt: usize) -> Option<String> {
        self.types.get(self.kind(prompt)).filter(|name| !name.is_empty()).cloned()
    }

    /// The numbers of the file for a prompt.
    pub fn rewards(&self, prompt: usize) -> &'a [f64] {
        self.prompts.get(prompt).map_or(&[], |prompt| prompt.rewards)
    }

    /// All numbers of the file.
    pub fn all(&self) -> impl Iterator<Item = f64> + '_ {
        self.prompts.iter().flat_map(|prompt| prompt.rewards.iter().copied())
    }

    /// Ranks of a prompt; empty where none are known.
    pub fn ranks(&self, prompt: usize) -> &'a [f64] {
        self.prompts.get(prompt).and_then(|prompt| prompt.ranks).unwrap_or_default()
    }

    pub fn name(&self, prompt: usize) -> &'a str {
        self.prompts.get(prompt).map_or("", |prompt| prompt.name)
    }

    /// A response, or its number among those of the prompt from 1.
    pub fn response(&self, prompt: usize, at: usize) -> String {
        let text = self.prompts.get(prompt).and_then(|prompt| prompt.responses).map_or("", |texts| texts.get(at));
        if text.is_empty() { (at + 1).to_string() } else { text.to_owned() }
    }

    /// Whether two responses are one text, or have one rank.
    pub fn are_equal(&self, prompt: usize, one: usize, other: usize) -> bool {
        let Some(prompt) = self.prompts.get(prompt) else { return false };
        let by_rank = prompt.ranks.is_some_and(|ranks| ranks.get(one) == ranks.get(other));
        by_rank || prompt.responses.is_some_and(|texts| !texts.get(one).is_empty() && texts.are_same(one, other))
    }
}
