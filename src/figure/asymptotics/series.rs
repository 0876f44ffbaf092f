//! How each series looks, and which of its points are drawn.

use crate::compare::{Convergence, Measure, Trend};
use crate::figure::FigureError;
use crate::figure::canvas::Canvas;
use crate::figure::panel::Panel;
use crate::figure::style::{Dash, Marker, Rgb, Shape, Stroke, colour};

/// Straight pieces of a predicted curve.
const STEPS: u32 = 60;
const PREDICTED: Stroke = Stroke::solid(Rgb(170, 170, 170), 0.8);

/// Colour, symbol, whether it is filled, its radius, and dash of each series. Where two series share a colour, neither symbol nor dash
/// is the same.
const STYLES: [(Rgb, Shape, bool, f64, Dash); 10] = [
    (colour::BLUE, Shape::Circle, true, 1.9, Dash::Solid),
    (colour::SKY, Shape::Square, false, 2.4, Dash::SHORT),
    (colour::BLACK, Shape::Diamond, false, 2.4, Dash::DOTS),
    (colour::GREEN, Shape::Triangle, true, 2.2, Dash::SHORT),
    (colour::GREEN, Shape::DownTriangle, false, 2.2, Dash::LONG),
    (colour::BLACK, Shape::Square, true, 1.8, Dash::Solid),
    (colour::PURPLE, Shape::DownTriangle, true, 2.2, Dash::SHORT),
    (colour::PURPLE, Shape::Diamond, true, 1.8, Dash::DOTS),
    (colour::ORANGE, Shape::Circle, false, 2.4, Dash::LONG),
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

/// The points drawn, each with the number of its series. Many utilities share a rate with nearly the same constant: of points in one
/// place one alone is drawn, of a series that has had the fewest turns, so that every series shows somewhere on the common line.
pub(super) fn turns(series: &[Vec<(f64, f64)>]) -> Vec<(usize, (f64, f64))> {
    /// Points nearer than this, in both directions, are in one place.
    const NEAR: f64 = 1.6;
    let mut all: Vec<(usize, (f64, f64))> =
        series.iter().enumerate().flat_map(|(i, points)| points.iter().map(move |&at| (i, at))).collect();
    // Down each column of points, from left to right.
    all.sort_by(|(i, a), (j, b)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(i.cmp(j)));
    let mut turns = vec![0usize; series.len()];
    let mut drawn = Vec::new();
    let mut rest = &all[..];
    while let Some((_, first)) = rest.first() {
        let near = |at: &(f64, f64)| (at.0 - first.0).abs() < NEAR && (at.1 - first.1).abs() < NEAR;
        let count = rest.iter().take_while(|(_, at)| near(at)).count().max(1);
        let (place, further) = rest.split_at(count);
        if let Some(&(i, at)) = place.iter().min_by_key(|(i, _)| (turns[*i], *i)) {
            turns[i] += usize::from(count > 1);
            drawn.push((i, at));
        }
        rest = further;
    }
    drawn
}

/// The predicted shape, through the last point.
pub(super) fn predicted_line(
    canvas: &Canvas,
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
pub(super) fn bound(canvas: &Canvas, panel: &Panel, bound: impl Fn(f64) -> f64) -> Result<(), FigureError> {
    let ends = [panel.x.from, panel.x.to].map(|x| (x, bound(10.0_f64.powf(x)).log10()));
    let inside = ends.iter().all(|(_, y)| (panel.y.from..=panel.y.to).contains(y));
    if inside { canvas.line(&ends.map(|at| panel.at(at)), PREDICTED) } else { Ok(()) }
}

/// The fitted power over the points that it was fitted to.
pub(super) fn fitted_line(
    canvas: &Canvas,
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

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn series_in_one_place_take_turns() {
        let line = |shift: f64| (0..9).map(|k| (20.0 * f64::from(k), 10.0 * f64::from(k) + shift)).collect::<Vec<_>>();
        // Three that coincide, and one beside them.
        let series = [line(0.0), line(0.3), line(-0.2), line(8.0)];
        let drawn = turns(&series);
        let count = |i: usize| drawn.iter().filter(|(of, _)| *of == i).count();
        assert_eq!([count(0), count(1), count(2), count(3)], [3, 3, 3, 9]);
        assert!(drawn.iter().all(|(i, at)| series[*i].contains(at)));
        assert!(turns(&[]).is_empty());
    }
}
