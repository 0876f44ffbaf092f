//! The drawing of the figure of the experiment, on two pages with a row for each run: rewards by response, and histograms.

use super::data::{ExperimentData, ExperimentRun};
use super::scale::Scale;
use super::{caption, curves, histogram};
use crate::experiment::{PromptType, Split};
use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::legend::{self, Key};
use crate::figure::panel::Panel;
use crate::figure::style::{MARGIN, SMALL, Stroke, TEXT, TITLE, colour, mathematics};

const LEFT: f64 = 33.0;
/// The gap between two steps and between two splits.
const STEP_GAP: f64 = 6.0;
const SPLIT_GAP: f64 = 13.0;
const HEIGHT: f64 = 92.0;
const HISTOGRAM_HEIGHT: f64 = 70.0;
/// Between the histograms of the two types of prompt.
const TYPES_GAP: f64 = 30.0;
/// The narrowest page with the two splits side by side.
const LEAST: f64 = 380.0;
/// A row's title above its panels, and the room between rows.
const TITLE_ABOVE: f64 = 6.0;
const BETWEEN: f64 = 25.0;
/// The distance of the lines of a title, and how many a narrow page may have.
const TITLE_LINE: f64 = 11.0;
const MOST_LINES: usize = 2;
/// From the last row to what is below it.
const BELOW: f64 = 24.0;

pub(super) const REWARDS: &str = "Learned rewards over the optimal rewards, as named and as trained";
pub(super) const HISTOGRAMS: &str = "Histograms of learned rewards over the optimal rewards and their limit law";

/// Where the panels of rewards are: the two splits beside each other or, on a narrow page, one below the other.
struct Layout {
    width: f64,
    beside: bool,
}

impl Layout {
    fn of(page: f64) -> Self {
        let beside = page >= LEAST;
        let (panels, gaps) = if beside { (4.0, 2.0 * STEP_GAP + SPLIT_GAP) } else { (2.0, STEP_GAP) };
        Self { width: (page - LEFT - MARGIN - gaps) / panels, beside }
    }

    /// The left and the upper edge of a panel in a row from `top` down.
    fn place(&self, split: Split, late: bool, top: f64) -> (f64, f64) {
        let pair = 2.0 * self.width + STEP_GAP;
        let (right, down) = match (split, self.beside) {
            (Split::Train, _) => (0.0, 0.0),
            (Split::Test, true) => (pair + SPLIT_GAP, 0.0),
            (Split::Test, false) => (0.0, HEIGHT + STEP_GAP),
        };
        (LEFT + right + if late { self.width + STEP_GAP } else { 0.0 }, top + down)
    }

    fn row_height(&self) -> f64 {
        if self.beside { HEIGHT } else { 2.0 * HEIGHT + STEP_GAP }
    }
}

/// Draws the page of rewards by response and returns its height.
pub(super) fn rewards(canvas: &Canvas, data: &ExperimentData) -> Result<f64, FigureError> {
    let layout = Layout::of(canvas.width());
    let mut top = rewards_legend(canvas, data)? + 28.0;
    if layout.beside {
        for (split, text) in [(Split::Train, "training prompts"), (Split::Test, "held-out prompts")] {
            let centre = layout.place(split, false, top).0 + layout.width + 0.5 * STEP_GAP;
            let text = format!("{text}, early and last step");
            canvas.coloured_text(&text, (centre, top - 8.0), TEXT, Align::Centre, colour::AXIS)?;
        }
        top += TITLE_ABOVE + 6.0;
    }
    rows(canvas, data, top, layout.row_height(), |row, top, is_last, _| {
        for split in Split::BOTH {
            for (step, late) in [(row.0.early, false), (Some(row.0.late), true)] {
                panel(canvas, row, Scale::of(data), &layout, (top, is_last), (split, step, late))?;
            }
        }
        Ok(())
    })
}

/// Draws the page of histograms and returns its height.
pub(super) fn histograms(canvas: &Canvas, data: &ExperimentData) -> Result<f64, FigureError> {
    let top = histograms_legend(canvas, data)? + 28.0;
    rows(canvas, data, top, HISTOGRAM_HEIGHT, |(run, types), top, is_last, has_own_scale| {
        let most = data.rows().iter().map(|(_, types)| types.len()).max().unwrap_or(1) as f64;
        let width = (canvas.width() - LEFT - MARGIN - 4.0 - TYPES_GAP * (most - 1.0)) / most;
        let place = histogram::Place { left: LEFT, top, width, height: HISTOGRAM_HEIGHT, gap: TYPES_GAP };
        histogram::draw(canvas, run, types, &place, (is_last, has_own_scale))
    })
}

/// A run with the types of prompt that share a row.
type Row<'a> = (&'a ExperimentRun, &'a [PromptType]);

/// Titles, and what is drawn below each, given the row, its upper edge, whether it is the last and whether its scale of rewards is not
/// that of the next; returns the height.
fn rows(
    canvas: &Canvas,
    data: &ExperimentData,
    top: f64,
    height: f64,
    content: impl Fn(Row<'_>, f64, bool, bool) -> Result<(), FigureError>,
) -> Result<f64, FigureError> {
    let rows = data.rows();
    let models_differ = data.shared(|run| run.description.parameters).is_none();
    let mut titles = Vec::new();
    for ((run, types), letter) in rows.iter().zip(letters()) {
        titles.push(title_lines(canvas, &format!("{letter} {}", title(run, types)?)));
    }
    // Room for the longest title above each row.
    let more = TITLE_LINE * (titles.iter().map(Vec::len).max().unwrap_or(1) - 1) as f64;
    let top = top + more;
    let step = height + BETWEEN + more;
    for (number, ((run, types), lines)) in rows.iter().zip(&titles).enumerate() {
        let top = top + step * number as f64;
        let size = if models_differ { caption::size(run.description.parameters) } else { String::new() };
        heading(canvas, lines, &size, top - TITLE_ABOVE)?;
        let next = rows.get(number + 1);
        let has_own_scale = next.is_none_or(|(next, _)| next.scale != run.scale);
        content((run, types), top, next.is_none(), has_own_scale)?;
    }
    Ok(top + step * (rows.len() as f64 - 1.0) + height + BELOW)
}

/// (a) to (z), then (aa) and so on.
fn letters() -> impl Iterator<Item = String> {
    let single = ('a'..='z').map(|letter| format!("({letter})"));
    let double = ('a'..='z').flat_map(|first| ('a'..='z').map(move |second| format!("({first}{second})")));
    single.chain(double)
}

/// The lines of a title: one, cut short if need be, or two on a narrow page.
fn title_lines(canvas: &Canvas, title: &str) -> Vec<String> {
    let width = canvas.width() - 2.0 * MARGIN;
    if canvas.width() >= LEAST {
        return vec![canvas.shortened(title, TITLE, width)];
    }
    let mut lines = canvas.broken(title, TITLE, width);
    if lines.len() > MOST_LINES {
        let rest = lines.split_off(MOST_LINES - 1).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| canvas.shortened(line, TITLE, width)).collect()
}

/// The run's name and utility, and the size of its model at the right where there is room.
fn heading(canvas: &Canvas, lines: &[String], size: &str, baseline: f64) -> Result<(), FigureError> {
    for (line, above) in lines.iter().rev().zip(0..) {
        canvas.text(line, (MARGIN, baseline - TITLE_LINE * f64::from(above)), TITLE, Align::Left)?;
    }
    let last = lines.last().map_or(0.0, |line| canvas.text_width(line, TITLE));
    let room = canvas.width() - 2.0 * MARGIN - last - 12.0;
    if !size.is_empty() && canvas.text_width(size, SMALL) <= room {
        canvas.coloured_text(size, (canvas.width() - MARGIN, baseline), SMALL, Align::Right, colour::AXIS)?;
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

fn panel(
    canvas: &Canvas,
    (run, types): Row<'_>,
    scale: Scale,
    layout: &Layout,
    (top, is_last): (f64, bool),
    (split, step, late): (Split, Option<u64>, bool),
) -> Result<(), FigureError> {
    let (left, top) = layout.place(split, late, top);
    let is_lowest = is_last && (layout.beside || split == Split::Test);
    let is_first = !late && (split == Split::Train || !layout.beside);
    let (x, mut y) = (scale.axis(run), run.scale.axis(0.04, true));
    if !layout.beside {
        y.label = match split {
            Split::Train => "reward, training".to_owned(),
            Split::Test => "reward, held-out".to_owned(),
        };
    }
    let panel = Panel {
        left,
        top,
        width: layout.width,
        height: HEIGHT,
        x: if is_lowest { x } else { x.silent() },
        y: if is_first { y } else { y.silent() },
    };
    panel.frame(canvas, "")?;
    match step {
        Some(step) => curves::draw(canvas, &panel, scale, (run, types), (step, split)),
        None => {
            let centre = (panel.left + 0.5 * panel.width, top + 0.5 * HEIGHT);
            canvas.coloured_text("no earlier step", centre, SMALL, Align::Centre, colour::AXIS)
        }
    }
}

fn rewards_legend(canvas: &Canvas, data: &ExperimentData) -> Result<f64, FigureError> {
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
    legend::rows(canvas, &rewards)
}

fn histograms_legend(canvas: &Canvas, data: &ExperimentData) -> Result<f64, FigureError> {
    let learned = (
        Key::Bar(colour::BLUE, histogram::BAR_OPACITY, Stroke::solid(colour::BLUE, 0.4)),
        "training rewards, last step",
    );
    let differ = data.runs.iter().any(|run| !run.theories_agree());
    let entries = if differ {
        vec![
            learned,
            (Key::Point(histogram::NAMED_ATOM), "optimal rewards, U as named"),
            (Key::Point(histogram::TRAINED_ATOM), "as trained"),
            (Key::Line(histogram::NAMED_LIMIT), "n\u{a0}→\u{a0}∞, as named"),
            (Key::Line(histogram::TRAINED_LIMIT), "as trained"),
            (Key::Point(histogram::LIMIT_ATOM), "its atoms"),
        ]
    } else {
        vec![
            learned,
            (Key::Point(histogram::TRAINED_ATOM), "optimal rewards"),
            (Key::Line(histogram::TRAINED_LIMIT), "n\u{a0}→\u{a0}∞"),
            (Key::Point(histogram::LIMIT_ATOM), "its atoms"),
        ]
    };
    legend::rows(canvas, &entries)
}
