//! The losses that people train: raw logits under the Bradley-Terry loss, with label smoothing or centring.

mod data;
mod page;

use std::path::Path;

pub use data::{BradleyTerryCases, BradleyTerryData};

use super::render::Figure;
use super::{FigureError, FigureFiles, Page, table};

/// Draws, for each loss of `cases` on raw logits, by default label smoothing 0.05, 0.1 and 0.2 and centring 0.01 and 0.1 under
/// `U = log sigmoid(x)`: the optimal rewards of 8 responses, and 1000 optimal rewards over their limit density with its free ends. Where a folder under `runs` has the
/// rewards of a model that was trained on one of these losses, they are drawn over the first. Writes the images of `page`, `bradley_terry.txt` (the caption),
/// `bradley_terry.csv` (optimal and learned rewards), `bradley_terry_density.csv` and `bradley_terry_histogram.csv` under `out`. `progress` is told of each loss
/// as it is begun.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written, malformed runs, or a failed computation.
pub fn bradley_terry(
    out: &Path,
    page: &Page,
    cases: &BradleyTerryCases,
    runs: Option<&Path>,
    progress: &dyn Fn(&str),
) -> Result<FigureFiles, FigureError> {
    let data = BradleyTerryData::all(cases, runs, progress)?;
    let tables = vec![
        ("bradley_terry.csv".to_owned(), rewards_table(&data)?),
        ("bradley_terry_density.csv".to_owned(), density_table(&data)?),
        ("bradley_terry_histogram.csv".to_owned(), histogram_table(&data)?),
    ];
    let text = page::caption(&data);
    Figure::draw("bradley_terry", page::TITLE, page, text, tables, |canvas| page::draw(canvas, &data))?.write(out, page)
}

fn rewards_table(data: &[BradleyTerryData]) -> Result<String, FigureError> {
    let mut rows = Vec::new();
    for loss in data {
        for (i, optimal) in loss.optimal.iter().enumerate() {
            let learned = loss.learned.iter().find(|learned| learned.index == i + 1);
            let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
            rows.push(vec![
                loss.name(),
                (i + 1).to_string(),
                format!("{optimal:.6}"),
                number(learned.map(|learned| learned.mean)),
                number(learned.map(|learned| learned.deviation)),
                learned.map_or(String::new(), |learned| learned.count.to_string()),
            ]);
        }
    }
    table(&["loss", "response_index", "optimal", "learned_mean", "learned_deviation", "prompts"], rows)
}

fn density_table(data: &[BradleyTerryData]) -> Result<String, FigureError> {
    let rows =
        data.iter().flat_map(|loss| loss.density.iter().map(|(x, p)| vec![loss.name(), fixed(*x, 8), fixed(*p, 8)]));
    table(&["loss", "x", "density"], rows)
}

fn histogram_table(data: &[BradleyTerryData]) -> Result<String, FigureError> {
    let rows = data.iter().flat_map(|loss| {
        loss.bins.iter().map(|(from, to, height)| vec![loss.name(), fixed(*from, 6), fixed(*to, 6), fixed(*height, 6)])
    });
    table(&["loss", "from", "to", "empirical"], rows)
}

/// A number with so many decimals. What rounds to zero has no sign, which would differ from machine to machine.
fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    let is_zero = text.bytes().all(|digit| matches!(digit, b'-' | b'0' | b'.'));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}
