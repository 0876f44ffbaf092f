//! What all of it comes to.

use std::fmt;

use serde::Serialize;

use super::scaled::Scaled;
use super::spread::TypeSummary;
use super::tests::{Subject, Test, expected};
use super::{LEVEL, Options};

/// Whether the model has collapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Prompts that were to differ have the same distribution of rewards, up to the tolerance.
    Collapsed,
    /// The distribution of rewards depends on the prompt, beyond chance and beyond the tolerance.
    PromptDependent,
    /// Neither can be said.
    Undecided,
}

impl Verdict {
    /// As JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Collapsed => "collapsed",
            Verdict::PromptDependent => "prompt-dependent",
            Verdict::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Below this, the prompts of a type are alike: rewards are at most half as far from those of the mean prompt as independent draws would be.
const ALIKE: f64 = 0.5;

/// With fewer prompts of a type, resamples tell too little of how others would be.
const FEWEST: usize = 5;

fn is_alike(of: &TypeSummary) -> bool {
    of.likeness.and_then(|likeness| likeness.ratio).is_some_and(|ratio| ratio < ALIKE)
}

/// Whether prompts of a type differ by more than the tolerance without doubt.
fn is_apart(test: &Test, tolerance: f64) -> bool {
    test.subject == Subject::Prompts && test.p_corrected < LEVEL && test.interval[0] > tolerance
}

/// A share of the width of the scale, as the report writes it.
fn share(x: f64) -> String {
    format!("{x:.3}")
}

fn span([low, high]: [f64; 2]) -> String {
    format!("{low:.3} to {high:.3}")
}

/// The verdict with its reason.
pub(super) fn decide(scaled: &Scaled, types: &[TypeSummary], tests: &[Test], options: &Options) -> (Verdict, String) {
    let tolerance = options.tolerance;
    let within = types.iter().map(|of| of.spread_within).fold(0.0, f64::max) / scaled.width;
    if within < tolerance {
        let why = format!(
            "the rewards of a prompt hardly differ (standard deviation {}, below the tolerance {tolerance}): the model does not \
             rank yet",
            share(within)
        );
        return (Verdict::Undecided, why);
    }
    let several = types.len() > 1;
    let of_types: Vec<&Test> = tests.iter().filter(|test| test.subject != Subject::Prompts).collect();
    let largest = |tests: Vec<&Test>| tests.into_iter().max_by(|a, b| a.effect.total_cmp(&b.effect)).cloned();
    let convinces = |test: &&&Test| test.p_corrected < LEVEL && test.effect > tolerance;
    if let Some(test) = largest(of_types.iter().filter(convinces).copied().collect()) {
        return (Verdict::PromptDependent, rejected(&test, tolerance));
    }
    let widest = of_types.iter().max_by(|a, b| a.interval[1].total_cmp(&b.interval[1]));
    if let Some(widest) = widest {
        // A pair of types without a number of responses in common has no test.
        let complete = of_types.iter().filter(|test| test.subject == Subject::Types).count() >= expected(types.len());
        let enough = types.iter().all(|of| of.prompts >= FEWEST);
        let alike = types.iter().all(is_alike) && !tests.iter().any(|test| is_apart(test, tolerance));
        if complete && enough && widest.interval[1] < tolerance && alike {
            let why = format!(
                "types of prompts have nearly the same rewards: no two differ by more than {} (95 %), and the tolerance is \
                 {tolerance}{}",
                share(widest.interval[1]),
                likeness(types)
            );
            return (Verdict::Collapsed, why);
        }
    }
    // What a test within a type finds must be larger without doubt. Where there are several types, a little of it is no sign that rewards
    // depend on the prompt by intention: prompts must be unlike, too.
    let unlike = |test: &Test| !several || types.iter().any(|of| of.is(&test.types) && !is_alike(of));
    let within = tests.iter().filter(|test| is_apart(test, tolerance) && unlike(test));
    if let Some(test) = largest(within.collect()) {
        return (Verdict::PromptDependent, rejected(&test, tolerance));
    }
    if let (true, Some(widest)) = (several, widest) {
        return (Verdict::Undecided, between(widest, types, tests, tolerance));
    }
    if several {
        let why =
            "no two types have prompts with the same number of responses, so that there is nothing to compare them by";
        return (Verdict::Undecided, why.to_owned());
    }
    alone(types, tests, tolerance)
}

/// There is one type, or none.
fn alone(types: &[TypeSummary], tests: &[Test], tolerance: f64) -> (Verdict, String) {
    let Some(likeness) = types.first().and_then(|of| of.likeness) else {
        let why = "no two prompts have the same number of responses, so that there is nothing to compare them by";
        return (Verdict::Undecided, why.to_owned());
    };
    let prompts = types.iter().map(|of| of.prompts).sum::<usize>();
    if likeness.interval[1] < tolerance && prompts < FEWEST {
        let why = format!(
            "the rewards of prompts are only {} from those of the mean prompt, but there are only {prompts} prompts; {FEWEST} are needed \
             for an interval",
            share(likeness.distance)
        );
        return (Verdict::Undecided, why);
    }
    if likeness.interval[1] < tolerance {
        let why = format!(
            "prompts have nearly the same rewards: on average they are {} from those of the mean prompt ({}), and the tolerance is \
             {tolerance}. There is only one type of prompts, and whether they were to differ only you know",
            share(likeness.distance),
            span(likeness.interval),
        );
        return (Verdict::Collapsed, why);
    }
    let chance = tests.first().map_or_else(
        || "no test says whether that is chance".to_owned(),
        |test| {
            let p = p_value(test.p_corrected);
            if test.p_corrected < LEVEL {
                format!("that is more than chance ({p}), but may be as small as {}", share(test.interval[0]))
            } else {
                format!("the test, which sees the mean and the spread of a prompt, finds no more than chance ({p})")
            }
        },
    );
    let why = format!(
        "the rewards of prompts are {} from those of the mean prompt ({}), which is not below the tolerance {tolerance}; {chance}. \
         Types of prompts would tell more",
        share(likeness.distance),
        span(likeness.interval),
    );
    (Verdict::Undecided, why)
}

fn p_value(p: f64) -> String {
    format!("corrected p = {p:.3}")
}

fn rejected(test: &Test, tolerance: f64) -> String {
    let effect = format!("{} ({})", share(test.effect), span(test.interval));
    let p = p_value(test.p_corrected);
    match test.subject {
        Subject::Prompts => format!(
            "prompts{} have different rewards: the {} of a prompt's rewards varies by {effect} over prompts beyond chance ({p}), and \
             the tolerance is {tolerance}",
            test.of_types(),
            test.measure,
        ),
        _ => format!(
            "{} have different rewards: the distance between them is {} (95 % interval {}, {p}), and the tolerance is {tolerance}",
            test.names(),
            share(test.effect),
            span(test.interval)
        ),
    }
}

fn between(test: &Test, types: &[TypeSummary], tests: &[Test], tolerance: f64) -> String {
    let effect = format!("{} ({})", share(test.effect), span(test.interval));
    let p = p_value(test.p_corrected);
    let reason = if test.interval[1] < tolerance && types.iter().any(|of| of.prompts < FEWEST) {
        "types do not differ, but one has fewer than five prompts, which is too few to say that its prompts have the same rewards"
    } else if test.interval[1] < tolerance && !types.iter().all(is_alike) {
        "types do not differ, but neither do the prompts of a type repeat each other's rewards"
    } else if test.interval[1] < tolerance && tests.iter().any(|test| is_apart(test, tolerance)) {
        "types do not differ, but prompts of the same type do, beyond chance and beyond the tolerance"
    } else if test.interval[1] < tolerance {
        "some types have no number of responses in common with others, and cannot be compared"
    } else if test.p_corrected < LEVEL {
        "they differ beyond chance, but not by more than the tolerance without doubt"
    } else {
        "there are too few prompts, or too much noise, to say whether they differ"
    };
    format!("{} are {effect} apart ({p}), and the tolerance is {tolerance}: {reason}", test.names())
}

fn likeness(types: &[TypeSummary]) -> String {
    let known = types.iter().filter_map(|of| of.likeness);
    let worst = known.max_by(|a, b| a.distance.total_cmp(&b.distance));
    worst.map_or_else(String::new, |worst| {
        format!(
            ". Within a type, the rewards of a prompt are on average {} from those of the mean prompt",
            share(worst.distance)
        )
    })
}
