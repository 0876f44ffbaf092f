//! The numbers of the collapse figure.

use std::path::Path;

use super::run;
use crate::compare::{Learned, Optimum, Theories, TheoryPair};
use crate::experiment::{Loss, PromptType, RESPONSES, find_runs};
use crate::figure::published::published;
use crate::figure::style::mathematics;
use crate::figure::{Cases, FigureError, PublishedPoint};
use crate::solution::largest_gap;

/// Points of a limit law's curve to a response: few responses need a finer one.
const FINE: usize = 20;
const COARSE: usize = 2;
/// Responses from which on the curve is coarse.
const MANY: usize = 50;

/// One panel's numbers.
#[derive(Debug, Clone)]
pub struct CollapsePanel {
    /// The loss, as it was asked for.
    pub key: String,
    /// The title drawn above.
    pub title: String,
    /// The predictions for each type of prompt.
    pub theory: [(PromptType, TheoryPair); 2],
    /// The paper's training curves.
    pub published: Vec<PublishedPoint>,
    /// The training prompts of a run of this configuration at its last step; empty where none was found.
    pub run: Vec<Learned>,
}

/// Whose rewards are compared with theory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurveSource {
    /// The paper's published curves.
    Published,
    /// A run of one's own.
    Run,
}

impl CurveSource {
    /// The name used in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            CurveSource::Published => "published",
            CurveSource::Run => "run",
        }
    }
}

/// Mean absolute distance of rewards from the two theories.
#[derive(Debug, Clone, PartialEq)]
pub struct Distance {
    /// The panel's key.
    pub panel: String,
    /// Whose rewards.
    pub source: CurveSource,
    /// The prompts compared; `None` for both types.
    pub prompt_type: Option<PromptType>,
    /// The number of rewards compared.
    pub points: usize,
    /// The distance to the theory for the named utility.
    pub named: f64,
    /// The distance to the theory for the trained utility.
    pub trained: f64,
}

/// The numbers of the whole figure.
#[derive(Debug, Clone)]
pub struct CollapseData {
    /// One for each loss.
    pub panels: Vec<CollapsePanel>,
    /// The number of responses.
    pub n: usize,
}

impl CollapseData {
    /// Solves for every loss and reads the runs, if any. Published curves are there for eight responses under the released losses.
    ///
    /// # Errors
    /// [`FigureError::NoRuns`] for a directory of runs without any, [`FigureError::Experiment`] for a malformed one.
    pub fn compute(cases: &Cases, runs: Option<&Path>) -> Result<Self, FigureError> {
        let n = cases.n;
        let groups = runs.map(find_runs).transpose()?.unwrap_or_default();
        let folders = groups.into_iter().next().map_or_else(Vec::new, |group| group.folders);
        let mut theories = Theories::default();
        let mut panels = Vec::new();
        for (key, letter) in cases.utilities.iter().zip('a'..) {
            let loss = Loss::parse(key)?;
            let title = if loss.is_prompt_aware() {
                format!("({letter}) prompt-aware")
            } else {
                format!("({letter}) U(x) = {}", mathematics(&loss.of(&PromptType::open_ended())?.named.to_string()))
            };
            let mut theory = |prompt_type: PromptType| -> Result<(PromptType, TheoryPair), FigureError> {
                let pair = loss.of(&prompt_type)?;
                Ok((prompt_type, theories.pair(&pair.named, &pair.trained, n)?))
            };
            let [open, closed] = PromptType::RELEASED;
            let theory = [theory(open)?, theory(closed)?];
            let run = run::find(&folders, &loss, n)?;
            let published = if n == RESPONSES { published(key)? } else { Vec::new() };
            panels.push(CollapsePanel { key: key.clone(), title, theory, published, run });
        }
        match runs {
            Some(path) if panels.iter().all(|panel| panel.run.is_empty()) => {
                let expected = format!("rewards.csv in a folder named {}", cases.utilities.join(", "));
                Err(FigureError::NoRuns { path: path.to_owned(), expected })
            }
            _ => Ok(Self { panels, n }),
        }
    }

    /// The largest certificate of the rewards drawn.
    pub fn largest_gap(&self) -> f64 {
        let theories = self.panels.iter().flat_map(|panel| &panel.theory);
        largest_gap(theories.map(|(_, pair)| pair.gap()))
    }

    /// Every distance: each panel, source, and type of prompt as well as both together.
    pub fn distances(&self) -> Vec<Distance> {
        let mut distances = Vec::new();
        for panel in &self.panels {
            for source in [CurveSource::Published, CurveSource::Run] {
                for prompt_type in [None].into_iter().chain(PromptType::RELEASED.map(Some)) {
                    distances.extend(panel.distance(source, prompt_type));
                }
            }
        }
        distances
    }

    /// The distance in one panel, if there is anything to compare.
    pub fn distance(&self, key: &str, source: CurveSource, prompt_type: Option<PromptType>) -> Option<Distance> {
        self.panels.iter().find(|panel| panel.key == key)?.distance(source, prompt_type)
    }

    /// Whether some loss is trained otherwise than it is named.
    pub(super) fn theories_differ(&self) -> bool {
        self.panels.iter().flat_map(|panel| &panel.theory).any(|(_, pair)| !pair.agree())
    }

    /// Whether some panel has what the paper published.
    pub(super) fn has_published(&self) -> bool {
        self.panels.iter().any(|panel| !panel.published.is_empty())
    }

    /// Whether some panel has a run.
    pub(super) fn has_runs(&self) -> bool {
        self.panels.iter().any(|panel| !panel.run.is_empty())
    }

    /// The distances wherever the two theories differ: `log`, `x_inv`, and the open-ended prompts of `adaptive`.
    pub fn findings(&self, source: CurveSource) -> Vec<Distance> {
        [("log", None), ("x_inv", None), ("adaptive", Some(PromptType::open_ended()))]
            .into_iter()
            .filter_map(|(key, prompt_type)| self.distance(key, source, prompt_type))
            .collect()
    }
}

impl CollapsePanel {
    /// The rewards to compare: type of prompt, index from 1, reward.
    fn rewards(&self, source: CurveSource) -> Vec<(&PromptType, usize, f64)> {
        match source {
            CurveSource::Published => {
                self.published.iter().map(|point| (&point.prompt_type, point.index, point.reward)).collect()
            }
            CurveSource::Run => {
                let points =
                    self.run.iter().flat_map(|at| at.responses.iter().map(|response| (&at.prompt_type, response)));
                points.map(|(prompt_type, response)| (prompt_type, response.index, response.mean)).collect()
            }
        }
    }

    fn distance(&self, source: CurveSource, wanted: Option<PromptType>) -> Option<Distance> {
        let (mut named, mut trained, mut points) = (0.0, 0.0, 0);
        for (prompt_type, index, reward) in self.rewards(source) {
            if wanted.as_ref().is_some_and(|wanted| wanted != prompt_type) {
                continue;
            }
            let (_, theory) = self.theory.iter().find(|(kind, _)| kind == prompt_type)?;
            named += (reward - theory.named.rewards.get(index - 1)?).abs();
            trained += (reward - theory.trained.rewards.get(index - 1)?).abs();
            points += 1;
        }
        let mean = |sum: f64| sum / points as f64;
        (points > 0).then(|| Distance {
            panel: self.key.clone(),
            source,
            prompt_type: wanted,
            points,
            named: mean(named),
            trained: mean(trained),
        })
    }
}

/// The limit law of an optimum as a curve over the responses: index (fractional) and quantile. Response `i` of `n` stands for
/// the share `(i - 1/2)/n` of the law. Without a law there is no curve.
pub(super) fn limit_curve(optimum: &Optimum) -> Vec<(f64, f64)> {
    let Some(law) = &optimum.limit else { return Vec::new() };
    let n = optimum.rewards.len();
    let to_a_response = if n < MANY { FINE } else { COARSE };
    let quantile =
        |k: usize| (0.5 + k as f64 / to_a_response as f64, law.quantile(k as f64 / (to_a_response * n) as f64));
    (0..=to_a_response * n).map(quantile).collect()
}
