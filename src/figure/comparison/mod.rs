//! The rewards of any model over the theory of its loss, a panel for each type of prompt.

mod page;

use std::path::Path;
use std::sync::Arc;

use super::render::Figure;
use super::{FigureError, FigureFiles, Page, table};
use crate::compare::TypeComparison;
use crate::limit::Law;
use crate::problem::Support;

/// What a panel shows.
#[derive(Clone)]
pub struct ComparisonPanel {
    /// The type of prompt, its rewards and their optima.
    pub row: TypeComparison,
    /// The interval of the rewards.
    pub support: Support,
    /// The limit law, where there is a method for it.
    pub limit: Option<Arc<dyn Law + Send>>,
}

impl std::fmt::Debug for ComparisonPanel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComparisonPanel").field("row", &self.row).finish_non_exhaustive()
    }
}

/// Draws learned rewards by response, with their standard deviation over prompts, over the optimal rewards and the limit law.
/// Writes the images of `page`, `comparison.txt` (the caption) and `comparison.csv` under `out`.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written.
pub fn comparison(out: &Path, page: &Page, panels: &[ComparisonPanel]) -> Result<FigureFiles, FigureError> {
    let tables = vec![("comparison.csv".to_owned(), rewards(panels)?)];
    let text = page::caption(panels);
    Figure::draw("comparison", page::HEADING, page, text, tables, |canvas| page::draw(canvas, panels))?.write(out, page)
}

fn rewards(panels: &[ComparisonPanel]) -> Result<String, FigureError> {
    let number = |value: f64| format!("{value:.9e}");
    let rows = panels.iter().flat_map(|panel| panel.row.sizes.iter().map(move |size| (panel, size)));
    let rows = rows.flat_map(|(panel, size)| {
        let responses = size.means.iter().zip(&size.deviations).zip(&size.optimum).zip(1..);
        responses.map(move |(((mean, deviation), optimum), index)| {
            // Half of a response's share of the law lies below it.
            let share = (f64::from(index) - 0.5) / size.n as f64;
            let limit = panel.limit.as_ref().map_or_else(String::new, |law| number(law.quantile(share)));
            vec![
                panel.row.prompt_type.clone(),
                size.n.to_string(),
                size.prompts.to_string(),
                index.to_string(),
                number(*mean),
                number(*deviation),
                number(*optimum),
                limit,
            ]
        })
    });
    table(&["type", "n", "prompts", "response_index", "mean", "deviation", "optimum", "limit"], rows)
}
