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
use super::{FigureError, FigureFiles, Page, Width};
use crate::experiment::{Run, RunGroup, find_runs};

/// A figure of the experiment, with the distances that it is about.
#[derive(Debug, Clone)]
pub struct ExperimentFigure {
    /// `experiment`, or `experiment_GROUP` for a further group of runs.
    pub name: String,
    /// What was written.
    pub files: FigureFiles,
    /// Between what was learned and each theory, at every evaluation.
    pub distances: Vec<RunDistance>,
}

/// Draws, for every run under `runs`, rewards against response at an early and at the last evaluation, training and held-out
/// prompts, over the optimal rewards for the utility as named (dashed) and as trained (solid); and all rewards as a
/// histogram over the finite optimum and the limit law. Writes `experiment.svg`, `.png`, `.csv`, `experiment_distances.csv`
/// and `experiment_histogram.csv` under `out`; where `runs` has several groups of runs, each further one makes such a figure
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
    let drawn: Vec<(Figure, Vec<RunDistance>)> =
        groups.iter().enumerate().map(|(number, group)| draw(page, group, number == 0)).collect::<Result<_, _>>()?;
    let write = |(figure, distances): (Figure, Vec<RunDistance>)| {
        Ok(ExperimentFigure { files: figure.write(out, page)?, name: figure.name, distances })
    };
    drawn.into_iter().map(write).collect()
}

fn draw(page: &Page, group: &RunGroup, is_first: bool) -> Result<(Figure, Vec<RunDistance>), FigureError> {
    let name = match &group.name {
        Some(group) if !is_first => format!("experiment_{group}"),
        _ => "experiment".to_owned(),
    };
    figure_of(page, &ExperimentData::compute(group)?, name)
}

/// Draws the same of one run, wherever its rewards come from: its early step is left out.
///
/// # Errors
/// As [`experiment`], but for the files of runs.
pub fn experiment_of(out: &Path, page: &Page, run: Run) -> Result<ExperimentFigure, FigureError> {
    let (figure, distances) = figure_of(page, &ExperimentData::of_run(run)?, "experiment".to_owned())?;
    Ok(ExperimentFigure { files: figure.write(out, page)?, name: figure.name, distances })
}

fn figure_of(page: &Page, data: &ExperimentData, name: String) -> Result<(Figure, Vec<RunDistance>), FigureError> {
    let distances = data.distances()?;
    let tables = vec![
        (format!("{name}.csv"), tables::rewards(data)?),
        (format!("{name}_distances.csv"), tables::distances(&distances, data.sizes_differ())?),
        (format!("{name}_histogram.csv"), tables::histogram(data)?),
    ];
    // Thirty panels need their width.
    let wide = Page { width: Width::points(page::PAGE_WIDTH.max(page.width.get()))?, ..page.clone() };
    let text = caption::caption(data);
    let figure = Figure::draw(name, page::HEADING, &wide, text, tables, |canvas| page::draw(canvas, data))?;
    Ok((figure, distances))
}
