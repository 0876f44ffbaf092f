//! The drawing of the figure of asymptotics.

use super::key;
use super::series::{bound, drawable, fitted_line, predicted_line, style};
use crate::compare::{Convergence, Measure};
use crate::figure::FigureError;
use crate::figure::canvas::{Canvas, draw as draw_page};
use crate::figure::panel::{Axis, Panel};
use crate::figure::style::{MARGIN, PAGE_WIDTH, TEXT};

/// Panels from left to right and from top to bottom.
const COLUMNS: usize = 2;
const LEFT: f64 = 30.0;
const WIDTH: f64 = 212.0;
const GAP: f64 = PAGE_WIDTH - MARGIN - LEFT - 2.0 * WIDTH;
const TOP: f64 = 20.0;
const HEIGHT: f64 = 146.0;
const ROW: f64 = HEIGHT + 46.0;

/// How many sizes may be marked on the axis, each by itself, and how near their labels may be.
const MOST_LABELS: usize = 8;
const CLOSEST_LABELS: f64 = 26.0;

const TITLES: [(Measure, &str); 4] = [
    (Measure::Wasserstein1, "Wasserstein-1 distance"),
    (Measure::Kolmogorov, "Kolmogorov distance"),
    (Measure::Energy, "Energy difference"),
    (Measure::Ends, "|Share at an end − atom|"),
];

pub(super) fn draw(series: &[Convergence]) -> Result<String, FigureError> {
    draw_page(PAGE_WIDTH, "Distance of optimal rewards from their limit", |canvas| {
        let drawn = |measure: Measure| series.iter().any(|series| !drawable(series, measure).is_empty());
        // Without atoms there is no fourth panel; the first three are always there, be they empty.
        let panels = TITLES.iter().filter(|(measure, _)| *measure != Measure::Ends || drawn(Measure::Ends));
        for ((i, (measure, title)), letter) in panels.enumerate().zip('a'..) {
            let panel = Panel {
                left: LEFT + (WIDTH + GAP) * (i % COLUMNS) as f64,
                top: TOP + ROW * (i / COLUMNS) as f64,
                width: WIDTH,
                height: HEIGHT,
                ..axes(series, *measure)
            };
            panel.frame(canvas, &format!("({letter}) {title}"))?;
            fill(canvas, &panel, series, *measure)?;
        }
        let end = key::draw(canvas, series, TOP + 2.0 * ROW - 8.0)?;
        let bottom = canvas.paragraph(NOTE, (MARGIN, end + 1.6 * TEXT), PAGE_WIDTH - 2.0 * MARGIN, TEXT)?;
        Ok(bottom + 0.4 * TEXT + MARGIN)
    })
}

const NOTE: &str = "Points: computed. Coloured lines: the power of n fitted to the larger half of the sizes. Grey: the \
                    rate of theory through the last point; in the panel of shares, 1/(2n). Drift: the last point over \
                    the rate of theory, divided by the same a decade earlier. The energy difference is the mean utility \
                    of a pair less that of the limit or, where that diverges, that of equal spacing.";

/// All series of one panel.
fn fill(canvas: &Canvas<'_>, panel: &Panel, series: &[Convergence], measure: Measure) -> Result<(), FigureError> {
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
    for (i, (_, points)) in with_points() {
        for point in points {
            canvas.marker(panel.at(*point), style(i).1)?;
        }
    }
    Ok(())
}

/// Axes that hold every point, with a little room around.
fn axes(series: &[Convergence], measure: Measure) -> Panel {
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
    let values = points().map(|(_, value)| value);
    // The grey line of the shares belongs to the panel.
    let bounds = points().filter(|_| measure == Measure::Ends).map(|(n, _)| -n - 2.0_f64.log10());
    let y = Axis::logarithmic(range(&mut values.chain(bounds), 0.15), "");
    Panel { left: 0.0, top: 0.0, width: 0.0, height: 0.0, x, y }
}
