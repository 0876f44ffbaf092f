//! How each series looks, and which of its points are drawn.

use plotters::style::RGBColor;

use crate::compare::{Convergence, Measure, Trend};
use crate::figure::FigureError;
use crate::figure::canvas::Canvas;
use crate::figure::panel::Panel;
use crate::figure::style::{Dash, Marker, Shape, Stroke, colour};

/// Straight pieces of a predicted curve.
const STEPS: u32 = 60;
const PREDICTED: Stroke = Stroke::solid(RGBColor(170, 170, 170), 0.8);

/// Colour, symbol, whether it is filled, its radius, and dash of each series. Many utilities share the rate `1/n` with
/// nearly the same constant: their symbols are of different sizes, and the larger ones hollow, to be seen one in another.
/// Where two series share a colour, neither symbol nor dash is the same.
const STYLES: [(RGBColor, Shape, bool, f64, Dash); 10] = [
    (colour::BLUE, Shape::Circle, true, 1.2, Dash::Solid),
    (colour::SKY, Shape::Square, false, 2.6, Dash::SHORT),
    (colour::BLACK, Shape::Diamond, false, 3.2, Dash::DOTS),
    (colour::GREEN, Shape::Triangle, true, 2.2, Dash::SHORT),
    (colour::GREEN, Shape::DownTriangle, false, 2.2, Dash::LONG),
    (colour::BLACK, Shape::Square, true, 1.8, Dash::Solid),
    (colour::PURPLE, Shape::DownTriangle, true, 2.2, Dash::SHORT),
    (colour::PURPLE, Shape::Diamond, true, 1.8, Dash::DOTS),
    (colour::ORANGE, Shape::Circle, false, 4.4, Dash::LONG),
    (colour::VERMILLION, Shape::Cross, false, 2.4, Dash::DOTS),
];

/// The line and the symbol of the series number `i`.
pub(super) fn style(i: usize) -> (Stroke, Marker) {
    let (ink, shape, filled, radius, dash) = STYLES[i % STYLES.len()];
    (Stroke::dashed(ink, 0.9, dash), Marker { shape, colour: ink, fill: filled.then_some(ink), radius })
}

/// Logarithms of the points that have one: a distance may be exactly zero.
pub(super) fn drawable(series: &Convergence, measure: Measure) -> Vec<(f64, f64)> {
    let applies = series.trend(measure).is_some();
    let points = series.rows.iter().filter(|_| applies).map(|row| (row.n as f64, measure.of(row)));
    let positive = points.filter(|(_, value)| *value > 0.0 && value.is_finite());
    positive.map(|(n, value)| (n.log10(), value.log10())).collect()
}

/// The predicted shape, through the last point.
pub(super) fn predicted_line(
    canvas: &Canvas<'_>,
    panel: &Panel,
    points: &[(f64, f64)],
    trend: &Trend,
) -> Result<(), FigureError> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
    let shape = |x: f64| trend.predicted.shape(10.0_f64.powf(x)).log10();
    let along = (0..=STEPS).map(|k| first.0 + (last.0 - first.0) * f64::from(k) / f64::from(STEPS));
    let line: Vec<(f64, f64)> = along.map(|x| (x, last.1 + shape(x) - shape(last.0))).collect();
    if line.iter().any(|(_, y)| !y.is_finite()) {
        return Ok(());
    }
    // Far from where it holds a rate may leave the panel.
    let inside = line.into_iter().filter(|(_, y)| (panel.y.from..=panel.y.to).contains(y));
    let line: Vec<(f64, f64)> = inside.map(|at| panel.at(at)).collect();
    canvas.line(&line, PREDICTED)
}

/// A law that all points of a panel should obey, over its whole width.
pub(super) fn bound(canvas: &Canvas<'_>, panel: &Panel, bound: impl Fn(f64) -> f64) -> Result<(), FigureError> {
    let ends = [panel.x.from, panel.x.to].map(|x| (x, bound(10.0_f64.powf(x)).log10()));
    let inside = ends.iter().all(|(_, y)| (panel.y.from..=panel.y.to).contains(y));
    if inside { canvas.line(&ends.map(|at| panel.at(at)), PREDICTED) } else { Ok(()) }
}

/// The fitted power over the points that it was fitted to.
pub(super) fn fitted_line(
    canvas: &Canvas<'_>,
    panel: &Panel,
    points: &[(f64, f64)],
    trend: &Trend,
    stroke: Stroke,
) -> Result<(), FigureError> {
    let Some(fit) = &trend.fit else { return Ok(()) };
    let fitted = points.get(points.len().saturating_sub(fit.points)..).unwrap_or_default();
    if let (Some(first), Some(last)) = (fitted.first(), fitted.last()) {
        let on_fit = |x: f64| panel.at((x, fit.constant.log10() + fit.exponent * x));
        canvas.line(&[on_fit(first.0), on_fit(last.0)], stroke)?;
    }
    Ok(())
}
