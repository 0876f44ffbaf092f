//! How fast optimal rewards approach their limit.

mod key;
mod page;
mod series;

use std::path::Path;

use super::render::Figure;
use super::{FigureError, FigureFiles, Page, table};
use crate::compare::Convergence;

/// Draws the distances between the optimal rewards of `n` responses and the limit law against `n`: Wasserstein-1,
/// Kolmogorov, the energy difference and, where there are atoms, the share at the ends; with the powers of `n` fitted to
/// them and the rates that theory predicts. Writes the images of `page`, `asymptotics.txt` (the caption), `asymptotics.csv`
/// and `asymptotics_rates.csv` under `out`. The table of rates is drawn from a width of 440 points.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written.
pub fn asymptotics(out: &Path, page: &Page, series: &[Convergence]) -> Result<FigureFiles, FigureError> {
    let tables =
        vec![("asymptotics.csv".to_owned(), points(series)?), ("asymptotics_rates.csv".to_owned(), rates(series)?)];
    let text = page::NOTE.to_owned();
    Figure::draw("asymptotics", page::TITLE, page, text, tables, |canvas| page::draw(canvas, series))?.write(out, page)
}

/// The points drawn; without the seconds, which no second run repeats.
fn points(series: &[Convergence]) -> Result<String, FigureError> {
    let header = [
        "utility",
        "n",
        "w1",
        "ks",
        "energy_difference",
        "mean_utility",
        "limit_mean_utility",
        "end_share",
        "atom",
        "gap",
        "method",
        "iterations",
    ];
    let rows = series.iter().flat_map(|series| {
        series.rows.iter().map(|row| {
            let energies = [row.energy_difference, row.mean_utility, row.limit_mean_utility];
            let numbers = [row.w1, row.ks].into_iter().chain(energies).chain([row.end_share, row.atom, row.gap]);
            let mut record = vec![series.utility.clone(), row.n.to_string()];
            record.extend(numbers.map(|x| format!("{x:.9e}")));
            record.extend([row.method.to_string(), row.iterations.to_string()]);
            record
        })
    });
    table(&header, rows)
}

fn rates(series: &[Convergence]) -> Result<String, FigureError> {
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
    let rows = series.iter().flat_map(|series| {
        series.trends.iter().map(|trend| {
            vec![
                series.utility.clone(),
                trend.measure.name().to_owned(),
                number(trend.fit.map(|fit| fit.exponent)),
                number(trend.fit.map(|fit| fit.constant)),
                trend.predicted.to_string(),
                number(trend.drift),
            ]
        })
    });
    table(&["utility", "measure", "fitted_exponent", "fitted_constant", "predicted", "drift"], rows)
}
