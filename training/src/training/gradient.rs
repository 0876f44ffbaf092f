//! Loss and gradient of the prompts of a step.

use tch::{Device, Kind, Tensor};

use crate::guard;
use crate::libtorch::no_grad;
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
    /// Of one prompt there may be several, whose activations are not held together.
    parts: Vec<Batches>,
}

/// How much goes through the model at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The most tokens.
    pub tokens: usize,
    /// Whether a prompt of more tokens is divided. Then its activations are computed twice: once for its loss, and again for the
    /// gradient of each part.
    pub divides: bool,
}

impl Pass {
    /// As many passes as it takes: whole prompts share one, up to the limit. What a step needs of the data is then on the device.
    ///
    /// # Errors
    /// [`ModelError`]: a sequence that the model cannot take, or no memory.
    pub fn all(
        prompts: Vec<EncodedPrompt>,
        sizes: &Sizes,
        device: Device,
        limit: Limit,
    ) -> Result<Vec<Self>, ModelError> {
        let mut shares: Vec<(usize, Vec<EncodedPrompt>)> = Vec::new();
        for prompt in prompts {
            let tokens = prompt.tokens();
            match shares.last_mut() {
                Some((sum, share)) if *sum + tokens <= limit.tokens => {
                    *sum += tokens;
                    share.push(prompt);
                }
                _ => shares.push((tokens, vec![prompt])),
            }
        }
        let laid_out = |(tokens, prompts): (usize, Vec<EncodedPrompt>)| {
            let sequences: Vec<Sequence> = prompts.iter().flat_map(EncodedPrompt::sequences).collect();
            let batches = |part: &[Sequence]| Batches::new(part, sizes, device, Grouping::Fastest);
            let parts = match limit.divides && tokens > limit.tokens {
                true => parts(&sequences, limit.tokens).into_iter().map(batches).collect::<Result<_, _>>()?,
                false => vec![batches(&sequences)?],
            };
            Ok(Self { prompts, parts })
        };
        shares.into_iter().map(laid_out).collect()
    }
}

/// Neighbours of up to `most` tokens together, each at least one.
fn parts<'a, 'b>(mut rest: &'b [Sequence<'a>], most: usize) -> Vec<&'b [Sequence<'a>]> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let mut tokens = 0;
        let fit = rest.iter().take_while(|sequence| {
            tokens += sequence.ids.len();
            tokens <= most
        });
        let (part, later) = rest.split_at(fit.count().max(1));
        parts.push(part);
        rest = later;
    }
    parts
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
        guard::torch(|| add(model, loss, pass, kind, scale, gradient, &mut totals))??;
    }
    Ok(totals)
}

fn add(
    model: &RewardModel,
    loss: &RankingLoss,
    Pass { prompts, parts }: &Pass,
    kind: Kind,
    scale: f64,
    gradient: &Tensor,
    totals: &mut Totals,
) -> Result<(), ModelError> {
    let parameters = model.parameters();
    let forward = |batches: &Batches| model.architecture().forward(parameters, batches, kind, true);
    // Parts are computed twice, with the same dropout.
    let seed = match parts.len() {
        1 => None,
        _ => Some(Tensor::f_randint(i64::MAX, [1], (Kind::Int64, Device::Cpu))?.int64_value(&[0])),
    };
    let draw_again = |part: usize| {
        if let Some(seed) = seed {
            tch::manual_seed(seed.wrapping_add(part as i64));
        }
    };
    let mut logits = Vec::new();
    let mut whole = None;
    for (part, batches) in parts.iter().enumerate() {
        draw_again(part);
        let pass = if seed.is_some() { no_grad(|| forward(batches)) } else { forward(batches) };
        let values = Vec::<f32>::try_from(pass.logits.detach().to_device(Device::Cpu))?;
        let start = logits.len();
        logits.resize(start + values.len(), 0.0);
        batches.order.iter().zip(&values).for_each(|(&index, &value)| logits[start + index] = f64::from(value));
        whole = seed.is_none().then_some(pass);
    }

    // The loss is a few hundred numbers: any utility, in double precision, without a graph of its own.
    let mut slopes = Vec::with_capacity(logits.len());
    for prompt in prompts {
        let own = &logits[slopes.len()..slopes.len() + prompt.responses.len()];
        let outcome = loss.of(&prompt.prompt_type, own, &prompt.pairs)?;
        totals.loss += outcome.loss;
        totals.accuracy += outcome.accuracy;
        totals.prompts += 1;
        totals.tokens += prompt.tokens();
        slopes.extend(outcome.gradient);
    }
    totals.sequences += slopes.len();
    let mut start = 0;
    for (part, batches) in parts.iter().enumerate() {
        draw_again(part);
        let pass = whole.take().unwrap_or_else(|| forward(batches));
        let slopes: Vec<f32> = batches.order.iter().map(|&index| (scale * slopes[start + index]) as f32).collect();
        start += slopes.len();
        let slopes = copied(&Tensor::from_slice(&slopes), parameters.device());
        let scalar = (&pass.logits * slopes).sum(Kind::Float);
        pass.add_gradient(&scalar, parameters, gradient)?;
    }
    // What comes next draws numbers of its own.
    draw_again(parts.len());
    Ok(())
}
