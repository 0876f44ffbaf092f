//! What a training run wrote: `rewards.csv`.

use std::collections::BTreeMap;
use std::path::Path;

use super::FigureError;
use crate::experiment::{Prompts, RewardRow, Split, read_rewards};

/// The rewards of one response over the prompts of a type, at a run's last step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunPoint {
    /// The prompts averaged over.
    pub prompts: Prompts,
    /// 1 for the worst response.
    pub index: usize,
    /// The mean reward.
    pub mean: f64,
    /// The standard deviation over prompts.
    pub deviation: f64,
    /// The number of prompts.
    pub count: usize,
}

/// A run's train split at the last step for which it has rewards.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// That step.
    pub step: u64,
    /// Open-ended prompts first, each type in ascending order of responses.
    pub points: Vec<RunPoint>,
}

impl RunSummary {
    /// Reads `rewards.csv` of a run with `n` responses a prompt.
    ///
    /// # Errors
    /// As [`read_rewards`].
    pub fn read(path: &Path, n: usize) -> Result<Self, FigureError> {
        Ok(Self::of(&read_rewards(path, n)?))
    }

    /// The summary of the rows of a run.
    pub fn of(rows: &[RewardRow]) -> Self {
        let train = || rows.iter().filter(|row| row.split == Split::Train);
        let step = train().map(|row| row.step).max().unwrap_or_default();
        let mut rewards: BTreeMap<(Prompts, usize), Vec<f64>> = BTreeMap::new();
        for row in train().filter(|row| row.step == step) {
            rewards.entry((row.prompts, row.index)).or_default().push(row.reward);
        }
        let points = rewards.into_iter().map(|((prompts, index), rewards)| point(prompts, index, &rewards)).collect();
        Self { step, points }
    }
}

/// The runs found under a directory that has a folder for each configuration.
pub(super) fn find(runs: &Path, folders: &[&str], n: usize) -> Result<Option<RunSummary>, FigureError> {
    for folder in folders {
        let path = runs.join(folder).join("rewards.csv");
        if path.exists() {
            return RunSummary::read(&path, n).map(Some);
        }
    }
    Ok(None)
}

fn point(prompts: Prompts, index: usize, rewards: &[f64]) -> RunPoint {
    let count = rewards.len();
    let mean = rewards.iter().sum::<f64>() / count as f64;
    let variance = rewards.iter().map(|reward| (reward - mean).powi(2)).sum::<f64>() / count as f64;
    RunPoint { prompts, index, mean, deviation: variance.sqrt(), count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_train_step_is_averaged_by_prompt_type() {
        let row = |step, split, prompts, index, reward| {
            let prompt = String::new();
            RewardRow { step, split, prompt, prompts, index, reward }
        };
        let summary = RunSummary::of(&[
            row(500, Split::Train, Prompts::Open, 1, 0.9),
            row(1000, Split::Train, Prompts::Open, 1, 0.2),
            row(1000, Split::Train, Prompts::Open, 1, 0.4),
            row(1000, Split::Train, Prompts::Closed, 2, 1.0),
            row(1500, Split::Test, Prompts::Open, 1, 0.7),
        ]);
        assert_eq!(summary.step, 1000);
        assert_eq!(summary.points.len(), 2);
        let [open, closed] = summary.points[..] else { unreachable!() };
        assert_eq!((open.prompts, open.index, open.count), (Prompts::Open, 1, 2));
        assert!((open.mean - 0.3).abs() < 1e-12 && (open.deviation - 0.1).abs() < 1e-12);
        assert_eq!((closed.prompts, closed.index, closed.mean), (Prompts::Closed, 2, 1.0));
    }
}
