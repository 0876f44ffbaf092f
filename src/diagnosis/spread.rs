//! What the rewards of a type look like.

use serde::Serialize;
use statrs::statistics::Statistics;

use super::fit::Fit;
use super::path::PathPlace;
use super::scaled::{Scale, Scaled};
use super::within::Likeness;
use super::{Options, Sample};
use crate::resample::quantiles;

/// The rewards of one type of prompts.
#[derive(Debug, Clone, Serialize)]
pub struct TypeSummary {
    /// The type; `null` where prompts have none.
    #[serde(rename = "type")]
    pub prompt_type: Option<String>,
    /// Prompts with at least two responses.
    pub prompts: usize,
    /// Their responses, all together.
    pub responses: usize,
    /// The least and the largest number of responses of a prompt.
    pub sizes: [usize; 2],
    /// The standard deviation of the rewards of a prompt: the root of its mean square over prompts.
    pub spread_within: f64,
    /// The standard deviation of the prompts' mean rewards over prompts, on the scale of the file: no shift is removed.
    pub spread_between: f64,
    /// The share of rewards near 0 or 1; `null` for raw logits.
    pub saturated: Option<f64>,
    /// The share near 0, and near 1.
    pub saturated_ends: Option<[f64; 2]>,
    /// The share of pairs of responses, not tied by rank, with exactly the same reward.
    pub ties: f64,
    /// The share of prompts with such a pair.
    pub prompts_with_ties: f64,
    /// The loss whose optimal rewards are nearest; `null` where none could be computed.
    pub best_utility: Option<String>,
    /// How near, in units of the scale's width.
    pub distance: Option<f64>,
    /// Every family's best member, as in [`super::Diagnosis::fits`].
    pub fits: Vec<Fit>,
    /// The place on the way to collapse, under the loss that was given or the best that can be trained; `null` where no path can be simulated.
    pub path: Option<PathPlace>,
    /// How alike prompts are; `null` where no two have the same number of responses.
    pub likeness: Option<Likeness>,
    /// The rewards of prompts with the most common number of responses, by position.
    pub positions: Vec<Position>,
}

/// The law over prompts of the `i`-th smallest reward, on the scale of comparison.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Position {
    /// The mean.
    pub mean: f64,
    /// The 5 % point.
    pub low: f64,
    /// The 95 % point.
    pub high: f64,
    /// The optimal reward of the best loss; `null` where that was compared on another scale.
    pub optimum: Option<f64>,
}

impl TypeSummary {
    /// Whether it is the only one of these types.
    pub(super) fn is(&self, types: &[String]) -> bool {
        matches!(types, [only] if only.as_str() == self.prompt_type.as_deref().unwrap_or_default())
    }

    /// Without what theory says.
    pub(super) fn of(sample: &Sample<'_>, scaled: &Scaled, prompts: &[usize], options: &Options) -> Self {
        let (mut squares, mut responses, mut sizes) = (0.0, 0, [usize::MAX, 0]);
        let (mut tied, mut pairs, mut with_ties) = (0.0, 0.0, 0usize);
        let mut near = [0usize; 2];
        let mut means = Vec::with_capacity(prompts.len());
        for &prompt in prompts {
            let rewards: Vec<f64> = sample.rewards(prompt).iter().map(|&r| options.reward(r)).collect();
            let n = rewards.len();
            squares += (&rewards).variance();
            responses += n;
            sizes = [sizes[0].min(n), sizes[1].max(n)];
            near[0] += rewards.iter().filter(|&&reward| reward <= options.near_end).count();
            near[1] += rewards.iter().filter(|&&reward| reward >= 1.0 - options.near_end).count();
            means.push(rewards.iter().sum::<f64>() / n as f64);
            let (of_prompt, all) =
                ties(sample.rewards(prompt), sample.ranks(prompt), |a, b| sample.are_equal(prompt, a, b));
            tied += of_prompt;
            pairs += all;
            with_ties += usize::from(of_prompt > 0.0);
        }
        let count = prompts.len().max(1) as f64;
        let share = |count: usize| count as f64 / responses.max(1) as f64;
        let is_unit = scaled.scale == Scale::Unit;
        let name = prompts.first().and_then(|&prompt| sample.type_name(prompt));
        Self {
            prompt_type: name,
            prompts: prompts.len(),
            responses,
            sizes,
            spread_within: (squares / count).sqrt(),
            spread_between: if prompts.len() > 1 { (&means).std_dev() } else { 0.0 },
            saturated: is_unit.then(|| share(near[0] + near[1])),
            saturated_ends: is_unit.then(|| near.map(share)),
            ties: if pairs > 0.0 { tied / pairs } else { 0.0 },
            prompts_with_ties: with_ties as f64 / count,
            best_utility: None,
            distance: None,
            fits: Vec::new(),
            path: None,
            likeness: None,
            positions: positions(scaled, prompts),
        }
    }
}

/// Pairs of responses that are not `equal` with the same reward, and all pairs that do not tie by rank.
fn ties(rewards: &[f64], ranks: &[f64], equal: impl Fn(usize, usize) -> bool) -> (f64, f64) {
    let pairs = |n: usize| n as f64 * (n as f64 - 1.0) / 2.0;
    let mut order: Vec<usize> = (0..rewards.len()).collect();
    order.sort_by(|&a, &b| rewards[a].total_cmp(&rewards[b]));
    let tied = order.chunk_by(|&a, &b| rewards[a] == rewards[b]).filter(|run| run.len() > 1).map(|run| {
        let different = |(at, &a): (usize, &usize)| run[at + 1..].iter().filter(|&&b| !equal(a, b)).count();
        run.iter().enumerate().map(different).sum::<usize>() as f64
    });
    let tied: f64 = tied.sum();
    let mut by_rank = ranks.to_vec();
    by_rank.sort_by(f64::total_cmp);
    let same_rank: f64 = by_rank.chunk_by(|a, b| a == b).map(|run| pairs(run.len())).sum();
    (tied, pairs(rewards.len()) - same_rank)
}

fn positions(scaled: &Scaled, prompts: &[usize]) -> Vec<Position> {
    let strata = scaled.strata(prompts.iter().copied());
    let most = strata.into_iter().max_by_key(|(n, prompts)| (prompts.len(), std::cmp::Reverse(*n)));
    let Some((n, prompts)) = most else { return Vec::new() };
    let position = |i: usize| {
        let rewards: Vec<f64> = prompts.iter().filter_map(|&prompt| scaled.sorted(prompt).get(i).copied()).collect();
        let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
        let [low, high] = quantiles(rewards, [0.05, 0.95]);
        Position { mean, low, high, optimum: None }
    };
    (0..n).map(position).collect()
}

#[cfg(test)]
mod tests {
    use super::ties;

    #[test]
    fn pairs_that_tie_are_counted() {
        let none = |_: usize, _: usize| false;
        assert_eq!(ties(&[0.0, 1.0, 0.0, 0.0], &[], none), (3.0, 6.0));
        // Two with the same rank may have the same reward.
        let ranks = [1.0, 2.0, 1.0, 3.0];
        assert_eq!(ties(&[0.0, 1.0, 0.0, 0.0], &ranks, |a, b| ranks[a] == ranks[b]), (2.0, 5.0));
        assert_eq!(ties(&[0.5, 0.5], &[1.0, 1.0], |_, _| true), (0.0, 0.0));
    }
}
