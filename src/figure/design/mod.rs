//! A law that was asked for, and the rewards that a loss gives.

mod page;

use std::path::Path;

use super::render::Figure;
use super::{FigureError, FigureFiles, Page, table};
use crate::design::Design;
use crate::limit::Law;

/// Points at which laws are drawn.
const POINTS: u32 = 400;

/// Draws the densities and the distribution functions of the target and of the limit law of `design`, with the optimal rewards. Writes the images of `page`, `design.txt` (the caption),
/// `design.csv` (rewards with the quantiles of the target) and `design_laws.csv` under `out`.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written.
pub fn design(out: &Path, page: &Page, design: &Design) -> Result<FigureFiles, FigureError> {
    let tables = vec![("design.csv".to_owned(), rewards(design)?), ("design_laws.csv".to_owned(), laws(design)?)];
    let text = page::caption(design);
    Figure::draw("design", page::TITLE, page, text, tables, |canvas| page::draw(canvas, design))?.write(out, page)
}

/// The interval that is drawn: for a law on the line what carries all but a thousandth.
fn range(design: &Design) -> (f64, f64) {
    let support = design.support;
    let (low, high) = (design.target.quantile(5e-4), design.target.quantile(1.0 - 5e-4));
    let end = |end: f64, other: f64| if end.is_finite() { end } else { other };
    (end(support.lower(), low), end(support.upper(), high))
}

fn points(design: &Design) -> Vec<f64> {
    let (from, to) = range(design);
    (0..=POINTS).map(|k| from + (to - from) * f64::from(k) / f64::from(POINTS)).collect()
}

fn rewards(design: &Design) -> Result<String, FigureError> {
    let n = design.rewards.len() as f64;
    let rows = design.rewards.iter().enumerate().map(|(i, reward)| {
        let quantile = design.target.quantile((i as f64 + 0.5) / n);
        vec![(i + 1).to_string(), format!("{reward:.9}"), format!("{quantile:.9}")]
    });
    table(&["response_index", "reward", "target_quantile"], rows)
}

fn laws(design: &Design) -> Result<String, FigureError> {
    let rows = points(design).into_iter().map(|x| {
        let numbers =
            [design.target.density(x), design.achieved.density(x), design.target.cdf(x), design.achieved.cdf(x)];
        [x].into_iter().chain(numbers).map(|number| format!("{number:.9}")).collect()
    });
    table(&["x", "target_density", "limit_density", "target_cdf", "limit_cdf"], rows)
}
