//! The drawing of the figure of the experiment: a row for each run.

use super::data::{ExperimentData, ExperimentRun};
use super::scale::Scale;
use super::{caption, curves, histogram};
use crate::experiment::{PromptType, Split};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::legend::{self, Key};
use crate::figure::panel::Panel;
use crate::figure::style::{MARGIN, SMALL, TEXT, TITLE, colour, mathematics};

const LEFT: f64 = 33.0;
/// A panel of rewards, the gap between two steps and between two splits.
const WIDTH: f64 = 80.0;
const STEP_GAP: f64 = 6.0;
const SPLIT_GAP: f64 = 13.0;
/// The histograms fill what is left beyond their scale.
const HISTOGRAM_GAP: f64 = 31.0;
const HEIGHT: f64 = 92.0;
/// Between the histograms of the two types of prompt.
const HALVES_GAP: f64 = 6.0;
/// Where the first row's panels begin, below legends, columns' titles and its own.
const TOP: f64 = 64.0;
/// A row's title above its panels, and the rows' distance.
const TITLE_ABOVE: f64 = 6.0;
const ROW: f64 = HEIGHT + 25.0;
/// From the last row to what is below it.
const BELOW: f64 = 24.0;
/// The width that all of this needs.
pub(super) const PAGE_WIDTH: f64 = 504.0;

pub(super) const HEADING: &str = "Learned rewards over the optimal rewards, as named and as trained";

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, data: &ExperimentData) -> Result<f64, FigureError> {
    let rows = data.rows();
    legends(canvas, data)?;
    columns(canvas)?;
    let models_differ = data.shared(|run| run.description.parameters).is_none();
    for (number, ((run, types), letter)) in rows.iter().zip(letters()).enumerate() {
        let top = TOP + ROW * number as f64;
        let size = if models_differ { caption::size(run.description.parameters) } else { String::new() };
        heading(canvas, &format!("{letter} {}", title(run, types)?), &size, top - TITLE_ABOVE)?;
        let next = rows.get(number + 1);
        let has_own_scale = next.is_none_or(|(next, _)| next.scale != run.scale);
        row(canvas, (run, types), Scale::of(data), top, (next.is_none(), has_own_scale))?;
    }
    Ok(TOP + ROW * (rows.len() as f64 - 1.0) + HEIGHT + BELOW)
}

/// (a) to (z), then (aa) and so on.
fn letters() -> impl Iterator<Item = String> {
    let single = ('a'..='z').map(|letter| format!("({letter})"));
    let double = ('a'..='z').flat_map(|first| ('a'..='z').map(move |second| format!("({first}{second})")));
    single.chain(double)
}

/// The left edge of a panel of rewards.
fn left(split: Split, late: bool) -> f64 {
    let pair = 2.0 * WIDTH + STEP_GAP;
    let from_left = match split {
        Split::Train => 0.0,
        Split::Test => pair + SPLIT_GAP,
    };
    LEFT + from_left + if late { WIDTH + STEP_GAP } else { 0.0 }
}

fn histogram_left() -> f64 {
    left(Split::Test, true) + WIDTH + HISTOGRAM_GAP
}

fn columns(canvas: &Canvas) -> Result<(), FigureError> {
    let baseline = TOP - TITLE_ABOVE - 13.0;
    let pair = WIDTH + 0.5 * STEP_GAP;
    let histogram = histogram_left();
    for (centre, text) in [
        (left(Split::Train, false) + pair, "training prompts, early and last step"),
        (left(Split::Test, false) + pair, "held-out prompts, early and last step"),
        (0.5 * (histogram + PAGE_WIDTH - MARGIN), "last training rewards"),
    ] {
        canvas.coloured_text(text, (centre, baseline), TEXT, Align::Centre, colour::AXIS)?;
    }
    Ok(())
}

/// The run's name and utility, and the size of its model at the right where there is room.
fn heading(canvas: &Canvas, title: &str, size: &str, baseline: f64) -> Result<(), FigureError> {
    let width = PAGE_WIDTH - 2.0 * MARGIN;
    let title = canvas.shortened(title, TITLE, width);
    canvas.text(&title, (MARGIN, baseline), TITLE, Align::Left)?;
    let room = width - canvas.text_width(&title, TITLE) - 12.0;
    if !size.is_empty() && canvas.text_width(size, SMALL) <= room {
        canvas.coloured_text(size, (PAGE_WIDTH - MARGIN, baseline), SMALL, Align::Right, colour::AXIS)?;
    }
    Ok(())
}

fn title(run: &ExperimentRun, types: &[PromptType]) -> Result<String, FigureError> {
    let utility = |prompt_type: &PromptType| -> Result<String, FigureError> {
        let pair = run.loss.of(prompt_type)?;
        let [named, trained] = [&pair.named, &pair.trained].map(|utility| mathematics(&utility.to_string()));
        let exact = pair.is_exact();
        Ok(if exact { format!("U(x) = {named}") } else { format!("U(x) = {named}, trained as {trained}") })
    };
    let of_types = match types {
        [prompt_type] if run.types().len() > 1 => {
            return Ok(format!("{}, {}: {}{}", run.name, prompt_type.label(), utility(prompt_type)?, terms(run)));
        }
        [first, ..] if !run.loss.is_prompt_aware() => utility(first)?,
        _ => {
            let of_each = types.iter().map(|each| Ok(format!("{} {}", each.label(), utility(each)?)));
            of_each.collect::<Result<Vec<_>, FigureError>>()?.join("; ")
        }
    };
    Ok(format!("{}: {of_types}{}", run.name, terms(run)))
}

/// What the loss has beside utilities.
fn terms(run: &ExperimentRun) -> String {
    mathematics(&run.loss.terms().to_string())
}

fn row(
    canvas: &Canvas,
    (run, types): (&ExperimentRun, &[PromptType]),
    scale: Scale,
    top: f64,
    (is_last, has_own_scale): (bool, bool),
) -> Result<(), FigureError> {
    for split in Split::BOTH {
        for (step, late) in [(run.early, false), (Some(run.late), true)] {
            let x = scale.axis(run);
            let y = run.scale.axis(0.04, true);
            let is_first = split == Split::Train && !late;
            let panel = Panel {
                left: left(split, late),
                top,
                width: WIDTH,
                height: HEIGHT,
                x: if is_last { x } else { x.silent() },
                y: if is_first { y } else { y.silent() },
            };
            panel.frame(canvas, "")?;
            match step {
                Some(step) => curves::draw(canvas, &panel, scale, (run, types), (step, split))?,
                None => {
                    let centre = (panel.left + 0.5 * WIDTH, top + 0.5 * HEIGHT);
                    canvas.coloured_text("no earlier step", centre, SMALL, Align::Centre, colour::AXIS)?;
                }
            }
        }
    }
    let left = histogram_left();
    let width = PAGE_WIDTH - MARGIN - left;
    let place = histogram::Place { left, top, width, height: HEIGHT, gap: HALVES_GAP };
    histogram::draw(canvas, run, types, &place, (is_last, has_own_scale))
}

fn legends(canvas: &Canvas, data: &ExperimentData) -> Result<(), FigureError> {
    let mut rewards =
        vec![(Key::Line(curves::NAMED), "optimum, U as named"), (Key::Line(curves::TRAINED), "optimum, U as trained")];
    let has = |wanted: &PromptType| data.runs.iter().any(|run| run.types().contains(wanted));
    let [open, closed] = PromptType::RELEASED;
    match (has(&open), has(&closed)) {
        (true, true) => rewards.extend([
            (Key::Point(curves::marker(&open)), "open-ended"),
            (Key::Point(curves::marker(&closed)), "closed-ended: mean, ±1 sd"),
        ]),
        (false, true) => rewards.push((Key::Point(curves::marker(&closed)), "mean, ±1 sd")),
        _ => rewards.push((Key::Point(curves::marker(&open)), "mean, ±1 sd")),
    }
    legend::rows(canvas, &rewards)?;
    let shares = [
        (Key::Point(histogram::NAMED_ATOM), "finite optimum, as named"),
        (Key::Point(histogram::TRAINED_ATOM), "as trained"),
        (Key::Line(histogram::NAMED_LIMIT), "n\u{a0}→\u{a0}∞, as named"),
        (Key::Line(histogram::TRAINED_LIMIT), "as trained"),
        (Key::Point(histogram::LIMIT_ATOM), "its atoms"),
    ];
    legend::rows_from(canvas, &shares, 25.0).map(|_| ())
}
