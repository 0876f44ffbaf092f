//! The numbers of the figure of the experiment.

use std::collections::HashMap;

use serde::Serialize;

use crate::compare::{Learned, LearnedDistance, Optimum, Prediction};
use crate::experiment::{Loss, Prompts, Run, RunDescription, RunGroup, Split, folder_name};
use crate::figure::FigureError;
use crate::utility::SharedUtility;

/// What theory predicts for one type of prompt.
#[derive(Debug, Clone)]
pub struct Theories {
    /// For the utility as the paper names it.
    pub named: Optimum,
    /// For the utility that was trained.
    pub trained: Optimum,
}

impl Theories {
    /// One of the two.
    pub fn of(&self, prediction: Prediction) -> &Optimum {
        match prediction {
            Prediction::Named => &self.named,
            Prediction::Trained => &self.trained,
        }
    }

    /// Whether the two are one.
    pub fn agree(&self) -> bool {
        self.named.utility == self.trained.utility
    }
}

/// One run, and what theory says of it.
#[derive(Debug, Clone)]
pub struct ExperimentRun {
    /// Its name: that of its description or, where several share that, of its folder.
    pub name: String,
    /// What was trained.
    pub description: RunDescription,
    /// The utilities.
    pub loss: Loss,
    /// The predictions for open-ended prompts.
    pub open: Theories,
    /// The predictions for closed-ended prompts.
    pub closed: Theories,
    /// Every evaluation, by step.
    pub evaluations: Vec<Learned>,
    /// The early step drawn: the first evaluation after a quarter of the run; `None` for a run with a single one.
    pub early: Option<u64>,
    /// The last step.
    pub late: u64,
}

/// A distance and the run that it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunDistance {
    /// The run's name.
    pub run: String,
    /// Whether it belongs to the run's last evaluation.
    pub is_last: bool,
    /// Whether the utility was trained as it is named, so that both theories are one.
    pub theories_agree: bool,
    /// The distance.
    #[serde(flatten)]
    pub distance: LearnedDistance,
}

/// The numbers of the whole figure.
#[derive(Debug, Clone)]
pub struct ExperimentData {
    /// In the order of rows.
    pub runs: Vec<ExperimentRun>,
}

impl ExperimentRun {
    /// The predictions for a type of prompt.
    pub fn theories(&self, prompts: Prompts) -> &Theories {
        match prompts {
            Prompts::Open => &self.open,
            Prompts::Closed => &self.closed,
        }
    }

    /// The rewards of one evaluation; `None` if there are none of that split and type.
    pub fn learned(&self, step: u64, split: Split, prompts: Prompts) -> Option<&Learned> {
        self.evaluations.iter().find(|at| at.step == step && at.split == split && at.prompts == prompts)
    }

    /// The mean absolute distance from a theory over both types of prompt.
    pub fn mad(&self, step: u64, split: Split, theory: Prediction) -> Option<f64> {
        let distance = |prompts: Prompts| {
            let optimum = self.theories(prompts).of(theory);
            self.learned(step, split, prompts)?.distance(theory, optimum).ok().map(|distance| distance.mad)
        };
        let found: Vec<f64> = Prompts::BOTH.into_iter().filter_map(distance).collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    }

    /// The largest certificate of the rewards drawn.
    fn largest_gap(&self) -> f64 {
        let optima = [&self.open, &self.closed].into_iter().flat_map(|theories| [&theories.named, &theories.trained]);
        optima.map(|optimum| optimum.gap).fold(0.0, f64::max)
    }
}

impl ExperimentData {
    /// Reads the runs of a group and solves for their utilities, each once.
    ///
    /// # Errors
    /// [`FigureError::Experiment`] for a run whose files are missing or malformed, [`FigureError::Solve`] for a utility
    /// outside the theory.
    pub fn compute(group: &RunGroup) -> Result<Self, FigureError> {
        let mut solved = HashMap::new();
        let mut runs = Vec::new();
        for folder in &group.folders {
            let run = Run::read(folder)?;
            runs.push((folder, read(run, &mut solved)?));
        }
        let names: Vec<String> = runs.iter().map(|(_, run)| run.name.clone()).collect();
        for (folder, run) in &mut runs {
            if names.iter().filter(|name| **name == run.name).count() > 1 {
                run.name = folder_name(folder);
            }
        }
        Ok(Self { runs: runs.into_iter().map(|(_, run)| run).collect() })
    }

    /// What all runs have in common; `None` if they differ.
    pub(super) fn shared<T: PartialEq>(&self, property: impl Fn(&ExperimentRun) -> T) -> Option<T> {
        let mut values = self.runs.iter().map(property);
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// The distances of every evaluation of every run from both theories.
    ///
    /// # Errors
    /// [`FigureError::Compare`], which rewards that were read in full do not give.
    pub fn distances(&self) -> Result<Vec<RunDistance>, FigureError> {
        let mut distances = Vec::new();
        for run in &self.runs {
            for learned in &run.evaluations {
                let theories = run.theories(learned.prompts);
                for theory in Prediction::BOTH {
                    distances.push(RunDistance {
                        run: run.name.clone(),
                        is_last: learned.step == run.late,
                        theories_agree: theories.agree(),
                        distance: learned.distance(theory, theories.of(theory))?,
                    });
                }
            }
        }
        Ok(distances)
    }

    /// The largest certificate of the rewards drawn.
    pub fn largest_gap(&self) -> f64 {
        self.runs.iter().map(ExperimentRun::largest_gap).fold(0.0, f64::max)
    }
}

/// Optima that were computed, by expression and number of responses.
type Solved = HashMap<(String, usize), Optimum>;

fn read(run: Run, solved: &mut Solved) -> Result<ExperimentRun, FigureError> {
    let loss = run.description.loss()?;
    let n = run.description.responses;
    let mut theories = |prompts: Prompts| -> Result<Theories, FigureError> {
        let pair = loss.of(prompts);
        Ok(Theories { named: optimum(&pair.named, n, solved)?, trained: optimum(&pair.trained, n, solved)? })
    };
    let (open, closed) = (theories(Prompts::Open)?, theories(Prompts::Closed)?);
    let evaluations = Learned::all(&run.rewards);
    let (early, late) = drawn_steps(&evaluations);
    let name = run.description.name.clone();
    Ok(ExperimentRun { name, description: run.description, loss, open, closed, evaluations, early, late })
}

fn optimum(utility: &SharedUtility, n: usize, solved: &mut Solved) -> Result<Optimum, FigureError> {
    let key = (utility.to_string(), n);
    if let Some(known) = solved.get(&key) {
        return Ok(known.clone());
    }
    let optimum = Optimum::compute(utility, n)?;
    solved.insert(key, optimum.clone());
    Ok(optimum)
}

/// The early and the late step: those of the training split, which every file has.
fn drawn_steps(evaluations: &[Learned]) -> (Option<u64>, u64) {
    let mut steps: Vec<u64> = evaluations.iter().filter(|at| at.split == Split::Train).map(|at| at.step).collect();
    steps.dedup();
    let late = steps.pop().unwrap_or_default();
    let after_a_quarter = steps.iter().copied().find(|&step| step >= late / 4 && step > 0);
    (after_a_quarter.or(steps.last().copied()), late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_early_step_is_a_quarter_into_the_run() {
        let drawn = |steps: &[u64]| {
            let at = |&step| Learned {
                step,
                split: Split::Train,
                prompts: Prompts::Open,
                responses: Vec::new(),
                rewards: Vec::new(),
            };
            drawn_steps(&steps.iter().map(at).collect::<Vec<_>>())
        };
        assert_eq!(drawn(&[0, 100, 200, 300, 400]), (Some(100), 400));
        assert_eq!(drawn(&[500, 1000]), (Some(500), 1000));
        assert_eq!(drawn(&[0, 10, 400]), (Some(10), 400));
        assert_eq!(drawn(&[0, 400]), (Some(0), 400));
        assert_eq!(drawn(&[400]), (None, 400));
    }
}
