//! The drawing of the figure of distributions.

use super::data::DistributionData;
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas, draw as draw_page};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Panel, clipped};
use crate::figure::style::{MARGIN, Marker, PAGE_WIDTH, SMALL, Shape, Stroke, colour, mathematics};

const COLUMNS: usize = 3;
const LEFT: f64 = 36.0;
const WIDTH: f64 = 118.0;
/// Room for a panel's second scale and its neighbour's first.
const GAP: f64 = 42.0;
const TOP: f64 = 40.0;
const HEIGHT: f64 = 112.0;
const ROW: f64 = HEIGHT + 42.0;
/// How much of a panel's height the histogram may take; the rest is for its notes.
const FILLED: f64 = 0.7;

const BAR_OPACITY: f64 = 0.45;
const BAR_EDGE: Stroke = Stroke::solid(colour::BLUE, 0.5);
const DENSITY: Stroke = Stroke::solid(colour::BLACK, 1.3);
const ATOM: Marker = Marker { shape: Shape::Circle, colour: colour::VERMILLION, fill: None, radius: 3.4 };
const SHARE: Marker = Marker { shape: Shape::Cross, colour: colour::VERMILLION, fill: None, radius: 2.0 };

pub(super) fn draw(data: &[DistributionData]) -> Result<String, FigureError> {
    draw_page(PAGE_WIDTH, "Distributions of optimal rewards and their limits", |canvas| {
        let n = data.first().map_or(0, |law| law.n);
        let entries = [
            (Key::Bar(colour::SKY, BAR_OPACITY, BAR_EDGE), format!("n = {n} optimal rewards")),
            (Key::Line(DENSITY), "limit density".to_owned()),
            (Key::Point(ATOM), "limit atom".to_owned()),
            (Key::Point(SHARE), "share of rewards at exactly 0 or 1".to_owned()),
        ];
        legend::row(canvas, &entries.each_ref().map(|(key, text)| (*key, text.as_str())), 13.0)?;
        let rows = data.len().div_ceil(COLUMNS);
        for (i, (law, letter)) in data.iter().zip('a'..).enumerate() {
            let (row, column) = (i / COLUMNS, i % COLUMNS);
            let (tallest, step) = scale(law);
            let label = if column == 0 { "density" } else { "" };
            let panel = Panel {
                left: LEFT + (WIDTH + GAP) * column as f64,
                top: TOP + ROW * row as f64,
                width: WIDTH,
                height: HEIGHT,
                x: Axis::linear((-0.05, 1.05), 0.25, 2, if row + 1 == rows { "reward" } else { "" }),
                y: Axis::linear((0.0, tallest), step, usize::from(step < 1.0), label),
            };
            panel.frame(canvas, &format!("({letter}) U(x) = {}", mathematics(&law.utility)))?;
            histogram(canvas, &panel, law)?;
            if !law.atoms.is_empty() {
                atoms(canvas, &panel, law, column + 1 == COLUMNS)?;
            }
            notes(canvas, &panel, law)?;
        }
        Ok(TOP + ROW * (rows as f64 - 1.0) + HEIGHT + 24.0 + MARGIN)
    })
}

/// The top of the density axis and the step of its marks. The outermost bins do not count: an infinite density there
/// would press everything else to the ground.
fn scale(law: &DistributionData) -> (f64, f64) {
    let inner = law.bins.len().saturating_sub(2);
    let highest = law.bins.iter().skip(1).take(inner).map(|bin| bin.empirical.max(bin.limit)).fold(0.1, f64::max);
    let wanted = highest / FILLED;
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0].into_iter().find(|step| wanted / step <= 6.0).unwrap_or(10.0);
    (wanted, step)
}

fn histogram(canvas: &Canvas<'_>, panel: &Panel, law: &DistributionData) -> Result<(), FigureError> {
    let top = panel.y.to;
    for bin in &law.bins {
        let height = bin.empirical.min(top);
        let corners = [(bin.from, 0.0), (bin.from, height), (bin.to, height), (bin.to, 0.0)].map(|at| panel.at(at));
        canvas.fill(&corners, colour::SKY, BAR_OPACITY)?;
        // A bar that is cut off stays open at the top.
        if bin.empirical > top {
            canvas.line(&corners[..2], BAR_EDGE)?;
            canvas.line(&corners[2..], BAR_EDGE)?;
        } else {
            canvas.line(&corners, BAR_EDGE)?;
        }
    }
    let curve: Vec<(f64, f64)> = clipped(&law.density, top).into_iter().map(|at| panel.at(at)).collect();
    canvas.line(&curve, DENSITY)
}

fn atoms(canvas: &Canvas<'_>, panel: &Panel, law: &DistributionData, labelled: bool) -> Result<(), FigureError> {
    let heaviest = law.atoms.iter().map(|atom| atom.limit.max(atom.empirical)).fold(0.0, f64::max);
    let label = if labelled { "mass" } else { "" };
    let scale = Axis::linear((0.0, heaviest / FILLED), if heaviest > 0.25 { 0.2 } else { 0.1 }, 1, label);
    let masses = panel.second_scale(canvas, scale, colour::VERMILLION)?;
    for atom in &law.atoms {
        let (x, tip) = masses.at((atom.at, atom.limit));
        let (_, foot) = masses.at((atom.at, 0.0));
        canvas.line(&[(x, foot), (x, tip + ATOM.radius)], Stroke::solid(colour::VERMILLION, 1.6))?;
        canvas.marker((x, tip), ATOM)?;
        canvas.marker(masses.at((atom.at, atom.empirical)), SHARE)?;
    }
    Ok(())
}

fn notes(canvas: &Canvas<'_>, panel: &Panel, law: &DistributionData) -> Result<(), FigureError> {
    let mut lines = Vec::new();
    if let Some(left) = law.atoms.first() {
        lines.push(format!("mass at 0: limit {:.4},", left.limit));
        lines.push(format!("n = {}: {:.4}; same at 1", law.n, left.empirical));
    } else {
        lines.extend(law.closed_form.as_ref().map(|name| format!("limit {name}")));
        lines.extend(
            law.bins
                .first()
                .filter(|bin| bin.empirical > panel.y.to)
                .map(|bin| format!("end bins: {:.1} (limit {:.1})", bin.empirical, bin.limit)),
        );
    }
    let x = panel.left + panel.width / 2.0;
    for (i, line) in lines.iter().enumerate() {
        canvas.text(line, (x, panel.top + 8.0 + 1.3 * SMALL * i as f64), SMALL, Align::Centre)?;
    }
    Ok(())
}
