//! Who computes a step: one model on all threads, or a small model's replicas on one thread each.
//!
//! Operations on small matrices are too short to be shared between threads: most of the time would go into waiting for each
//! other. So the prompts of a step are shared instead, and a thread computes the gradient of its own from beginning to end.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tch::{Device, Kind, Tensor};

use super::TrainingError;
use super::gradient::{EncodedPrompt, Limit, Pass, Totals, accumulate};
use super::loss::RankingLoss;
use crate::reward_model::{Compute, ModelError, RewardModel, Sequence, Sizes};

/// Models with fewer parameters are replicated.
const SMALL: i64 = 20_000_000;
/// What the activations of all passes at a time may take on a CPU, in bytes, beside weights, gradient and moments.
const CPU_BYTES: f64 = 3e9;
/// The part of a GPU's free memory that they may take there: the count of what they need is rough, and memory comes in pieces.
const GPU_PART: f64 = 0.6;
/// What they may take where libtorch does not tell how much is free.
const GPU_BYTES: f64 = 1e10;

/// A model, or replicas of it that share its parameters.
pub struct Workers {
    workers: Vec<Worker>,
    pool: Option<ThreadPool>,
    kind: Kind,
    tokens_per_pass: usize,
    divides: bool,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers")
            .field("workers", &self.workers.len())
            .field("tokens_per_pass", &self.tokens_per_pass)
            .finish_non_exhaustive()
    }
}

struct Worker {
    model: RewardModel,
    gradient: Tensor,
}

/// Shares the prompts of a step out among workers and lays them out for the model.
#[derive(Debug, Clone)]
pub struct Planner {
    sizes: Sizes,
    device: Device,
    limit: Limit,
    workers: usize,
}

/// The passes of each worker.
#[derive(Debug)]
pub struct Plan(Vec<Vec<Pass>>);

impl Planner {
    /// The passes of `prompts`.
    ///
    /// # Errors
    /// [`TrainingError::Model`]: a sequence that the model cannot take, or no memory.
    pub fn plan(&self, prompts: Vec<EncodedPrompt>) -> Result<Plan, TrainingError> {
        let loads: Vec<usize> = prompts.iter().map(EncodedPrompt::tokens).collect();
        let mut prompts: Vec<Option<EncodedPrompt>> = prompts.into_iter().map(Some).collect();
        let own = |share: Vec<usize>| {
            let own = share.into_iter().filter_map(|place| prompts.get_mut(place)?.take()).collect();
            Ok(Pass::all(own, &self.sizes, self.device, self.limit)?)
        };
        shares(&loads, self.workers).into_iter().map(own).collect::<Result<_, _>>().map(Plan)
    }
}

impl Workers {
    /// On as many threads as libtorch would use; `tokens_per_pass` bounds a pass in place of an estimate of its memory.
    ///
    /// # Errors
    /// [`TrainingError::Threads`] where no threads are to be had; [`ModelError::Memory`].
    pub fn new(model: RewardModel, compute: Compute, tokens_per_pass: Option<usize>) -> Result<Self, TrainingError> {
        let threads = tch::get_num_threads().max(1) as usize;
        let config = model.config();
        // Dropout draws from one generator: replicas would take turns at it by chance.
        let draws = config.has_dropout();
        let small = model.parameters().elements() < SMALL;
        let count = if compute.device == Device::Cpu && small && !draws { threads } else { 1 };
        let sizes = config.sizes();
        let pool = match count {
            1 => None,
            _ => {
                tch::set_num_threads(1);
                let pool = ThreadPoolBuilder::new().num_threads(count).build();
                Some(pool.map_err(|error| TrainingError::Threads(error.to_string()))?)
            }
        };
        let mut models: Vec<RewardModel> = (1..count).map(|_| model.replica()).collect();
        models.insert(0, model);
        let workers = models.into_iter().map(|model| {
            let gradient = model.parameters().flat().f_zeros_like()?;
            Ok(Worker { model, gradient })
        });
        let workers: Vec<Worker> = workers.collect::<Result<_, TrainingError>>()?;
        // After everything that stays: weights, moments and gradient.
        let free = compute.memory().map(|memory| GPU_PART * (memory.free + memory.held - memory.taken) as f64);
        let estimate = self::tokens_per_pass(&sizes, compute, free) / count;
        let tokens_per_pass = tokens_per_pass.unwrap_or(estimate).max(1);
        Ok(Self { workers, pool, kind: compute.kind, tokens_per_pass, divides: false })
    }

    /// Divides prompts of more tokens than a pass may have, or not: see [`Limit::divides`].
    #[must_use]
    pub fn dividing(self, divides: bool) -> Self {
        Self { divides, ..self }
    }

    /// The most tokens of a pass, as long as a prompt has no more.
    pub fn tokens_per_pass(&self) -> usize {
        self.tokens_per_pass
    }

    /// The model; its replicas have the same parameters in the same memory.
    pub fn model(&self) -> &RewardModel {
        &self.workers[0].model
    }

    /// The same, to be changed.
    pub fn model_mut(&mut self) -> &mut RewardModel {
        &mut self.workers[0].model
    }

    /// How many threads compute, one way or the other.
    pub fn threads(&self) -> usize {
        if self.pool.is_some() { self.workers.len() } else { tch::get_num_threads().max(1) as usize }
    }

    /// Sums over `prompts`, and the gradient of their mean loss times `scale`, which is overwritten by the next call.
    ///
    /// # Errors
    /// [`TrainingError::Model`].
    pub fn gradient(
        &mut self,
        loss: &RankingLoss,
        prompts: &[EncodedPrompt],
        scale: f64,
    ) -> Result<(Totals, Tensor), TrainingError> {
        let plan = self.planner().plan(prompts.to_vec())?;
        self.gradient_of_part(loss, plan, prompts.len(), scale)
    }

    /// What lays out the prompts of a step for these workers, on any thread.
    pub fn planner(&self) -> Planner {
        let model = self.model();
        Planner {
            sizes: model.config().sizes(),
            device: model.parameters().device(),
            limit: Limit { tokens: self.tokens_per_pass, divides: self.divides },
            workers: self.workers.len(),
        }
    }

    /// The same of a `plan` of these workers' planner, whose prompts are a part of those of a step, of which there are `all`: their
    /// part of the mean.
    ///
    /// # Errors
    /// [`TrainingError::Model`].
    pub fn gradient_of_part(
        &mut self,
        loss: &RankingLoss,
        plan: Plan,
        all: usize,
        scale: f64,
    ) -> Result<(Totals, Tensor), TrainingError> {
        let kind = self.kind;
        let scale = scale / all.max(1) as f64;
        let compute = |worker: &mut Worker, passes: Vec<Pass>| -> Result<Totals, ModelError> {
            let _ = worker.gradient.zero_();
            accumulate(&worker.model, loss, &passes, kind, scale, &worker.gradient)
        };
        let outcomes = self.each(plan.0, compute);
        let mut totals = Totals::default();
        for outcome in outcomes {
            totals.add(&outcome?);
        }
        // One after the other: the sum is the same whoever finished first.
        let mut sum = self.workers[0].gradient.shallow_clone();
        for worker in &self.workers[1..] {
            let _ = sum.f_add_(&worker.gradient)?;
        }
        Ok((totals, sum))
    }

    /// The logits of `sequences`, in their order.
    ///
    /// # Errors
    /// [`TrainingError::Model`].
    pub fn logits(&mut self, sequences: &[Sequence]) -> Result<Vec<f64>, TrainingError> {
        let (kind, tokens) = (self.kind, self.tokens_per_pass);
        let loads: Vec<usize> = sequences.iter().map(|sequence| sequence.ids.len()).collect();
        let shares = shares(&loads, self.workers.len());
        let outcomes = self.each(shares.iter().collect(), |worker: &mut Worker, share: &Vec<usize>| {
            let own: Vec<Sequence> = share.iter().map(|&index| sequences[index]).collect();
            worker.model.logits(&own, kind, tokens)
        });
        let mut logits = vec![0.0; sequences.len()];
        for (share, outcome) in shares.iter().zip(outcomes) {
            share.iter().zip(outcome?).for_each(|(&index, logit)| logits[index] = logit);
        }
        Ok(logits)
    }

    /// Each worker with its share.
    fn each<S: Send, T: Send>(
        &mut self,
        shares: Vec<S>,
        compute: impl Fn(&mut Worker, S) -> T + Sync + Send,
    ) -> Vec<T> {
        let workers = &mut self.workers;
        match &self.pool {
            None => workers.iter_mut().zip(shares).map(|(worker, share)| compute(worker, share)).collect(),
            Some(pool) => {
                let both =
                    || workers.par_iter_mut().zip(shares).map(|(worker, share)| compute(worker, share)).collect();
                pool.install(both)
            }
        }
    }
}

/// Places of `loads`, shared among `count` as evenly as the largest-first rule does, each share in ascending order.
fn shares(loads: &[usize], count: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..loads.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(loads[place]));
    let mut shares = vec![(0, Vec::new()); count];
    for place in order {
        if let Some((load, share)) = shares.iter_mut().min_by_key(|(load, _)| *load) {
            *load += loads[place];
            share.push(place);
        }
    }
    shares
        .into_iter()
        .map(|(_, mut share)| {
            share.sort_unstable();
            share
        })
        .collect()
}

/// How many tokens fit into memory at a time: by a count of what the graph of a layer keeps for each.
fn tokens_per_pass(sizes: &Sizes, compute: Compute, free: Option<f64>) -> usize {
    let (bytes, budget) = match compute.device.is_cuda() {
        true => (if compute.kind == Kind::Float { 4.0 } else { 2.0 }, free.unwrap_or(GPU_BYTES)),
        false => (4.0, CPU_BYTES),
    };
    // Attention keeps three numbers for each head and key; sequences are a few hundred tokens long.
    let keys = 3.0 * sizes.num_attention_heads as f64 * 256.0;
    let numbers = 24.0 * sizes.hidden_size as f64 + 2.0 * sizes.intermediate_size as f64 + keys;
    (budget / (bytes * numbers * sizes.num_hidden_layers as f64)) as usize
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_are_even_and_complete() {
        let loads = [7, 1, 5, 3, 3, 9];
        let shares = shares(&loads, 2);
        let load = |share: &[usize]| share.iter().map(|&place| loads[place]).sum::<usize>();
        assert_eq!((load(&shares[0]), load(&shares[1])), (15, 13));
        let mut all = shares.concat();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
    }
}
