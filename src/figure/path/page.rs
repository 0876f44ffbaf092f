//! The drawing of the path to collapse.

use crate::figure::FigureError;
use crate::figure::canvas::{Align, Canvas};
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Columns, Panel};
use crate::figure::style::{Dash, MARGIN, SMALL, Stroke, colour, mathematics};
use crate::simulate::{Batch, Head, Labels, Noise, Optimiser, Row, Simulation};

/// Room at the right of the second panel for the numbers of ranks.
const RANKS: f64 = 14.0;
/// Room beside the panels and between them.
const MARGINS: (f64, f64, f64) = (46.0, 52.0, MARGIN + RANKS);
const LEAST_WIDTH: f64 = 120.0;
/// From the legend to the panels, and from panels to what is below them.
const ABOVE: f64 = 28.0;
const BELOW: f64 = 24.0;
const HEIGHT: f64 = 156.0;
const ROW: f64 = HEIGHT + 46.0;
/// Decades that have room for marks within them.
const MOST_DECADES: f64 = 6.0;
/// Marks that an axis of rewards should have, about.
const MARKS: f64 = 5.0;

/// A number of a row, where it has one.
type Measure = fn(&Row) -> Option<f64>;

const MEASURES: [(&str, Stroke, Measure); 4] = [
    ("|reward − optimum|", Stroke::solid(colour::BLUE, 1.3), |row| row.distance),
    ("W₁ to the limit law", Stroke::dashed(colour::GREEN, 1.1, Dash::LONG), |row| row.w1_limit),
    ("share at wrong end", Stroke::dashed(colour::VERMILLION, 1.3, Dash::DOTS), |row| row.wrong_end),
    ("sd over prompts", Stroke::dashed(colour::PURPLE, 1.1, Dash::SHORT), |row| Some(row.deviation)),
];
const LOWER: Stroke = Stroke::solid(colour::BLUE, 1.0);
const MIDDLE: Stroke = Stroke::solid(colour::AXIS, 1.0);
const UPPER: Stroke = Stroke::solid(colour::VERMILLION, 1.0);
const OPTIMUM: Stroke = Stroke::dashed(colour::BLACK, 0.8, Dash::SHORT);

pub(super) const TITLE: &str = "The path to reward collapse";

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, simulation: &Simulation) -> Result<f64, FigureError> {
    let drawn: Vec<_> = MEASURES.iter().filter(|(.., measure)| !points(simulation, *measure).is_empty()).collect();
    let keys: Vec<(Key, &str)> = drawn.iter().map(|(name, stroke, _)| (Key::Line(*stroke), *name)).collect();
    let top = legend::rows(canvas, &keys)? + ABOVE;
    let columns = Columns::fit(canvas.width(), 2, LEAST_WIDTH, MARGINS);
    let panel = |i: usize, y: Axis| Panel {
        left: columns.left_of(i),
        top: top + ROW * (i / columns.count) as f64,
        width: columns.width,
        height: HEIGHT,
        x: steps(simulation),
        y,
    };

    let is_compared = drawn.iter().any(|(name, ..)| *name != MEASURES[3].0);
    let curves: Vec<_> = drawn.iter().map(|(_, stroke, measure)| (*stroke, points(simulation, *measure))).collect();
    let values = curves.iter().flat_map(|(_, points)| points.iter().map(|(_, value)| *value));
    let mut scale =
        Axis::logarithmic(range(values, 0.1), if is_compared { "distance, share or deviation" } else { "deviation" });
    if scale.to - scale.from > MOST_DECADES {
        scale.minor.clear();
    }
    let distances = panel(0, scale);
    distances.frame(canvas, if is_compared { "(a) Distance from theory" } else { "(a) Deviation" })?;
    for (stroke, points) in curves {
        let points: Vec<(f64, f64)> = points.into_iter().map(|point| distances.at(point)).collect();
        canvas.line(&points, stroke)?;
    }

    let rewards = panel(1, reward_axis(simulation));
    rewards.frame(canvas, "(b) Mean reward of each rank")?;
    ranks(canvas, &rewards, simulation)?;
    Ok(rewards.top + HEIGHT + BELOW)
}

/// Logarithms of the steps and of the measure after them, where both have one.
fn points(simulation: &Simulation, measure: Measure) -> Vec<(f64, f64)> {
    let rows = simulation.rows.iter().filter(|row| row.step > 0);
    let measured = rows.filter_map(|row| Some((row.step as f64, measure(row)?)));
    measured.filter(|(_, value)| *value > 0.0).map(|(step, value)| (step.log10(), value.log10())).collect()
}

/// From the least to the greatest of `values`, with some room; never empty.
fn range(values: impl Iterator<Item = f64>, room: f64) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low <= high { (low - room, high + room) } else { (-1.0, 0.0) }
}

fn steps(simulation: &Simulation) -> Axis {
    let last = simulation.settings.steps as f64;
    Axis::logarithmic((0.0, last.log10().max(0.3)), "step")
}

fn reward_axis(simulation: &Simulation) -> Axis {
    if simulation.settings.head == Head::Sigmoid {
        return Axis::linear((-0.03, 1.03), 0.25, 2, "reward");
    }
    let optimum = simulation.optimum.iter().flatten();
    let all = simulation.rows.iter().flat_map(|row| &row.rewards).chain(optimum).copied();
    let (from, to) = range(all, 0.0);
    let room = (0.03 * (to - from)).max(1e-3);
    let (from, to) = (from - room, to + room);
    Axis::rounded((from, to), MARKS, "reward")
}

/// The mean reward of each rank, with its number at the end, and the optimum.
fn ranks(canvas: &Canvas, panel: &Panel, simulation: &Simulation) -> Result<(), FigureError> {
    let n = simulation.settings.n;
    let right = panel.left + panel.width;
    let rows = || simulation.rows.iter().filter(|row| row.step > 0);
    let mut named: Vec<f64> = Vec::new();
    // From both ends inwards: where there is no room for every number, the outer ones are there.
    for i in (0..n.div_ceil(2)).flat_map(|i| [i, n - 1 - i]) {
        let stroke = match (2 * i + 1).cmp(&n) {
            std::cmp::Ordering::Less => LOWER,
            std::cmp::Ordering::Equal => MIDDLE,
            std::cmp::Ordering::Greater => UPPER,
        };
        let curve: Vec<(f64, f64)> = rows().map(|row| panel.at(((row.step as f64).log10(), row.rewards[i]))).collect();
        canvas.line(&curve, stroke)?;
        let Some((_, y)) = curve.last().copied() else { continue };
        if named.iter().all(|other| (y - other).abs() > 1.25 * SMALL) {
            canvas.coloured_text(
                &(i + 1).to_string(),
                (right + 4.0, y + 0.36 * SMALL),
                SMALL,
                Align::Left,
                stroke.colour,
            )?;
            named.push(y);
        }
    }
    for reward in simulation.optimum.iter().flatten() {
        let (_, y) = panel.at((panel.x.from, *reward));
        canvas.line(&[(panel.left, y), (right, y)], OPTIMUM)?;
    }
    Ok(())
}

pub(super) fn caption(simulation: &Simulation) -> String {
    let settings = &simulation.settings;
    let optimiser = match settings.optimiser {
        Optimiser::Sgd => "gradient descent",
        Optimiser::Adam => "Adam",
    };
    let batch = match settings.batch {
        Batch::Full => "all pairs in each step".to_owned(),
        Batch::Pairs(1) => "one random pair of each prompt in each step".to_owned(),
        Batch::Pairs(pairs) => format!("{pairs} random pairs of each prompt in each step"),
    };
    let mut text = format!(
        "{} prompts of {} responses with free logits, U(x) = {}, {} head; {optimiser} with the learning rate {}, {batch}",
        settings.prompts,
        settings.n,
        mathematics(&simulation.utility),
        if settings.head == Head::Sigmoid { "sigmoid" } else { "raw" },
        settings.learning_rate(),
    );
    let lasting = if settings.noise == Noise::Fixed { "drawn once" } else { "drawn in every step" };
    match &settings.labels {
        Labels::True => {}
        Labels::Flipped(rate) => text.push_str(&format!("; {}% of labels wrong, {lasting}", 100.0 * rate)),
        Labels::BradleyTerry(_) => text.push_str(&format!("; labels after Bradley and Terry, {lasting}")),
    }
    if settings.smoothing > 0.0 {
        text.push_str(&format!("; smoothing {}", settings.smoothing));
    }
    if settings.centering > 0.0 {
        text.push_str(&format!("; centering {}", settings.centering));
    }
    text.push_str(
        ". Means over prompts and responses. (b): the lower half of the ranks in blue, the upper half in red",
    );
    if simulation.optimum.is_some() {
        text.push_str("; dashed: the optimal rewards");
    }
    if settings.is_up_to_a_shift() {
        text.push_str(". Rewards are shifted to a mean of 0 in each prompt");
    }
    if let Some(w1) = simulation.optimum_w1 {
        text.push_str(&format!(". W₁ of the optimal rewards themselves: {w1:.4}"));
    }
    text + "."
}
