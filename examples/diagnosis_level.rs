//! How often `diagnose` errs: false alarms and power of its tests, by simulation.
//!
//! `cargo run --release --example diagnosis_level` prints the tables of the book's chapter `diagnose.md`. An argument is the number of
//! repetitions of each row, 1000 unless given; a second one selects rows by the start of their name, such as `ties`.

use std::f64::consts::TAU;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use reward_collapse::diagnosis::{Options, Shift, Subject, Verdict, diagnose};
use reward_collapse::experiment::{TableBuilder, TableRow};
use reward_collapse::solution::solve;
use reward_collapse::utility::parse;

type Failure = Box<dyn std::error::Error>;

/// How the rewards of a prompt come about.
#[derive(Clone, Copy)]
enum Law {
    /// Independent draws from a normal law.
    Normal,
    /// From Student's law with two degrees of freedom, which has no variance.
    HeavyTails,
    /// 0, 1/4, .. or 1.
    Ties,
    /// The optimal rewards of log(x+0.1), with a little independent noise: reward collapse.
    Collapsed,
    /// The same with a third of neighbours in the wrong order.
    Misordered,
    /// A normal law with a mean of its own for each prompt: prompts differ, types do not.
    ShiftedPrompts,
}

/// How the second type, or every second prompt, differs.
#[derive(Clone, Copy)]
enum Difference {
    None,
    /// The rewards of type 1 are so much higher.
    Higher(f64),
    /// The rewards of type 1 are those of `x`, mixed with so much weight.
    Polarised(f64),
    /// The rewards of every second prompt, of whatever type, are so much higher.
    PromptsHigher(f64),
    /// They are those of `x`, mixed with so much weight.
    PromptsPolarised(f64),
}

struct Case {
    name: &'static str,
    law: Law,
    difference: Difference,
    prompts: usize,
    n: [usize; 2],
    types: usize,
    ranks: bool,
    raw: bool,
}

/// Shares of repetitions.
#[derive(Clone, Copy, Default)]
struct Shares {
    /// Some test between types has p <= 0.05, uncorrected.
    types: f64,
    /// Tests within types, over all of them.
    within: f64,
    /// Some test at all has a corrected p <= 0.05.
    any: f64,
    /// The interval of the effect between types holds the true one.
    covered: f64,
    dependent: f64,
    collapsed: f64,
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (TAU * v).cos()
}

fn rewards(
    case: &Case,
    n: usize,
    kind: usize,
    every_second: bool,
    optimum: &[f64],
    random: &mut ChaCha8Rng,
) -> Vec<f64> {
    let shift = match case.difference {
        Difference::Higher(by) if kind == 1 => by,
        Difference::PromptsHigher(by) if every_second => by,
        _ => 0.0,
    };
    let polarised = match case.difference {
        Difference::Polarised(weight) if kind == 1 => weight,
        Difference::PromptsPolarised(weight) if every_second => weight,
        _ => 0.0,
    };
    let own = if matches!(case.law, Law::ShiftedPrompts) { normal(random) } else { 0.0 };
    let mut rewards: Vec<f64> = (0..n)
        .map(|i| match case.law {
            Law::Normal | Law::ShiftedPrompts => normal(random) + own,
            Law::HeavyTails => {
                // A normal number over the root of a standard exponential one.
                let u: f64 = random.random();
                normal(random) / (-(1.0 - u).ln()).sqrt()
            }
            Law::Ties => f64::from(random.random_range(0..5u32)) / 4.0,
            Law::Collapsed | Law::Misordered => {
                let ends = if 2 * i < n { 0.0 } else { 1.0 };
                let reward = (1.0 - polarised) * optimum[i] + polarised * ends;
                (reward + 0.02 * normal(random)).clamp(0.0, 1.0)
            }
        })
        .map(|reward| reward + shift)
        .collect();
    if matches!(case.law, Law::Misordered) {
        for i in 0..n - 1 {
            if random.random_range(0..3u32) == 0 {
                rewards.swap(i, i + 1);
            }
        }
    }
    rewards
}

fn repetition(case: &Case, seed: u64, optima: &[Vec<f64>]) -> Result<Shares, Failure> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut sample = TableBuilder::default();
    for prompt in 0..case.prompts {
        let n = random.random_range(case.n[0]..=case.n[1]);
        let kind = prompt % case.types;
        let rewards = rewards(case, n, kind, (prompt / case.types).is_multiple_of(2), &optima[n], &mut random);
        let (name, prompt_type) = (prompt.to_string(), kind.to_string());
        for (i, reward) in rewards.into_iter().enumerate() {
            let rank = case.ranks.then_some((n - i) as f64);
            sample.push(TableRow { prompt: &name, prompt_type: &prompt_type, reward, rank, response: None })?;
        }
    }
    let table = sample.finish().map_err(|(_, reason)| reason)?.ok_or("no rows")?;
    let shift = if case.raw { Shift::Remove } else { Shift::Keep };
    let options =
        Options { permutations: 199, resamples: 199, bins: 64, theory: false, shift, seed, ..Options::default() };
    let diagnosis = diagnose(&table, &options)?;
    let share = |yes: bool| f64::from(u8::from(yes));
    let of_types = || diagnosis.tests.iter().filter(|test| test.subject != Subject::Prompts);
    let within: Vec<f64> = diagnosis
        .tests
        .iter()
        .filter(|test| test.subject == Subject::Prompts)
        .map(|test| share(test.p_value <= 0.05))
        .collect();
    let true_effect = match case.difference {
        Difference::None => Some(0.0),
        Difference::Higher(by) => Some(by),
        _ => None,
    };
    // The first test is of all types, where there are more than two.
    let first = of_types().next();
    Ok(Shares {
        types: share(first.is_some_and(|test| test.p_value <= 0.05)),
        within: within.iter().sum::<f64>() / within.len().max(1) as f64,
        any: share(diagnosis.tests.iter().any(|test| test.p_corrected <= 0.05)),
        covered: first.zip(true_effect).map_or(f64::NAN, |(test, effect)| {
            let effect = effect / diagnosis.width;
            share(test.interval[0] <= effect && effect <= test.interval[1])
        }),
        dependent: share(diagnosis.verdict == Verdict::PromptDependent),
        collapsed: share(diagnosis.verdict == Verdict::Collapsed),
    })
}

fn run(case: &Case, repetitions: u64, optima: &[Vec<f64>]) -> Result<(), Failure> {
    // One thread for each repetition: nothing is gained from more within so small ones.
    let results: Vec<Shares> = (0..repetitions)
        .into_par_iter()
        .map(|seed| repetition(case, seed, optima).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    let mean = |of: fn(&Shares) -> f64| results.iter().map(of).sum::<f64>() / results.len() as f64;
    let n = if case.n[0] == case.n[1] { case.n[0].to_string() } else { format!("{} to {}", case.n[0], case.n[1]) };
    println!(
        "| {} | {} | {} | {} | {} | {:.3} | {:.3} | {:.3} | {} | {:.3} | {:.3} |",
        case.name,
        if case.ranks { "yes" } else { "no" },
        case.prompts,
        n,
        case.types,
        mean(|of| of.types),
        mean(|of| of.within),
        mean(|of| of.any),
        if mean(|of| of.covered).is_nan() { "-".into() } else { format!("{:.3}", mean(|of| of.covered)) },
        mean(|of| of.dependent),
        mean(|of| of.collapsed),
    );
    Ok(())
}

fn main() -> Result<(), Failure> {
    let repetitions: u64 = std::env::args().nth(1).map_or(Ok(1000), |text| text.parse())?;
    let only = std::env::args().nth(2);
    let utility = parse("log(x+0.1)")?;
    let optima =
        (0..=64usize).map(|n| if n == 0 { Ok(Vec::new()) } else { solve(&utility, n).map(|found| found.rewards) });
    let optima: Vec<Vec<f64>> = optima.collect::<Result<_, _>>()?;
    let case = |name, law, difference, prompts, n, types, ranks, raw| Case {
        name,
        law,
        difference,
        prompts,
        n,
        types,
        ranks,
        raw,
    };
    let none = Difference::None;

    let mut level = Vec::new();
    for (prompts, n) in [(20, 2), (20, 8), (20, 64), (100, 2), (100, 8), (100, 64), (1000, 2), (1000, 8), (1000, 64)] {
        level.push(case("normal", Law::Normal, none, prompts, [n, n], 2, false, false));
    }
    for ranks in [false, true] {
        for (name, law) in [("heavy tails", Law::HeavyTails), ("ties", Law::Ties)] {
            for (prompts, n) in [(20, [8, 8]), (100, [2, 2]), (100, [8, 8]), (100, [2, 9])] {
                level.push(case(name, law, none, prompts, n, 2, ranks, false));
            }
        }
    }
    for (prompts, n) in [(20, [2, 2]), (20, [8, 8]), (100, [8, 8]), (100, [64, 64]), (1000, [8, 8]), (200, [2, 64])] {
        level.push(case("collapsed", Law::Collapsed, none, prompts, n, 2, true, false));
    }
    level.push(case("collapsed, misordered", Law::Misordered, none, 100, [8, 8], 2, true, false));
    level.push(case("normal, three types", Law::Normal, none, 90, [8, 8], 3, false, false));
    level.push(case("normal, eight types", Law::Normal, none, 160, [4, 4], 8, true, false));
    level.push(case("prompts differ, types do not", Law::ShiftedPrompts, none, 100, [8, 8], 2, true, false));
    for (n, ranks) in [(3, true), (4, true), (8, true), (8, false)] {
        level.push(case("normal, raw up to a shift", Law::ShiftedPrompts, none, 100, [n, n], 2, ranks, true));
    }
    level.push(case("heavy tails, raw up to a shift", Law::HeavyTails, none, 100, [8, 8], 2, true, true));
    level.push(case("normal, one type", Law::Normal, none, 100, [8, 8], 1, true, false));

    let mut power = Vec::new();
    for (prompts, by) in [(20, 0.5), (100, 0.1), (100, 0.2), (100, 0.5), (1000, 0.05), (1000, 0.1)] {
        let name = match by {
            0.05 => "normal, type 1 higher by 0.05",
            0.1 => "normal, type 1 higher by 0.1",
            0.2 => "normal, type 1 higher by 0.2",
            _ => "normal, type 1 higher by 0.5",
        };
        power.push(case(name, Law::Normal, Difference::Higher(by), prompts, [8, 8], 2, true, false));
    }
    power.push(case(
        "heavy tails, type 1 higher by 0.5",
        Law::HeavyTails,
        Difference::Higher(0.5),
        100,
        [8, 8],
        2,
        true,
        false,
    ));
    for (prompts, weight) in [(20, 0.1), (20, 0.3), (100, 0.05), (100, 0.1), (100, 0.3)] {
        let name = match weight {
            0.05 => "collapsed, type 1 a twentieth of the way to x",
            0.1 => "collapsed, type 1 a tenth of the way to x",
            _ => "collapsed, type 1 three tenths of the way to x",
        };
        power.push(case(name, Law::Collapsed, Difference::Polarised(weight), prompts, [8, 8], 2, true, false));
    }
    power.push(case(
        "the same, n from 2 to 9",
        Law::Collapsed,
        Difference::Polarised(0.3),
        100,
        [2, 9],
        2,
        true,
        false,
    ));
    for (prompts, by) in [(20, 0.05), (100, 0.01), (100, 0.05)] {
        let name = if by == 0.01 {
            "one type, every second prompt higher by 0.01"
        } else {
            "one type, every second prompt higher by 0.05"
        };
        power.push(case(name, Law::Collapsed, Difference::PromptsHigher(by), prompts, [8, 8], 1, true, false));
    }
    for (prompts, weight) in [(20, 0.3), (100, 0.1), (100, 0.3), (100, 1.0)] {
        let name = match weight {
            0.1 => "one type, every second prompt a tenth of the way to x",
            0.3 => "one type, every second prompt three tenths of the way to x",
            _ => "one type, every second prompt as x",
        };
        power.push(case(name, Law::Collapsed, Difference::PromptsPolarised(weight), prompts, [8, 8], 1, true, false));
    }
    power.push(case(
        "the same without ranks",
        Law::Collapsed,
        Difference::PromptsPolarised(1.0),
        100,
        [8, 8],
        1,
        false,
        false,
    ));

    for (title, cases) in [("Nothing differs", level), ("Something differs", power)] {
        let is_wanted = |text: &str| only.as_deref().is_none_or(|only| text.starts_with(only));
        let cases: Vec<&Case> = cases.iter().filter(|case| is_wanted(title) || is_wanted(case.name)).collect();
        if cases.is_empty() {
            continue;
        }
        println!("\n{title}, {repetitions} repetitions:\n");
        println!(
            "| rewards | ranks | prompts | n | types | types, p ≤ 0.05 | within, p ≤ 0.05 | any, corrected | effect in its interval | prompt-dependent | collapsed |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        for case in cases {
            run(case, repetitions, &optima)?;
        }
    }
    Ok(())
}
