//! What the figure shows, in the numbers of this very figure.

use super::data::{ExperimentData, ExperimentRun};
use crate::compare::Prediction;
use crate::experiment::Split;

pub(super) fn rewards(data: &ExperimentData) -> String {
    let mut text = format!(
        "Optimal rewards{} for U as the paper names it (dashed) and for the U that was trained (solid), and what a reward \
         model learned: mean and ±1 standard deviation over prompts. In the corners: mean |mean reward − optimum| over \
         responses{}, black for U as named, green for U as trained.",
        responses(data),
        if data.rows().iter().any(|(_, types)| types.len() > 1) { " and both types of prompt" } else { "" }
    );
    text.push_str(&centred(data));
    let described: Vec<String> = data.runs.iter().filter_map(sentence).collect();
    let has_margins = data.runs.iter().any(|run| run.margin((run.late, Split::Train)).is_some());
    if !described.is_empty() {
        text.push_str(&format!(
            " Last step, training prompts: mean |difference| as named → as trained{}, and W₁ of all rewards from the optimum as \
             trained: {}.",
            if has_margins { " (± what another sample of prompts may change, bootstrap, 95 %)" } else { "" },
            described.join("; ")
        ));
    }
    text.push_str(&setting(data));
    let gap = 1.05 * data.largest_gap();
    text.push_str(&if gap.is_nan() {
        " A field is not concave: optimal rewards are the best from several starts, and no bound holds for all others.".to_owned()
    } else if data.is_proved() {
        format!(" Certified: no rewards do better than those drawn by more than {gap:.1e} a pair.")
    } else {
        format!(
            " No rewards do better than those drawn by more than {gap:.1e} a pair, if every U is concave between the points \
             at which it was sampled."
        )
    });
    text
}

/// The caption of the histograms.
pub(super) fn histograms(data: &ExperimentData) -> String {
    let range = if data.runs.iter().any(ExperimentRun::is_raw) { "the scale of rewards" } else { "[0, 1]" };
    format!(
        "Share of all training rewards at the last step in each twentieth of {range} (bars), the optimal rewards{} with the share of responses \
         at each, for U as the paper names it (crosses) and for the U that was trained (pins), and the n → ∞ law as its share in a twentieth \
         (curves), atoms apart (diamonds).{}{}",
        responses(data),
        centred(data),
        setting(data)
    )
}

/// Says for which runs only differences of rewards count.
fn centred(data: &ExperimentData) -> String {
    let centred: Vec<&str> = data.runs.iter().filter(|run| run.is_centred()).map(|run| run.name.as_str()).collect();
    if centred.is_empty() {
        return String::new();
    }
    format!(
        " Only differences of the rewards of a prompt count for {}: optimal and learned rewards are those less the mean of their prompt.",
        centred.join(", ")
    )
}

/// How many responses, where all runs have as many.
fn responses(data: &ExperimentData) -> String {
    match data.shared(ExperimentRun::sizes).as_deref() {
        Some([n]) => format!(" of n = {n} responses"),
        Some([least, .., most]) => format!(" of each prompt’s own number of responses, n = {least} to {most},"),
        _ => String::new(),
    }
}

fn sentence(run: &ExperimentRun) -> Option<String> {
    let last = (run.late, Split::Train);
    let mad = |theory| run.mean(last, theory, |distance| distance.mad);
    let (named, trained) = (mad(Prediction::Named)?, mad(Prediction::Trained)?);
    let w1 = run.mean(last, Prediction::Trained, |distance| distance.w1_finite)?;
    let change = if run.theories_agree() { format!("{trained:.3}") } else { format!("{named:.3} → {trained:.3}") };
    let change = change + &run.margin(last).map_or(String::new(), |margin| format!("\u{a0}±\u{a0}{margin:.3}"));
    Some(format!("{}\u{a0}{change},\u{a0}{w1:.3}", run.name.replace(' ', "\u{a0}")))
}

/// Model, data and training, as far as all runs share them.
fn setting(data: &ExperimentData) -> String {
    let known = |text: String| (!text.is_empty()).then_some(text);
    let model = data.shared(|run| run.description.model.clone()).and_then(known);
    let size = data.shared(|run| run.description.parameters).map(size).and_then(known);
    let source = data.shared(|run| run.description.data.clone()).and_then(known);
    let training =
        data.shared(|run| (run.late, run.description.prompts_per_step)).map(|(steps, prompts)| match prompts {
            0 => format!("{steps} steps"),
            _ => format!("{steps} steps of {prompts} prompts"),
        });
    let device = data.shared(|run| run.description.device.clone()).and_then(known);
    let model = match (model, size) {
        (Some(model), Some(size)) => Some(format!("{model} ({size})")),
        (model, size) => model.or(size),
    };
    let parts: Vec<String> = [model, source, training, device].into_iter().flatten().collect();
    match (data.runs.len(), parts.is_empty()) {
        (_, true) => String::new(),
        (1, _) => format!(" The run: {}.", parts.join("; ")),
        _ => format!(" All runs: {}.", parts.join("; ")),
    }
}

/// A number of parameters in words; nothing for 0, which stands for an unknown one.
pub(super) fn size(parameters: u64) -> String {
    let number = parameters as f64;
    match parameters {
        0 => String::new(),
        1..=999_999 => format!("{:.0} thousand parameters", (number / 1e3).max(1.0)),
        1_000_000..=9_999_999 => format!("{:.1} million parameters", number / 1e6),
        _ => format!("{:.0} million parameters", number / 1e6),
    }
}
