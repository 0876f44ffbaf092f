//! Loss and gradient of the prompts of a step.

use tch::{Device, Kind, Tensor};

use crate::reward_model::{Batches, Grouping, ModelError, RewardModel, Sequence, Sizes, copied};
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

/// Prompts that go through the model together, laid out for it.
#[derive(Debug)]
pub struct Pass {
    prompts: Vec<EncodedPrompt>,
    batches: Batches,
}

impl Pass {
    /// As many passes as it takes: whole prompts share one, up to `tokens_per_pass` tokens. What a step needs of the data is then on the
    /// device.
    ///
    /// # Errors
    /// [`ModelError`]: a sequence that the model cannot take, or no memory.
    pub fn all(
        prompts: Vec<EncodedPrompt>,
        sizes: &Sizes,
        device: Device,
        tokens_per_pass: usize,
    ) -> Result<Vec<Self>, ModelError> {
        let mut shares: Vec<(usize, Vec<EncodedPrompt>)> = Vec::new();
        for prompt in prompts {
            let tokens = prompt.tokens();
            match shares.last_mut() {
                Some((sum, share)) if *sum + tokens <= tokens_per_pass => {
                    *sum += tokens;
                    share.push(prompt);
                }
                _ => shares.push((tokens, vec![prompt])),
            }
        }
        let laid_out = |(_, prompts): (usize, Vec<EncodedPrompt>)| {
            let sequences: Vec<Sequence> = prompts.iter().flat_map(EncodedPrompt::sequences).collect();
            let batches = Batches::new(&sequences, sizes, device, Grouping::Fastest)?;
            Ok(Self { prompts, batches })
        };
        shares.into_iter().map(laid_out).collect()
    }
}

/// Adds the gradient of the summed loss of the prompts of `passes`, times `scale`, to `gradient`.
///
/// Each response is encoded once, however many pairs it is in.
///
/// # Errors
/// [`ModelError`]: a type of prompt that the loss lacks, or no memory.
pub fn accumulate(
    model: &RewardModel,
    loss: &RankingLoss,
    passes: &[Pass],
    kind: Kind,
    scale: f64,
    gradient: &Tensor,
) -> Result<Totals, ModelError> {
    let mut totals = Totals::default();
    for pass in passes {
        add(model, loss, pass, kind, scale, gradient, &mut totals)?;
    }
    Ok(totals)
}

fn add(
    model: &RewardModel,
    loss: &RankingLoss,
    Pass { prompts, batches }: &Pass,
    kind: Kind,
    scale: f64,
    gradient: &Tensor,
    totals: &mut Totals,
) -> Result<(), ModelError> {
    let parameters = model.parameters();
    let order = &batches.order;
    let pass = model.architecture().forward(parameters, batches, kind, true);

    // The loss is a few hundred numbers: any utility, in double precision, without a graph of its own.
    let values = Vec::<f32>::try_from(pass.logits.detach().to_device(Device::Cpu))?;
    let mut by_sequence = vec![0.0; order.len()];
    order.iter().zip(&values).for_each(|(&index, &value)| by_sequence[index] = f64::from(value));
    let mut slopes = Vec::with_capacity(order.len());
    for prompt in prompts {
        let own = &by_sequence[slopes.len()..slopes.len() + prompt.responses.len()];
        let outcome = loss.of(&prompt.prompt_type, own, &prompt.pairs)?;
        totals.loss += outcome.loss;
        totals.accuracy += outcome.accuracy;
        totals.prompts += 1;
        totals.tokens += prompt.tokens();
        slopes.extend(outcome.gradient);
    }
    totals.sequences += order.len();
    let slopes: Vec<f32> = order.iter().map(|&index| (scale * slopes[index]) as f32).collect();
    let slopes = copied(&Tensor::from_slice(&slopes), parameters.device());
    let scalar = (&pass.logits * slopes).sum(Kind::Float);
    pass.add_gradient(&scalar, parameters, gradient)
}
