//! How fast optimal rewards approach their limit.

mod data;
mod page;

use std::path::Path;

pub use data::{AsymptoticSeries, Study, default_study};

use super::render::Figure;
use super::{FigureError, FigureFiles, table};

/// Draws the Wasserstein-1 distance between the optimal rewards of `n` responses and the limit law against `n`, with the
/// power law fitted to it and the rate that theory predicts. Writes `asymptotics.svg`, `.png`, `.csv` and
/// `asymptotics_rates.csv` under `out`. `progress` is told of each solve as it is begun.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written, or a failed computation.
pub fn asymptotics(out: &Path, studies: &[Study], progress: &dyn Fn(&str)) -> Result<FigureFiles, FigureError> {
    let mut series = Vec::new();
    for study in studies {
        series.push(AsymptoticSeries::compute(study, progress)?);
    }
    let svg = page::draw(&series)?;
    let points = series.iter().flat_map(|series| {
        series.points.iter().map(|(n, w1)| vec![series.utility.clone(), n.to_string(), format!("{w1:.9e}")])
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
        ("asymptotics.csv".to_owned(), table(&["utility", "n", "w1"], points)?),
        (
            "asymptotics_rates.csv".to_owned(),
            table(&["utility", "fitted_exponent", "fitted_constant", "predicted"], rates)?,
        ),
    ];
    Figure { name: "asymptotics", svg, tables }.write(out)
}
