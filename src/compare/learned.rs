//! What a model learned, against theory.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{CompareError, Optimum, Prediction, wasserstein1, wasserstein1_between};
use crate::experiment::{PromptType, RewardRow, Split};
use crate::utility::Concavity;

/// The rewards of one response over the prompts of a type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnedReward {
    /// 1 for the worst response.
    pub index: usize,
    /// The mean over prompts.
    pub mean: f64,
    /// The standard deviation over prompts.
    pub deviation: f64,
    /// The number of prompts.
    pub count: usize,
}

/// The rewards of the prompts of one type, one split and one number of responses at one evaluation. They have one optimum.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Optimiser steps taken.
    pub step: u64,
    /// The part of the data.
    pub split: Split,
    /// The type of prompt.
    pub prompt_type: PromptType,
    /// The number of responses of each prompt.
    pub n: usize,
    /// By response; one without a reward is left out.
    pub responses: Vec<LearnedReward>,
    /// Every reward, ascending.
    pub rewards: Vec<f64>,
    /// The rewards of each prompt, worst response first; NaN for one that is missing.
    pub prompts: Vec<Vec<f64>>,
}

/// How far what was learned lies from one theory.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LearnedDistance {
    /// Optimiser steps taken.
    pub step: u64,
    /// The part of the data.
    pub split: Split,
    /// The type of prompt.
    #[serde(rename = "prompts")]
    pub prompt_type: PromptType,
    /// The number of responses of each prompt.
    pub n: usize,
    /// Which theory.
    pub theory: Prediction,
    /// Its utility.
    pub utility: String,
    /// How it is known that the utility is concave.
    pub concavity: Concavity,
    /// Mean over responses of `|mean reward - optimal reward|`.
    pub mad: f64,
    /// The largest of these.
    pub max_abs_difference: f64,
    /// Wasserstein-1 distance of all rewards from the finite optimum, each of its rewards an atom of mass `1/n`.
    pub w1_finite: f64,
    /// Wasserstein-1 distance of all rewards from the limit law, where there is one.
    pub w1_limit: Option<f64>,
    /// Mean over responses of the standard deviation over prompts.
    pub mean_deviation: f64,
    /// The number of prompts.
    pub count: usize,
}

impl Learned {
    /// All evaluations among `rows`: in the order of steps, then of splits, then of types of prompt, then of numbers of
    /// responses. A prompt has as many responses as its largest index tells.
    pub fn all(rows: &[RewardRow]) -> Vec<Self> {
        let mut prompts: BTreeMap<Place<'_>, usize> = BTreeMap::new();
        for row in rows {
            let n = prompts.entry(place(row)).or_default();
            *n = row.index.max(*n);
        }
        let mut groups: BTreeMap<(u64, Split, PromptType, usize), (ByResponse, ByPrompt<'_>)> = BTreeMap::new();
        for row in rows {
            let n = prompts.get(&place(row)).copied().unwrap_or_default();
            let group = groups.entry((row.step, row.split, row.prompt_type.clone(), n)).or_default();
            group.0.entry(row.index).or_default().push(row.reward);
            let of_prompt = group.1.entry(&row.prompt).or_insert_with(|| vec![f64::NAN; n]);
            if let Some(reward) = row.index.checked_sub(1).and_then(|i| of_prompt.get_mut(i)) {
                *reward = row.reward;
            }
        }
        let learned = |((step, split, prompt_type, n), (by_index, by_prompt)): (_, (ByResponse, ByPrompt<'_>))| {
            let responses = by_index.iter().map(|(&index, rewards)| response(index, rewards)).collect();
            let mut rewards: Vec<f64> = by_index.into_values().flatten().collect();
            rewards.sort_by(f64::total_cmp);
            let prompts = by_prompt.into_values().collect();
            Self { step, split, prompt_type, n, responses, rewards, prompts }
        };
        groups.into_iter().map(learned).collect()
    }

    /// The steps of a split, ascending, of evaluations in the order of [`Learned::all`].
    pub fn steps<'a>(evaluations: impl IntoIterator<Item = &'a Self>, split: Split) -> Vec<u64> {
        let of_split = evaluations.into_iter().filter(|at| at.split == split);
        let mut steps: Vec<u64> = of_split.map(|at| at.step).collect();
        steps.dedup();
        steps
    }

    /// The number of prompts.
    pub fn count(&self) -> usize {
        self.responses.iter().map(|response| response.count).max().unwrap_or_default()
    }

    /// The optimal rewards of `optimum`; where they are not unique, those nearest to what was learned.
    pub fn optimal(&self, optimum: &Optimum) -> Vec<f64> {
        let middle = optimum.rewards.len() / 2;
        let found = self.responses.iter().find(|response| response.index == middle + 1);
        optimum.nearest(found.map_or(0.5, |response| response.mean))
    }

    /// How far this is from `optimum`, which is that of `theory`. Where the optimum is not unique, the nearest counts.
    ///
    /// # Errors
    /// [`CompareError`] if there are no rewards, or some where the optimum allows none.
    pub fn distance(&self, theory: Prediction, optimum: &Optimum) -> Result<LearnedDistance, CompareError> {
        let optimal = self.optimal(optimum);
        let differences: Vec<f64> = self
            .responses
            .iter()
            .filter_map(|response| Some((response.mean - optimal.get(response.index.checked_sub(1)?)?).abs()))
            .collect();
        if differences.is_empty() {
            return Err(CompareError::Empty);
        }
        let mean = |sum: f64, count: usize| sum / count as f64;
        Ok(LearnedDistance {
            step: self.step,
            split: self.split,
            prompt_type: self.prompt_type.clone(),
            n: self.n,
            theory,
            utility: optimum.utility.clone(),
            concavity: optimum.concavity,
            mad: mean(differences.iter().sum(), differences.len()),
            max_abs_difference: differences.iter().copied().fold(0.0, f64::max),
            w1_finite: wasserstein1_between(&self.rewards, &optimal)?,
            w1_limit: optimum.limit.as_ref().map(|law| wasserstein1(&self.rewards, law)).transpose()?,
            mean_deviation: mean(self.responses.iter().map(|response| response.deviation).sum(), self.responses.len()),
            count: self.count(),
        })
    }

    /// The share of all rewards in each of `bins` equal parts of an interval; its upper end is in the last, and so is what lies
    /// above, and in the first what lies below.
    pub fn shares(&self, bins: usize, [from, to]: [f64; 2]) -> Vec<f64> {
        let one = 1.0 / self.rewards.len() as f64;
        let mut shares = vec![0.0; bins];
        for reward in &self.rewards {
            let bin = (((reward - from) / (to - from) * bins as f64) as usize).min(bins.saturating_sub(1));
            if let Some(share) = shares.get_mut(bin) {
                *share += one;
            }
        }
        shares
    }
}

/// The same rows with each reward less the mean of its prompt at its step: what counts of raw logits that may be shifted together.
pub fn centred(rows: &[RewardRow]) -> Vec<RewardRow> {
    let mut sums: HashMap<Place<'_>, (f64, f64)> = HashMap::new();
    for row in rows {
        let (sum, count) = sums.entry(place(row)).or_default();
        *sum += row.reward;
        *count += 1.0;
    }
    let mean = |row: &RewardRow| sums.get(&place(row)).map_or(0.0, |(sum, count)| sum / count);
    rows.iter().map(|row| RewardRow { reward: row.reward - mean(row), ..row.clone() }).collect()
}

/// The rewards of each response.
type ByResponse = BTreeMap<usize, Vec<f64>>;

/// The rewards of each prompt.
type ByPrompt<'a> = BTreeMap<&'a str, Vec<f64>>;

/// A prompt at one evaluation.
type Place<'a> = (u64, Split, &'a PromptType, &'a str);

fn place(row: &RewardRow) -> Place<'_> {
    (row.step, row.split, &row.prompt_type, &row.prompt)
}

fn response(index: usize, rewards: &[f64]) -> LearnedReward {
    let count = rewards.len();
    let mean = rewards.iter().sum::<f64>() / count as f64;
    let variance = rewards.iter().map(|reward| (reward - mean).powi(2)).sum::<f64>() / count as f64;
    LearnedReward { index, mean, deviation: variance.sqrt(), count }
}
