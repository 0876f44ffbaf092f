//! The table of rates under the panels, which is also their legend.

use super::series::style;
use crate::compare::{Convergence, Measure, PredictedRate};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::style::{MARGIN, Stroke, TEXT, colour, mathematics, signed};

/// Between baselines.
const LINE: f64 = 14.0;
/// Where symbols and names begin, and how wide a name may be.
const SYMBOL: f64 = MARGIN;
const NAME: f64 = SYMBOL + 27.0;
const NAME_WIDTH: f64 = 82.0;
/// Measures with columns, where these begin, and how far apart.
const MEASURES: [(Measure, &str); 3] = [
    (Measure::Wasserstein1, "Wasserstein-1"),
    (Measure::Kolmogorov, "Kolmogorov"),
    (Measure::Energy, "Energy difference"),
];
const FIRST: f64 = 118.0;
/// The right edge of the fitted exponent and the left of the predicted rate.
const COLUMNS: [f64; 2] = [30.0, 37.0];
/// Between the columns of two measures.
const GAP: f64 = 10.0;
/// The narrowest page with the table: on others there are symbols and names alone.
const LEAST: f64 = 440.0;

/// Draws the table from `top` down, or the names of the series where it has no room; returns where it ends.
pub(super) fn draw(canvas: &Canvas, series: &[Convergence], top: f64) -> Result<f64, FigureError> {
    if canvas.width() < LEAST { names(canvas, series, top) } else { rates(canvas, series, top) }
}

/// Symbols and names, in as many columns as there is room for.
fn names(canvas: &Canvas, series: &[Convergence], top: f64) -> Result<f64, FigureError> {
    let column = NAME - SYMBOL + NAME_WIDTH;
    let count = ((canvas.width() - 2.0 * MARGIN) / column).floor().max(1.0) as usize;
    let width = (canvas.width() - 2.0 * MARGIN) / count as f64;
    let rows = series.len().div_ceil(count).max(1);
    for (i, series) in series.iter().enumerate() {
        let (left, baseline) = (SYMBOL + width * (i / rows) as f64, top + TEXT + LINE * (i % rows) as f64);
        entry(canvas, i, series, (left, baseline))?;
    }
    Ok(top + TEXT + LINE * (rows - 1) as f64 + 4.0)
}

/// The symbol and the name of a series.
fn entry(canvas: &Canvas, i: usize, series: &Convergence, (left, baseline): (f64, f64)) -> Result<(), FigureError> {
    let (stroke, marker) = style(i);
    let middle = baseline - 0.36 * TEXT;
    canvas.line(&[(left, middle), (left + 22.0, middle)], stroke)?;
    canvas.marker((left + 11.0, middle), marker)?;
    let expression = canvas.shortened(&mathematics(&series.utility), TEXT, NAME_WIDTH);
    canvas.text(&expression, (left + NAME - SYMBOL, baseline), TEXT, Align::Left)
}

fn rates(canvas: &Canvas, series: &[Convergence], top: f64) -> Result<f64, FigureError> {
    let right = canvas.width() - MARGIN;
    let width = (right - FIRST + GAP) / MEASURES.len() as f64;
    let columns = |i: usize| {
        let left = FIRST + width * i as f64;
        (left, left + COLUMNS[0], left + COLUMNS[1], left + width - GAP)
    };
    let thin = Stroke::solid(colour::AXIS, 0.7);
    let mut baseline = top + TEXT;
    for (i, (_, name)) in MEASURES.iter().enumerate() {
        let (left, fitted, predicted, right) = columns(i);
        canvas.text(name, ((left + right) / 2.0, baseline), TEXT, Align::Centre)?;
        canvas.line(&[(left, baseline + 4.0), (right, baseline + 4.0)], Stroke::solid(colour::AXIS, 0.4))?;
        canvas.text("fitted", (fitted, baseline + LINE), TEXT, Align::Right)?;
        canvas.text("theory", (predicted, baseline + LINE), TEXT, Align::Left)?;
        canvas.text("drift", (right, baseline + LINE), TEXT, Align::Right)?;
    }
    baseline += LINE;
    canvas.text("U(x)", (NAME, baseline), TEXT, Align::Left)?;
    canvas.line(&[(SYMBOL, baseline + 4.5), (right, baseline + 4.5)], thin)?;
    baseline += 2.0;
    for (i, series) in series.iter().enumerate() {
        baseline += LINE;
        entry(canvas, i, series, (SYMBOL, baseline))?;
        for (i, (measure, _)) in MEASURES.into_iter().enumerate() {
            let Some(trend) = series.trend(measure) else { continue };
            let (_, fitted, predicted, drift) = columns(i);
            let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| signed(value, 3));
            canvas.text(&number(trend.fit.map(|fit| fit.exponent)), (fitted, baseline), TEXT, Align::Right)?;
            canvas.text(&notation(trend.predicted), (predicted, baseline), TEXT, Align::Left)?;
            canvas.text(&number(trend.drift), (drift, baseline), TEXT, Align::Right)?;
        }
    }
    canvas.line(&[(SYMBOL, baseline + 5.0), (right, baseline + 5.0)], thin)?;
    Ok(baseline + 5.0)
}

/// A predicted rate up to its constant, as mathematics.
fn notation(rate: PredictedRate) -> String {
    match rate {
        PredictedRate::Power { exponent: 0.0 } => "constant".into(),
        PredictedRate::LogOverN => "log n / n".into(),
        PredictedRate::LogOverSqrt => "log n / √n".into(),
        PredictedRate::InverseLog => "1 / log n".into(),
        _ => mathematics(rate.to_string().trim_start_matches("c ")),
    }
}
