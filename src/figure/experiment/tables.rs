//! The numbers of the figure as CSV.

use super::data::{ExperimentData, ExperimentRun, RunDistance};
use super::shares::{BINS, Shares};
use crate::compare::Prediction;
use crate::figure::{FigureError, table};

/// The last column, where prompts differ in their number of responses.
const RESPONSES: &str = "n";
/// Whether rewards are less the mean of their prompt, where those of some run are.
const CENTRED: &str = "centred";

/// Mean and spread of every response at every evaluation, beside the optimal rewards.
pub(super) fn rewards(data: &ExperimentData) -> Result<String, FigureError> {
    let sizes_differ = data.sizes_differ();
    let mut header =
        vec!["run", "step", "split", "prompts", "response_index", "mean", "deviation", "count", "named", "trained"];
    header.extend(sizes_differ.then_some(RESPONSES));
    let some_are_centred = data.runs.iter().any(ExperimentRun::is_centred);
    header.extend(some_are_centred.then_some(CENTRED));
    let mut rows = Vec::new();
    for run in &data.runs {
        for at in &run.evaluations {
            let learned = &at.learned;
            let [named, trained] = [Prediction::Named, Prediction::Trained].map(|theory| at.optimal(theory));
            for response in &learned.responses {
                let optimal = |rewards: &[f64]| rewards.get(response.index - 1).map_or(String::new(), number);
                let mut row = vec![
                    run.name.clone(),
                    learned.step.to_string(),
                    learned.split.to_string(),
                    learned.prompt_type.name().to_owned(),
                    response.index.to_string(),
                    number(&response.mean),
                    number(&response.deviation),
                    response.count.to_string(),
                    optimal(&named),
                    optimal(&trained),
                ];
                row.extend(sizes_differ.then(|| learned.n.to_string()));
                row.extend(some_are_centred.then(|| run.is_centred().to_string()));
                rows.push(row);
            }
        }
    }
    table(&header, rows)
}

/// The distances of every evaluation from both theories.
pub(super) fn distances(distances: &[RunDistance], sizes_differ: bool) -> Result<String, FigureError> {
    let mut header = vec![
        "run",
        "step",
        "split",
        "prompts",
        "theory",
        "utility",
        "mad",
        "max_abs_difference",
        "w1_finite",
        "w1_limit",
        "mean_deviation",
        "count",
        "mad_low",
        "mad_high",
        "max_low",
        "max_high",
    ];
    header.extend(sizes_differ.then_some(RESPONSES));
    let rows = distances.iter().map(|RunDistance { run, distance, intervals, .. }| {
        let mut row = vec![
            run.clone(),
            distance.step.to_string(),
            distance.split.to_string(),
            distance.prompt_type.name().to_owned(),
            distance.theory.to_string(),
            distance.utility.clone(),
            number(&distance.mad),
            number(&distance.max_abs_difference),
            number(&distance.w1_finite),
            distance.w1_limit.as_ref().map_or(String::new(), number),
            number(&distance.mean_deviation),
            distance.count.to_string(),
        ];
        let ends = intervals.map(|of| [of.mad, of.max_abs_difference].concat().iter().map(number).collect());
        row.extend(ends.unwrap_or(vec![String::new(); 4]));
        row.extend(sizes_differ.then(|| distance.n.to_string()));
        row
    });
    table(&header, rows)
}

/// The shares of rewards in the bins of the histograms.
pub(super) fn histogram(data: &ExperimentData) -> Result<String, FigureError> {
    let header =
        ["run", "prompts", "from", "to", "learned", "finite_named", "finite_trained", "limit_named", "limit_trained"];
    let mut rows = Vec::new();
    for run in &data.runs {
        for prompt_type in run.types() {
            let shares = Shares::of(run, &prompt_type);
            let columns = [
                &shares.learned,
                &shares.named.finite,
                &shares.trained.finite,
                &shares.named.limit,
                &shares.trained.limit,
            ];
            for bin in 0..BINS {
                let decimals = if run.is_raw() { 4 } else { 2 };
                let edges = [bin, bin + 1].map(|edge| format!("{:.decimals$}", run.scale.edge(edge, BINS)));
                let shares = columns.map(|column| column.get(bin).map_or(String::new(), number));
                let named = [run.name.clone(), prompt_type.name().to_owned()];
                rows.push(named.into_iter().chain(edges).chain(shares).collect());
            }
        }
    }
    table(&header, rows)
}

fn number(value: &f64) -> String {
    format!("{value:.6}")
}
