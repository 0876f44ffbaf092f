//! The drawing of the figure.

use super::data::BradleyTerryData;
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas, draw as draw_page};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Panel};
use crate::figure::style::{MARGIN, Marker, PAGE_WIDTH, SMALL, Shape, Stroke, TEXT, colour};
use crate::solution::largest_gap;
use crate::utility::Concavity;

const LEFT: f64 = 40.0;
const WIDTH: f64 = 200.0;
const GAP: f64 = 50.0;
const TOP: f64 = 40.0;
const HEIGHT: f64 = 84.0;
const ROW: f64 = HEIGHT + 34.0;

const OPTIMAL: Stroke = Stroke::solid(colour::GREEN, 1.3);
const DOT: Marker = Marker { shape: Shape::Circle, colour: colour::GREEN, fill: Some(colour::GREEN), radius: 1.9 };
const LEARNED: Marker = Marker { shape: Shape::Square, colour: colour::VERMILLION, fill: None, radius: 3.2 };
const BAR_OPACITY: f64 = 0.45;
const BAR_EDGE: Stroke = Stroke::solid(colour::BLUE, 0.5);
const DENSITY: Stroke = Stroke::solid(colour::BLACK, 1.3);

pub(super) fn draw(data: &[BradleyTerryData]) -> Result<String, FigureError> {
    draw_page(PAGE_WIDTH, "Rewards of raw logits under the Bradley-Terry loss", |canvas| {
        let entries = [
            (Key::Line(OPTIMAL), "optimal rewards, n = 8"),
            (Key::Point(LEARNED), "learned: mean ±1 sd"),
            (Key::Bar(colour::SKY, BAR_OPACITY, BAR_EDGE), "n = 1000 optimal rewards"),
            (Key::Line(DENSITY), "limit density"),
        ];
        legend::row(canvas, &entries, 13.0)?;
        // One scale for all, so that losses can be compared.
        let reach = data.iter().flat_map(|loss| loss.ends).fold(0.0, |m: f64, end| m.max(end.abs())) * 1.04;
        for (i, (loss, letter)) in data.iter().zip('a'..).enumerate() {
            let is_last = i + 1 == data.len();
            let top = TOP + ROW * i as f64;
            rewards(canvas, loss, letter, (top, reach), is_last)?;
            law(canvas, loss, (top, reach), is_last)?;
        }
        let below = TOP + ROW * (data.len() as f64 - 1.0) + HEIGHT + 38.0;
        let baseline = canvas.paragraph(&caption(data), (MARGIN, below), PAGE_WIDTH - 2.0 * MARGIN, TEXT)?;
        Ok(baseline + MARGIN)
    })
}

fn rewards(
    canvas: &Canvas<'_>,
    loss: &BradleyTerryData,
    letter: char,
    (top, reach): (f64, f64),
    is_last: bool,
) -> Result<(), FigureError> {
    let n = loss.optimal.len() as f64;
    let panel = Panel {
        left: LEFT,
        top,
        width: WIDTH,
        height: HEIGHT,
        x: Axis::linear((0.6, n + 0.4), 1.0, 0, if is_last { "response" } else { "" }),
        y: Axis::linear((-reach, reach), 2.0, 0, "reward"),
    };
    panel.frame(canvas, &format!("({letter}) {}", loss.name()))?;
    let points: Vec<(f64, f64)> =
        loss.optimal.iter().enumerate().map(|(i, &reward)| panel.at((i as f64 + 1.0, reward))).collect();
    canvas.line(&points, OPTIMAL)?;
    for point in points {
        canvas.marker(point, DOT)?;
    }
    for at in &loss.learned {
        let x = at.index as f64;
        let bar = [(x, at.mean - at.deviation), (x, at.mean + at.deviation)].map(|point| panel.at(point));
        canvas.line(&bar, Stroke::solid(colour::VERMILLION, 1.0))?;
        canvas.marker(panel.at((x, at.mean)), LEARNED)?;
    }
    if let Some((mean, largest)) = loss.distance() {
        let text = format!("mean |difference| {mean:.3}, largest {largest:.3}");
        canvas.text(&text, (panel.left + panel.width - 3.0, top + HEIGHT - 5.0), SMALL, Align::Right)?;
    }
    Ok(())
}

fn law(
    canvas: &Canvas<'_>,
    loss: &BradleyTerryData,
    (top, reach): (f64, f64),
    is_last: bool,
) -> Result<(), FigureError> {
    let highest = loss.density.iter().map(|(_, p)| *p).chain(loss.bins.iter().map(|bin| bin.2)).fold(0.0, f64::max);
    let step = if highest > 0.25 { 0.2 } else { 0.05 };
    let panel = Panel {
        left: LEFT + WIDTH + GAP,
        top,
        width: WIDTH,
        height: HEIGHT,
        x: Axis::linear((-reach, reach), 2.0, 0, if is_last { "reward" } else { "" }),
        y: Axis::linear((0.0, 1.35 * highest), step, 2, "density"),
    };
    panel.frame(canvas, "")?;
    for &(from, to, height) in &loss.bins {
        let corners = [(from, 0.0), (from, height), (to, height), (to, 0.0)].map(|at| panel.at(at));
        canvas.fill(&corners, colour::SKY, BAR_OPACITY)?;
        canvas.line(&corners, BAR_EDGE)?;
    }
    let [lower, upper] = loss.ends;
    // The density jumps to 0 at both ends.
    let curve = [(lower, 0.0)].into_iter().chain(loss.density.iter().copied()).chain([(upper, 0.0)]);
    canvas.line(&curve.map(|at| panel.at(at)).collect::<Vec<_>>(), DENSITY)?;
    let text = format!("ends ±{upper:.4}, variance {:.4}", loss.variance);
    canvas.text(&text, (panel.left + panel.width / 2.0, top + 8.0), SMALL, Align::Centre)
}

fn caption(data: &[BradleyTerryData]) -> String {
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
    format!(
        "Rewards without a sigmoid: U(x) = log sigmoid(x) on all real rewards, with label smoothing or with the centring term of TRL's reward \
         trainer, c (r_i + r_j)² a pair. Left: optimal rewards of 8 responses, the same for every prompt. Right: 1000 optimal rewards and the law \
         that they tend to, whose ends are part of the answer.{learned} Certified: no rewards do better than those drawn by more than {gap:.1e} a pair{concavity}."
    )
}
