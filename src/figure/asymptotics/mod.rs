//! How fast optimal rewards approach their limit.

mod page;
mod study;

use std::path::Path;

pub use study::Study;

use super::render::Figure;
use super::{FigureError, FigureFiles, table};
use crate::compare::convergence;

/// Draws the Wasserstein-1 distance between the optimal rewards of `n` responses and the limit law against `n`, with the
/// power law fitted to it and the rate that theory predicts. Writes `asymptotics.svg`, `.png`, `.csv` and
/// `asymptotics_rates.csv` under `out`. `progress` is told of each solve as it is begun.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written, or a failed computation.
pub fn asymptotics(out: &Path, studies: &[Study], progress: &dyn Fn(&str)) -> Result<FigureFiles, FigureError> {
    let mut series = Vec::new();
    for study in studies {
        let utility = &study.utility;
        let mut starting = |n| progress(&format!("{utility}, n = {n}"));
        series.push(convergence(utility, &study.sizes, &mut starting)?);
    }
    let svg = page::draw(&series)?;
    let points = series.iter().flat_map(|series| {
        series.rows.iter().map(|row| {
            let measured = [row.w1, row.ks, row.mean_utility, row.limit_mean_utility, row.gap];
            let numbers = measured.map(|x| format!("{x:.9e}"));
            [series.utility.clone(), row.n.to_string()].into_iter().chain(numbers).collect::<Vec<String>>()
        })
    });
    let rates = series.iter().map(|series| {
        let fitted = series.fit.as_ref();
        let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
        vec![
            series.utility.clone(),
            number(fitted.map(|fit| fit.exponent)),
            number(fitted.map(|fit| fit.constant)),
            series.predicted.to_string(),
        ]
    });
    let tables = vec![
        (
            "asymptotics.csv".to_owned(),
            table(&["utility", "n", "w1", "ks", "mean_utility", "limit_mean_utility", "gap"], points)?,
        ),
        (
            "asymptotics_rates.csv".to_owned(),
            table(&["utility", "fitted_exponent", "fitted_constant", "predicted"], rates)?,
        ),
    ];
    Figure { name: "asymptotics", svg, tables }.write(out)
}
