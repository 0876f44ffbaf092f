//! Whether the prompts of one type have the same rewards.

use serde::Serialize;

use super::scaled::Scaled;
use crate::resample::{Purpose, below, choose, interval, p_value, repeat, shuffle, stream};

/// Prompts of a type that a test within it looks at; of more, so many are drawn.
const MOST_PROMPTS: usize = 5000;
/// The same for the likeness of prompts, which sorts.
const MOST_SORTED: usize = 1000;
const SORTED_PERMUTATIONS: usize = 199;

/// What is exchanged between prompts, and so what the null hypothesis says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Exchange {
    /// Rewards of responses with the same rank: given its rank, a reward does not depend on its prompt nor on the other rewards.
    Ranks,
    /// Any rewards: all are independent draws from one law.
    All,
}

/// Of which property of a prompt's rewards the variance over prompts is larger than by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Property {
    /// Their mean.
    Mean,
    /// Their standard deviation.
    Spread,
}

/// What came of a test within a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Homogeneity {
    pub exchange: Exchange,
    pub property: Property,
    pub statistic: f64,
    pub p_value: f64,
    /// The standard deviation over prompts of the property, beyond what permuted rewards have; in units of the rewards' width.
    pub effect: f64,
    pub interval: [f64; 2],
    pub prompts: usize,
}

/// The prompts of one stratum, column by column: by rank, or by size where there are no ranks.
struct Columns {
    prompts: usize,
    values: Vec<f64>,
}

/// Mean and standard deviation of each prompt.
#[derive(Default)]
struct Properties {
    means: Vec<f64>,
    spreads: Vec<f64>,
}

/// The test. The statistic is the larger one of two ratios: the variance over prompts of their mean, and of their standard
/// deviation, each over its average for permuted rewards. Both are functions of the set of rewards, so that a model which puts the
/// same rewards in the wrong order is not taken for one that gives other rewards.
///
/// Where shifts are removed, only the standard deviation is left, which has none. What is exchanged keeps its prompt's shift, so that shifts
/// make permuted prompts more unlike: the test then finds less, and its p-value is too large rather than too small. `None` where fewer than
/// two prompts can be compared.
pub(super) fn homogeneity(
    scaled: &Scaled,
    prompts: &[usize],
    permutations: usize,
    resamples: usize,
    seed: u64,
    task: u64,
) -> Option<Homogeneity> {
    let chosen = choose(prompts.len(), MOST_PROMPTS, &mut stream(seed, Purpose::Choice, task, 0));
    let prompts: Vec<usize> = chosen.into_iter().map(|at| prompts[at]).collect();
    let exchange = if scaled.has_ranks { Exchange::Ranks } else { Exchange::All };
    let strata: Vec<Columns> =
        scaled.rank_strata(prompts).iter().filter_map(|prompts| Columns::of(scaled, prompts)).collect();
    let compared: usize = strata.iter().map(|columns| columns.prompts).sum();
    let freedom = (compared - strata.len()) as f64;
    if strata.is_empty() {
        return None;
    }
    let of_strata = |change: &mut dyn FnMut(&Columns, &mut Vec<f64>)| -> [f64; 2] {
        let (mut values, mut properties, mut sums) = (Vec::new(), Properties::default(), [0.0; 2]);
        for columns in &strata {
            change(columns, &mut values);
            properties.fill(&values, columns.prompts);
            sums[0] += scatter(&properties.means);
            sums[1] += scatter(&properties.spreads);
        }
        sums.map(|sum| sum / freedom)
    };
    let observed = of_strata(&mut |columns, values| values.clone_from(&columns.values));
    let permuted = repeat(permutations, |repetition| {
        let mut random = stream(seed, Purpose::Permutation, task, repetition);
        of_strata(&mut |columns, values| {
            values.clone_from(&columns.values);
            let together = if exchange == Exchange::Ranks { columns.prompts } else { values.len() };
            values.chunks_mut(together).for_each(|column| shuffle(column, &mut random));
        })
    });
    // The observed one is among those averaged, which keeps the p-value exact.
    let average = |k: usize| (observed[k] + permuted.iter().map(|of| of[k]).sum::<f64>()) / (1 + permutations) as f64;
    let averages = [average(0), average(1)];
    let ratio = |of: [f64; 2], k: usize| if averages[k] > 0.0 { of[k] / averages[k] } else { 1.0 };
    let statistic = |of: [f64; 2]| if scaled.shift_removed { ratio(of, 1) } else { ratio(of, 0).max(ratio(of, 1)) };
    let by_chance = |k: usize| permuted.iter().map(|of| of[k]).sum::<f64>() / permutations.max(1) as f64;
    let excess = |variance: f64, k: usize| (variance - by_chance(k)).max(0.0).sqrt() / scaled.width;
    let property = match (excess(observed[0], 0), excess(observed[1], 1)) {
        (mean, spread) if mean > spread && !scaled.shift_removed => Property::Mean,
        _ => Property::Spread,
    };
    let k = if property == Property::Mean { 0 } else { 1 };
    let of_property: Vec<Vec<f64>> = strata.iter().map(|columns| columns.property(property)).collect();
    let chance = by_chance(k);
    let resampled = repeat(resamples, |repetition| {
        let mut random = stream(seed, Purpose::Bootstrap, task, repetition);
        let mut sum = 0.0;
        for values in &of_property {
            let drawn: Vec<f64> = values.iter().map(|_| values[below(&mut random, values.len())]).collect();
            sum += scatter(&drawn);
        }
        (sum / freedom - chance).max(0.0).sqrt() / scaled.width
    });
    Some(Homogeneity {
        exchange,
        property,
        statistic: statistic(observed),
        p_value: p_value(statistic(observed), permuted.iter().map(|of| statistic(*of))),
        effect: excess(observed[k], k),
        interval: interval(resampled),
        prompts: compared,
    })
}

impl Columns {
    fn of(scaled: &Scaled, prompts: &[usize]) -> Option<Self> {
        let n = scaled.n(*prompts.first()?);
        if prompts.len() < 2 {
            return None;
        }
        let mut values = vec![0.0; n * prompts.len()];
        for (row, &prompt) in prompts.iter().enumerate() {
            for (column, reward) in scaled.ranked(prompt).iter().enumerate() {
                values[column * prompts.len() + row] = *reward;
            }
        }
        Some(Self { prompts: prompts.len(), values })
    }

    fn property(&self, property: Property) -> Vec<f64> {
        let mut properties = Properties::default();
        properties.fill(&self.values, self.prompts);
        match property {
            Property::Mean => properties.means,
            Property::Spread => properties.spreads,
        }
    }
}

impl Properties {
    fn fill(&mut self, values: &[f64], prompts: usize) {
        let n = (values.len() / prompts.max(1)) as f64;
        let centre = values.iter().sum::<f64>() / values.len() as f64;
        for sums in [&mut self.means, &mut self.spreads] {
            sums.clear();
            sums.resize(prompts, 0.0);
        }
        for column in values.chunks(prompts) {
            for ((value, sum), squares) in column.iter().zip(&mut self.means).zip(&mut self.spreads) {
                let value = value - centre;
                *sum += value;
                *squares += value * value;
            }
        }
        for (mean, spread) in self.means.iter_mut().zip(&mut self.spreads) {
            *mean /= n;
            *spread = ((*spread - n * *mean * *mean).max(0.0) / (n - 1.0)).sqrt();
        }
    }
}

/// The sum of squared distances from the mean.
fn scatter(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// How alike the rewards of prompts are.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Likeness {
    /// The mean over prompts and positions of the distance of the `i`-th smallest reward from its mean over prompts; in units of the
    /// rewards' width.
    pub distance: f64,
    /// 95 % bootstrap interval.
    pub interval: [f64; 2],
    /// `distance` over what it is for rewards exchanged at random between prompts: 0 where every prompt has the same rewards, 1 where
    /// rewards are like independent draws from one law. It may be above 1 where prompts have laws of their own. `null` where no
    /// two prompts have the same number of responses.
    pub ratio: Option<f64>,
    /// The probability of so small a `distance` where rewards are independent draws from one law. Small: prompts repeat each other's
    /// rewards, which is reward collapse. `null` where shifts are removed.
    pub p_value: Option<f64>,
}

/// `None` where no two prompts have the same number of responses.
pub(super) fn likeness(scaled: &Scaled, prompts: &[usize], resamples: usize, seed: u64, task: u64) -> Option<Likeness> {
    let distances = distances(scaled, prompts);
    if distances.is_empty() {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64 / scaled.width;
    let resampled = repeat(resamples, |repetition| {
        let mut random = stream(seed, Purpose::Bootstrap, task, repetition);
        let drawn: f64 = distances.iter().map(|_| distances[below(&mut random, distances.len())]).sum();
        drawn / distances.len() as f64 / scaled.width
    });
    let (ratio, p_value) = by_chance(scaled, prompts, seed, task);
    Some(Likeness { distance: mean(&distances), interval: interval(resampled), ratio, p_value })
}

/// The mean distance of each prompt's rewards from the means of the prompts with as many responses; prompts alone are left out.
fn distances(scaled: &Scaled, prompts: &[usize]) -> Vec<f64> {
    let mut distances = Vec::new();
    for (n, prompts) in scaled.strata(prompts.iter().copied()) {
        if prompts.len() > 1 {
            let rows: Vec<&[f64]> = prompts.iter().map(|&prompt| scaled.sorted(prompt)).collect();
            distances.extend(rows_from_means(&rows, n));
        }
    }
    distances
}

fn rows_from_means(rows: &[&[f64]], n: usize) -> Vec<f64> {
    let m = rows.len() as f64;
    let mut means = vec![0.0; n];
    rows.iter().for_each(|row| row.iter().zip(&mut means).for_each(|(reward, mean)| *mean += reward / m));
    // A mean of few prompts is nearer to each of them than the mean of many.
    let factor = (m / (m - 1.0)).sqrt() / n as f64;
    rows.iter().map(|row| factor * row.iter().zip(&means).map(|(r, mean)| (r - mean).abs()).sum::<f64>()).collect()
}

fn by_chance(scaled: &Scaled, prompts: &[usize], seed: u64, task: u64) -> (Option<f64>, Option<f64>) {
    let chosen = choose(prompts.len(), MOST_SORTED, &mut stream(seed, Purpose::Choice, task, 1));
    let chosen: Vec<usize> = chosen.into_iter().map(|at| prompts[at]).collect();
    let strata: Vec<(usize, Vec<f64>)> = scaled
        .strata(chosen.iter().copied())
        .into_iter()
        .filter(|(_, prompts)| prompts.len() > 1)
        .map(|(n, prompts)| {
            let factor = if scaled.shift_removed { (n as f64 / (n as f64 - 1.0)).sqrt() } else { 1.0 };
            (n, prompts.iter().flat_map(|&prompt| scaled.sorted(prompt).iter().map(move |r| factor * r)).collect())
        })
        .collect();
    if strata.is_empty() {
        return (None, None);
    }
    let observed = distances(scaled, &chosen);
    let observed = observed.iter().sum::<f64>() / observed.len().max(1) as f64;
    let permuted = repeat(SORTED_PERMUTATIONS, |repetition| {
        let mut random = stream(seed, Purpose::Permutation, task + (1 << 32), repetition);
        let (mut sum, mut count) = (0.0, 0usize);
        for (n, values) in &strata {
            let mut values = values.clone();
            shuffle(&mut values, &mut random);
            for row in values.chunks_mut(*n) {
                if scaled.shift_removed {
                    let mean = row.iter().sum::<f64>() / *n as f64;
                    row.iter_mut().for_each(|value| *value -= mean);
                }
                row.sort_unstable_by(f64::total_cmp);
            }
            let rows: Vec<&[f64]> = values.chunks(*n).collect();
            let of_rows = rows_from_means(&rows, *n);
            sum += of_rows.iter().sum::<f64>();
            count += of_rows.len();
        }
        sum / count.max(1) as f64
    });
    let expected = permuted.iter().sum::<f64>() / permuted.len() as f64;
    let ratio = (expected > 0.0).then(|| observed / expected);
    let p_value = (!scaled.shift_removed).then(|| p_value(-observed, permuted.iter().map(|distance| -distance)));
    (ratio, p_value)
}
