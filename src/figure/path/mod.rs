//! How training gets to the optimal rewards.

mod page;

use std::path::Path;

use super::render::Figure;
use super::{FigureError, FigureFiles, Page, table};
use crate::simulate::Simulation;

/// Draws the path of a simulated training: the distances from theory, the share of responses at the wrong end and the
/// deviation over prompts against the step, and the mean reward of each rank with the optimum. Writes
/// the images of `page`, `path_to_collapse.txt` (the caption), `path_to_collapse.csv` (rewards) and `path_to_collapse_measures.csv` under `out`.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written.
pub fn path_to_collapse(out: &Path, page: &Page, simulation: &Simulation) -> Result<FigureFiles, FigureError> {
    let tables = vec![
        ("path_to_collapse.csv".to_owned(), rewards(simulation)?),
        ("path_to_collapse_measures.csv".to_owned(), measures(simulation)?),
    ];
    let text = page::caption(simulation);
    Figure::draw("path_to_collapse", page::TITLE, page, text, tables, |canvas| page::draw(canvas, simulation))?
        .write(out, page)
}

fn rewards(simulation: &Simulation) -> Result<String, FigureError> {
    let optimum = |i: usize| simulation.optimum.as_ref().map_or(String::new(), |optimum| format!("{:.9e}", optimum[i]));
    let rows = simulation.rows.iter().flat_map(|row| {
        let rewards = row.rewards.iter().enumerate();
        rewards.map(|(i, reward)| vec![row.step.to_string(), (i + 1).to_string(), format!("{reward:.9e}"), optimum(i)])
    });
    table(&["step", "rank", "reward", "optimum"], rows)
}

fn measures(simulation: &Simulation) -> Result<String, FigureError> {
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.9e}"));
    let rows = simulation.rows.iter().map(|row| {
        let measures = [row.distance, row.w1_limit, row.wrong_end, Some(row.deviation)];
        [row.step.to_string()].into_iter().chain(measures.map(number)).collect()
    });
    table(&["step", "distance", "w1_limit", "wrong_end", "deviation"], rows)
}
