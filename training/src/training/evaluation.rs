//! The rewards of prompts that are looked at again and again.

use super::TrainingError;
use super::gradient::EncodedPrompt;
use super::loss::RankingLoss;
use super::ranks::Ranks;
use super::workers::Workers;
use crate::reward_model::{ModelError, Sequence};
use reward_collapse::experiment::{RewardRow, Split};

/// Prompts of one split, tokenised once.
pub struct Evaluation {
    split: Split,
    prompts: Vec<EncodedPrompt>,
}

impl std::fmt::Debug for Evaluation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluation")
            .field("split", &self.split)
            .field("prompts", &self.prompts.len())
            .finish_non_exhaustive()
    }
}

/// What an evaluation gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The split.
    pub split: Split,
    /// Steps taken.
    pub step: u64,
    /// The mean loss.
    pub loss: f64,
    /// The mean share of pairs in the right order.
    pub accuracy: f64,
    /// Each reward.
    pub rows: Vec<RewardRow>,
}

impl Evaluation {
    /// An evaluation of `prompts`.
    pub fn new(split: Split, prompts: Vec<EncodedPrompt>) -> Self {
        Self { split, prompts }
    }

    /// The most responses that a prompt has.
    pub fn responses(&self) -> usize {
        self.prompts.iter().map(|prompt| prompt.responses.len()).max().unwrap_or(0)
    }

    /// Rewards, loss and accuracy after `step` steps, on every one of `ranks`; each computes its share of the prompts.
    ///
    /// # Errors
    /// [`TrainingError::Model`], and [`TrainingError::Ranks`].
    pub fn run(
        &self,
        workers: &mut Workers,
        loss: &RankingLoss,
        step: u64,
        ranks: &Ranks,
    ) -> Result<Evaluated, TrainingError> {
        let places = self.prompts.iter().zip(0..);
        let own = places.clone().filter(|(_, place)| ranks.takes(*place));
        let sequences: Vec<Sequence> = own.flat_map(|(prompt, _)| prompt.sequences()).collect();
        let mut computed = workers.logits(&sequences)?.into_iter();
        // What another computes is 0 here, so that the sum is the logits themselves.
        let of_prompt = |(prompt, place): (&EncodedPrompt, u64)| -> Vec<f64> {
            let count = prompt.responses.len();
            if ranks.takes(place) { computed.by_ref().take(count).collect() } else { vec![0.0; count] }
        };
        let mut logits: Vec<f64> = places.flat_map(of_prompt).collect();
        ranks.sum_numbers(&mut logits)?;
        let share = 1.0 / self.prompts.len().max(1) as f64;
        let mut evaluated =
            Evaluated { split: self.split, step, loss: 0.0, accuracy: 0.0, rows: Vec::with_capacity(logits.len()) };
        let mut start = 0;
        for prompt in &self.prompts {
            let own = &logits[start..start + prompt.responses.len()];
            start += own.len();
            let outcome = loss.of(&prompt.prompt_type, own, &prompt.pairs).map_err(ModelError::from)?;
            evaluated.loss += share * outcome.loss;
            evaluated.accuracy += share * outcome.accuracy;
            evaluated.rows.extend(own.iter().zip(1..).map(|(&logit, index)| RewardRow {
                step,
                split: self.split,
                prompt: prompt.index.to_string(),
                prompt_type: prompt.prompt_type.clone(),
                index,
                reward: loss.head().reward(logit),
            }));
        }
        Ok(evaluated)
    }
}
