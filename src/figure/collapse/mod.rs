//! Reward collapse: what theory predicts for the utility as it is named and as it was trained, and what training gave.

mod data;
mod page;

use std::path::Path;

pub use data::{CollapseData, CollapsePanel, Curve, Distance, Source, Theory};

use super::render::Figure;
use super::{FigureError, FigureFiles, table};

/// Draws reward against response for `x`, `log x`, `-1/x` and the prompt-aware scheme, each with the optimal rewards for
/// the named utility (dashed), for the utility that was really trained (solid), and the published training curves
/// (points). Writes `collapse.svg`, `.png`, `.csv` and `collapse_distances.csv` under `out`.
///
/// `runs` is a directory with a run's output under `x/`, `log/`, `x_inv/` or `adaptive/`; those found are overlaid.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written, or a run whose `rewards.csv` is malformed.
pub fn collapse(out: &Path, runs: Option<&Path>) -> Result<FigureFiles, FigureError> {
    let data = CollapseData::compute(runs)?;
    let svg = page::draw(&data, &caption(&data))?;
    let tables = vec![
        ("collapse.csv".to_owned(), rewards_table(&data)?),
        ("collapse_distances.csv".to_owned(), distances_table(&data)?),
    ];
    Figure { name: "collapse", svg, tables }.write(out)
}

fn rewards_table(data: &CollapseData) -> Result<String, FigureError> {
    let mut rows = Vec::new();
    for panel in &data.panels {
        let mut push =
            |series: &str, utility: &str, prompts: &str, index: usize, reward: String, spread: [String; 2]| {
                let [deviation, count] = spread;
                let index = index.to_string();
                rows.push(vec![
                    panel.key.into(),
                    series.into(),
                    utility.into(),
                    prompts.into(),
                    index,
                    reward,
                    deviation,
                    count,
                ]);
            };
        for (prompts, theory) in &panel.theory {
            for (series, curve) in [("theory_named", &theory.named), ("theory_trained", &theory.trained)] {
                for (i, reward) in curve.rewards.iter().enumerate() {
                    let reward = format!("{reward:.6}");
                    push(series, &curve.utility, prompts.name(), i + 1, reward, Default::default());
                }
            }
            for (series, curve) in [("limit_named", &theory.named), ("limit_trained", &theory.trained)] {
                for (index, quantile) in curve.limit.iter().filter(|(index, _)| index.fract() == 0.0) {
                    let reward = format!("{quantile:.6}");
                    push(series, &curve.utility, prompts.name(), *index as usize, reward, Default::default());
                }
            }
        }
        for point in &panel.published {
            let reward = point.reward.to_string();
            push("published", "", point.prompts.name(), point.index, reward, Default::default());
        }
        for point in panel.run.iter().flat_map(|run| &run.points) {
            let spread = [format!("{:.6}", point.deviation), point.count.to_string()];
            push("run", "", point.prompts.name(), point.index, format!("{:.6}", point.mean), spread);
        }
    }
    let header = ["panel", "series", "utility", "prompts", "response_index", "reward", "deviation", "count"];
    table(&header, rows)
}

fn distances_table(data: &CollapseData) -> Result<String, FigureError> {
    let header = ["panel", "source", "prompts", "points", "distance_to_named", "distance_to_trained"];
    let rows = data.distances().into_iter().map(|distance| {
        vec![
            distance.panel.into(),
            distance.source.name().into(),
            distance.prompts.map_or("both", |prompts| prompts.name()).into(),
            distance.points.to_string(),
            format!("{:.6}", distance.named),
            format!("{:.6}", distance.trained),
        ]
    });
    table(&header, rows)
}

/// Says what the figure shows, in the numbers of this very figure.
fn caption(data: &CollapseData) -> String {
    let published = data.findings(Source::Published);
    let closer = if published.iter().all(|distance| distance.trained < distance.named) {
        "The published curves lie closer to the solid theory"
    } else {
        "The published curves do not all lie closer to the solid theory"
    };
    let mut text = format!(
        "Optimal rewards of n = 8 responses for U as the paper names and draws it (dashed) and for the U that its code \
         trained, with x + ε for x and ε = 0.1 (solid). Dotted: the n → ∞ law of U as named, response i at its quantile \
         (i − ½)/8. Points: the paper’s training curves, read off its figures to \
         ±0.01; some are hidden there. {closer}. Mean |point − theory|, dashed → solid: {}.",
        listing(&published)
    );
    if let Some(x) = data.distance("x", Source::Published, None) {
        text.push_str(&format!(" For U(x) = x the two theories are the same ({:.3}).", x.named));
    }
    if data.panels.iter().any(|panel| panel.run.is_some()) {
        text.push_str(" Second row: this run’s last step, mean and ±1 standard deviation over training prompts");
        let runs = data.findings(Source::Run);
        text.push_str(&if runs.is_empty() { ".".to_owned() } else { format!("; {}.", listing(&runs)) });
    }
    // An equation is not to be broken at the end of a line.
    for operator in ["=", "+", "−", "→"] {
        text = text.replace(&format!(" {operator} "), &format!("\u{a0}{operator}\u{a0}"));
    }
    text
}

fn listing(distances: &[Distance]) -> String {
    let phrases: Vec<String> = distances
        .iter()
        .map(|distance| {
            let name = match distance.panel {
                "log" => "log\u{a0}x",
                "x_inv" => "−1/x",
                _ => "prompt-aware (open-ended)",
            };
            format!("{name}\u{a0}{:.3} → {:.3}", distance.named, distance.trained)
        })
        .collect();
    phrases.join(", ")
}
