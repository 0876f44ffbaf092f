//! The table of rates under the panels, which is also their legend.

use super::series::style;
use crate::compare::{Convergence, Measure, PredictedRate};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::style::{MARGIN, PAGE_WIDTH, Stroke, TEXT, colour, mathematics, signed};

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
const FIRST: f64 = 122.0;
const WIDTH: f64 = 128.0;
/// Within each: the right edge of the fitted exponent, the left of the predicted rate, the right of the drift.
const COLUMNS: [f64; 3] = [32.0, 42.0, 116.0];

/// Draws the table from `top` down; returns where it ends.
pub(super) fn draw(canvas: &Canvas<'_>, series: &[Convergence], top: f64) -> Result<f64, FigureError> {
    let thin = Stroke::solid(colour::AXIS, 0.7);
    let mut baseline = top + TEXT;
    for (i, (_, name)) in MEASURES.iter().enumerate() {
        let left = FIRST + WIDTH * i as f64;
        let [_, _, right] = COLUMNS.map(|x| left + x);
        canvas.text(name, ((left + right) / 2.0, baseline), TEXT, Align::Centre)?;
        canvas.line(&[(left, baseline + 4.0), (right, baseline + 4.0)], Stroke::solid(colour::AXIS, 0.4))?;
        let [fitted, predicted, drift] = COLUMNS.map(|x| left + x);
        canvas.text("fitted", (fitted, baseline + LINE), TEXT, Align::Right)?;
        canvas.text("theory", (predicted, baseline + LINE), TEXT, Align::Left)?;
        canvas.text("drift", (drift, baseline + LINE), TEXT, Align::Right)?;
    }
    baseline += LINE;
    canvas.text("U(x)", (NAME, baseline), TEXT, Align::Left)?;
    canvas.line(&[(SYMBOL, baseline + 4.5), (PAGE_WIDTH - MARGIN, baseline + 4.5)], thin)?;
    baseline += 2.0;
    for (i, series) in series.iter().enumerate() {
        baseline += LINE;
        let (stroke, marker) = style(i);
        let middle = baseline - 0.36 * TEXT;
        canvas.line(&[(SYMBOL, middle), (SYMBOL + 22.0, middle)], stroke)?;
        canvas.marker((SYMBOL + 11.0, middle), marker)?;
        let expression = canvas.shortened(&mathematics(&series.utility), TEXT, NAME_WIDTH)?;
        canvas.text(&expression, (NAME, baseline), TEXT, Align::Left)?;
        for (i, (measure, _)) in MEASURES.into_iter().enumerate() {
            let Some(trend) = series.trend(measure) else { continue };
            let [fitted, predicted, drift] = COLUMNS.map(|x| FIRST + WIDTH * i as f64 + x);
            let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| signed(value, 3));
            canvas.text(&number(trend.fit.map(|fit| fit.exponent)), (fitted, baseline), TEXT, Align::Right)?;
            canvas.text(&notation(trend.predicted), (predicted, baseline), TEXT, Align::Left)?;
            canvas.text(&number(trend.drift), (drift, baseline), TEXT, Align::Right)?;
        }
    }
    canvas.line(&[(SYMBOL, baseline + 5.0), (PAGE_WIDTH - MARGIN, baseline + 5.0)], thin)?;
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
