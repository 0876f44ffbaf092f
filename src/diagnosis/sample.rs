//! The rewards of many prompts, as a model gave them.

use super::DiagnosisError;

/// One prompt with what a model gave its responses.
#[derive(Debug, Clone, Copy, Default)]
pub struct PromptRewards<'a> {
    /// Its name.
    pub prompt: &'a str,
    /// Its type; empty for none.
    pub prompt_type: &'a str,
    /// The reward of each response.
    pub rewards: &'a [f64],
    /// The rank of each response, where it is known: 1 is the best, equal ranks tie.
    pub ranks: Option<&'a [f64]>,
    /// The name of each response, where it has one.
    pub responses: Option<&'a [String]>,
}

/// The rewards of many prompts. A prompt with a single response is counted and left out: it has no distribution.
///
/// ```
/// use reward_collapse::diagnosis::{PromptRewards, Sample};
/// let mut sample = Sample::default();
/// sample.push(&PromptRewards { prompt: "a", rewards: &[0.1, 0.9], ..PromptRewards::default() })?;
/// assert_eq!((sample.prompts(), sample.responses()), (1, 2));
/// # Ok::<(), reward_collapse::diagnosis::DiagnosisError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sample {
    rewards: Vec<f64>,
    /// Where the rewards of each prompt end.
    ends: Vec<usize>,
    names: Vec<String>,
    /// The type of each prompt, by its place in `types`.
    kinds: Vec<u32>,
    types: Vec<String>,
    ranks: Vec<f64>,
    responses: Vec<String>,
    left_out: usize,
}

impl Sample {
    /// Adds a prompt.
    ///
    /// # Errors
    /// [`DiagnosisError`]: a reward that is not finite, a rank that is no number, ranks or names of another number of responses.
    pub fn push(&mut self, prompt: &PromptRewards<'_>) -> Result<(), DiagnosisError> {
        let n = prompt.rewards.len();
        let named = || prompt.prompt.to_owned();
        if let Some(at) = prompt.rewards.iter().position(|reward| !reward.is_finite()) {
            return Err(DiagnosisError::NotFinite { prompt: named(), response: at + 1, value: prompt.rewards[at] });
        }
        let lengths = [(prompt.ranks.map(<[f64]>::len), "ranks"), (prompt.responses.map(<[String]>::len), "names")];
        for (found, what) in lengths {
            if let Some(found) = found.filter(|&found| found != n) {
                return Err(DiagnosisError::Length { prompt: named(), rewards: n, found, what });
            }
        }
        if let Some(at) = prompt.ranks.and_then(|ranks| ranks.iter().position(|rank| rank.is_nan())) {
            return Err(DiagnosisError::NoRank { prompt: named(), response: at + 1 });
        }
        if n < 2 {
            self.left_out += 1;
            return Ok(());
        }
        let begun = !self.ends.is_empty();
        if begun && prompt.ranks.is_some() != self.has_ranks() {
            let without = if prompt.ranks.is_some() { self.names.last().cloned().unwrap_or_default() } else { named() };
            return Err(DiagnosisError::SomeRanks { prompt: without });
        }
        let kind = match self.types.iter().position(|known| known == prompt.prompt_type) {
            Some(kind) => kind,
            None => {
                self.types.push(prompt.prompt_type.to_owned());
                self.types.len() - 1
            }
        };
        self.rewards.extend_from_slice(prompt.rewards);
        self.ranks.extend_from_slice(prompt.ranks.unwrap_or_default());
        if let Some(responses) = prompt.responses {
            // Names that began with a later prompt: those before have none.
            self.responses.resize(self.rewards.len() - n, String::new());
            self.responses.extend_from_slice(responses);
        } else if !self.responses.is_empty() {
            self.responses.resize(self.rewards.len(), String::new());
        }
        self.ends.push(self.rewards.len());
        self.names.push(named());
        self.kinds.push(kind as u32);
        Ok(())
    }

    /// The number of prompts with at least two responses.
    pub fn prompts(&self) -> usize {
        self.ends.len()
    }

    /// Their responses, all together.
    pub fn responses(&self) -> usize {
        self.rewards.len()
    }

    /// Prompts with fewer than two responses, which are left out.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The types of prompts, in the order in which they were met.
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// Whether responses have ranks.
    pub fn has_ranks(&self) -> bool {
        !self.ranks.is_empty()
    }

    /// The rewards of all prompts, one prompt after the other.
    pub(super) fn all(&self) -> &[f64] {
        &self.rewards
    }

    pub(super) fn range(&self, prompt: usize) -> std::ops::Range<usize> {
        let end = self.ends.get(prompt).copied().unwrap_or_default();
        let start = prompt.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        start..end
    }

    /// Ranks of a prompt; empty where none are known.
    pub(super) fn ranks(&self, prompt: usize) -> &[f64] {
        self.ranks.get(self.range(prompt)).unwrap_or_default()
    }

    /// The type of a prompt, by its place in [`Sample::types`].
    pub(super) fn kind(&self, prompt: usize) -> usize {
        self.kinds.get(prompt).copied().unwrap_or_default() as usize
    }

    pub(super) fn name(&self, prompt: usize) -> &str {
        self.names.get(prompt).map_or("", String::as_str)
    }

    /// The name of a response, or its number in the file from 1.
    pub(super) fn response(&self, prompt: usize, at: usize) -> String {
        let name = self.responses.get(self.range(prompt).start + at).filter(|name| !name.is_empty());
        name.cloned().unwrap_or_else(|| (at + 1).to_string())
    }
}
