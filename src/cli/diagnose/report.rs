//! A diagnosis as a page of text, JSON or CSV.

use serde::Serialize;

use crate::cli::CliError;
use crate::cli::output::{columns, csv as csv_rows, facts};
use crate::diagnosis::{Diagnosis, FitScale, Scale, TypeSummary};

/// A diagnosis with its file.
#[derive(Serialize)]
pub(super) struct OfFile<'a> {
    file: &'a str,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

impl<'a> OfFile<'a> {
    pub fn new(file: &'a str, diagnosis: &'a Diagnosis) -> Self {
        Self { file, diagnosis }
    }
}

/// A row for each file and type.
pub(super) fn csv(found: &[(String, Diagnosis)]) -> Result<String, CliError> {
    let header = [
        "file",
        "verdict",
        "type",
        "prompts",
        "responses",
        "spread_within",
        "spread_between",
        "saturated",
        "ties",
        "best_utility",
        "distance",
    ];
    let rows = found.iter().flat_map(|(file, diagnosis)| {
        diagnosis.types.iter().map(move |of| {
            let spreads = (of.spread_within, of.spread_between, of.saturated, of.ties);
            let name = of.prompt_type.as_deref();
            (file, diagnosis.verdict, name, of.prompts, of.responses, spreads, of.best_utility.as_deref(), of.distance)
        })
    });
    csv_rows(&header, rows)
}

/// One page for each file; before them, if there are several, all side by side.
pub(super) fn page(found: &[(String, Diagnosis)]) -> String {
    let pages: Vec<String> = found.iter().map(|(file, diagnosis)| of_file(file, diagnosis)).collect();
    let pages = pages.join("\n\n");
    if found.len() > 1 { format!("{}\n\n{pages}", side_by_side(found)) } else { pages }
}

fn side_by_side(found: &[(String, Diagnosis)]) -> String {
    let header = ["file", "verdict", "types apart", "within", "best loss", "distance", "on the way", "accuracy"];
    let rows = found.iter().map(|(file, diagnosis)| {
        let apart = diagnosis.largest_between().map_or_else(dash, |test| share(test.effect));
        let within = diagnosis.types.iter().map(|of| of.spread_within).fold(0.0, f64::max);
        let best = diagnosis.given.as_ref().or(diagnosis.fits.first());
        let accuracy = diagnosis.pairs.agreement.as_ref().map_or_else(dash, |of| share(of.accuracy));
        vec![
            file.clone(),
            diagnosis.verdict.to_string(),
            apart,
            share(within),
            best.map_or_else(dash, |fit| fit.utility.clone()),
            best.map_or_else(dash, |fit| share(fit.distance)),
            diagnosis.least_share().map_or_else(dash, percent),
            accuracy,
        ]
    });
    columns(&header, rows)
}

fn dash() -> String {
    "-".into()
}

fn share(x: f64) -> String {
    match x.abs() {
        // A difference that four decimals would not show.
        small if small > 0.0 && small < 5e-4 => format!("{x:.1e}"),
        _ => format!("{x:.4}"),
    }
}

fn percent(x: f64) -> String {
    format!("{:.1} %", 100.0 * x)
}

fn factor(x: f64) -> String {
    if x < 1000.0 { format!("{x:.3}") } else { format!("{x:.2e}") }
}

fn span([low, high]: [f64; 2]) -> String {
    format!("{low:.4} to {high:.4}")
}

fn name(of: &TypeSummary) -> String {
    of.prompt_type.clone().unwrap_or_else(|| "all".into())
}

fn of_file(file: &str, diagnosis: &Diagnosis) -> String {
    let mut text = facts(&[
        ("file", file.to_owned()),
        ("verdict", diagnosis.verdict.to_string()),
        ("why", diagnosis.why.clone()),
        ("prompts", format!("{} with {} responses", diagnosis.prompts, diagnosis.responses)),
        ("scale", scale(diagnosis)),
    ]);
    text.push('\n');
    text.push_str(&types(diagnosis));
    text.push('\n');
    text.push_str(&tests(diagnosis));
    text.push('\n');
    text.push_str(&theory(diagnosis));
    text.push('\n');
    text.push_str(&pairs(diagnosis));
    text
}

fn scale(diagnosis: &Diagnosis) -> String {
    let shift = if diagnosis.shift_removed { ", each prompt shifted to mean 0" } else { "" };
    match diagnosis.scale {
        Scale::Unit => format!("rewards in [0, 1]{shift}"),
        Scale::Line => {
            format!("raw logits{shift}; lengths are shares of {:.4}, the width of 95 % of them", diagnosis.width)
        }
    }
}

fn types(diagnosis: &Diagnosis) -> String {
    let header =
        ["type", "prompts", "n", "spread within", "between", "saturated", "ties", "likeness", "best loss", "distance"];
    let rows = diagnosis.types.iter().map(|of| {
        let [least, most] = of.sizes;
        let likeness = of.likeness.and_then(|of| of.ratio);
        vec![
            name(of),
            of.prompts.to_string(),
            if least == most { most.to_string() } else { format!("{least}-{most}") },
            share(of.spread_within),
            share(of.spread_between),
            of.saturated.map_or_else(dash, percent),
            percent(of.ties),
            likeness.map_or_else(dash, |ratio| format!("{ratio:.3}")),
            of.best_utility.clone().unwrap_or_else(dash),
            of.distance.map_or_else(dash, share),
        ]
    });
    let note =
        "likeness: 0 where all prompts of a type have the same rewards, 1 where rewards are like independent draws\n";
    columns(&header, rows) + note
}

fn tests(diagnosis: &Diagnosis) -> String {
    if diagnosis.tests.is_empty() {
        return "no test: no two prompts, or types, can be compared\n".into();
    }
    let header = ["null hypothesis", "prompts", "p", "corrected", "measure", "effect", "95 % interval"];
    let rows = diagnosis.tests.iter().map(|test| {
        vec![
            test.null.clone(),
            test.prompts.to_string(),
            share(test.p_value),
            share(test.p_corrected),
            test.measure.to_owned(),
            share(test.effect),
            span(test.interval),
        ]
    });
    columns(&header, rows)
}

fn theory(diagnosis: &Diagnosis) -> String {
    let mut lines = Vec::new();
    for of in &diagnosis.types {
        let Some(best) = of.fits.first() else { continue };
        let others: Vec<&str> =
            of.fits.iter().skip(1).filter(|fit| fit.as_good_as_best).map(|fit| fit.utility.as_str()).collect();
        let also = if others.is_empty() { String::new() } else { format!("; so may those of {}", others.join(", ")) };
        let beyond = if best.at_end { " (at the end of the range that was searched)" } else { "" };
        let (utility, distance) = (&best.utility, best.distance);
        let these = if best.scale == FitScale::Sigmoid { "the sigmoids of these rewards" } else { "these rewards" };
        lines.push(match distance > diagnosis.tolerance {
            true => {
                format!("{}: of no loss that was tried; the nearest is {utility}, {distance:.4} away{beyond}", name(of))
            }
            false => format!("{}: {these} are those of {utility} within {distance:.4}{beyond}{also}", name(of)),
        });
        if of.sizes[1] == 2 && best.parameter.is_some() {
            lines.push(
                "    with two responses a prompt this is one number, which any family with a parameter meets"
                    .to_owned(),
            );
        }
        if let Some(path) = &of.path {
            lines.push(format!(
                "    on the way to the optimum of {} for n = {}, {} of the distance is behind; nearest to step {} of {} of a simulated \
                 training, {:.4} off its rewards",
                path.utility,
                path.n,
                percent(path.share),
                path.step,
                path.steps,
                path.off_path
            ));
        }
    }
    if let Some(given) = &diagnosis.given {
        lines.push(format!("they are within {:.4} of those of {}, which was given", given.distance, given.utility));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn pairs(diagnosis: &Diagnosis) -> String {
    let pairs = &diagnosis.pairs;
    let margins: Vec<String> = pairs.margins.iter().copied().map(share).collect();
    let mut text = facts(&[
        ("pairs", format!("{}, of which {} were looked at", pairs.pairs, pairs.looked_at)),
        ("margins", format!("{} (5, 25, 50, 75 and 95 % points)", margins.join(" "))),
    ]);
    let Some(agreement) = &pairs.agreement else { return text };
    let slope = match (agreement.slope, agreement.calibration_error_with_slope) {
        (Some(slope), Some(error)) => format!("{} with {} times the rewards", share(error), factor(slope)),
        _ if agreement.accuracy == 1.0 => "every pair is in order".into(),
        _ => "no pair is in the wrong order".into(),
    };
    text.push_str(&facts(&[
        ("accuracy", format!("{} ({})", share(agreement.accuracy), span(agreement.accuracy_interval))),
        ("calibration error", format!("{} of sigmoid(r_i - r_j); {slope}", share(agreement.calibration_error))),
    ]));
    if !agreement.contradicted.is_empty() {
        text.push_str("\npairs whose order the model contradicts most\n");
        let cut = |text: &str| -> String {
            let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if line.chars().count() > 24 { line.chars().take(23).chain(['…']).collect() } else { line }
        };
        let rows = agreement.contradicted.iter().map(|pair| {
            vec![
                cut(&pair.prompt),
                pair.prompt_type.clone().unwrap_or_else(dash),
                cut(&pair.better),
                share(pair.better_reward),
                cut(&pair.worse),
                share(pair.worse_reward),
            ]
        });
        text.push_str(&columns(&["prompt", "type", "better", "reward", "worse", "reward"], rows));
    }
    text
}
