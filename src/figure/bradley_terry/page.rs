//! The drawing of the figure.

use super::data::BradleyTerryData;
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Columns, Panel};
use crate::figure::style::{MARGIN, Marker, SMALL, Shape, Stroke, colour, mathematics};
use crate::solution::largest_gap;
use crate::utility::Concavity;

/// Room beside the panels and between them.
const MARGINS: (f64, f64, f64) = (34.0, 44.0, MARGIN + 2.0);
/// From the legend to the panels, and from panels to what is below them.
const ABOVE: f64 = 28.0;
const BELOW: f64 = 24.0;
const HEIGHT: f64 = 84.0;
const ROW: f64 = HEIGHT + 34.0;

const OPTIMAL: Stroke = Stroke::solid(colour::GREEN, 1.3);
const DOT: Marker = Marker { shape: Shape::Circle, colour: colour::GREEN, fill: Some(colour::GREEN), radius: 1.9 };
const LEARNED: Marker = Marker { shape: Shape::Square, colour: colour::VERMILLION, fill: None, radius: 3.2 };
const BAR_OPACITY: f64 = 0.45;
const BAR_EDGE: Stroke = Stroke::solid(colour::BLUE, 0.5);
const DENSITY: Stroke = Stroke::solid(colour::BLACK, 1.3);

pub(super) const TITLE: &str = "Rewards of raw logits under the Bradley-Terry loss";

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, data: &[BradleyTerryData]) -> Result<f64, FigureError> {
    let n = data.first().map_or(0, |loss| loss.optimal.len());
    let optimal = format!("optimal rewards, n = {n}");
    let mut entries = vec![(Key::Line(OPTIMAL), optimal.as_str())];
    if data.iter().any(|loss| !loss.learned.is_empty()) {
        entries.push((Key::Point(LEARNED), "learned: mean ±1 sd"));
    }
    entries.extend([
        (Key::Bar(colour::SKY, BAR_OPACITY, BAR_EDGE), "n = 1000 optimal rewards"),
        (Key::Line(DENSITY), "limit density"),
    ]);
    let first = legend::rows(canvas, &entries)? + ABOVE;
    // One scale of rewards for all, so that losses can be compared.
    let reach = data.iter().flat_map(|loss| loss.ends).fold(0.0, |m: f64, end| m.max(end.abs())) * 1.04;
    let columns = Columns::fit(canvas.width(), 2, 0.3 * canvas.width(), MARGINS);
    for (i, (loss, letter)) in data.iter().zip('a'..).enumerate() {
        let is_last = i + 1 == data.len();
        let place = |column: usize, x: Axis, y: Axis| Panel {
            left: columns.left_of(column),
            top: first + ROW * i as f64,
            width: columns.width,
            height: HEIGHT,
            x: if is_last { x } else { Axis { label: String::new(), ..x } },
            y,
        };
        let scale = |label: &str| Axis::rounded((-reach, reach), 6.0, label);
        rewards(canvas, &place(0, Axis::responses(loss.optimal.len(), "response"), scale("reward")), loss, letter)?;
        let highest = loss.density.iter().map(|(_, p)| *p).chain(loss.bins.iter().map(|bin| bin.2)).fold(0.0, f64::max);
        law(canvas, &place(1, scale("reward"), Axis::rounded((0.0, 1.45 * highest), 5.0, "density")), loss)?;
    }
    Ok(first + ROW * (data.len().max(1) as f64 - 1.0) + HEIGHT + BELOW)
}

fn rewards(canvas: &Canvas, panel: &Panel, loss: &BradleyTerryData, letter: char) -> Result<(), FigureError> {
    panel.frame(canvas, &format!("({letter}) {}", mathematics(&loss.name())))?;
    let points: Vec<(f64, f64)> =
        loss.optimal.iter().enumerate().map(|(i, &reward)| panel.at((i as f64 + 1.0, reward))).collect();
    canvas.line(&points, OPTIMAL)?;
    for point in points {
        canvas.marker(point, DOT)?;
    }
    for at in &loss.learned {
        let x = at.index as f64;
        let [from, to] = [at.mean - at.deviation, at.mean + at.deviation].map(|end| panel.at((x, end)));
        canvas.error_bar(from, to.1, Stroke::solid(colour::VERMILLION, 1.0))?;
        canvas.marker(panel.at((x, at.mean)), LEARNED)?;
    }
    if let Some((mean, largest)) = loss.distance() {
        let text = format!("|difference|: mean\u{a0}{mean:.3}, largest\u{a0}{largest:.3}");
        let lines = canvas.broken(&text, SMALL, 0.9 * panel.width);
        for (i, line) in lines.iter().rev().enumerate() {
            let at = (panel.left + panel.width - 3.0, panel.top + HEIGHT - 5.0 - 1.3 * SMALL * i as f64);
            canvas.text(line, at, SMALL, Align::Right)?;
        }
    }
    Ok(())
}

fn law(canvas: &Canvas, panel: &Panel, loss: &BradleyTerryData) -> Result<(), FigureError> {
    panel.frame(canvas, "")?;
    for &(from, to, height) in &loss.bins {
        let corners = [(from, 0.0), (from, height), (to, height), (to, 0.0)].map(|at| panel.at(at));
        canvas.fill(&corners, colour::SKY, BAR_OPACITY)?;
        // Thin bars have thin edges.
        let width = BAR_EDGE.width.min(0.12 * (corners[2].0 - corners[1].0));
        canvas.line(&corners, Stroke { width, ..BAR_EDGE })?;
    }
    let [lower, upper] = loss.ends;
    // The density jumps to 0 at both ends.
    let curve = [(lower, 0.0)].into_iter().chain(loss.density.iter().copied()).chain([(upper, 0.0)]);
    canvas.line(&curve.map(|at| panel.at(at)).collect::<Vec<_>>(), DENSITY)?;
    let text = format!("ends\u{a0}±{upper:.4}, variance\u{a0}{:.4}", loss.variance);
    panel.notes(canvas, &[text])
}

pub(super) fn caption(data: &[BradleyTerryData]) -> String {
    let gap = largest_gap(data.iter().map(|loss| loss.gap));
    let concavity = match data.iter().all(|loss| loss.concavity == Concavity::Proved) {
        true => "",
        false => " (U is known to be concave at samples only)",
    };
    let learned = if data.iter().any(|loss| !loss.learned.is_empty()) {
        " Squares: mean and standard deviation over training prompts of what the embedded default learned from raw logits, each prompt's \
         rewards less their mean."
    } else {
        ""
    };
    let n = data.first().map_or(0, |loss| loss.optimal.len());
    let mut utilities: Vec<String> = data.iter().map(|loss| mathematics(&loss.utility.to_string())).collect();
    utilities.dedup();
    format!(
        "Rewards without a sigmoid: U(x) = {} on all real rewards, with label smoothing or with the centring term of TRL's reward \
         trainer, c (r_i + r_j)² a pair. Left: optimal rewards of {n} responses, the same for every prompt. Right: 1000 optimal rewards and the law \
         that they tend to, whose ends are part of the answer.{learned} Certified: no rewards do better than those drawn by more than {gap:.1e} a pair{concavity}.",
        utilities.join(" or ")
    )
}
