//! The drawing of a design.

use super::{points, range};
use crate::design::{Design, DesignMethod};
use crate::figure::FigureError;
use crate::figure::canvas::Canvas;
use crate::figure::legend::{self, Key};
use crate::figure::panel::{Axis, Columns, Panel};
use crate::figure::style::{Dash, MARGIN, Marker, Shape, Stroke, colour};
use crate::limit::Law;

/// Room beside the panels and between them.
const MARGINS: (f64, f64, f64) = (40.0, 50.0, MARGIN + 6.0);
const LEAST_WIDTH: f64 = 120.0;
/// From the legend to the panels, and from panels to what is below them.
const ABOVE: f64 = 28.0;
const BELOW: f64 = 24.0;
const HEIGHT: f64 = 150.0;
const ROW: f64 = HEIGHT + 46.0;
/// Marks that an axis should have, about.
const MARKS: f64 = 5.0;

const TARGET: Stroke = Stroke::solid(colour::SKY, 3.0);
const LIMIT: Stroke = Stroke::dashed(colour::BLACK, 1.1, Dash::SHORT);
const STEPS: Stroke = Stroke::solid(colour::VERMILLION, 1.1);
const REWARD: Marker =
    Marker { shape: Shape::Circle, colour: colour::VERMILLION, fill: Some(colour::VERMILLION), radius: 1.9 };

pub(super) const TITLE: &str = "A law of rewards, and the loss that gives it";

/// Draws the page and returns its height.
pub(super) fn draw(canvas: &Canvas, design: &Design) -> Result<f64, FigureError> {
    let rewards = format!("optimal rewards, n = {}", design.rewards.len());
    let entries = [
        (Key::Line(TARGET), "target"),
        (Key::Line(LIMIT), "limit law of the loss"),
        (Key::Line(STEPS), rewards.as_str()),
    ];
    let top = legend::rows(canvas, &entries)? + ABOVE;
    let columns = Columns::fit(canvas.width(), 2, LEAST_WIDTH, MARGINS);
    let bottom = top + ROW * (2 / columns.count - 1) as f64;
    let xs = points(design);
    let (from, to) = range(design);
    let axis = || axis((from, to), "reward");
    let density = |f: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> { xs.iter().map(|&x| (x, f(x))).collect() };
    let (target, limit) = (density(&|x| design.target.density(x)), density(&|x| design.achieved.density(x)));
    // A density may be infinite at an end.
    let mut heights: Vec<f64> = target.iter().map(|(_, p)| *p).filter(|p| p.is_finite()).collect();
    heights.sort_by(f64::total_cmp);
    let highest = heights.get(heights.len().saturating_sub(4)).copied().unwrap_or(1.0).max(1e-3) * 1.12;

    let left = Panel {
        left: columns.left_of(0),
        top,
        width: columns.width,
        height: HEIGHT,
        x: axis(),
        y: self::axis((0.0, highest), "density"),
    };
    left.frame(canvas, "(a) Density, and the rewards")?;
    for (curve, stroke) in [(target, TARGET), (limit, LIMIT)] {
        let shown: Vec<(f64, f64)> = curve.into_iter().map(|(x, p)| left.at((x, p.clamp(0.0, highest)))).collect();
        canvas.line(&shown, stroke)?;
    }
    for &reward in design.rewards.iter().filter(|r| (from..=to).contains(*r)) {
        canvas.marker(left.at((reward, 0.0)), REWARD)?;
    }

    let right = Panel {
        left: columns.left_of(1),
        top: bottom,
        width: columns.width,
        height: HEIGHT,
        x: axis(),
        y: Axis::linear((0.0, 1.0), 0.25, 2, "probability"),
    };
    right.frame(canvas, "(b) Distribution function")?;
    for (law, stroke) in [(&design.target as &dyn Law, TARGET), (&design.achieved as &dyn Law, LIMIT)] {
        let curve: Vec<(f64, f64)> = xs.iter().map(|&x| right.at((x, law.cdf(x)))).collect();
        canvas.line(&curve, stroke)?;
    }
    let n = design.rewards.len() as f64;
    let mut steps = vec![right.at((from, 0.0))];
    for (i, &reward) in design.rewards.iter().enumerate() {
        let x = reward.clamp(from, to);
        steps.extend([right.at((x, i as f64 / n)), right.at((x, (i as f64 + 1.0) / n))]);
    }
    steps.push(right.at((to, 1.0)));
    canvas.line(&steps, STEPS)?;
    Ok(bottom + HEIGHT + BELOW)
}

/// A linear axis with marks at round numbers.
fn axis((from, to): (f64, f64), label: &str) -> Axis {
    let unit = 10f64.powf(((to - from) / MARKS).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0].map(|k| k * unit).into_iter().find(|step| (to - from) / step <= MARKS);
    let step = step.unwrap_or(10.0 * unit);
    let decimals = (0..6).find(|&d| (step * 10f64.powi(d)).fract().abs() < 1e-9).unwrap_or(6);
    Axis::linear((from, to), step, decimals as usize, label)
}

pub(super) fn caption(design: &Design) -> String {
    let text =
        |text: String| if text.chars().count() > 80 { text.chars().take(80).collect::<String>() + "..." } else { text };
    let loss = match design.method {
        DesignMethod::Field => format!("a field beside U(x) = {}", design.utility),
        DesignMethod::Utility => "a utility alone, a concave spline".to_owned(),
    };
    format!(
        "Target {}, by {loss}. W\u{2081} from the target: limit law {:.1e}, {} optimal rewards {:.4}.",
        text(design.target.to_string()),
        design.w1_limit,
        design.rewards.len(),
        design.w1
    )
}
