//! What a training run wrote: `rewards.csv`.

use std::path::{Path, PathBuf};

use super::FigureError;
use crate::compare::{Learned, LearnedReward};
use crate::experiment::{
    DESCRIPTION_FILE, Prompts, RESPONSES, REWARDS_FILE, RewardRow, RunDescription, Split, is_run_of, read_rewards,
};

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
        let learned: Vec<Learned> = Learned::all(rows).into_iter().filter(|at| at.split == Split::Train).collect();
        let step = learned.last().map_or(0, |last| last.step);
        let points = learned.iter().filter(|at| at.step == step).flat_map(|at| {
            at.responses.iter().map(|&LearnedReward { index, mean, deviation, count }| RunPoint {
                prompts: at.prompts,
                index,
                mean,
                deviation,
                count,
            })
        });
        Self { step, points: points.collect() }
    }
}

/// The first run of a released loss among folders; one of another number of responses does not fit.
pub(super) fn find(folders: &[PathBuf], loss: &str) -> Result<Option<RunSummary>, FigureError> {
    for folder in folders {
        let described = folder.join(DESCRIPTION_FILE).exists();
        if is_run_of(folder, loss)? && (!described || RunDescription::read(folder)?.responses == RESPONSES) {
            return RunSummary::read(&folder.join(REWARDS_FILE), RESPONSES).map(Some);
        }
    }
    Ok(None)
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
