//! The drawing of rewards over theory.

use super::ComparisonPanel;
use crate::compare::{Order, SizeComparison, TypeComparison};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Columns, Panel};
use crate::figure::style::{Dash, MARGIN, Marker, SMALL, Shape, Stroke, TITLE, colour, mathematics};
use crate::limit::Law;
use crate::problem::Support;

/// Room beside the panels and between them.
const MARGINS: (f64, f64, f64) = (40.0, 46.0, MARGIN);
const LEAST_WIDTH: f64 = 150.0;
/// Panels side by side, at most.
const MOST_COLUMNS: usize = 2;
/// From the legend to the panels, and from panels to what is below them.
const ABOVE: f64 = 28.0;
const BELOW: f64 = 24.0;
const HEIGHT: f64 = 150.0;
/// From one row of panels to the next.
const BETWEEN_ROWS: f64 = 52.0;
/// From a panel's edge to its notes.
const INSET: f64 = 3.0;
/// Panels on a page; those of the types with most prompts.
const MOST_PANELS: usize = 24;
/// Numbers of responses drawn in a panel; those of most prompts.
const MOST_SIZES: usize = 4;
/// Points of a quantile function.
const POINTS: u32 = 400;

const OPTIMUM: Stroke = Stroke::solid(colour::GREEN, 1.5);
const LIMIT: Stroke = Stroke::dashed(colour::BLACK, 0.9, Dash::SHORT);
const LEARNED: Marker = Marker { shape: Shape::Circle, colour: colour::BLUE, fill: Some(colour::BLUE), radius: 1.5 };
const BAR: Stroke = Stroke::solid(colour::BLUE, 0.8);

pub(super) const HEADING: &str = "Rewards over theory";

/// The panels that are drawn.
fn drawn(panels: &[ComparisonPanel]) -> Vec<&ComparisonPanel> {
    let mut drawn: Vec<&ComparisonPanel> = panels.iter().collect();
    if drawn.len() > MOST_PANELS {
        drawn.sort_by_key(|panel| std::cmp::Reverse(panel.row.prompts));
        drawn.truncate(MOST_PANELS);
    }
    drawn
}

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, panels: &[ComparisonPanel]) -> Result<f64, FigureError> {
    let drawn = drawn(panels);
    let mut keys =
        vec![(Key::Point(LEARNED), "mean reward, ±1 sd over prompts"), (Key::Line(OPTIMUM), "optimal rewards")];
    if drawn.iter().any(|panel| panel.limit.is_some()) {
        keys.push((Key::Line(LIMIT), "limit law"));
    }
    let top = legend::rows(canvas, &keys)? + ABOVE;
    let columns = Columns::fit(canvas.width(), drawn.len().min(MOST_COLUMNS), LEAST_WIDTH, MARGINS);
    for (place, shown) in drawn.iter().enumerate() {
        let panel = Panel {
            left: columns.left_of(place),
            top: top + (place / columns.count) as f64 * (HEIGHT + BETWEEN_ROWS),
            width: columns.width,
            height: HEIGHT,
            x: responses(&shown.row),
            y: rewards(shown),
        };
        fill(canvas, &panel, shown)?;
    }
    let rows = drawn.len().max(1).div_ceil(columns.count) as f64;
    Ok(top + rows * HEIGHT + (rows - 1.0) * BETWEEN_ROWS + BELOW)
}

fn fill(canvas: &Canvas, panel: &Panel, shown: &ComparisonPanel) -> Result<(), FigureError> {
    let row = &shown.row;
    let name = if row.prompt_type.is_empty() { "all prompts" } else { &row.prompt_type };
    panel.frame(canvas, &canvas.shortened(name, TITLE, panel.width))?;
    let clamped = |reward: f64| reward.clamp(panel.y.from, panel.y.to);
    let sizes = sizes(row);
    let at = |size: &SizeComparison, index: usize, reward: f64| panel.at((place(row, index, size.n), clamped(reward)));
    for size in &sizes {
        let optimum: Vec<(f64, f64)> =
            size.optimum.iter().enumerate().map(|(i, reward)| at(size, i, *reward)).collect();
        canvas.line(&optimum, OPTIMUM)?;
    }
    if let Some(law) = &shown.limit {
        canvas.line(&quantiles(panel, row, law.as_ref()), LIMIT)?;
    }
    for size in &sizes {
        for (i, (mean, deviation)) in size.means.iter().zip(&size.deviations).enumerate() {
            let [from, to] = [mean - deviation, mean + deviation].map(|end| at(size, i, end));
            if (from.1 - to.1).abs() > 0.5 {
                canvas.error_bar(from, to.1, BAR)?;
            }
            canvas.marker(at(size, i, *mean), LEARNED)?;
        }
    }
    let (left, top) = (panel.left + INSET, panel.top + INSET + SMALL);
    let utility = canvas.shortened(&format!("U = {}", mathematics(&row.utility)), SMALL, panel.width - 2.0 * INSET);
    canvas.text(&utility, (left, top), SMALL, Align::Left)?;
    let note = format!("{} prompts, mean\u{a0}|d|\u{a0}{:.4}", row.prompts, row.mean_abs_difference);
    // Rewards ascend: the corner above the worst responses is free.
    let note = canvas.broken(&note, SMALL, 0.5 * panel.width - 2.0 * INSET);
    for (i, line) in note.iter().enumerate() {
        canvas.text(line, (left, top + 1.3 * SMALL * (i + 1) as f64), SMALL, Align::Left)?;
    }
    Ok(())
}

/// The numbers of responses that most prompts have, ascending.
fn sizes(row: &TypeComparison) -> Vec<&SizeComparison> {
    let mut sizes: Vec<&SizeComparison> = row.sizes.iter().collect();
    if sizes.len() > MOST_SIZES {
        sizes.sort_by_key(|size| std::cmp::Reverse(size.prompts));
        sizes.truncate(MOST_SIZES);
        sizes.sort_by_key(|size| size.n);
    }
    sizes
}

/// The number of responses that all prompts have.
fn shared(row: &TypeComparison) -> Option<usize> {
    match row.n.all() {
        [n] => Some(*n),
        _ => None,
    }
}

/// Where response `index`, counted from 0, of `n` lies: at its number or, where prompts differ, at the share of responses below
/// it and half of its own.
fn place(row: &TypeComparison, index: usize, n: usize) -> f64 {
    match shared(row) {
        Some(_) => index as f64 + 1.0,
        None => (index as f64 + 0.5) / n as f64,
    }
}

fn responses(row: &TypeComparison) -> Axis {
    let Some(n) = shared(row) else {
        return Axis::linear((0.0, 1.0), 0.25, 2, "share of responses below");
    };
    Axis::responses(n, "response, worst first")
}

fn rewards(shown: &ComparisonPanel) -> Axis {
    if shown.support == Support::UNIT {
        return Axis::linear((-0.03, 1.03), 0.25, 2, "reward");
    }
    let of_size = |size: &SizeComparison| {
        let spread = size.means.iter().zip(&size.deviations).flat_map(|(mean, sd)| [mean - sd, mean + sd]);
        spread.chain(size.optimum.iter().copied()).collect::<Vec<f64>>()
    };
    let all = sizes(&shown.row).into_iter().flat_map(of_size);
    let (from, to) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let room = (0.04 * (to - from)).max(1e-3);
    Axis::rounded((from - room, to + room), 5.0, "reward")
}

/// The quantile function of the law.
fn quantiles(panel: &Panel, row: &TypeComparison, law: &dyn Law) -> Vec<(f64, f64)> {
    let at = |share: f64| {
        let x = shared(row).map_or(share, |n| 0.5 + share * n as f64);
        panel.at((x, law.quantile(share).clamp(panel.y.from, panel.y.to)))
    };
    (0..=POINTS).map(|k| at(f64::from(k) / f64::from(POINTS))).collect()
}

pub(super) fn caption(panels: &[ComparisonPanel]) -> String {
    let drawn = drawn(panels).len();
    let mut text =
        "Rewards of a model by response: mean and ±1 standard deviation over prompts, over the optimal rewards of \
                    the utility U for as many responses, and the quantiles of the limit law. mean |d|: the mean over \
                    responses and prompts of |reward − optimum|."
            .to_owned();
    let rows: Vec<&TypeComparison> = panels.iter().map(|panel| &panel.row).collect();
    text.push_str(if rows.iter().all(|row| row.order == Order::Rank) {
        " Responses are in the order of their ranks."
    } else if rows.iter().all(|row| row.order == Order::Reward) {
        " There are no ranks: responses are in the order of their rewards."
    } else {
        " Responses are in the order of their ranks, and of their rewards where a prompt has no ranks."
    });
    if rows.iter().any(|row| row.shifted) {
        text.push_str(" Each prompt’s rewards are shifted to the mean of its optimum.");
    }
    if let Some(row) = rows.iter().find(|row| row.sizes.len() > MOST_SIZES) {
        let drawn: Vec<String> = sizes(row).iter().map(|size| size.n.to_string()).collect();
        text.push_str(&format!(
            " Of many numbers of responses the {MOST_SIZES} most common are drawn, such as {}.",
            drawn.join(", ")
        ));
    }
    if drawn < panels.len() {
        text.push_str(&format!(" Drawn are the {drawn} types with most prompts, of {}.", panels.len()));
    }
    text
}
