//! The drawing of the figure of distributions.

use super::data::DistributionData;
use crate::figure::FigureError;
use crate::figure::canvas::Canvas;
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Columns, Panel, clipped};
use crate::figure::style::{MARGIN, Marker, Shape, Stroke, colour, mathematics};

/// Room beside the panels and between them.
const MARGINS: (f64, f64, f64) = (36.0, 14.0, MARGIN + 3.0);
const LEAST_WIDTH: f64 = 86.0;
/// Panels side by side, at most.
const MOST_COLUMNS: f64 = 3.0;
/// From the legend to the panels, and from panels to what is below them.
const ABOVE: f64 = 28.0;
const BELOW: f64 = 24.0;
const HEIGHT: f64 = 112.0;
const ROW: f64 = HEIGHT + 34.0;
/// How much of a panel's height the tallest histogram may take; the rest is for notes.
const FILLED: f64 = 0.72;

const BAR_OPACITY: f64 = 0.45;
const BAR_EDGE: Stroke = Stroke::solid(colour::BLUE, 0.5);
const DENSITY: Stroke = Stroke::solid(colour::BLACK, 1.3);
const ATOM: Marker = Marker { shape: Shape::Circle, colour: colour::VERMILLION, fill: None, radius: 3.4 };
const SHARE: Marker = Marker { shape: Shape::Cross, colour: colour::VERMILLION, fill: None, radius: 2.0 };

pub(super) const TITLE: &str = "Distributions of optimal rewards and their limits";

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, data: &[DistributionData]) -> Result<f64, FigureError> {
    let n = data.first().map_or(0, |law| law.n);
    let mut entries = vec![
        (Key::Bar(colour::SKY, BAR_OPACITY, BAR_EDGE), format!("n = {n} optimal rewards")),
        (Key::Line(DENSITY), "limit density".to_owned()),
    ];
    if data.iter().any(|law| !law.atoms.is_empty()) {
        entries.push((Key::Point(ATOM), "limit atom".to_owned()));
        entries.push((Key::Point(SHARE), "share of rewards at exactly 0 or 1".to_owned()));
    }
    let entries: Vec<(Key, &str)> = entries.iter().map(|(key, text)| (*key, text.as_str())).collect();
    let first = legend::rows(canvas, &entries)? + ABOVE;
    let least = LEAST_WIDTH.max((canvas.width() - MARGINS.0) / MOST_COLUMNS - 2.0 * MARGINS.1);
    let columns = Columns::fit(canvas.width(), data.len(), least, MARGINS);
    let tallest = tallest_of(data);
    for (i, (law, letter)) in data.iter().zip('a'..).enumerate() {
        let is_last = i + columns.count >= data.len();
        let y = Axis::rounded((0.0, tallest), 5.0, y_label(data));
        let panel = Panel {
            left: columns.left_of(i),
            top: first + ROW * (i / columns.count) as f64,
            width: columns.width,
            height: HEIGHT,
            x: Axis::linear((-0.05, 1.05), 0.25, 2, if is_last { "reward" } else { "" }),
            y: if i % columns.count == 0 { y } else { y.silent() },
        };
        panel.frame(canvas, &format!("({letter}) U(x) = {}", mathematics(&law.utility)))?;
        histogram(canvas, &panel, law)?;
        atoms(canvas, &panel, law)?;
        notes(canvas, &panel, law)?;
    }
    Ok(first + ROW * (data.len().max(1).div_ceil(columns.count) as f64 - 1.0) + HEIGHT + BELOW)
}

fn y_label(data: &[DistributionData]) -> &'static str {
    if data.iter().any(|law| !law.atoms.is_empty()) { "density, or mass of an atom" } else { "density" }
}

/// The top of the one scale of all panels, for densities and for atoms. The outermost bins do not count: an infinite density there
/// would press everything else to the ground.
fn tallest_of(data: &[DistributionData]) -> f64 {
    let of_bins = |law: &DistributionData| {
        let inner = law.bins.len().saturating_sub(2);
        let bins = law.bins.iter().skip(1).take(inner).map(|bin| bin.empirical.max(bin.limit));
        let atoms = law.atoms.iter().map(|atom| atom.limit.max(atom.empirical));
        bins.chain(atoms).fold(0.1, f64::max)
    };
    data.iter().map(of_bins).fold(0.1, f64::max) / FILLED
}

fn histogram(canvas: &Canvas, panel: &Panel, law: &DistributionData) -> Result<(), FigureError> {
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

/// Pins on the scale of the panel: a mass, as a density over [0, 1], is a number without a unit.
fn atoms(canvas: &Canvas, panel: &Panel, law: &DistributionData) -> Result<(), FigureError> {
    for atom in &law.atoms {
        let (tip, foot) = (panel.at((atom.at, atom.limit)), panel.at((atom.at, 0.0)));
        canvas.line(&[foot, tip], Stroke::solid(colour::VERMILLION, 1.6))?;
        canvas.marker(tip, ATOM)?;
        canvas.marker(panel.at((atom.at, atom.empirical)), SHARE)?;
    }
    Ok(())
}

fn notes(canvas: &Canvas, panel: &Panel, law: &DistributionData) -> Result<(), FigureError> {
    let mut lines = Vec::new();
    if let Some(left) = law.atoms.first() {
        lines.push(format!("mass at 0 and at 1: {:.4}", left.limit));
        lines.push(format!("n = {}: {:.4}", law.n, left.empirical));
    } else {
        lines.extend(law.closed_form.as_ref().map(|name| format!("limit {name}").replace(", ", ",\u{a0}")));
        lines.extend(
            law.bins
                .first()
                .filter(|bin| bin.empirical > panel.y.to)
                .map(|bin| format!("end bins: {:.1} (limit\u{a0}{:.1})", bin.empirical, bin.limit)),
        );
    }
    panel.notes(canvas, &lines)
}

pub(super) fn caption(data: &[DistributionData]) -> String {
    let n = data.first().map_or(0, |law| law.n);
    let atoms = if data.iter().any(|law| !law.atoms.is_empty()) {
        " Pins: the atoms of the limit law at 0 and 1, as high as their mass, and the share of rewards at exactly these values; bars and curve \
         are what lies between."
    } else {
        ""
    };
    format!(
        "Histograms of n = {n} optimal rewards, as densities, and the density of the law that they tend to.{atoms} All panels have one scale. Where \
         the density is infinite at the ends, the outermost bars leave the panel, and their heights are written above."
    )
}
