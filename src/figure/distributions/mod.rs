//! Optimal rewards of many responses against the law that they tend to.

mod data;
mod page;

use std::path::Path;

pub use data::{DensityBin, DistributionData, EndMass};

use super::render::Figure;
use super::{Cases, FigureError, FigureFiles, Page, table};

/// Draws histograms of `n` optimal rewards for each utility of `cases`, by default six of the paper and `n = 1000`, with the limit density
/// over them, and atoms as atoms. Writes the images of `page`, `distributions.txt` (the caption), `distributions.csv` (bins and atoms) and
/// `distributions_density.csv` (the curves) under `out`. `progress` is told of each utility as it is begun.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written, or a failed computation.
pub fn distributions(
    out: &Path,
    page: &Page,
    cases: &Cases,
    progress: &dyn Fn(&str),
) -> Result<FigureFiles, FigureError> {
    let mut data = Vec::new();
    for expression in &cases.utilities {
        progress(&format!("{expression}: {} rewards and their limit", cases.n));
        data.push(DistributionData::compute(expression, cases.n)?);
    }
    let tables = vec![
        ("distributions.csv".to_owned(), bins_table(&data)?),
        ("distributions_density.csv".to_owned(), density_table(&data)?),
    ];
    let text = page::caption(&data);
    Figure::draw("distributions", page::TITLE, page, text, tables, |canvas| page::draw(canvas, &data))?.write(out, page)
}

fn bins_table(data: &[DistributionData]) -> Result<String, FigureError> {
    let mut rows = Vec::new();
    for law in data {
        let mut push = |kind: &str, from: f64, to: f64, empirical: f64, limit: f64| {
            let numbers = [from, to, empirical, limit].map(|number| format!("{number:.6}"));
            rows.push([vec![law.utility.clone(), kind.to_owned()], numbers.to_vec()].concat());
        };
        for atom in &law.atoms {
            push("atom", atom.at, atom.at, atom.empirical, atom.limit);
        }
        for bin in &law.bins {
            push("density", bin.from, bin.to, bin.empirical, bin.limit);
        }
    }
    table(&["utility", "kind", "from", "to", "empirical", "limit"], rows)
}

fn density_table(data: &[DistributionData]) -> Result<String, FigureError> {
    let rows = data.iter().flat_map(|law| {
        law.density.iter().map(|(x, p)| vec![law.utility.clone(), format!("{x:.8}"), format!("{p:.8}")])
    });
    table(&["utility", "x", "density"], rows)
}
