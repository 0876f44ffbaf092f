//! What is recorded of the rewards of all prompts.

use rayon::prelude::*;

use super::Theory;
use super::settings::Settings;
use crate::experiment::Head;

/// A reward of a sigmoid this near to 0 or to 1 is saturated: the derivative of the sigmoid is below a twentieth there.
pub(super) const SATURATED: f64 = 0.05;

/// The rewards of all prompts after a step.
///
/// Where the loss is [up to a shift](Settings::is_up_to_a_shift), each prompt's rewards, and the optimum, are first shifted to a
/// mean of 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Steps taken.
    pub step: u64,
    /// The mean over prompts and responses of `|r - optimum|`; `None` without an optimum.
    pub distance: Option<f64>,
    /// The Wasserstein-1 distance of the rewards of all prompts, taken together, from the limit law; `None` without one.
    pub w1_limit: Option<f64>,
    /// The share of responses that are saturated at the wrong end: with a reward below 0.05 though they rank in the upper half
    /// of their prompt, or above 0.95 though in the lower. The middle one of an odd number is at neither. `None` for a raw head,
    /// which has no ends, and with a field, under which an end need not be wrong.
    ///
    /// The optimum is below 1/2 in the lower half and above it in the upper half, for every utility. Where the reward is so near an end the
    /// derivative of the sigmoid is too small to bring it back soon.
    pub wrong_end: Option<f64>,
    /// The mean over ranks of the standard deviation of their rewards over prompts; 0 where all prompts have the same rewards.
    pub deviation: f64,
    /// The mean reward over prompts, worst response first.
    pub rewards: Vec<f64>,
}

impl Row {
    /// What there is to say of `rewards`, those of each prompt in turn.
    pub(super) fn of(step: u64, mut rewards: Vec<f64>, settings: &Settings, theory: &Theory<'_>) -> Self {
        let n = settings.n;
        let optimum = theory.optimum.map(|optimum| {
            let mut optimum = optimum.to_vec();
            if settings.is_up_to_a_shift() {
                centre(&mut optimum);
            }
            optimum
        });
        let total = rewards.len() as f64;
        let distance = optimum.map(|optimum| {
            let counted = |i: usize| !(theory.free_middle && n % 2 == 1 && i == n / 2);
            let of_prompt = |prompt: &[f64]| -> f64 {
                let pairs = prompt.iter().zip(&optimum).enumerate();
                pairs.filter(|(i, _)| counted(*i)).map(|(_, (r, best))| (r - best).abs()).sum()
            };
            sum_over_prompts(&rewards, n, of_prompt) / total
        });
        let wrong_end = (settings.head == Head::Sigmoid && settings.field.is_none()).then(|| {
            let is_wrong = |(i, r): (usize, &f64)| match (2 * i + 1).cmp(&n) {
                std::cmp::Ordering::Less => *r > 1.0 - SATURATED,
                std::cmp::Ordering::Equal => false,
                std::cmp::Ordering::Greater => *r < SATURATED,
            };
            sum_over_prompts(&rewards, n, |prompt| prompt.iter().enumerate().filter(|&at| is_wrong(at)).count() as f64)
                / total
        });
        let (means, deviations) = by_rank(&rewards, n);
        let w1_limit = theory.limit.map(|limit| {
            rewards.par_sort_unstable_by(f64::total_cmp);
            limit(&rewards)
        });
        let deviation = deviations.iter().sum::<f64>() / n as f64;
        Self { step, distance, w1_limit, wrong_end, deviation, rewards: means }
    }

    /// Whether every number is finite.
    pub(super) fn is_finite(&self) -> bool {
        let measures = [self.distance, self.w1_limit, self.wrong_end, Some(self.deviation)];
        measures.iter().flatten().chain(&self.rewards).all(|number| number.is_finite())
    }
}

/// The rewards of a prompt's logits, with mean 0 where they are up to a shift.
pub(super) fn rewards(logits: &[f64], settings: &Settings) -> Vec<f64> {
    let mut rewards: Vec<f64> = logits.iter().map(|&logit| settings.head.reward(logit)).collect();
    if settings.is_up_to_a_shift() {
        centre(&mut rewards);
    }
    rewards
}

fn centre(rewards: &mut [f64]) {
    let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
    rewards.iter_mut().for_each(|reward| *reward -= mean);
}

fn sum_over_prompts(rewards: &[f64], n: usize, of_prompt: impl Fn(&[f64]) -> f64) -> f64 {
    rewards.chunks(n).map(of_prompt).sum()
}

/// Mean and standard deviation over prompts for each rank.
fn by_rank(rewards: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let prompts = (rewards.len() / n) as f64;
    let mean_of = |f: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
        let mut sums = vec![0.0; n];
        for prompt in rewards.chunks(n) {
            prompt.iter().zip(&mut sums).enumerate().for_each(|(i, (r, sum))| *sum += f(i, *r));
        }
        sums.iter().map(|sum| sum / prompts).collect()
    };
    let means = mean_of(&|_, r| r);
    let variances = mean_of(&|i, r| (r - means[i]).powi(2));
    let deviations = variances.iter().map(|variance| variance.sqrt()).collect();
    (means, deviations)
}
