//! Rewards against response at one evaluation.

use super::data::ExperimentRun;
use super::scale::{RewardScale, Scale};
use crate::compare::{Comparison, Learned, Prediction, TheoryPair};
use crate::experiment::{PromptType, Split};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::panel::Panel;
use crate::figure::style::{Dash, Marker, Rgb, SMALL, Shape, Stroke, colour};

pub(super) const NAMED: Stroke = Stroke::dashed(colour::BLACK, 1.0, Dash::LONG);
pub(super) const TRAINED: Stroke = Stroke::solid(colour::GREEN, 1.5);
/// The colour of squares, half as strong.
const PALE: Rgb = Rgb(240, 190, 150);
/// From a panel's edge to its notes.
const INSET: f64 = 3.0;

/// A hollow symbol is large enough for the filled one to be seen inside. Types that the paper does not have are alone in their
/// panels.
pub(super) fn marker(prompt_type: &PromptType) -> Marker {
    match prompt_type.uniform() {
        Some(false) => Marker { shape: Shape::Square, colour: colour::VERMILLION, fill: None, radius: 2.7 },
        _ => Marker { shape: Shape::Circle, colour: colour::BLUE, fill: Some(colour::BLUE), radius: 1.5 },
    }
}

pub(super) fn draw(
    canvas: &Canvas,
    panel: &Panel,
    scale: Scale,
    (run, types): (&ExperimentRun, &[PromptType]),
    (step, split): (u64, Split),
) -> Result<(), FigureError> {
    let of_types = types.iter().flat_map(|prompt_type| run.learned(step, split, prompt_type));
    let learned: Vec<&Learned> = of_types.map(|at| &at.learned).collect();
    // One line where the types of prompt do not differ.
    let distinct = if run.loss.is_prompt_aware() { types } else { types.get(..1).unwrap_or_default() };
    for prompt_type in distinct {
        for (n, theories) in run.theories(prompt_type) {
            let learned = run.learned(step, split, prompt_type).find(|at| at.learned.n == n);
            theory(canvas, panel, scale, theories, learned)?;
        }
    }
    let mut below: Vec<&Learned> = learned.clone();
    below.sort_by_key(|at| marker(&at.prompt_type).fill.is_some());
    for at in below {
        bars(canvas, panel, scale, run.scale, at)?;
    }
    for at in &learned {
        for response in &at.responses {
            canvas.marker(panel.at((scale.at(response.index, at.n), response.mean)), marker(&at.prompt_type))?;
        }
    }
    notes(canvas, panel, (run, types), (step, split), learned.is_empty())
}

/// One standard deviation over prompts on either side of each mean. Bars of two types may stand in one place: those of the hollow symbols
/// are wide and pale, and lie below.
fn bars(
    canvas: &Canvas,
    panel: &Panel,
    scale: Scale,
    rewards: RewardScale,
    learned: &Learned,
) -> Result<(), FigureError> {
    let symbol = marker(&learned.prompt_type);
    let stroke = match symbol.fill {
        Some(_) => Stroke::solid(symbol.colour, 0.7),
        None => Stroke::solid(PALE, 2.2),
    };
    for r in &learned.responses {
        let end = |sign: f64| {
            let reward = (r.mean + sign * r.deviation).max(rewards.from).min(rewards.to);
            panel.at((scale.at(r.index, learned.n), reward))
        };
        let (from, to) = (end(-1.0), end(1.0));
        if (from.1 - to.1).abs() > 0.5 {
            canvas.error_bar(from, to.1, stroke)?;
        }
    }
    Ok(())
}

fn theory(
    canvas: &Canvas,
    panel: &Panel,
    scale: Scale,
    theories: &TheoryPair,
    learned: Option<&Comparison>,
) -> Result<(), FigureError> {
    let curve = |theory: Prediction| -> Vec<(f64, f64)> {
        let rewards = learned.map_or_else(|| theories.of(theory).rewards.clone(), |learned| learned.optimal(theory));
        let n = rewards.len();
        rewards.into_iter().zip(1..).map(|(reward, i)| panel.at((scale.at(i, n), reward))).collect()
    };
    canvas.line(&curve(Prediction::Trained), TRAINED)?;
    canvas.line(&curve(Prediction::Named), NAMED)
}

/// The step, and the distance from both theories, in the corners that rising rewards leave free.
fn notes(
    canvas: &Canvas,
    panel: &Panel,
    (run, types): (&ExperimentRun, &[PromptType]),
    (step, split): (u64, Split),
    is_empty: bool,
) -> Result<(), FigureError> {
    let (right, bottom) = (panel.left + panel.width - INSET, panel.top + panel.height - INSET);
    canvas.text(&format!("step {step}"), (panel.left + INSET, panel.top + INSET + SMALL), SMALL, Align::Left)?;
    if is_empty {
        return canvas.coloured_text("no rewards", (right, bottom - 2.5), SMALL, Align::Right, colour::AXIS);
    }
    let mad = |theory| run.mean_of(types, (step, split), theory, |distance| distance.mad);
    let distance = |theory| mad(theory).map_or_else(|| "–".to_owned(), |mad| format!("{mad:.3}"));
    let (named, trained) = (distance(Prediction::Named), distance(Prediction::Trained));
    if !run.agree_for(types) {
        canvas.text(&named, (right, bottom - 2.5 - 1.25 * SMALL), SMALL, Align::Right)?;
    }
    canvas.coloured_text(&trained, (right, bottom - 2.5), SMALL, Align::Right, colour::GREEN)
}
