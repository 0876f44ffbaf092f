//! The prompts of a run in the order in which it takes them.

use std::sync::Arc;

use super::TrainingError;
use super::gradient::EncodedPrompt;
use super::loss::{Pair, drawn};
use crate::dataset::{Rankings, Splits};
use crate::random::Random;
use crate::reward_model::tokenizer::Tokenizer;

/// Reads and tokenises prompts one at a time; which comes when depends on the seed and its place alone, so that a run goes
/// on from any step.
#[derive(Clone)]
pub struct PromptSource {
    rankings: Arc<Rankings>,
    tokenizer: Arc<Tokenizer>,
    splits: Splits,
    seed: u64,
    max_length: usize,
    max_pairs: usize,
    use_scores: bool,
    /// The epoch and its permutation of the training prompts.
    order: Option<(u64, Vec<usize>)>,
}

impl std::fmt::Debug for PromptSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PromptSource").field("splits", &self.splits).finish_non_exhaustive()
    }
}

/// What of a prompt is taken.
#[derive(Debug, Clone, Copy)]
pub struct Taking {
    /// Decides order and pairs.
    pub seed: u64,
    /// The most tokens of question and answer.
    pub max_length: usize,
    /// The most pairs of a prompt.
    pub max_pairs: usize,
    /// Whether pairs are weighted by their scores.
    pub use_scores: bool,
    /// How many prompts test.
    pub test_prompts: usize,
}

impl PromptSource {
    /// Of `rankings`, split as the paper splits them.
    ///
    /// # Errors
    /// [`TrainingError::Dataset`] where there are too few.
    pub fn new(rankings: Arc<Rankings>, tokenizer: Arc<Tokenizer>, taking: Taking) -> Result<Self, TrainingError> {
        let splits = rankings.splits(taking.test_prompts)?;
        let Taking { seed, max_length, max_pairs, use_scores, .. } = taking;
        Ok(Self { rankings, tokenizer, splits, seed, max_length, max_pairs, use_scores, order: None })
    }

    /// Which prompts train and which test.
    pub fn splits(&self) -> &Splits {
        &self.splits
    }

    /// The prompt at `place` of the run, counted from 0: every epoch takes each training prompt once, in an order of its own.
    ///
    /// # Errors
    /// [`TrainingError`]: a prompt that cannot be read or tokenised, or lacks scores that are to be used.
    pub fn at(&mut self, place: u64) -> Result<EncodedPrompt, TrainingError> {
        let count = self.splits.train.len() as u64;
        let epoch = place / count;
        if self.order.as_ref().is_none_or(|(own, _)| *own != epoch) {
            let mut order: Vec<usize> = self.splits.train.clone().collect();
            let mut random = Random::new(self.seed, "order", epoch);
            for last in (1..order.len()).rev() {
                order.swap(last, random.below(last as u64 + 1) as usize);
            }
            self.order = Some((epoch, order));
        }
        let index = self.order.as_ref().map_or(0, |(_, order)| order[(place % count) as usize]);
        self.encode(index, place)
    }

    /// Prompt `index` of the data with all its pairs.
    ///
    /// # Errors
    /// As [`PromptSource::at`].
    pub fn prompt(&self, index: usize) -> Result<EncodedPrompt, TrainingError> {
        self.encode(index, 0)
    }

    fn encode(&self, index: usize, place: u64) -> Result<EncodedPrompt, TrainingError> {
        let ranking = self.rankings.get(index)?;
        let scores = match (self.use_scores, &ranking.scores) {
            (false, _) => None,
            (true, Some(scores)) => Some(scores.as_slice()),
            (true, None) => return Err(TrainingError::NoScores { index }),
        };
        let encode = |answer: &String| self.tokenizer.encode_pair(&ranking.question, answer, self.max_length);
        let responses = ranking.answers.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
        let of_pair = |numbers: Option<&[f64]>, place: usize| numbers.and_then(|numbers| numbers.get(place).copied());
        let pair = |(place, worse, better)| Pair {
            worse,
            better,
            weight: of_pair(scores, place).unwrap_or(1.0),
            margin: of_pair(ranking.margins.as_deref(), place).unwrap_or(0.0),
        };
        let pairs: Vec<Pair> = ranking.compared().map(pair).collect();
        let mut random = Random::new(self.seed, "pairs", place);
        Ok(EncodedPrompt {
            index,
            prompt_type: ranking.prompt_type.clone(),
            pairs: drawn(pairs, self.max_pairs, &mut random),
            responses,
        })
    }
}
