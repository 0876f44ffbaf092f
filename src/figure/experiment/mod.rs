//! What training gave, laid over theory: every run of the experiment.

mod caption;
mod curves;
mod data;
mod histogram;
mod page;
mod scale;
mod shares;
mod tables;

use std::path::Path;

pub use data::{ExperimentData, ExperimentRun, RunDistance};

use super::render::Figure;
use super::{FigureError, FigureFiles, Page};
use crate::experiment::{Run, RunGroup, find_runs};

/// A figure of the experiment, with the distances that it is about.
#[derive(Debug, Clone)]
pub struct ExperimentFigure {
    /// `experiment`, or `experiment_GROUP` for a further group of runs.
    pub name: String,
    /// Rewards by response, with these and the distances as numbers.
    pub files: FigureFiles,
    /// The histograms of rewards, under the name with `_histogram`.
    pub histogram: FigureFiles,
    /// Between what was learned and each theory, at every evaluation.
    pub distances: Vec<RunDistance>,
}

/// Draws, for every run under `runs`, rewards against response at an early and at the last evaluation, training and held-out
/// prompts, over the optimal rewards for the utility as named (dashed) and as trained (solid); and, in a figure of its own, all rewards
/// as a histogram over the finite optimum and the limit law. Writes the images of `page`, captions as text and numbers as CSV under
/// `out`: `experiment` with `experiment_distances.csv`, and `experiment_histogram`; where `runs` has several groups of runs, each further one makes such a figure
/// under the name `experiment_GROUP`.
///
/// `runs` is a run, or has a folder for each, or has folders of such folders; a run is a folder with `rewards.csv` and
/// `run.json`.
///
/// # Errors
/// [`FigureError`]: no runs, a run whose files are missing or malformed, or an `out` that cannot be written. Every figure is
/// computed before the first is written.
pub fn experiment(out: &Path, page: &Page, runs: &Path) -> Result<Vec<ExperimentFigure>, FigureError> {
    let groups = find_runs(runs)?;
    if groups.is_empty() {
        let expected = "rewards.csv and run.json there, or in a folder for each run".to_owned();
        return Err(FigureError::NoRuns { path: runs.to_owned(), expected });
    }
    let drawn: Vec<Drawn> =
        groups.iter().enumerate().map(|(number, group)| draw(page, group, number == 0)).collect::<Result<_, _>>()?;
    drawn.into_iter().map(|drawn| drawn.write(out, page)).collect()
}

fn draw(page: &Page, group: &RunGroup, is_first: bool) -> Result<Drawn, FigureError> {
    let name = match &group.name {
        Some(group) if !is_first => format!("experiment_{group}"),
        _ => "experiment".to_owned(),
    };
    Drawn::new(page, &ExperimentData::compute(group)?, name)
}

/// Draws the same of one run, wherever its rewards come from: its early step is left out.
///
/// # Errors
/// As [`experiment`], but for the files of runs.
pub fn experiment_of(out: &Path, page: &Page, run: Run) -> Result<ExperimentFigure, FigureError> {
    Drawn::new(page, &ExperimentData::of_run(run)?, "experiment".to_owned())?.write(out, page)
}

/// Both pages of a figure, not yet written.
struct Drawn {
    rewards: Figure,
    histograms: Figure,
    distances: Vec<RunDistance>,
}

impl Drawn {
    fn new(page: &Page, data: &ExperimentData, name: String) -> Result<Self, FigureError> {
        let distances = data.distances()?;
        let tables = vec![
            (format!("{name}.csv"), tables::rewards(data)?),
            (format!("{name}_distances.csv"), tables::distances(&distances, data.sizes_differ())?),
        ];
        let other = format!("{name}_histogram");
        let shares = vec![(format!("{other}.csv"), tables::histogram(data)?)];
        let (words, other_words) = (caption::rewards(data), caption::histograms(data));
        Ok(Self {
            rewards: Figure::draw(name, page::REWARDS, page, words, tables, |canvas| page::rewards(canvas, data))?,
            histograms: Figure::draw(other, page::HISTOGRAMS, page, other_words, shares, |canvas| {
                page::histograms(canvas, data)
            })?,
            distances,
        })
    }

    fn write(self, out: &Path, page: &Page) -> Result<ExperimentFigure, FigureError> {
        let files = self.rewards.write(out, page)?;
        let histogram = self.histograms.write(out, page)?;
        Ok(ExperimentFigure { name: self.rewards.name, files, histogram, distances: self.distances })
    }
}
