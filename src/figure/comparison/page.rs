//! The drawing of rewards over theory.

use super::ComparisonPanel;
use crate::compare::{Order, SizeComparison, TypeComparison};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas, draw as draw_page};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Panel};
use crate::figure::style::{Dash, MARGIN, Marker, PAGE_WIDTH, SMALL, Shape, Stroke, TEXT, TITLE, colour, mathematics};
use crate::limit::Law;
use crate::problem::Support;

const LEFT: f64 = 40.0;
const TOP: f64 = 40.0;
const HEIGHT: f64 = 150.0;
/// From one row of panels to the next.
const BETWEEN_ROWS: f64 = 52.0;
const GAP: f64 = 46.0;
/// From a panel's edge to its notes.
const INSET: f64 = 3.0;
/// Panels on a page; those of the types with most prompts.
const MOST_PANELS: usize = 24;
/// Numbers of responses drawn in a panel; those of most prompts.
const MOST_SIZES: usize = 4;
/// Numbers on an axis of responses.
const MOST_NUMBERS: usize = 16;
/// Points of a quantile function.
const POINTS: u32 = 400;

const OPTIMUM: Stroke = Stroke::solid(colour::GREEN, 1.5);
const LIMIT: Stroke = Stroke::dashed(colour::BLACK, 0.9, Dash::SHORT);
const LEARNED: Marker = Marker { shape: Shape::Circle, colour: colour::BLUE, fill: Some(colour::BLUE), radius: 1.5 };
const BAND_OPACITY: f64 = 0.22;

pub(super) fn draw(panels: &[ComparisonPanel]) -> Result<String, FigureError> {
    let mut drawn: Vec<&ComparisonPanel> = panels.iter().collect();
    if drawn.len() > MOST_PANELS {
        drawn.sort_by_key(|panel| std::cmp::Reverse(panel.row.prompts));
        drawn.truncate(MOST_PANELS);
    }
    draw_page(PAGE_WIDTH, "Rewards over theory", |canvas| {
        let mut keys = vec![
            (Key::Point(LEARNED), "mean reward"),
            (Key::Bar(colour::BLUE, BAND_OPACITY, Stroke::solid(colour::BLUE, 0.1)), "±1 sd over prompts"),
            (Key::Line(OPTIMUM), "optimal rewards"),
        ];
        if drawn.iter().any(|panel| panel.limit.is_some()) {
            keys.push((Key::Line(LIMIT), "limit law"));
        }
        legend::row(canvas, &keys, 13.0)?;
        let columns = drawn.len().clamp(1, 2);
        let width = (PAGE_WIDTH - MARGIN - LEFT - GAP * (columns as f64 - 1.0)) / columns as f64;
        for (place, shown) in drawn.iter().enumerate() {
            let (row, column) = (place / columns, place % columns);
            let panel = Panel {
                left: LEFT + column as f64 * (width + GAP),
                top: TOP + row as f64 * (HEIGHT + BETWEEN_ROWS),
                width,
                height: HEIGHT,
                x: responses(&shown.row),
                y: rewards(shown),
            };
            fill(canvas, &panel, shown)?;
        }
        let rows = drawn.len().div_ceil(columns) as f64;
        let below = TOP + rows * HEIGHT + (rows - 1.0) * BETWEEN_ROWS + 24.0 + TEXT + 8.0;
        let text = caption(panels, drawn.len());
        let bottom = canvas.paragraph(&text, (MARGIN, below), PAGE_WIDTH - 2.0 * MARGIN, TEXT)?;
        Ok(bottom + 0.4 * TEXT + MARGIN)
    })
}

fn fill(canvas: &Canvas<'_>, panel: &Panel, shown: &ComparisonPanel) -> Result<(), FigureError> {
    let row = &shown.row;
    let name = if row.prompt_type.is_empty() { "all prompts" } else { &row.prompt_type };
    panel.frame(canvas, &canvas.shortened(name, TITLE, panel.width)?)?;
    let clamped = |reward: f64| reward.clamp(panel.y.from, panel.y.to);
    let sizes = sizes(row);
    let at = |size: &SizeComparison, index: usize, reward: f64| panel.at((place(row, index, size.n), clamped(reward)));
    for size in &sizes {
        let edge = |sign: f64| {
            let ends = size.means.iter().zip(&size.deviations).enumerate();
            ends.map(move |(i, (mean, deviation))| at(size, i, mean + sign * deviation)).collect::<Vec<_>>()
        };
        let corners: Vec<(f64, f64)> = edge(1.0).into_iter().chain(edge(-1.0).into_iter().rev()).collect();
        canvas.fill(&corners, colour::BLUE, BAND_OPACITY)?;
    }
    for size in &sizes {
        let optimum: Vec<(f64, f64)> =
            size.optimum.iter().enumerate().map(|(i, reward)| at(size, i, *reward)).collect();
        canvas.line(&optimum, OPTIMUM)?;
    }
    if let Some(law) = &shown.limit {
        canvas.line(&quantiles(panel, row, law.as_ref()), LIMIT)?;
    }
    for size in &sizes {
        for (i, mean) in size.means.iter().enumerate() {
            canvas.marker(at(size, i, *mean), LEARNED)?;
        }
    }
    let (left, right) = (panel.left + INSET, panel.left + panel.width - INSET);
    let bottom = panel.top + panel.height - INSET - 2.5;
    let utility = canvas.shortened(&format!("U = {}", mathematics(&row.utility)), SMALL, panel.width - 2.0 * INSET)?;
    canvas.text(&utility, (left, panel.top + INSET + SMALL), SMALL, Align::Left)?;
    let note = format!("{} prompts, mean |d| {:.4}", row.prompts, row.mean_abs_difference);
    canvas.text(&note, (right, bottom), SMALL, Align::Right)
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
    let mut axis = Axis::rounded((0.5, n as f64 + 0.5), MOST_NUMBERS as f64, "response, worst first");
    axis.ticks.retain(|(at, _)| at.fract() == 0.0);
    axis.ticks.iter_mut().for_each(|(at, text)| *text = format!("{at}"));
    axis
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

fn caption(panels: &[ComparisonPanel], drawn: usize) -> String {
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
