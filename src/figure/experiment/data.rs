//! The numbers of the figure of the experiment.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scale::RewardScale;
use crate::compare::{Comparison, Learned, LearnedDistance, Prediction, Theories, TheoryPair};
use crate::experiment::{Head, Loss, PromptType, Run, RunDescription, RunGroup, Split, folder_name};
use crate::figure::FigureError;
use crate::solution::largest_gap;
use crate::utility::Concavity;

/// One run, and what theory says of it.
#[derive(Debug, Clone)]
pub struct ExperimentRun {
    /// Its name: that of its description or, where several share that, of its folder.
    pub name: String,
    /// What was trained.
    pub description: RunDescription,
    /// The utilities.
    pub loss: Loss,
    /// The predictions for each type of prompt and each number of responses among its prompts. A type without any prompt
    /// that the loss names has those for the description's number.
    pub theories: BTreeMap<(PromptType, usize), TheoryPair>,
    /// Every evaluation with its predictions, by step.
    pub evaluations: Vec<Comparison>,
    /// The early step drawn: the first evaluation after a quarter of the run; `None` for a run with a single one.
    pub early: Option<u64>,
    /// The last step.
    pub late: u64,
    /// The range of rewards drawn.
    pub(super) scale: RewardScale,
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
    fn new(run: Run, theories: &mut Theories) -> Result<Self, FigureError> {
        let loss = run.description.loss()?;
        let path = run.folder;
        let no_theory = |reason| FigureError::NoTheory { path: path.clone(), reason: Box::new(reason) };
        let evaluations = Comparison::all(&run.rewards, &loss, theories).map_err(no_theory)?;
        let mut predictions: BTreeMap<(PromptType, usize), TheoryPair> = evaluations
            .iter()
            .map(|at| ((at.learned.prompt_type.clone(), at.learned.n), at.theories.clone()))
            .collect();
        // One utility for all prompts: the paper's figure has both of its types.
        let released = || predictions.keys().all(|(prompt_type, _)| prompt_type.is_released());
        let expected: Vec<PromptType> = match loss.of_all() {
            Some(_) if released() => PromptType::RELEASED.to_vec(),
            _ => loss.types().map(|(prompt_type, _)| prompt_type.clone()).collect(),
        };
        for prompt_type in expected {
            if predictions.keys().all(|(of_type, _)| *of_type != prompt_type) {
                let (n, pair) = (run.description.responses, loss.of(&prompt_type)?);
                let pair = theories.of_loss(pair, loss.terms(), n).map_err(no_theory)?;
                predictions.insert((prompt_type, n), pair);
            }
        }
        let learned: Vec<&Learned> = evaluations.iter().map(|at| &at.learned).collect();
        let (early, late) = drawn_steps(Learned::steps(learned, Split::Train));
        let name = run.description.name.clone();
        Ok(Self {
            name,
            description: run.description,
            loss,
            theories: predictions,
            evaluations,
            early,
            late,
            scale: RewardScale::UNIT,
        })
    }

    /// From the least to the largest of what is drawn of raw rewards; `None` for a run behind a sigmoid.
    fn reach(&self) -> Option<[f64; 2]> {
        if self.loss.terms().head == Head::Sigmoid {
            return None;
        }
        let drawn = |at: &&Comparison| Some(at.learned.step) == self.early || at.learned.step == self.late;
        let learned = self.evaluations.iter().filter(drawn).flat_map(|at| {
            let ends = [at.learned.rewards.first(), at.learned.rewards.last()];
            ends.into_iter().flatten().copied()
        });
        let expected = self.theories.values().flat_map(|pair| Prediction::BOTH.map(|theory| pair.of(theory)));
        let expected = expected.flat_map(|optimum| {
            let ends = [optimum.rewards.first(), optimum.rewards.last()].into_iter().flatten().copied();
            ends.chain(optimum.limit.iter().flat_map(|law| law.ends()))
        });
        let all: Vec<f64> = learned.chain(expected).filter(|reward| reward.is_finite()).collect();
        Some([all.iter().copied().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max)])
    }

    /// The types of its prompts, in their order.
    pub fn types(&self) -> Vec<PromptType> {
        let mut types: Vec<PromptType> = self.theories.keys().map(|(prompt_type, _)| prompt_type.clone()).collect();
        types.dedup();
        types
    }

    /// The predictions for a type of prompt, by number of responses.
    pub fn theories(&self, prompt_type: &PromptType) -> impl Iterator<Item = (usize, &TheoryPair)> {
        let all = (prompt_type.clone(), 0)..=(prompt_type.clone(), usize::MAX);
        self.theories.range(all).map(|((_, n), pair)| (*n, pair))
    }

    /// The numbers of responses of its prompts, ascending.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.theories.keys().map(|(_, n)| *n).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Whether its rewards are logits.
    pub fn is_raw(&self) -> bool {
        self.loss.terms().head == Head::Raw
    }

    /// Whether each reward is taken less the mean of its prompt, since only differences of rewards count.
    pub fn is_centred(&self) -> bool {
        self.loss.terms().is_free_to_shift()
    }

    /// Whether every utility was trained as it is named.
    pub fn theories_agree(&self) -> bool {
        self.theories.values().all(TheoryPair::agree)
    }

    /// The same of some types of prompts.
    pub(super) fn agree_for(&self, types: &[PromptType]) -> bool {
        types.iter().flat_map(|prompt_type| self.theories(prompt_type)).all(|(_, pair)| pair.agree())
    }

    /// What was learned at one evaluation of a split and a type, by number of responses.
    pub fn learned<'a>(
        &'a self,
        step: u64,
        split: Split,
        prompt_type: &'a PromptType,
    ) -> impl Iterator<Item = &'a Comparison> {
        self.evaluations.iter().filter(move |at| {
            let Learned { step: own, split: part, prompt_type: of_type, .. } = &at.learned;
            (*own, *part, of_type) == (step, split, prompt_type)
        })
    }

    /// A measure of the distance from a theory: the mean over the types of prompts, of each the mean over its prompts.
    pub fn mean(&self, at: (u64, Split), theory: Prediction, measure: impl Fn(&LearnedDistance) -> f64) -> Option<f64> {
        self.mean_of(&self.types(), at, theory, measure)
    }

    /// The same over some types of prompts.
    pub(super) fn mean_of(
        &self,
        types: &[PromptType],
        (step, split): (u64, Split),
        theory: Prediction,
        measure: impl Fn(&LearnedDistance) -> f64,
    ) -> Option<f64> {
        let of_type = |prompt_type: &PromptType| {
            let distances: Vec<LearnedDistance> =
                self.learned(step, split, prompt_type).filter_map(|at| at.distance(theory).ok()).collect();
            let total: usize = distances.iter().map(|distance| distance.count).sum();
            let weighted = |at: &LearnedDistance| measure(at) * (at.count as f64 / total as f64);
            (total > 0).then(|| distances.iter().map(weighted).sum::<f64>())
        };
        let found: Vec<f64> = types.iter().filter_map(of_type).collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    }

    /// The largest certificate of the rewards drawn.
    fn largest_gap(&self) -> f64 {
        largest_gap(self.theories.values().map(TheoryPair::gap))
    }
}

impl ExperimentData {
    /// Reads the runs of a group and solves for their utilities, each once for each number of responses.
    ///
    /// # Errors
    /// [`FigureError::Experiment`] for a run whose files are missing or malformed, [`FigureError::Solve`] for a utility
    /// outside the theory.
    pub fn compute(group: &RunGroup) -> Result<Self, FigureError> {
        let mut theories = Theories::default();
        let mut runs = Vec::new();
        for folder in &group.folders {
            let run = Run::read(folder)?;
            runs.push((folder, ExperimentRun::new(run, &mut theories)?));
        }
        let names: Vec<String> = runs.iter().map(|(_, run)| run.name.clone()).collect();
        for (folder, run) in &mut runs {
            if names.iter().filter(|name| **name == run.name).count() > 1 {
                run.name = folder_name(folder);
            }
        }
        let mut runs: Vec<ExperimentRun> = runs.into_iter().map(|(_, run)| run).collect();
        // Raw rewards are drawn on one scale, so that runs can be compared.
        if let Some(reach) =
            runs.iter().filter_map(ExperimentRun::reach).reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
        {
            let scale = RewardScale::of(reach);
            runs.iter_mut().filter(|run| run.is_raw()).for_each(|run| run.scale = scale);
        }
        Ok(Self { runs })
    }

    /// The numbers of one run.
    ///
    /// # Errors
    /// As [`ExperimentData::compute`], but for the files.
    pub fn of_run(run: Run) -> Result<Self, FigureError> {
        Ok(Self { runs: vec![ExperimentRun::new(run, &mut Theories::default())?] })
    }

    /// The rows of the figure: the paper's two types of prompts share that of their run, any other type has its own.
    pub(super) fn rows(&self) -> Vec<(&ExperimentRun, Vec<PromptType>)> {
        let of_run = |run: &'_ ExperimentRun| {
            let (released, others): (Vec<PromptType>, Vec<PromptType>) =
                run.types().into_iter().partition(PromptType::is_released);
            [released].into_iter().chain(others.into_iter().map(|other| vec![other])).filter(|types| !types.is_empty())
        };
        self.runs.iter().flat_map(|run| of_run(run).map(move |types| (run, types))).collect()
    }

    /// What all runs have in common; `None` if they differ.
    pub(super) fn shared<T: PartialEq>(&self, property: impl Fn(&ExperimentRun) -> T) -> Option<T> {
        let mut values = self.runs.iter().map(property);
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// Whether the prompts of a run differ in their number of responses, so that tables have to tell it.
    pub fn sizes_differ(&self) -> bool {
        self.runs.iter().any(|run| run.sizes().len() > 1)
    }

    /// The distances of every evaluation of every run from both theories.
    ///
    /// # Errors
    /// [`FigureError::Compare`], which rewards that were read in full do not give.
    pub fn distances(&self) -> Result<Vec<RunDistance>, FigureError> {
        let mut distances = Vec::new();
        for run in &self.runs {
            for at in &run.evaluations {
                for theory in Prediction::BOTH {
                    distances.push(RunDistance {
                        run: run.name.clone(),
                        is_last: at.learned.step == run.late,
                        theories_agree: at.theories.agree(),
                        distance: at.distance(theory)?,
                    });
                }
            }
        }
        Ok(distances)
    }

    /// Whether every utility is proved concave.
    pub fn is_proved(&self) -> bool {
        let mut pairs = self.runs.iter().flat_map(|run| run.theories.values());
        pairs.all(|pair| pair.concavity() == Concavity::Proved)
    }

    /// The largest certificate of the rewards drawn; NaN where some have none.
    pub fn largest_gap(&self) -> f64 {
        largest_gap(self.runs.iter().map(ExperimentRun::largest_gap))
    }
}

/// The early and the late step, of all `steps` of the training split, which every file has.
fn drawn_steps(mut steps: Vec<u64>) -> (Option<u64>, u64) {
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
                prompt_type: PromptType::open_ended(),
                n: 8,
                responses: Vec::new(),
                rewards: Vec::new(),
            };
            let learned: Vec<Learned> = steps.iter().map(at).collect();
            drawn_steps(Learned::steps(&learned, Split::Train))
        };
        assert_eq!(drawn(&[0, 100, 200, 300, 400]), (Some(100), 400));
        assert_eq!(drawn(&[500, 1000]), (Some(500), 1000));
        assert_eq!(drawn(&[0, 10, 400]), (Some(10), 400));
        assert_eq!(drawn(&[0, 400]), (Some(0), 400));
        assert_eq!(drawn(&[400]), (None, 400));
    }
}
