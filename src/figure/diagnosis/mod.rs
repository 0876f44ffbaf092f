//! A diagnosis as one page that a browser opens from disk.

mod drawings;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::FigureError;
use crate::diagnosis::{Agreement, Diagnosis, Fit, PathPlace, Scale, TypeSummary, Verdict};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;color:#222;max-width:60em;margin:2em auto;padding:0 1em}\
h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em}h3{font-size:1em}table{border-collapse:collapse;margin:.6em 0;font-size:13px}\
td{white-space:nowrap}th,td{text-align:right;padding:.2em .6em;border-bottom:1px solid #ddd;vertical-align:top}th{border-bottom:1px solid #888}\
td.text,th.text{white-space:normal;text-align:left;max-width:30em;overflow-wrap:break-word}svg{max-width:100%;height:auto;display:block;margin:1em 0}\
.verdict{border-left:.4em solid #777;padding:.4em 1em;background:#f5f5f5}.collapsed{border-color:#d55e00}\
.prompt-dependent{border-color:#009e73}.note{color:#555;font-size:13px}";

/// Losses of a type that are listed.
const MOST_FITS: usize = 5;

/// The report of one or several diagnoses, each with the name of its file: HTML with its figures inline, and without anything that needs a network.
///
/// # Errors
/// [`FigureError::Drawing`] if a figure cannot be drawn.
pub fn diagnosis_report(found: &[(String, Diagnosis)]) -> Result<String, FigureError> {
    let sections: Vec<Markup> =
        found.iter().map(|(file, diagnosis)| section(file, diagnosis)).collect::<Result<_, FigureError>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Has the reward model collapsed?" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Has the reward model collapsed?" }
                @if found.len() > 1 { (side_by_side(found)) }
                @for section in &sections { (section) }
                p.note {
                    "Written by reward-collapse " (env!("CARGO_PKG_VERSION")) ". The chapter “Has it collapsed?” of its book says what each \
                     number is, which hypotheses are tested, and how often the tests err."
                }
            }
        }
    };
    Ok(page.into_string())
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

fn span([low, high]: [f64; 2]) -> String {
    format!("{low:.4} to {high:.4}")
}

fn or_dash(x: Option<f64>, write: fn(f64) -> String) -> String {
    x.map_or_else(|| "–".into(), write)
}

fn side_by_side(found: &[(String, Diagnosis)]) -> Markup {
    html! {
        table {
            tr {
                th.text { "file" } th.text { "verdict" } th { "types apart" } th.text { "best loss" } th { "distance" } th { "on the way" } th { "accuracy" }
            }
            @for (file, of) in found {
                tr {
                    td.text { (file) }
                    td.text { (of.verdict) }
                    td { (or_dash(of.largest_between().map(|test| test.effect), share)) }
                    td.text { (of.fits.first().map_or("–", |fit| fit.utility.as_str())) }
                    td { (or_dash(of.fits.first().map(|fit| fit.distance), share)) }
                    td { (or_dash(of.least_share(), percent)) }
                    td { (or_dash(of.pairs.agreement.as_ref().map(|of| of.accuracy), share)) }
                }
            }
        }
    }
}

fn section(file: &str, diagnosis: &Diagnosis) -> Result<Markup, FigureError> {
    let rewards = drawings::rewards(diagnosis)?;
    let effects = if diagnosis.tests.is_empty() { None } else { Some(drawings::effects(diagnosis)?) };
    let agreement = diagnosis.pairs.agreement.as_ref();
    let reliability = agreement.map(drawings::reliability).transpose()?;
    let shown = match diagnosis.verdict {
        Verdict::Collapsed => "verdict collapsed",
        Verdict::PromptDependent => "verdict prompt-dependent",
        Verdict::Undecided => "verdict",
    };
    Ok(html! {
        h2 { (file) }
        div class=(shown) { p { strong { (diagnosis.verdict) } ": " (diagnosis.why) "." } }
        p { (diagnosis.prompts) " prompts with " (diagnosis.responses) " responses; " (scale(diagnosis)) "." }
        h3 { "Rewards" }
        (types(&diagnosis.types))
        (PreEscaped(rewards))
        h3 { "Are they the same beyond chance?" }
        @if diagnosis.tests.is_empty() { p { "No two prompts, or types, can be compared." } }
        @else { (tests(diagnosis)) }
        @if let Some(effects) = &effects { (PreEscaped(effects)) }
        h3 { "Which loss gives such rewards?" }
        @for of in &diagnosis.types {
            (fits(of, diagnosis.tolerance))
            @if let Some(path) = &of.path { (place(path)) }
        }
        @if let Some(given) = &diagnosis.given {
            p { "They are within " (share(given.distance)) " of the optimal rewards of " code { (given.utility) } ", which was given." }
        }
        h3 { "Pairs of responses" }
        (pairs(diagnosis))
        @if let Some(reliability) = &reliability { (PreEscaped(reliability)) }
        @if let Some(agreement) = agreement { (contradicted(agreement)) }
    })
}

fn scale(diagnosis: &Diagnosis) -> String {
    let shift = if diagnosis.shift_removed { ", each prompt's shifted to mean 0" } else { "" };
    match diagnosis.scale {
        Scale::Unit => format!("rewards in [0, 1]{shift}"),
        Scale::Line => {
            format!("raw logits{shift}. Lengths are shares of {:.4}, the width of 95 % of the rewards", diagnosis.width)
        }
    }
}

fn name(of: &TypeSummary) -> &str {
    of.prompt_type.as_deref().unwrap_or("all prompts")
}

fn types(types: &[TypeSummary]) -> Markup {
    html! {
        table {
            tr {
                th.text { "type" } th { "prompts" } th { "responses" } th { "spread within" } th { "spread between" }
                th { "saturated" } th { "ties" } th { "likeness" } th.text { "best loss" } th { "distance" }
            }
            @for of in types {
                tr {
                    td.text { (name(of)) }
                    td { (of.prompts) }
                    td { (of.responses) }
                    td { (share(of.spread_within)) }
                    td { (share(of.spread_between)) }
                    td { (or_dash(of.saturated, percent)) }
                    td { (percent(of.ties)) }
                    td { (or_dash(of.likeness.and_then(|of| of.ratio), share)) }
                    td.text { (of.best_utility.as_deref().unwrap_or("–")) }
                    td { (or_dash(of.distance, share)) }
                }
            }
        }
        p.note {
            "Likeness is 0 where all prompts of a type have the same rewards, and 1 where rewards are like independent draws from one law."
        }
    }
}

fn tests(diagnosis: &Diagnosis) -> Markup {
    html! {
        table {
            tr {
                th.text { "null hypothesis" } th { "prompts" } th { "p" } th { "corrected" } th { "effect" } th { "95 % interval" }
            }
            @for test in &diagnosis.tests {
                tr {
                    td.text { (test.null) @if test.conservative { " (conservative)" } }
                    td { (test.prompts) }
                    td { (share(test.p_value)) }
                    td { (share(test.p_corrected)) }
                    td { (test.measure) " " (share(test.effect)) }
                    td { (span(test.interval)) }
                }
            }
        }
    }
}

fn fits(of: &TypeSummary, tolerance: f64) -> Markup {
    let listed: Vec<&Fit> = of.fits.iter().take(MOST_FITS).collect();
    html! {
        @if let Some(best) = listed.first() {
            p {
                strong { (name(of)) } ": "
                @if best.distance > tolerance {
                    "these rewards are of no loss that was tried; the nearest is " code { (best.utility) } ", "
                    (share(best.distance)) " away."
                } @else {
                    "these rewards are those of " code { (best.utility) } " within " (share(best.distance)) "."
                }
                @if of.sizes[1] == 2 && best.parameter.is_some() {
                    " With two responses a prompt this is one number, which any family with a parameter meets."
                }
                @if best.at_end { " Its parameter is at the end of the range that was searched." }
            }
            table {
                tr { th.text { "loss" } th { "distance" } th { "largest" } th { "of a single prompt" } th.text { "" } }
                @for fit in &listed {
                    tr {
                        td.text { (fit.utility) }
                        td { (share(fit.distance)) }
                        td { (share(fit.largest)) }
                        td { (share(fit.distance_of_prompts)) }
                        td.text { @if fit.as_good_as_best { "cannot be told from the nearest" } }
                    }
                }
            }
        }
    }
}

fn place(path: &PathPlace) -> Markup {
    html! {
        p {
            "On the way from rewards that are all the same to the optimum of " code { (path.utility) } " for " (path.n) " responses, "
            (percent(path.share)) " of the distance is behind. The mean rewards are nearest to those of step " (path.step) " of " (path.steps)
            " of a simulated training with free logits, and " (share(path.off_path)) " away from them there."
        }
    }
}

fn pairs(diagnosis: &Diagnosis) -> Markup {
    let pairs = &diagnosis.pairs;
    let margins: Vec<String> = pairs.margins.iter().copied().map(share).collect();
    html! {
        p {
            (pairs.pairs) " pairs, of which " (pairs.looked_at) " were looked at. Their margins at 5, 25, 50, 75 and 95 %: "
            (margins.join(", ")) "."
        }
        @if let Some(agreement) = &pairs.agreement {
            p {
                "The better response has the larger reward in " (percent(agreement.accuracy)) " of the pairs (95 % interval "
                (span(agreement.accuracy_interval)) "). As a model of Bradley and Terry, the rewards have a calibration error of "
                (share(agreement.calibration_error)) "; "
                @match (agreement.slope, agreement.calibration_error_with_slope) {
                    (Some(slope), Some(error)) => { (if slope < 1000.0 { format!("{slope:.3}") } else { format!("{slope:.2e}") }) " times as large, they would have one of " (share(error)) "." }
                    _ => { "every pair is in order." }
                }
            }
        }
    }
}

fn contradicted(agreement: &Agreement) -> Markup {
    html! {
        @if !agreement.contradicted.is_empty() {
            p { "Pairs whose order the model contradicts most:" }
            table {
                tr {
                    th.text { "prompt" } th.text { "type" } th.text { "better response" } th { "reward" } th.text { "worse response" } th { "reward" }
                }
                @for pair in &agreement.contradicted {
                    tr {
                        td.text { (pair.prompt) }
                        td.text { (pair.prompt_type.as_deref().unwrap_or("–")) }
                        td.text { (pair.better) }
                        td { (share(pair.better_reward)) }
                        td.text { (pair.worse) }
                        td { (share(pair.worse_reward)) }
                    }
                }
            }
        }
    }
}
