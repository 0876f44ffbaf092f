//! The drawing of the figure of asymptotics.

use plotters::style::RGBColor;

use crate::compare::Convergence;
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas, draw as draw_page};
use crate::figure::panel::{Axis, Panel};
use crate::figure::style::{Dash, MARGIN, Marker, PAGE_WIDTH, Shape, Stroke, TEXT, colour, mathematics, signed};

const LEFT: f64 = 42.0;
const TOP: f64 = 10.0;
const WIDTH: f64 = 236.0;
const HEIGHT: f64 = 190.0;
/// Baselines of the table that serves as legend.
const LINE: f64 = 17.0;
/// Its columns: symbol, utility, fitted and predicted.
const COLUMNS: [f64; 4] = [292.0, 318.0, 432.0, 446.0];
const NAME_WIDTH: f64 = 80.0;

/// How many sizes may be marked on the axis, each by itself, and how near their labels may be.
const MOST_LABELS: usize = 8;
const CLOSEST_LABELS: f64 = 26.0;

const PREDICTED: Stroke = Stroke::solid(RGBColor(170, 170, 170), 0.8);
/// Straight pieces of a predicted curve.
const STEPS: u32 = 60;

/// Colour, symbol, whether it is filled, its radius, and dash of each series. Many utilities share the rate `1/n` with
/// nearly the same constant: their symbols are of different sizes, and the larger ones hollow, to be seen one in another.
const STYLES: [(RGBColor, Shape, bool, f64, Dash); 7] = [
    (colour::BLUE, Shape::Circle, true, 1.5, Dash::Solid),
    (colour::VERMILLION, Shape::Square, false, 3.2, Dash::LONG),
    (colour::GREEN, Shape::Triangle, true, 2.5, Dash::SHORT),
    (colour::BLACK, Shape::Diamond, false, 2.6, Dash::Solid),
    (colour::PURPLE, Shape::DownTriangle, true, 2.5, Dash::DOTS),
    (colour::ORANGE, Shape::Circle, false, 4.8, Dash::DOTS),
    (colour::SKY, Shape::Square, true, 2.0, Dash::SHORT),
];

/// The line and the symbol of the series number `i`.
fn style(i: usize) -> (Stroke, Marker) {
    let (ink, shape, filled, radius, dash) = STYLES[i % STYLES.len()];
    (Stroke::dashed(ink, 1.0, dash), Marker { shape, colour: ink, fill: filled.then_some(ink), radius })
}

pub(super) fn draw(series: &[Convergence]) -> Result<String, FigureError> {
    draw_page(PAGE_WIDTH, "Distance of optimal rewards from their limit", |canvas| {
        let height = HEIGHT.max(LINE * (series.len() as f64 + 3.0));
        let panel = Panel { left: LEFT, top: TOP, width: WIDTH, height, ..axes(series) };
        panel.frame(canvas, "")?;
        let [symbol, name, fitted, predicted] = COLUMNS;
        let mut baseline = TOP + 12.0;
        canvas.text("U(x)", (name, baseline), TEXT, Align::Left)?;
        canvas.text("fitted exponent", (fitted, baseline), TEXT, Align::Right)?;
        canvas.text("predicted", (predicted, baseline), TEXT, Align::Left)?;
        let rule = [(symbol, baseline + 5.0), (PAGE_WIDTH - MARGIN, baseline + 5.0)];
        canvas.line(&rule, Stroke::solid(colour::AXIS, 0.7))?;
        for series in series {
            predicted_line(canvas, &panel, series)?;
        }
        for (i, series) in series.iter().enumerate() {
            let (stroke, marker) = style(i);
            curve(canvas, &panel, series, stroke, marker)?;
            baseline += LINE;
            let middle = baseline - 0.36 * TEXT;
            canvas.line(&[(symbol, middle), (symbol + 20.0, middle)], stroke)?;
            canvas.marker((symbol + 10.0, middle), marker)?;
            let expression = fitting(canvas, mathematics(&series.utility))?;
            canvas.text(&expression, (name, baseline), TEXT, Align::Left)?;
            let exponent = series.fit.as_ref().map_or("–".to_owned(), |fit| signed(fit.exponent, 3));
            canvas.text(&exponent, (fitted, baseline), TEXT, Align::Right)?;
            canvas.text(&mathematics(&series.predicted.to_string()), (predicted, baseline), TEXT, Align::Left)?;
        }
        let note = "Points: computed. Lines: the power of n fitted to the larger half. Grey: the predicted rate \
                    through the last point.";
        canvas.paragraph(note, (symbol, baseline + 1.6 * LINE), PAGE_WIDTH - MARGIN - symbol, TEXT)?;
        Ok(TOP + height + 24.0 + MARGIN)
    })
}

/// The expression, cut short where it would run into the next column.
fn fitting(canvas: &Canvas<'_>, expression: String) -> Result<String, FigureError> {
    let mut text = expression.clone();
    let mut kept = expression.chars().count();
    while kept > 1 && canvas.text_width(&text, TEXT)? > NAME_WIDTH {
        kept -= 1;
        text = expression.chars().take(kept).chain(['…']).collect();
    }
    Ok(text)
}

/// Axes that hold every point, with a little room around.
fn axes(series: &[Convergence]) -> Panel {
    let points = || series.iter().flat_map(drawable);
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low <= high { (low - 0.12, high + 0.12) } else { (0.0, 1.0) }
    };
    let mut x = Axis::logarithmic(range(&mut points().map(|(n, _)| n)), "number of responses n");
    // Few decades hold few powers of ten: label the sizes themselves where they are doublings.
    let mut sizes: Vec<usize> = points().map(|(n, _)| 10.0_f64.powf(n).round() as usize).collect();
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.len() <= MOST_LABELS {
        x.ticks = sizes.iter().map(|&n| ((n as f64).log10(), n.to_string())).collect();
        x.minor.clear();
        let closest = CLOSEST_LABELS * (x.to - x.from) / WIDTH;
        let mut last = f64::NEG_INFINITY;
        for (at, text) in &mut x.ticks {
            if *at - last < closest {
                text.clear();
            } else {
                last = *at;
            }
        }
    }
    let y = Axis::logarithmic(range(&mut points().map(|(_, w1)| w1)), "Wasserstein-1 distance to the limit");
    Panel { left: 0.0, top: 0.0, width: 0.0, height: 0.0, x, y }
}

/// Logarithms of the points that have one: a distance may be exactly zero.
fn drawable(series: &Convergence) -> Vec<(f64, f64)> {
    let positive = series.rows.iter().filter(|row| row.w1 > 0.0 && row.w1.is_finite());
    positive.map(|row| ((row.n as f64).log10(), row.w1.log10())).collect()
}

fn predicted_line(canvas: &Canvas<'_>, panel: &Panel, series: &Convergence) -> Result<(), FigureError> {
    let points = drawable(series);
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
    let shape = |x: f64| series.predicted.shape(10.0_f64.powf(x)).log10();
    let along = (0..=STEPS).map(|k| first.0 + (last.0 - first.0) * f64::from(k) / f64::from(STEPS));
    let line: Vec<(f64, f64)> = along.map(|x| (x, last.1 + shape(x) - shape(last.0))).collect();
    if line.iter().any(|(_, y)| !y.is_finite()) {
        return Ok(());
    }
    let line: Vec<(f64, f64)> = line.into_iter().map(|at| panel.at(at)).collect();
    canvas.line(&line, PREDICTED)
}

fn curve(
    canvas: &Canvas<'_>,
    panel: &Panel,
    series: &Convergence,
    stroke: Stroke,
    marker: Marker,
) -> Result<(), FigureError> {
    let points = drawable(series);
    let fitted = series.fit.as_ref().map_or(0, |fit| fit.points);
    let fitted = points.get(points.len().saturating_sub(fitted)..).unwrap_or_default();
    if let (Some(fit), Some(first), Some(last)) = (&series.fit, fitted.first(), fitted.last()) {
        let on_fit = |x: f64| panel.at((x, fit.constant.log10() + fit.exponent * x));
        canvas.line(&[on_fit(first.0), on_fit(last.0)], stroke)?;
    }
    for point in points {
        canvas.marker(panel.at(point), marker)?;
    }
    Ok(())
}
