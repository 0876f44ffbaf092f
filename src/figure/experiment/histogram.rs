//! All rewards of a run as a histogram, over the finite optimum and the limit law.

use super::curves;
use super::data::ExperimentRun;
use super::shares::{BINS, Expected, Shares};
use crate::compare::Prediction;
use crate::experiment::PromptType;
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::panel::{Axis, Panel, clipped};
use crate::figure::style::{Dash, Marker, SMALL, Shape, Stroke, colour};

pub(super) const NAMED_ATOM: Marker = Marker { shape: Shape::Cross, colour: colour::BLACK, fill: None, radius: 1.7 };
pub(super) const TRAINED_ATOM: Marker =
    Marker { shape: Shape::Circle, colour: colour::GREEN, fill: Some(colour::GREEN), radius: 1.6 };
pub(super) const LIMIT_ATOM: Marker = Marker { shape: Shape::Diamond, colour: colour::GREEN, fill: None, radius: 2.4 };
pub(super) const NAMED_LIMIT: Stroke = Stroke::dashed(colour::BLACK, 0.9, Dash::DOTS);
pub(super) const TRAINED_LIMIT: Stroke = Stroke::dashed(colour::GREEN, 1.2, Dash::SHORT);
const STEM: Stroke = Stroke::solid(colour::GREEN, 0.8);
pub(super) const BAR_OPACITY: f64 = 0.35;
/// Room above the highest share for the panel's note.
const ROOM: f64 = 1.45;

/// Where the histograms of a row are: left, top, width and height of the first, and the gap between two of them.
pub(super) struct Place {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub gap: f64,
}

/// Draws the histograms of types of prompts beside each other.
pub(super) fn draw(
    canvas: &Canvas,
    run: &ExperimentRun,
    types: &[PromptType],
    place: &Place,
    (is_last, has_own_scale): (bool, bool),
) -> Result<(), FigureError> {
    let &Place { left, top, width, height, gap } = place;
    for (number, prompt_type) in types.iter().enumerate() {
        let shares = Shares::of(run, prompt_type);
        let highest = (ROOM * shares.highest(run.is_raw())).max(0.05);
        let left = left + number as f64 * (width + gap);
        let mut x = run.scale.axis(0.05, false);
        if !is_last {
            x.label.clear();
        }
        let step = [0.1, 0.2, 0.5].into_iter().find(|step| highest / step < 3.6).unwrap_or(1.0);
        let panel = Panel {
            left,
            top,
            width,
            height,
            x: if has_own_scale { x } else { x.silent() },
            y: Axis::linear((0.0, highest), step, 1, if number == 0 { "share" } else { "" }),
        };
        panel.frame(canvas, "")?;
        fill(canvas, &panel, run, prompt_type, &shares)?;
        let ink = curves::marker(prompt_type).colour;
        let note = canvas.shortened(prompt_type.label(), SMALL, width - 4.0);
        canvas.coloured_text(&note, (left + 0.5 * width, top + SMALL + 0.5), SMALL, Align::Centre, ink)?;
    }
    Ok(())
}

fn fill(
    canvas: &Canvas,
    panel: &Panel,
    run: &ExperimentRun,
    prompt_type: &PromptType,
    shares: &Shares,
) -> Result<(), FigureError> {
    let ink = curves::marker(prompt_type).colour;
    for (k, &share) in shares.learned.iter().enumerate() {
        let [from, to] = [k, k + 1].map(|edge| run.scale.edge(edge, BINS));
        let corners = [(from, 0.0), (from, share), (to, share), (to, 0.0)].map(|at| panel.at(at));
        canvas.fill(&corners, ink, BAR_OPACITY)?;
        if share > 0.0 {
            canvas.line(&corners, Stroke::solid(ink, 0.4))?;
        }
    }
    // Where both theories are one, it is drawn as that of the utility trained.
    let drawn: &[Prediction] = if run.agree_for(std::slice::from_ref(prompt_type)) {
        &[Prediction::Trained]
    } else {
        &[Prediction::Named, Prediction::Trained]
    };
    for &theory in drawn {
        expected(canvas, panel, shares.expected(theory), theory)?;
    }
    Ok(())
}

fn expected(canvas: &Canvas, panel: &Panel, expected: &Expected, theory: Prediction) -> Result<(), FigureError> {
    let limit = if theory == Prediction::Trained { TRAINED_LIMIT } else { NAMED_LIMIT };
    let curve: Vec<(f64, f64)> = clipped(&expected.curve, panel.y.to).into_iter().map(|at| panel.at(at)).collect();
    if curve.len() > 1 {
        canvas.line(&curve, limit)?;
    }
    for &(at, mass) in &expected.atoms {
        match theory {
            Prediction::Named => canvas.marker(panel.at((at, mass)), NAMED_ATOM)?,
            Prediction::Trained => {
                canvas.line(&[panel.at((at, 0.0)), panel.at((at, mass))], STEM)?;
                canvas.marker(panel.at((at, mass)), TRAINED_ATOM)?;
            }
        }
    }
    for &(at, mass) in expected.limit_atoms.iter().filter(|_| theory == Prediction::Trained) {
        canvas.marker(panel.at((at, mass)), LIMIT_ATOM)?;
    }
    Ok(())
}
