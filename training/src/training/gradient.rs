//! Loss and gradient of the prompts of a step.

use tch::{Kind, Tensor};

use crate::reward_model::{Batches, Grouping, ModelError, RewardModel, Sequence, copied};
use reward_collapse::experiment::PromptType;

use super::TrainingError;
use super::loss::{Pair, RankingLoss};
use super::ranks::Ranks;

/// A prompt ready to be trained on: its responses as tokens, worst first, and its ranked pairs.
#[derive(Debug, Clone)]
pub struct EncodedPrompt {
    /// Its number in the data.
    pub index: usize,
    /// Its type.
    pub prompt_type: PromptType,
    /// Question and response as one sequence, for each response.
    pub responses: Vec<crate::reward_model::tokenizer::Encoding>,
    /// The pairs that the loss compares.
    pub pairs: Vec<Pair>,
}

impl EncodedPrompt {
    /// Its responses, as the model takes them.
    pub fn sequences(&self) -> impl Iterator<Item = Sequence<'_>> {
        self.responses.iter().map(|encoding| Sequence { ids: &encoding.ids, segments: &encoding.segments })
    }

    /// Tokens of all its responses.
    pub fn tokens(&self) -> usize {
        self.responses.iter().map(|encoding| encoding.ids.len()).sum()
    }
}

/// What a step saw, as sums over its prompts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// The sum of losses.
    pub loss: f64,
    /// The sum of accuracies.
    pub accuracy: f64,
    /// The number of prompts.
    pub prompts: usize,
    /// The number of sequences.
    pub sequences: usize,
    /// The number of tokens, without padding.
    pub tokens: usize,
}

impl Totals {
    /// Adds those of other processes, the same on each.
    ///
    /// # Errors
    /// [`TrainingError::Ranks`].
    pub fn sum(&mut self, ranks: &Ranks) -> Result<(), TrainingError> {
        let counts = [self.prompts, self.sequences, self.tokens].map(|count| count as f64);
        let mut numbers = [&[self.loss, self.accuracy][..], &counts].concat();
        ranks.sum_numbers(&mut numbers)?;
        if let [loss, accuracy, prompts, sequences, tokens] = numbers[..] {
            let [prompts, sequences, tokens] = [prompts, sequences, tokens].map(|count| count as usize);
            *self = Self { loss, accuracy, prompts, sequences, tokens };
        }
        Ok(())
    }

    /// Adds those of other prompts.
    pub fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        self.accuracy += other.accuracy;
        self.prompts += other.prompts;
        self.sequences += other.sequences;
        self.tokens += other.tokens;
    }
}

/// Adds the gradient of the summed loss of `prompts`, times `scale`, to `gradient`.
///
/// Each response is encoded once, however many pairs it is in; as many prompts as `tokens_per_pass` allows share a pass.
///
/// # Errors
/// [`ModelError`]: a sequence that the model cannot take, a type of prompt that the loss lacks, or no memory.
pub fn accumulate(
    model: &RewardModel,
    loss: &RankingLoss,
    prompts: &[&EncodedPrompt],
    kind: Kind,
    tokens_per_pass: usize,
    scale: f64,
    gradient: &Tensor,
) -> Result<Totals, ModelError> {
    let mut totals = Totals::default();
    let mut rest = prompts;
    while !rest.is_empty() {
        let mut tokens = 0;
        let fit = rest.iter().take_while(|prompt| {
            tokens += prompt.tokens();
            tokens <= tokens_per_pass
        });
        let (now, later) = rest.split_at(fit.count().max(1));
        pass(model, loss, now, kind, scale, gradient, &mut totals)?;
        rest = later;
    }
    Ok(totals)
}

fn pass(
    model: &RewardModel,
    loss: &RankingLoss,
    prompts: &[&EncodedPrompt],
    kind: Kind,
    scale: f64,
    gradient: &Tensor,
    totals: &mut Totals,
) -> Result<(), ModelError> {
    let parameters = model.parameters();
    let sequences: Vec<Sequence> = prompts.iter().flat_map(|prompt| prompt.sequences()).collect();
    let sizes = model.config().sizes();
    let batches = Batches::new(&sequences, &sizes, parameters.device(), Grouping::Fastest)?;
    let order = &batches.order;
    let pass = model.architecture().forward(parameters, &batches, kind, true);

    // The loss is a few hundred numbers: any utility, in double precision, without a graph of its own.
    let values = Vec::<f32>::try_from(pass.logits.detach().to_device(tch::Device::Cpu))?;
    let mut by_sequence = vec![0.0; sequences.len()];
    order.iter().zip(&values).for_each(|(&index, &value)| by_sequence[index] = f64::from(value));
    let mut slopes = Vec::with_capacity(sequences.len());
    for prompt in prompts {
        let own = &by_sequence[slopes.len()..slopes.len() + prompt.responses.len()];
        let outcome = loss.of(&prompt.prompt_type, own, &prompt.pairs)?;
        totals.loss += outcome.loss;
        totals.accuracy += outcome.accuracy;
        totals.prompts += 1;
        totals.tokens += prompt.tokens();
        slopes.extend(outcome.gradient);
    }
    totals.sequences += sequences.len();
    let slopes: Vec<f32> = order.iter().map(|&index| (scale * slopes[index]) as f32).collect();
    let slopes = copied(&Tensor::from_slice(&slopes), parameters.device());
    let scalar = (&pass.logits * slopes).sum(Kind::Float);
    pass.add_gradient(&scalar, parameters, gradient)
}
