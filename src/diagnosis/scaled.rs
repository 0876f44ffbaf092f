//! The rewards on the scale on which they are compared.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{DiagnosisError, Options, Sample, Shift};
use crate::resample::{Purpose, quantiles, shuffle, stream};

/// The scale of rewards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Rewards in [0, 1]; lengths are measured in its width, 1.
    Unit,
    /// Raw logits; lengths are measured in the width of the interval that holds their central 95 %.
    Line,
}

/// Rewards in order, prompt by prompt.
#[derive(Debug)]
pub(super) struct Scaled {
    pub scale: Scale,
    /// Whether each prompt's rewards were shifted to mean 0.
    pub shift_removed: bool,
    /// What lengths are measured in.
    pub width: f64,
    ends: Vec<usize>,
    /// Ascending.
    sorted: Vec<f64>,
    /// By rank, worst first, and without ranks ascending; no shift is removed. Equal ranks are in random order.
    ranked: Vec<f64>,
    pub has_ranks: bool,
    /// Prompts with one pattern of tied ranks have one number here; empty without ranks.
    patterns: Vec<u32>,
}

impl Scaled {
    pub fn of(sample: &Sample<'_>, options: &Options) -> Result<Self, DiagnosisError> {
        let first = sample.all().next().unwrap_or_default();
        if sample.all().all(|reward| reward == first) {
            return Err(DiagnosisError::Constant { value: first });
        }
        let in_unit = sample.all().all(|reward| (0.0..=1.0).contains(&reward));
        let scale = if options.sigmoid || (in_unit && !options.raw) { Scale::Unit } else { Scale::Line };
        let shift_removed = match options.shift {
            Shift::Auto => scale == Scale::Line,
            Shift::Keep => false,
            Shift::Remove => true,
        };
        let mut scaled = Self {
            scale,
            shift_removed,
            width: 1.0,
            ends: Vec::with_capacity(sample.len()),
            sorted: Vec::with_capacity(sample.responses()),
            ranked: Vec::with_capacity(sample.responses()),
            has_ranks: sample.has_ranks,
            patterns: Vec::new(),
        };
        let mut patterns: BTreeMap<Vec<bool>, u32> = BTreeMap::new();
        let mut rewards: Vec<f64> = Vec::new();
        for prompt in 0..sample.len() {
            rewards.clear();
            rewards.extend(sample.rewards(prompt).iter().map(|&reward| options.reward(reward)));
            let ranks = sample.ranks(prompt);
            if ranks.is_empty() {
                rewards.sort_unstable_by(f64::total_cmp);
                scaled.ranked.extend_from_slice(&rewards);
            } else {
                let mut order: Vec<usize> = (0..ranks.len()).collect();
                shuffle(&mut order, &mut stream(options.seed, Purpose::Ties, 0, prompt as u64));
                order.sort_by(|&a, &b| ranks[b].total_cmp(&ranks[a]));
                scaled.ranked.extend(order.iter().map(|&at| rewards[at]));
                let mut ties: Vec<bool> = order.windows(2).map(|pair| ranks[pair[0]] == ranks[pair[1]]).collect();
                ties.push(false);
                let next = patterns.len() as u32;
                scaled.patterns.push(*patterns.entry(ties).or_insert(next));
            }
            if shift_removed {
                let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
                rewards.iter_mut().for_each(|reward| *reward -= mean);
            }
            let start = scaled.sorted.len();
            scaled.sorted.extend_from_slice(&rewards);
            scaled.sorted[start..].sort_unstable_by(f64::total_cmp);
            scaled.ends.push(scaled.sorted.len());
        }
        let repeated = |prompt: usize| scaled.sorted(prompt).windows(2).all(|pair| pair[0] == pair[1]);
        if shift_removed && (0..scaled.ends.len()).all(repeated) {
            // Every prompt has one reward of its own, and their shifts are gone.
            return Err(DiagnosisError::Constant { value: first });
        }
        if scaled.scale == Scale::Line {
            let [low, high] = quantiles(scaled.sorted.clone(), [0.025, 0.975]);
            let most = scaled.sorted.iter().fold(0.0_f64, |most, reward| most.max(reward.abs()));
            // Where more than 95 % of rewards are one number, what is left is the range.
            scaled.width = if high > low { high - low } else { 2.0 * most };
        }
        Ok(scaled)
    }

    pub fn range(&self, prompt: usize) -> std::ops::Range<usize> {
        let end = self.ends.get(prompt).copied().unwrap_or_default();
        let start = prompt.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        start..end
    }

    /// The number of responses of a prompt.
    pub fn n(&self, prompt: usize) -> usize {
        self.range(prompt).len()
    }

    /// The rewards of a prompt, ascending.
    pub fn sorted(&self, prompt: usize) -> &[f64] {
        self.sorted.get(self.range(prompt)).unwrap_or_default()
    }

    /// The rewards of a prompt by rank, worst first, and ascending where there are no ranks; no shift is removed.
    pub fn ranked(&self, prompt: usize) -> &[f64] {
        self.ranked.get(self.range(prompt)).unwrap_or_default()
    }

    /// All rewards.
    pub fn all(&self) -> &[f64] {
        &self.sorted
    }

    /// `prompts` by their number of responses.
    pub fn strata(&self, prompts: impl IntoIterator<Item = usize>) -> BTreeMap<usize, Vec<usize>> {
        let mut strata: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        prompts.into_iter().for_each(|prompt| strata.entry(self.n(prompt)).or_default().push(prompt));
        strata
    }

    /// `prompts` by their number of responses and by which of their ranks are tied.
    pub fn rank_strata(&self, prompts: impl IntoIterator<Item = usize>) -> Vec<Vec<usize>> {
        let mut strata: BTreeMap<(usize, u32), Vec<usize>> = BTreeMap::new();
        for prompt in prompts {
            let pattern = self.patterns.get(prompt).copied().unwrap_or_default();
            strata.entry((self.n(prompt), pattern)).or_default().push(prompt);
        }
        strata.into_values().collect()
    }
}
