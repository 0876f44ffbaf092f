//! The tests of a diagnosis, and the correction for their number.

use serde::Serialize;

use super::Options;
use super::grid::Grid;
use super::scaled::Scaled;
use super::types::Groups;
use super::within::{Exchange, Property, homogeneity};
use crate::resample::holm;

/// A comparison: its subject, types, prompts with their groups, and the number of groups.
type Planned = (Subject, Vec<usize>, Vec<(usize, u8)>, usize);

/// Up to so many types are compared in pairs, more each with all others.
const MOST_PAIRED: usize = 5;
/// Of more types, those with the most prompts are compared.
const MOST_COMPARED: usize = 20;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Two types, or one type and all others.
    Types,
    /// All types at once.
    All,
    /// The prompts of one type.
    Prompts,
}

/// A test of a null hypothesis.
#[derive(Debug, Clone, Serialize)]
pub struct Test {
    /// The null hypothesis, in words.
    pub null: String,
    /// What is compared.
    pub subject: Subject,
    /// The types compared.
    pub types: Vec<String>,
    /// Prompts that took part.
    pub prompts: usize,
    /// The test statistic.
    pub statistic: f64,
    /// Its p-value, from permutations.
    pub p_value: f64,
    /// The p-value after Holm's correction for all tests of the file.
    pub p_corrected: f64,
    /// What `effect` measures: `distance` (Wasserstein-1 between types, by position), or the `mean` or `spread` whose standard deviation over prompts it
    /// is.
    pub measure: &'static str,
    /// The size of the difference, in units of the width of the scale.
    pub effect: f64,
    /// The mean of `effect` over permutations: what chance alone gives. What a test within a type measures is beyond that already.
    pub by_chance: f64,
    /// 95 % interval of `effect`, resampling prompts.
    pub interval: [f64; 2],
    /// Whether the p-value may be too large, rather than exact: within a type, where shifts are removed.
    pub conservative: bool,
}

impl Test {
    /// The types compared, for a sentence.
    pub(super) fn names(&self) -> String {
        match (self.subject, self.types.as_slice()) {
            (Subject::All, _) => "types of prompts".to_owned(),
            (_, [one]) => format!("prompts of type `{one}` and all others"),
            (_, types) => {
                let quoted: Vec<String> = types.iter().map(|name| format!("`{name}`")).collect();
                format!("types {}", quoted.join(" and "))
            }
        }
    }

    pub(super) fn of_types(&self) -> String {
        self.types.first().filter(|name| !name.is_empty()).map_or_else(String::new, |name| format!(" of type `{name}`"))
    }
}

/// Tests of two types, or of one against all others, where every comparison can be made.
pub(super) fn expected(types: usize) -> usize {
    if types <= MOST_PAIRED { types * (types - 1) / 2 } else { types.min(MOST_COMPARED) }
}

/// All tests: between types, and within each.
pub(super) fn all(
    scaled: &Scaled,
    grid: &Grid,
    members: &[Vec<usize>],
    names: &[String],
    options: &Options,
) -> Vec<Test> {
    let mut tests = between(scaled, grid, members, names, options);
    tests.extend(within(scaled, members, names, options));
    let corrected = holm(&tests.iter().map(|test| test.p_value).collect::<Vec<_>>());
    tests.iter_mut().zip(corrected).for_each(|(test, p)| test.p_corrected = p);
    tests
}

fn between(scaled: &Scaled, grid: &Grid, members: &[Vec<usize>], names: &[String], options: &Options) -> Vec<Test> {
    let mut by_size: Vec<usize> = (0..members.len()).collect();
    by_size.sort_by_key(|&kind| std::cmp::Reverse(members[kind].len()));
    by_size.truncate(MOST_COMPARED);
    by_size.sort_unstable();
    let group = |kinds: &[usize], group: u8| -> Vec<(usize, u8)> {
        kinds.iter().flat_map(|&kind| members[kind].iter().map(move |&prompt| (prompt, group))).collect()
    };
    // Which prompts are compared with which, and what that is called.
    let mut comparisons: Vec<Planned> = Vec::new();
    let kinds = by_size.len();
    if kinds < 2 {
        return Vec::new();
    }
    if kinds > 2 {
        let all = by_size.iter().zip(0u8..).flat_map(|(&kind, number)| group(&[kind], number)).collect();
        comparisons.push((Subject::All, by_size.clone(), all, kinds));
    }
    if kinds <= MOST_PAIRED {
        for (at, &one) in by_size.iter().enumerate() {
            for &other in &by_size[at + 1..] {
                let pair = [group(&[one], 0), group(&[other], 1)].concat();
                comparisons.push((Subject::Types, vec![one, other], pair, 2));
            }
        }
    } else {
        for &one in &by_size {
            let others: Vec<usize> = (0..members.len()).filter(|&kind| kind != one).collect();
            comparisons.push((Subject::Types, vec![one], [group(&[one], 0), group(&others, 1)].concat(), 2));
        }
    }
    let mut tests = Vec::new();
    for (task, (subject, kinds, prompts, groups)) in comparisons.into_iter().enumerate() {
        let groups = Groups::new(scaled, grid, &prompts, groups);
        let compared = groups.compare(options.permutations, options.resamples, options.seed, task as u64 + 10);
        let Some(compared) = compared else { continue };
        let mut test = Test {
            null: String::new(),
            subject,
            types: kinds.iter().filter_map(|&kind| names.get(kind).cloned()).collect(),
            prompts: compared.comparable,
            statistic: compared.statistic,
            p_value: compared.p_value,
            p_corrected: 1.0,
            measure: "distance",
            effect: compared.effect,
            by_chance: compared.by_chance,
            interval: compared.interval,
            conservative: false,
        };
        test.null = format!("{} have the same distribution of rewards", test.names());
        tests.push(test);
    }
    tests
}

fn within(scaled: &Scaled, members: &[Vec<usize>], names: &[String], options: &Options) -> Vec<Test> {
    let mut tests = Vec::new();
    for (kind, prompts) in members.iter().enumerate() {
        // The tasks of types must not depend on how many tests come before.
        let task = kind as u64 + 1000;
        let found = homogeneity(scaled, prompts, options.permutations, options.resamples, options.seed, task);
        let Some(found) = found else { continue };
        let name = names.get(kind).cloned().unwrap_or_default();
        let of = if name.is_empty() { String::new() } else { format!(" of type `{name}`") };
        let shift = if scaled.shift_removed { ", up to a shift" } else { "" };
        let null = match found.exchange {
            Exchange::Ranks => {
                format!(
                    "prompts{of}: given its rank, a reward depends neither on its prompt nor on the other rewards{shift}"
                )
            }
            Exchange::All => format!("prompts{of}: rewards are independent draws from one law{shift}"),
        };
        tests.push(Test {
            null,
            subject: Subject::Prompts,
            types: vec![name],
            prompts: found.prompts,
            statistic: found.statistic,
            p_value: found.p_value,
            p_corrected: 1.0,
            measure: if found.property == Property::Mean { "mean" } else { "spread" },
            effect: found.effect,
            by_chance: 0.0,
            interval: found.interval,
            conservative: scaled.shift_removed,
        });
    }
    tests
}
