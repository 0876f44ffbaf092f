//! What the figure shows, in the numbers of this very figure.

use super::data::{ExperimentData, ExperimentRun, RunDistance};
use crate::compare::Prediction;
use crate::experiment::Split;

pub(super) fn caption(data: &ExperimentData, distances: &[RunDistance]) -> String {
    let mut text = format!(
        "Optimal rewards{} for U as the paper names it (dashed) and for the U that was trained (solid), and what a reward \
         model learned: mean and ±1 standard deviation over prompts. In the corners: mean |mean reward − optimum| over \
         responses and both types of prompt, black for U as named, green for U as trained. Right: share of all training \
         rewards at the last step in each twentieth of [0, 1]; optimal rewards with the share of responses at each; the n → ∞ \
         law as its share in a twentieth, atoms apart.",
        responses(data)
    );
    let described: Vec<String> = data.runs.iter().filter_map(|run| sentence(run, distances)).collect();
    if !described.is_empty() {
        text.push_str(&format!(
            " Last step, training prompts: mean |difference| as named → as trained, and W₁ of all rewards from the optimum as \
             trained: {}.",
            described.join("; ")
        ));
    }
    text.push_str(&setting(data));
    text.push_str(&format!(
        " Certified: no rewards do better than those drawn by more than {:.1e} a pair.",
        1.05 * data.largest_gap()
    ));
    // An equation is not to be broken at the end of a line.
    for operator in ["=", "+", "−", "→"] {
        text = text.replace(&format!(" {operator} "), &format!("\u{a0}{operator}\u{a0}"));
    }
    text
}

/// How many responses, where all runs have as many.
fn responses(data: &ExperimentData) -> String {
    let mut counts: Vec<usize> = data.runs.iter().map(|run| run.description.responses).collect();
    counts.dedup();
    match counts[..] {
        [n] => format!(" of n = {n} responses"),
        _ => String::new(),
    }
}

fn sentence(run: &ExperimentRun, distances: &[RunDistance]) -> Option<String> {
    let mad = |theory| run.mad(run.late, Split::Train, theory);
    let (named, trained) = (mad(Prediction::Named)?, mad(Prediction::Trained)?);
    let last: Vec<f64> = distances
        .iter()
        .filter(|row| row.run == run.name && row.is_last && row.distance.split == Split::Train)
        .filter(|row| row.distance.theory == Prediction::Trained)
        .map(|row| row.distance.w1_finite)
        .collect();
    let w1 = last.iter().sum::<f64>() / last.len() as f64;
    let change = if run.open.agree() && run.closed.agree() {
        format!("{trained:.3}")
    } else {
        format!("{named:.3} → {trained:.3}")
    };
    Some(format!("{}\u{a0}{change},\u{a0}{w1:.3}", run.name.replace(' ', "\u{a0}")))
}

/// The model and the data, where all runs share them.
fn setting(data: &ExperimentData) -> String {
    let shared = |field: fn(&ExperimentRun) -> &str| {
        let mut values: Vec<&str> = data.runs.iter().map(field).collect();
        values.dedup();
        match values[..] {
            [value] if !value.is_empty() => Some(value.to_owned()),
            _ => None,
        }
    };
    let model = shared(|run| &run.description.model).map(|model| format!("model {model}"));
    let source = shared(|run| &run.description.data).map(|data| format!("data {data}"));
    let device = shared(|run| &run.description.device).map(|device| format!("device {device}"));
    let parts: Vec<String> = [model, source, device].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(" All runs: {}.", parts.join(", ")) }
}
