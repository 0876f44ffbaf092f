//! The drawing of the collapse figure: a row of panels for the published curves, and one for a run where there is one.

use super::data::{CollapseData, CollapsePanel, CurveSource, limit_curve};
use crate::compare::LearnedReward;
use crate::figure::canvas::{Align, Canvas, draw as draw_page};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Panel};
use crate::figure::style::{Dash, MARGIN, Marker, PAGE_WIDTH, Shape, Stroke, TEXT, colour};
use crate::figure::{FigureError, PromptType};

const LEFT: f64 = 36.0;
const GAP: f64 = 13.0;
/// Where the first row's panels begin, below legend and titles.
const TOP: f64 = 40.0;
const PANEL_HEIGHT: f64 = 140.0;
/// From the top of one row to the top of the next.
const ROW: f64 = PANEL_HEIGHT + 22.0;
/// From the last row to the first line of the caption.
const BELOW: f64 = 39.0;

const NAMED: Stroke = Stroke::dashed(colour::BLACK, 1.2, Dash::LONG);
const LIMIT: Stroke = Stroke::dashed(colour::AXIS, 1.0, Dash::DOTS);
const TRAINED: Stroke = Stroke::solid(colour::GREEN, 1.8);

pub(super) fn draw(data: &CollapseData, caption: &str) -> Result<String, FigureError> {
    let title = "Reward collapse: optimal rewards, as named and as trained, and training curves";
    let has_runs = data.panels.iter().any(|panel| !panel.run.is_empty());
    let rows: &[CurveSource] =
        if has_runs { &[CurveSource::Published, CurveSource::Run] } else { &[CurveSource::Published] };
    let caption_top = TOP + ROW * (rows.len() as f64 - 1.0) + PANEL_HEIGHT + BELOW;
    draw_page(PAGE_WIDTH, title, |canvas| {
        legend(canvas)?;
        for (number, &source) in rows.iter().enumerate() {
            row(canvas, data, source, TOP + ROW * number as f64, number + 1 == rows.len())?;
        }
        let last = canvas.paragraph(caption, (MARGIN, caption_top), PAGE_WIDTH - 2.0 * MARGIN, TEXT)?;
        Ok(last + MARGIN)
    })
}

fn row(
    canvas: &Canvas<'_>,
    data: &CollapseData,
    source: CurveSource,
    top: f64,
    is_last: bool,
) -> Result<(), FigureError> {
    let count = data.panels.len() as f64;
    let width = (PAGE_WIDTH - LEFT - MARGIN - GAP * (count - 1.0)) / count;
    for (i, content) in data.panels.iter().enumerate() {
        let name = match source {
            CurveSource::Published => "reward (published)",
            CurveSource::Run => "reward (this run)",
        };
        let x = Axis::linear((0.5, 8.5), 1.0, 0, "response");
        let y = Axis::linear((-0.04, 1.04), 0.2, 1, name);
        let left = LEFT + (width + GAP) * i as f64;
        let panel = Panel {
            left,
            top,
            width,
            height: PANEL_HEIGHT,
            x: if is_last { x } else { x.silent() },
            y: if i == 0 { y } else { y.silent() },
        };
        panel.frame(canvas, if source == CurveSource::Published { &content.title } else { "" })?;
        theories(canvas, &panel, content)?;
        match source {
            CurveSource::Published => published(canvas, &panel, content)?,
            CurveSource::Run if !content.run.is_empty() => run(canvas, &panel, content)?,
            CurveSource::Run => {
                let centre = (left + 0.72 * width, top + 0.8 * PANEL_HEIGHT);
                canvas.coloured_text("no run", centre, TEXT, Align::Centre, colour::AXIS)?;
            }
        }
    }
    Ok(())
}

/// A hollow symbol is large enough for the filled one to be seen inside.
fn marker(prompt_type: &PromptType) -> Marker {
    if prompt_type.is_open_ended() {
        Marker { shape: Shape::Circle, colour: colour::BLUE, fill: Some(colour::BLUE), radius: 1.9 }
    } else {
        Marker { shape: Shape::Square, colour: colour::VERMILLION, fill: None, radius: 3.6 }
    }
}

fn theories(canvas: &Canvas<'_>, panel: &Panel, content: &CollapsePanel) -> Result<(), FigureError> {
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
        canvas.line(&curve(&theory.named.rewards), NAMED)?;
    }
    Ok(())
}

fn published(canvas: &Canvas<'_>, panel: &Panel, content: &CollapsePanel) -> Result<(), FigureError> {
    for point in &content.published {
        canvas.marker(panel.at((point.index as f64, point.reward)), marker(&point.prompt_type))?;
    }
    Ok(())
}

fn run(canvas: &Canvas<'_>, panel: &Panel, content: &CollapsePanel) -> Result<(), FigureError> {
    for learned in &content.run {
        let edge = |sign: f64| {
            let at = move |r: &LearnedReward| (r.index as f64, (r.mean + sign * r.deviation).clamp(0.0, 1.0));
            learned.responses.iter().map(at)
        };
        let corners: Vec<(f64, f64)> = edge(1.0).chain(edge(-1.0).rev()).map(|corner| panel.at(corner)).collect();
        canvas.fill(&corners, marker(&learned.prompt_type).colour, 0.2)?;
    }
    for learned in &content.run {
        let symbol = marker(&learned.prompt_type);
        for response in &learned.responses {
            let at = |reward: f64| panel.at((response.index as f64, reward.clamp(0.0, 1.0)));
            let bar = [at(response.mean - response.deviation), at(response.mean + response.deviation)];
            canvas.line(&bar, Stroke::solid(symbol.colour, 0.9))?;
            canvas.marker(at(response.mean), symbol)?;
        }
    }
    Ok(())
}

fn legend(canvas: &Canvas<'_>) -> Result<(), FigureError> {
    let entries = [
        (Key::Line(NAMED), "theory, U as named"),
        (Key::Line(LIMIT), "n\u{a0}→\u{a0}∞"),
        (Key::Line(TRAINED), "theory, U as trained"),
        (Key::Point(marker(&PromptType::open_ended())), "open-ended"),
        (Key::Point(marker(&PromptType::closed_ended())), "closed-ended"),
    ];
    legend::row(canvas, &entries, 13.0)
}
