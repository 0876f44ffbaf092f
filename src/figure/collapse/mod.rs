//! Reward collapse: what theory predicts for the utility as it is named and as it was trained, and what training gave.

mod data;
mod page;
mod run;

use std::path::Path;

pub use data::{CollapseData, CollapsePanel, CurveSource, Distance};

use data::limit_curve;

use super::render::Figure;
use super::{Cases, FigureError, FigureFiles, Page, table};

/// Draws reward against response for each loss of `cases`, by default `x`, `log x`, `-1/x` and the prompt-aware scheme, each with the optimal rewards for
/// the named utility (dashed), for the utility that was really trained (solid), and the published training curves
/// (points). Writes the images of `page`, `collapse.txt` (the caption), `collapse.csv` and
/// `collapse_distances.csv` under `out`.
///
/// `runs` is a directory with a run's output under `x/`, `log/`, `x_inv/` or `adaptive/`; those found are overlaid.
///
/// # Errors
/// [`FigureError`]: an `out` that cannot be written, or a run whose `rewards.csv` is malformed.
pub fn collapse(out: &Path, page: &Page, cases: &Cases, runs: Option<&Path>) -> Result<FigureFiles, FigureError> {
    let data = CollapseData::compute(cases, runs)?;
    let tables = vec![
        ("collapse.csv".to_owned(), rewards_table(&data)?),
        ("collapse_distances.csv".to_owned(), distances_table(&data)?),
    ];
    let text = caption(&data);
    Figure::draw("collapse", page::TITLE, page, text, tables, |canvas| page::draw(canvas, &data))?.write(out, page)
}

/// A reward of one curve; the last three fields are empty where they do not apply.
#[derive(Default)]
struct Row<'a> {
    series: &'a str,
    utility: &'a str,
    prompts: &'a str,
    index: usize,
    reward: String,
    /// The certificate of finite rewards, that of the law for a limit.
    gap: String,
    deviation: String,
    count: String,
}

impl Row<'_> {
    const HEADER: [&'static str; 9] =
        ["panel", "series", "utility", "prompts", "response_index", "reward", "gap", "deviation", "count"];

    fn fields(self, panel: &str) -> Vec<String> {
        let Row { series, utility, prompts, index, reward, gap, deviation, count } = self;
        let named = [panel, series, utility, prompts].map(str::to_owned);
        named.into_iter().chain([index.to_string(), reward, gap, deviation, count]).collect()
    }
}

fn rewards_table(data: &CollapseData) -> Result<String, FigureError> {
    let mut rows = Vec::new();
    for panel in &data.panels {
        let mut push = |row: Row| rows.push(row.fields(&panel.key));
        for (prompts, theory) in &panel.theory {
            let prompts = prompts.name();
            for (series, optimum) in [("theory_named", &theory.named), ("theory_trained", &theory.trained)] {
                for (index, reward) in (1..).zip(&optimum.rewards) {
                    let (reward, gap) = (format!("{reward:.6}"), bound(optimum.gap));
                    push(Row { series, utility: &optimum.utility, prompts, index, reward, gap, ..Row::default() });
                }
            }
            for (series, optimum) in [("limit_named", &theory.named), ("limit_trained", &theory.trained)] {
                let gap = optimum.limit.as_ref().map_or(f64::NAN, |law| law.gap());
                for (index, quantile) in limit_curve(optimum).iter().filter(|(index, _)| index.fract() == 0.0) {
                    let (index, reward, gap) = (*index as usize, format!("{quantile:.6}"), bound(gap));
                    push(Row { series, utility: &optimum.utility, prompts, index, reward, gap, ..Row::default() });
                }
            }
        }
        for point in &panel.published {
            let (prompts, reward) = (point.prompt_type.name(), point.reward.to_string());
            push(Row { series: "published", prompts, index: point.index, reward, ..Row::default() });
        }
        for learned in &panel.run {
            for response in &learned.responses {
                push(Row {
                    series: "run",
                    prompts: learned.prompt_type.name(),
                    index: response.index,
                    reward: format!("{:.6}", response.mean),
                    deviation: format!("{:.6}", response.deviation),
                    count: response.count.to_string(),
                    ..Row::default()
                });
            }
        }
    }
    table(&Row::HEADER, rows)
}

/// A certificate to two digits, rounded up so that it stays one; nothing where there is none (`-1/x` has mean utility `-inf` under every law).
fn bound(gap: f64) -> String {
    if gap.is_nan() { String::new() } else { format!("{:.1e}", 1.05 * gap) }
}

fn distances_table(data: &CollapseData) -> Result<String, FigureError> {
    let header = ["panel", "source", "prompts", "points", "distance_to_named", "distance_to_trained"];
    let rows = data.distances().into_iter().map(|distance| {
        vec![
            distance.panel,
            distance.source.name().into(),
            distance.prompt_type.as_ref().map_or("both", |prompts| prompts.name()).into(),
            distance.points.to_string(),
            format!("{:.6}", distance.named),
            format!("{:.6}", distance.trained),
        ]
    });
    table(&header, rows)
}

/// Says what the figure shows, in the numbers of this very figure.
fn caption(data: &CollapseData) -> String {
    let n = data.n;
    let mut text = if data.theories_differ() {
        format!(
            "Optimal rewards of n = {n} responses for U as the paper names and draws it (dashed) and for the U that its code trained, \
             with x + ε for x and ε = 0.1 (solid). Dotted: the n → ∞ law of U as named, response i at its quantile (i − ½)/{n}."
        )
    } else {
        format!(
            "Optimal rewards of n = {n} responses (solid), and the n → ∞ law, response i at its quantile (i − ½)/{n} (dotted)."
        )
    };
    if data.has_published() {
        text.push_str(" Points: the paper’s training curves, read off its figures to ±0.01; some are hidden there.");
    }
    let published = data.findings(CurveSource::Published);
    if !published.is_empty() {
        let closer = if published.iter().all(|distance| distance.trained < distance.named) {
            "The published curves lie closer to the solid theory"
        } else {
            "The published curves do not all lie closer to the solid theory"
        };
        text.push_str(&format!(" {closer}. Mean |point − theory|, dashed → solid: {}.", listing(&published)));
    }
    if let Some(x) = data.distance("x", CurveSource::Published, None) {
        text.push_str(&format!(" For U(x) = x the two theories are the same ({:.3}).", x.named));
    }
    if data.has_runs() {
        text.push_str(if data.has_published() { " This run: its" } else { " Points: a run’s" });
        text.push_str(" last step, mean and ±1 standard deviation over training prompts");
        let runs = data.findings(CurveSource::Run);
        text.push_str(&if runs.is_empty() { ".".to_owned() } else { format!("; {}.", listing(&runs)) });
    }
    let largest = bound(data.largest_gap());
    text.push_str(&format!(" Certified: no rewards do better than those drawn by more than {largest} a pair."));
    text
}

fn listing(distances: &[Distance]) -> String {
    let phrases: Vec<String> = distances
        .iter()
        .map(|distance| {
            let name = match distance.panel.as_str() {
                "log" => "log\u{a0}x",
                "x_inv" => "−1/x",
                _ => "prompt-aware (open-ended)",
            };
            format!("{name}\u{a0}{:.3} → {:.3}", distance.named, distance.trained)
        })
        .collect();
    phrases.join(", ")
}
