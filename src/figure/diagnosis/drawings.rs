//! The drawings of a report.

use crate::diagnosis::{Agreement, Diagnosis, Position, Scale, Subject, Test, TypeSummary};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas, draw};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Panel};
use crate::figure::style::{Dash, MARGIN, Marker, SMALL, Shape, Stroke, TEXT, colour, signed};

/// The width of a drawing in the report.
const PAGE_WIDTH: f64 = 504.0;
/// Panels side by side.
const COLUMNS: usize = 3;
/// Types that have a panel.
const MOST_PANELS: usize = 9;
/// Tests that have a line, the largest first.
const MOST_TESTS: usize = 16;
/// Positions that are marked each.
const MOST_MARKED: usize = 20;
/// Marks that an axis should have, about.
const MARKS: f64 = 5.0;

const MEAN: Stroke = Stroke::solid(colour::BLUE, 1.3);
const MEAN_POINT: Marker = Marker { shape: Shape::Circle, colour: colour::BLUE, fill: Some(colour::BLUE), radius: 1.7 };
const OPTIMUM: Stroke = Stroke::dashed(colour::VERMILLION, 1.4, Dash::SHORT);
const EDGE: Stroke = Stroke::solid(colour::SKY, 0.6);

/// Round numbers for an axis, with the step between its marks.
fn linear((from, to): (f64, f64), label: &str) -> Axis {
    let width = if to > from { to - from } else { 1.0 };
    let unit = 10f64.powf((width / MARKS).log10().floor());
    let step = [1.0, 2.0, 5.0].map(|k| k * unit).into_iter().find(|step| width / step <= MARKS).unwrap_or(10.0 * unit);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let mut axis = Axis::linear((from, from + width), step, decimals, label);
    axis.ticks.iter_mut().for_each(|(at, text)| *text = signed(*at, decimals));
    axis
}

fn name(of: &TypeSummary) -> &str {
    of.prompt_type.as_deref().unwrap_or("all prompts")
}

/// The rewards of each type by position, over the optimum of the loss that fits best.
pub(super) fn rewards(diagnosis: &Diagnosis) -> Result<String, FigureError> {
    let shown: Vec<&TypeSummary> =
        diagnosis.types.iter().filter(|of| of.positions.len() > 1).take(MOST_PANELS).collect();
    let range = match diagnosis.scale {
        Scale::Unit if !diagnosis.shift_removed => (-0.03, 1.03),
        _ => {
            let of_position = |of: &Position| [of.low, of.high, of.optimum.unwrap_or(of.mean)];
            let all = shown.iter().flat_map(|of| of.positions.iter().flat_map(of_position));
            let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
            let room = (0.03 * (high - low)).max(1e-9);
            (low - room, high + room)
        }
    };
    draw(PAGE_WIDTH, "Rewards by position", |canvas| {
        let keys = [
            (Key::Line(MEAN), "mean over prompts"),
            (Key::Bar(colour::SKY, 0.35, EDGE), "5 % to 95 % of prompts"),
            (Key::Line(OPTIMUM), "optimum of the best loss"),
        ];
        legend::rows(canvas, &keys)?;
        let columns = shown.len().clamp(1, COLUMNS);
        let (left, gap) = (40.0, 30.0);
        let width = ((PAGE_WIDTH - MARGIN - left - gap * (columns - 1) as f64) / columns as f64).min(220.0);
        let (top, height, below) = (38.0, 120.0, 58.0);
        for (at, of) in shown.iter().enumerate() {
            let panel = Panel {
                left: left + (at % columns) as f64 * (width + gap),
                top: top + (at / columns) as f64 * (height + below),
                width,
                height,
                x: linear((1.0, of.positions.len() as f64), "response, by reward"),
                y: linear(range, if at % columns == 0 { "reward" } else { "" }),
            };
            let title = canvas.shortened(name(of), TEXT, width);
            panel.frame(canvas, &title)?;
            positions(canvas, &panel, &of.positions)?;
            let loss = of.best_utility.as_deref().unwrap_or_default();
            let loss = canvas.shortened(loss, SMALL, width - 8.0);
            canvas.coloured_text(&loss, (panel.left + 4.0, panel.top + 9.0), SMALL, Align::Left, colour::VERMILLION)?;
        }
        let rows = shown.len().div_ceil(columns).max(1) as f64;
        Ok(top + rows * (height + below) - 18.0)
    })
}

fn positions(canvas: &Canvas, panel: &Panel, positions: &[Position]) -> Result<(), FigureError> {
    let curve = |of: &dyn Fn(&Position) -> f64| -> Vec<(f64, f64)> {
        positions.iter().enumerate().map(|(i, position)| panel.at(((i + 1) as f64, of(position)))).collect()
    };
    let (low, high) = (curve(&|of| of.low), curve(&|of| of.high));
    let band: Vec<(f64, f64)> = low.iter().copied().chain(high.iter().rev().copied()).collect();
    canvas.fill(&band, colour::SKY, 0.35)?;
    canvas.line(&low, EDGE)?;
    canvas.line(&high, EDGE)?;
    canvas.line(&curve(&|of| of.mean), MEAN)?;
    if positions.len() <= MOST_MARKED {
        curve(&|of| of.mean).into_iter().try_for_each(|point| canvas.marker(point, MEAN_POINT))?;
    }
    let optimum: Option<Vec<f64>> = positions.iter().map(|of| of.optimum).collect();
    if let Some(optimum) = optimum {
        let points: Vec<(f64, f64)> =
            optimum.iter().enumerate().map(|(i, reward)| panel.at(((i + 1) as f64, *reward))).collect();
        canvas.line(&points, OPTIMUM)?;
    }
    Ok(())
}

/// The effect of each test with its interval, against the tolerance.
pub(super) fn effects(diagnosis: &Diagnosis) -> Result<String, FigureError> {
    let mut shown: Vec<&Test> = diagnosis.tests.iter().collect();
    shown.sort_by(|a, b| b.effect.total_cmp(&a.effect));
    shown.truncate(MOST_TESTS);
    let largest = shown.iter().map(|test| test.interval[1]).fold(2.0 * diagnosis.tolerance, f64::max);
    draw(PAGE_WIDTH, "Effects", |canvas| {
        let (left, top, line) = (190.0, 24.0, 14.0);
        let panel = Panel {
            left,
            top,
            width: PAGE_WIDTH - MARGIN - 12.0 - left,
            height: line * shown.len() as f64 + 4.0,
            x: linear((0.0, 1.05 * largest), "effect, a share of the width of the scale"),
            y: Axis { from: 0.0, to: 1.0, ..Axis::default() },
        };
        panel.frame(canvas, "Differences, with their 95 % intervals")?;
        let (at, _) = panel.at((diagnosis.tolerance, 0.0));
        let tolerance = Stroke::dashed(colour::AXIS, 0.9, Dash::LONG);
        canvas.line(&[(at, panel.top), (at, panel.top + panel.height)], tolerance)?;
        for (row, test) in shown.iter().enumerate() {
            let y = top + (row as f64 + 0.5) * line + 2.0;
            let ink = if test.p_corrected < crate::diagnosis::LEVEL { colour::VERMILLION } else { colour::BLUE };
            let place = |x: f64| panel.at((x, 0.0)).0;
            canvas.line(&[(place(test.interval[0]), y), (place(test.interval[1]), y)], Stroke::solid(ink, 1.2))?;
            let marker = Marker { shape: Shape::Circle, colour: ink, fill: Some(ink), radius: 2.0 };
            canvas.marker((place(test.effect), y), marker)?;
            let label = canvas.shortened(&label(test), SMALL, left - 2.0 * MARGIN);
            canvas.text(&label, (left - 6.0, y + 0.36 * SMALL), SMALL, Align::Right)?;
        }
        let below = panel.top + panel.height + 24.0 + TEXT + 8.0;
        let caption = format!(
            "Dashed: the tolerance, {}. Red: the null hypothesis is rejected at the level 0.05, corrected for all tests.",
            diagnosis.tolerance
        );
        let bottom = canvas.paragraph(&caption, (MARGIN, below), PAGE_WIDTH - 2.0 * MARGIN, TEXT)?;
        Ok(bottom + MARGIN)
    })
}

fn label(test: &Test) -> String {
    let types: Vec<&str> = test.types.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    match (test.subject, types.as_slice()) {
        (Subject::All, _) => "all types".into(),
        (Subject::Types, [one]) => format!("{one} / all others"),
        (Subject::Types, types) => types.join(" / "),
        (Subject::Prompts, []) => format!("prompts, their {}", test.measure),
        (Subject::Prompts, types) => format!("prompts of {}, their {}", types.join(" "), test.measure),
    }
}

/// The reliability curve.
pub(super) fn reliability(agreement: &Agreement) -> Result<String, FigureError> {
    draw(PAGE_WIDTH, "Reliability", |canvas| {
        let panel = Panel {
            left: 150.0,
            top: 24.0,
            width: 200.0,
            height: 150.0,
            x: Axis::linear((0.5, 1.0), 0.1, 1, "probability by the rewards, sigmoid(|difference|)"),
            y: Axis::linear((0.0, 1.0), 0.25, 2, "share in order"),
        };
        panel.frame(canvas, "Do rewards say how sure they are?")?;
        canvas.line(&[panel.at((0.5, 0.5)), panel.at((1.0, 1.0))], Stroke::dashed(colour::AXIS, 0.8, Dash::LONG))?;
        let points: Vec<(f64, f64)> =
            agreement.reliability.iter().map(|of| panel.at((of.predicted, of.observed))).collect();
        canvas.line(&points, MEAN)?;
        points.iter().try_for_each(|&point| canvas.marker(point, MEAN_POINT))?;
        Ok(panel.top + panel.height + 24.0 + TEXT + MARGIN)
    })
}
