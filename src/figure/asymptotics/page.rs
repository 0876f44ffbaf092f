//! The drawing of the figure of asymptotics.

use super::key;
use super::series::{bound, drawable, fitted_line, predicted_line, style, turns};
use crate::compare::{Convergence, Measure};
use crate::figure::FigureError;
use crate::figure::canvas::Canvas;
use crate::figure::panel::{Axis, Columns, Panel};
use crate::figure::style::MARGIN;

/// Room beside the panels and between them.
const MARGINS: (f64, f64, f64) = (44.0, 44.0, MARGIN + 4.0);
const LEAST_WIDTH: f64 = 140.0;
/// Panels side by side, at most.
const MOST_COLUMNS: usize = 2;
const TOP: f64 = 18.0;
const HEIGHT: f64 = 146.0;
const ROW: f64 = HEIGHT + 46.0;
/// From panels to what is below them.
const BELOW: f64 = 26.0;

/// How many sizes may be marked on the axis, each by itself, and how near their labels may be.
const MOST_LABELS: usize = 8;
const CLOSEST_LABELS: f64 = 26.0;

const PANELS: [(Measure, &str, &str); 4] = [
    (Measure::Wasserstein1, "Wasserstein-1 distance", "distance"),
    (Measure::Kolmogorov, "Kolmogorov distance", "distance"),
    (Measure::Energy, "Energy difference", "mean utility of a pair"),
    (Measure::Ends, "|Share at an end − atom|", "share"),
];

pub(super) const TITLE: &str = "Distance of optimal rewards from their limit";

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, series: &[Convergence]) -> Result<f64, FigureError> {
    let drawn = |measure: Measure| series.iter().any(|series| !drawable(series, measure).is_empty());
    // Without atoms there is no fourth panel; the first three are always there, be they empty.
    let panels: Vec<_> =
        PANELS.into_iter().filter(|(measure, ..)| *measure != Measure::Ends || drawn(Measure::Ends)).collect();
    let columns = Columns::fit(canvas.width(), MOST_COLUMNS, LEAST_WIDTH, MARGINS);
    for ((i, (measure, title, label)), letter) in panels.iter().enumerate().zip('a'..) {
        let (x, mut y) = axes(series, *measure, columns.width);
        y.label = (*label).into();
        let panel = Panel {
            left: columns.left_of(i),
            top: TOP + ROW * (i / columns.count) as f64,
            width: columns.width,
            height: HEIGHT,
            x,
            y,
        };
        panel.frame(canvas, &format!("({letter}) {title}"))?;
        fill(canvas, &panel, series, *measure)?;
    }
    let below = TOP + ROW * (panels.len().div_ceil(columns.count) as f64 - 1.0) + HEIGHT + BELOW;
    key::draw(canvas, series, below + 6.0)
}

pub(super) const NOTE: &str = "Points: computed; where series coincide, their symbols take turns. Coloured lines: the power of n fitted to the larger half of the sizes. Grey: the \
                    rate of theory through the last point; in the panel of shares, 1/(2n). Drift: the last point over \
                    the rate of theory, divided by the same a decade earlier. The energy difference is the mean utility \
                    of a pair less that of the limit or, where that diverges, that of equal spacing.";

/// All series of one panel.
fn fill(canvas: &Canvas, panel: &Panel, series: &[Convergence], measure: Measure) -> Result<(), FigureError> {
    let points: Vec<_> = series.iter().map(|series| drawable(series, measure)).collect();
    let with_points = || series.iter().zip(&points).enumerate();
    if measure == Measure::Ends {
        bound(canvas, panel, |n| 0.5 / n)?;
    } else {
        let trends = || with_points().filter_map(|(i, (series, points))| Some((i, series.trend(measure)?, points)));
        for (_, trend, points) in trends() {
            predicted_line(canvas, panel, points, trend)?;
        }
        for (i, trend, points) in trends() {
            fitted_line(canvas, panel, points, trend, style(i).0)?;
        }
    }
    let places: Vec<Vec<(f64, f64)>> =
        points.iter().map(|points| points.iter().map(|&point| panel.at(point)).collect()).collect();
    turns(&places).into_iter().try_for_each(|(i, at)| canvas.marker(at, style(i).1))
}

/// Axes that hold every point, with a little room around.
fn axes(series: &[Convergence], measure: Measure, width: f64) -> (Axis, Axis) {
    let points = || series.iter().flat_map(|series| drawable(series, measure));
    let range = |values: &mut dyn Iterator<Item = f64>, room: f64| {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low <= high { (low - room, high + room) } else { (0.0, 1.0) }
    };
    let mut x = Axis::logarithmic(range(&mut points().map(|(n, _)| n), 0.12), "number of responses n");
    // Few decades hold few powers of ten: label the sizes themselves.
    let mut sizes: Vec<usize> = points().map(|(n, _)| 10.0_f64.powf(n).round() as usize).collect();
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.len() <= MOST_LABELS {
        x.ticks = sizes.iter().map(|&n| ((n as f64).log10(), n.to_string())).collect();
        x.minor.clear();
        let closest = CLOSEST_LABELS * (x.to - x.from) / width;
        let mut last = f64::NEG_INFINITY;
        for (at, text) in &mut x.ticks {
            if *at - last < closest {
                text.clear();
            } else {
                last = *at;
            }
        }
    }
    let values = points().map(|(_, value)| value);
    // The grey line of the shares belongs to the panel.
    let bounds = points().filter(|_| measure == Measure::Ends).map(|(n, _)| -n - 2.0_f64.log10());
    (x, Axis::logarithmic(range(&mut values.chain(bounds), 0.15), ""))
}
