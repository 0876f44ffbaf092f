//! The drawing of the collapse figure: a row of panels for the published curves, and one for a run where there is one.

use super::data::{CollapseData, CollapsePanel, CurveSource, limit_curve};
use crate::compare::{Learned, LearnedReward};
use crate::figure::canvas::{Align, Canvas};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Columns, Panel};
use crate::figure::style::{Dash, MARGIN, Marker, Rgb, Shape, Stroke, TEXT, colour};
use crate::figure::{FigureError, PromptType};

/// Room beside the panels and between them.
const MARGINS: (f64, f64, f64) = (36.0, 13.0, MARGIN);
const LEAST_WIDTH: f64 = 84.0;
/// From the legend to the first row's panels, and from panels to what is below them.
const ABOVE: f64 = 28.0;
const BELOW: f64 = 24.0;
const PANEL_HEIGHT: f64 = 136.0;
/// Between rows under one title, and between rows that have titles of their own.
const BETWEEN: f64 = 14.0;
const BETWEEN_TITLED: f64 = 28.0;

const NAMED: Stroke = Stroke::dashed(colour::BLACK, 1.2, Dash::LONG);
const LIMIT: Stroke = Stroke::dashed(colour::AXIS, 1.0, Dash::DOTS);
const TRAINED: Stroke = Stroke::solid(colour::GREEN, 1.8);

/// The colour of squares, half as strong.
const PALE: Rgb = Rgb(240, 190, 150);

pub(super) const TITLE: &str = "Reward collapse: optimal rewards, as named and as trained, and training curves";

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, data: &CollapseData) -> Result<f64, FigureError> {
    let mut sources = Vec::new();
    sources.extend(data.has_published().then_some(Some(CurveSource::Published)));
    sources.extend(data.has_runs().then_some(Some(CurveSource::Run)));
    if sources.is_empty() {
        sources.push(None);
    }
    let columns = Columns::fit(canvas.width(), data.panels.len(), LEAST_WIDTH, MARGINS);
    // Where all panels are side by side, the two rows share titles and the axis below.
    let shared = columns.count == data.panels.len();
    let mut top = legend(canvas, data)? + ABOVE;
    for (number, source) in sources.iter().copied().enumerate() {
        for (i, content) in data.panels.iter().enumerate() {
            let is_last = if shared { number + 1 == sources.len() } else { i + columns.count >= data.panels.len() };
            let name = match source {
                Some(CurveSource::Published) => "reward (published)",
                Some(CurveSource::Run) => "reward (this run)",
                None => "reward",
            };
            let x = Axis::responses(data.n, "response");
            let y = Axis::linear((-0.04, 1.04), 0.2, 1, name);
            let panel = Panel {
                left: columns.left_of(i),
                top,
                width: columns.width,
                height: PANEL_HEIGHT,
                x: if is_last { x } else { x.silent() },
                y: if i % columns.count == 0 { y } else { y.silent() },
            };
            panel.frame(canvas, if number == 0 || !shared { &content.title } else { "" })?;
            fill(canvas, &panel, content, source, data.theories_differ())?;
            if i + 1 < data.panels.len() && (i + 1) % columns.count == 0 {
                top += PANEL_HEIGHT + BETWEEN_TITLED;
            }
        }
        top += PANEL_HEIGHT + if shared { BETWEEN } else { BETWEEN_TITLED + BELOW };
    }
    let last = if shared { BETWEEN } else { BETWEEN_TITLED + BELOW };
    Ok(top - last + BELOW)
}

fn fill(
    canvas: &Canvas,
    panel: &Panel,
    content: &CollapsePanel,
    source: Option<CurveSource>,
    marked: bool,
) -> Result<(), FigureError> {
    theories(canvas, panel, content, marked)?;
    match source {
        None => Ok(()),
        Some(CurveSource::Published) => published(canvas, panel, content),
        Some(CurveSource::Run) if !content.run.is_empty() => run(canvas, panel, content),
        Some(CurveSource::Run) => {
            let centre = (panel.left + 0.72 * panel.width, panel.top + 0.8 * PANEL_HEIGHT);
            canvas.coloured_text("no run", centre, TEXT, Align::Centre, colour::AXIS)
        }
    }
}

/// A hollow symbol is large enough for the filled one to be seen inside.
fn marker(prompt_type: &PromptType) -> Marker {
    if prompt_type.is_open_ended() {
        Marker { shape: Shape::Circle, colour: colour::BLUE, fill: Some(colour::BLUE), radius: 1.9 }
    } else {
        Marker { shape: Shape::Square, colour: colour::VERMILLION, fill: None, radius: 3.6 }
    }
}

/// `marked` tells that theories as named are drawn even where they are those as trained.
fn theories(canvas: &Canvas, panel: &Panel, content: &CollapsePanel, marked: bool) -> Result<(), FigureError> {
    let [(_, open), (_, closed)] = &content.theory;
    let distinct = if open.same(closed) { vec![open] } else { vec![open, closed] };
    let curve = |rewards: &[f64]| -> Vec<(f64, f64)> {
        rewards.iter().enumerate().map(|(i, &reward)| panel.at((i as f64 + 1.0, reward))).collect()
    };
    for theory in &distinct {
        let law: Vec<(f64, f64)> = limit_curve(&theory.named).into_iter().map(|point| panel.at(point)).collect();
        canvas.line(&law, LIMIT)?;
    }
    for theory in distinct {
        canvas.line(&curve(&theory.trained.rewards), TRAINED)?;
        if !theory.agree() || marked {
            canvas.line(&curve(&theory.named.rewards), NAMED)?;
        }
    }
    Ok(())
}

fn published(canvas: &Canvas, panel: &Panel, content: &CollapsePanel) -> Result<(), FigureError> {
    for point in &content.published {
        canvas.marker(panel.at((point.index as f64, point.reward)), marker(&point.prompt_type))?;
    }
    Ok(())
}

/// Bars of the two types may stand in one place: those of the hollow symbols are wide and pale, and lie below.
fn run(canvas: &Canvas, panel: &Panel, content: &CollapsePanel) -> Result<(), FigureError> {
    let ends = |response: &LearnedReward, sign: f64| {
        panel.at((response.index as f64, (response.mean + sign * response.deviation).clamp(0.0, 1.0)))
    };
    let mut runs: Vec<&Learned> = content.run.iter().collect();
    runs.sort_by_key(|learned| learned.prompt_type.is_open_ended());
    for learned in &runs {
        let symbol = marker(&learned.prompt_type);
        let stroke = if learned.prompt_type.is_open_ended() {
            Stroke::solid(symbol.colour, 0.9)
        } else {
            Stroke::solid(PALE, 2.6)
        };
        for response in &learned.responses {
            let ((x, from), (_, to)) = (ends(response, -1.0), ends(response, 1.0));
            if (from - to).abs() > 0.5 {
                canvas.error_bar((x, from), to, stroke)?;
            }
        }
    }
    for learned in runs {
        for response in &learned.responses {
            let at = panel.at((response.index as f64, response.mean.clamp(0.0, 1.0)));
            canvas.marker(at, marker(&learned.prompt_type))?;
        }
    }
    Ok(())
}

fn legend(canvas: &Canvas, data: &CollapseData) -> Result<f64, FigureError> {
    let optimal = format!("optimal rewards, n = {}", data.n);
    let limit = (Key::Line(LIMIT), "n\u{a0}→\u{a0}∞");
    let mut entries = if data.theories_differ() {
        vec![(Key::Line(NAMED), "theory, U as named"), limit, (Key::Line(TRAINED), "theory, U as trained")]
    } else {
        vec![(Key::Line(TRAINED), optimal.as_str()), limit]
    };
    if data.has_published() || data.has_runs() {
        entries.push((Key::Point(marker(&PromptType::open_ended())), "open-ended"));
        entries.push((Key::Point(marker(&PromptType::closed_ended())), "closed-ended"));
    }
    legend::rows(canvas, &entries)
}
