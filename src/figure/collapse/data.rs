//! The numbers of the collapse figure.

use std::path::Path;

use crate::experiment::{Loss, Prompts, RESPONSES, UtilityPair, find_runs};
use crate::figure::published::published;
use crate::figure::run;
use crate::figure::style::mathematics;
use crate::figure::{FigureError, PublishedPoint, RunSummary};
use crate::limit::LimitLaw;
use crate::solution::{Solution, solve};
use crate::utility::SharedUtility;

/// Points of a limit law's curve, less one: twenty to a response, so that each response has one.
const LIMIT_STEPS: usize = 20 * RESPONSES;

/// The panels' losses, by their released names.
const PANELS: [&str; 4] = ["x", "log", "x_inv", "adaptive"];

/// The optimal rewards of a utility.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The utility's expression.
    pub utility: String,
    /// Ascending.
    pub rewards: Vec<f64>,
    /// The certificate of the rewards, per pair.
    pub gap: f64,
    /// The certificate of the n -> infinity law; NaN where every law has mean utility `-inf`.
    pub limit_gap: f64,
    /// The n -> infinity law, as a curve: response index (fractional) and quantile. Response `i` of `n` stands for the
    /// share `(i - 1/2)/n` of the law.
    pub limit: Vec<(f64, f64)>,
}

/// What theory predicts for one type of prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Theory {
    /// For the utility as the paper names it.
    pub named: Curve,
    /// For the utility that the paper's code trained.
    pub trained: Curve,
}

/// One panel's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct CollapsePanel {
    /// The configuration's name.
    pub key: &'static str,
    /// The title drawn above.
    pub title: String,
    /// The predictions for each type of prompt.
    pub theory: [(Prompts, Theory); 2],
    /// The paper's training curves.
    pub published: Vec<PublishedPoint>,
    /// A run of this configuration, where one was found.
    pub run: Option<RunSummary>,
}

/// Whose rewards are compared with theory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The paper's published curves.
    Published,
    /// A run of one's own.
    Run,
}

impl Source {
    /// The name used in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            Source::Published => "published",
            Source::Run => "run",
        }
    }
}

/// Mean absolute distance of rewards from the two theories.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// The panel's key.
    pub panel: &'static str,
    /// Whose rewards.
    pub source: Source,
    /// The prompts compared; `None` for both types.
    pub prompts: Option<Prompts>,
    /// The number of rewards compared.
    pub points: usize,
    /// To the theory for the named utility.
    pub named: f64,
    /// To the theory for the trained utility.
    pub trained: f64,
}

/// The numbers of the whole figure.
#[derive(Debug, Clone, PartialEq)]
pub struct CollapseData {
    /// `x`, `log`, `x_inv` and `adaptive`.
    pub panels: Vec<CollapsePanel>,
}

impl CollapseData {
    /// Solves for every utility and reads the runs, if any.
    ///
    /// # Errors
    /// [`FigureError::NoRuns`] for a directory of runs without any, [`FigureError::Experiment`] for a malformed one.
    pub fn compute(runs: Option<&Path>) -> Result<Self, FigureError> {
        let groups = runs.map(find_runs).transpose()?.unwrap_or_default();
        let folders = groups.into_iter().next().map_or_else(Vec::new, |group| group.folders);
        let mut panels = Vec::new();
        for (key, letter) in PANELS.into_iter().zip('a'..) {
            let loss = Loss::parse(key)?;
            let title = if loss.is_prompt_aware() {
                format!("({letter}) prompt-aware")
            } else {
                format!("({letter}) U(x) = {}", mathematics(&loss.of(Prompts::Open).named.to_string()))
            };
            let [open, closed] = Prompts::BOTH;
            let theory = [theory(&loss, open)?, theory(&loss, closed)?];
            let run = run::find(&folders, key)?;
            panels.push(CollapsePanel { key, title, theory, published: published(key)?, run });
        }
        match runs {
            Some(path) if panels.iter().all(|panel| panel.run.is_none()) => {
                let expected = format!("rewards.csv in a folder named {}", PANELS.join(", "));
                Err(FigureError::NoRuns { path: path.to_owned(), expected })
            }
            _ => Ok(Self { panels }),
        }
    }

    /// The largest certificate of the rewards drawn.
    pub fn largest_gap(&self) -> f64 {
        let theories = self.panels.iter().flat_map(|panel| &panel.theory);
        theories.flat_map(|(_, theory)| [theory.named.gap, theory.trained.gap]).fold(0.0, f64::max)
    }

    /// Every distance: each panel, source, and type of prompt as well as both together.
    pub fn distances(&self) -> Vec<Distance> {
        let mut distances = Vec::new();
        for panel in &self.panels {
            for source in [Source::Published, Source::Run] {
                for prompts in [None, Some(Prompts::Open), Some(Prompts::Closed)] {
                    distances.extend(panel.distance(source, prompts));
                }
            }
        }
        distances
    }

    /// The distance in one panel, if there is anything to compare.
    pub fn distance(&self, key: &str, source: Source, prompts: Option<Prompts>) -> Option<Distance> {
        self.panels.iter().find(|panel| panel.key == key)?.distance(source, prompts)
    }

    /// The distances wherever the two theories differ: `log`, `x_inv`, and the open-ended prompts of `adaptive`.
    pub fn findings(&self, source: Source) -> Vec<Distance> {
        [("log", None), ("x_inv", None), ("adaptive", Some(Prompts::Open))]
            .into_iter()
            .filter_map(|(key, prompts)| self.distance(key, source, prompts))
            .collect()
    }
}

impl CollapsePanel {
    /// The rewards to compare: type of prompt, index from 1, reward.
    fn rewards(&self, source: Source) -> Vec<(Prompts, usize, f64)> {
        match source {
            Source::Published => {
                self.published.iter().map(|point| (point.prompts, point.index, point.reward)).collect()
            }
            Source::Run => {
                let points = self.run.iter().flat_map(|run| &run.points);
                points.map(|point| (point.prompts, point.index, point.mean)).collect()
            }
        }
    }

    fn distance(&self, source: Source, wanted: Option<Prompts>) -> Option<Distance> {
        let (mut named, mut trained, mut points) = (0.0, 0.0, 0);
        for (prompts, index, reward) in self.rewards(source) {
            if wanted.is_some_and(|wanted| wanted != prompts) {
                continue;
            }
            let (_, theory) = self.theory.iter().find(|(kind, _)| *kind == prompts)?;
            named += (reward - theory.named.rewards.get(index - 1)?).abs();
            trained += (reward - theory.trained.rewards.get(index - 1)?).abs();
            points += 1;
        }
        let mean = |sum: f64| sum / points as f64;
        (points > 0).then(|| Distance {
            panel: self.key,
            source,
            prompts: wanted,
            points,
            named: mean(named),
            trained: mean(trained),
        })
    }
}

fn theory(loss: &Loss, prompts: Prompts) -> Result<(Prompts, Theory), FigureError> {
    let UtilityPair { named, trained } = loss.of(prompts);
    Ok((prompts, Theory { named: curve(named)?, trained: curve(trained)? }))
}

fn curve(utility: &SharedUtility) -> Result<Curve, FigureError> {
    let Solution { rewards, gap, .. } = solve(utility, RESPONSES)?;
    let law = LimitLaw::of(utility.as_ref())?;
    let quantile = |k: usize| {
        let share = k as f64 / LIMIT_STEPS as f64;
        (0.5 + share * RESPONSES as f64, law.quantile(share))
    };
    let limit = (0..=LIMIT_STEPS).map(quantile).collect();
    Ok(Curve { utility: utility.to_string(), rewards, gap, limit_gap: law.gap(), limit })
}
