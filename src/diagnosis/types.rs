//! Whether types of prompts have the same rewards: permutations of prompts between types.

use super::grid::Grid;
use super::resample::{Purpose, below, interval, p_value, repeat, shuffle, stream};
use super::scaled::Scaled;

/// Prompts of some types with one number of responses.
struct Stratum {
    n: usize,
    prompts: Vec<usize>,
    /// The group of each.
    groups: Vec<u8>,
    /// How many prompts each group has.
    sizes: Vec<usize>,
}

/// Groups of prompts to be compared, within each number of responses.
///
/// Under the null hypothesis that prompts with the same number of responses are exchangeable between groups, every assignment of
/// these prompts to groups of the same sizes is equally likely. A prompt's rewards stay together, so that nothing is assumed of how
/// they depend on one another.
pub(super) struct Groups<'a> {
    scaled: &'a Scaled,
    grid: &'a Grid,
    strata: Vec<Stratum>,
    groups: usize,
}

/// What came of a comparison.
pub(super) struct Compared {
    pub statistic: f64,
    pub p_value: f64,
    /// Wasserstein-1 distance by position, in units of the rewards' width; the largest over pairs of groups.
    pub effect: f64,
    pub interval: [f64; 2],
    /// Prompts that have others of another group with as many responses.
    pub comparable: usize,
}

impl<'a> Groups<'a> {
    /// Prompts and their groups. Numbers of responses that only one group has are left out: nothing can be compared there.
    pub fn new(scaled: &'a Scaled, grid: &'a Grid, prompts: &[(usize, u8)], groups: usize) -> Self {
        let group_of: std::collections::HashMap<usize, u8> = prompts.iter().copied().collect();
        let stratum = |(n, prompts): (usize, Vec<usize>)| {
            let groups_of: Vec<u8> =
                prompts.iter().map(|prompt| group_of.get(prompt).copied().unwrap_or_default()).collect();
            let mut sizes = vec![0; groups];
            groups_of.iter().for_each(|&group| sizes[usize::from(group)] += 1);
            Stratum { n, prompts, groups: groups_of, sizes }
        };
        let strata = scaled.strata(prompts.iter().map(|(prompt, _)| *prompt)).into_iter().map(stratum);
        let strata = strata.filter(|stratum| stratum.sizes.iter().filter(|&&size| size > 0).count() > 1).collect();
        Self { scaled, grid, strata, groups }
    }

    fn comparable(&self) -> usize {
        self.strata.iter().map(|stratum| stratum.prompts.len()).sum()
    }

    /// `None` where no two groups share a number of responses.
    pub fn compare(&self, permutations: usize, resamples: usize, seed: u64, task: u64) -> Option<Compared> {
        if self.strata.is_empty() {
            return None;
        }
        let mut counts = Vec::new();
        let statistic = self.statistic(|stratum| stratum.groups.clone(), &mut counts);
        let permuted = repeat(permutations, |repetition| {
            let mut random = stream(seed, Purpose::Permutation, task, repetition);
            let mut permute = |stratum: &Stratum| {
                let mut groups = stratum.groups.clone();
                shuffle(&mut groups, &mut random);
                groups
            };
            self.statistic(&mut permute, &mut Vec::new())
        });
        let effect = self.effect(None);
        let resampled =
            repeat(resamples, |repetition| self.effect(Some(&mut stream(seed, Purpose::Bootstrap, task, repetition))));
        let [_, high] = interval(resampled);
        // A distance is biased upwards in every resample. The distance to the upper point is taken to both sides, which holds more
        // often than either end of the percentile interval promises.
        let reach = (high - effect).max(0.0);
        Some(Compared {
            statistic,
            p_value: p_value(statistic, permuted),
            effect: effect / self.scaled.width,
            interval: [(effect - reach).max(0.0), effect + reach].map(|end| end / self.scaled.width),
            comparable: self.comparable(),
        })
    }

    /// Cramér and von Mises' statistic for the law of the `i`-th smallest reward, averaged over `i`: over strata and groups, the sum
    /// of `m int (F_group - F)^2 dH`, where `F` is the law in the stratum, `H` that of all rewards, and `m` the size of the group.
    /// It is the energy distance of the rewards' ranks among all rewards.
    fn statistic(&self, mut groups: impl FnMut(&Stratum) -> Vec<u8>, counts: &mut Vec<u32>) -> f64 {
        let bins = self.grid.len();
        let mut statistic = 0.0;
        for stratum in &self.strata {
            let of = groups(stratum);
            self.count(stratum, stratum.prompts.iter().copied().zip(of), counts);
            let total = stratum.prompts.len() as f64;
            let mut running = vec![0u32; self.groups];
            let mut sum = 0.0;
            for position in 0..stratum.n {
                running.fill(0);
                for (bin, share) in self.grid.shares().iter().enumerate() {
                    let mut all = 0u32;
                    for (group, running) in running.iter_mut().enumerate() {
                        *running += counts[(group * stratum.n + position) * bins + bin];
                        all += *running;
                    }
                    let law = f64::from(all) / total;
                    for (&running, &size) in running.iter().zip(&stratum.sizes) {
                        if size > 0 {
                            let size = size as f64;
                            sum += share * size * (f64::from(running) / size - law).powi(2);
                        }
                    }
                }
            }
            statistic += sum / stratum.n as f64;
        }
        statistic
    }

    /// The mean over positions of the Wasserstein-1 distance between the laws of the `i`-th smallest reward in two groups, averaged
    /// over strata with the weights `m m' / (m + m')`; the largest over pairs of groups. With random numbers: of a resample of each
    /// group's prompts in each stratum.
    fn effect(&self, mut random: Option<&mut rand_chacha::ChaCha8Rng>) -> f64 {
        let bins = self.grid.len();
        let mut counts = Vec::new();
        let pairs: Vec<(usize, usize)> =
            (0..self.groups).flat_map(|a| (a + 1..self.groups).map(move |b| (a, b))).collect();
        let mut sums = vec![(0.0, 0.0); pairs.len()];
        for stratum in &self.strata {
            match random.as_deref_mut() {
                None => {
                    let own = stratum.prompts.iter().copied().zip(stratum.groups.iter().copied());
                    self.count(stratum, own, &mut counts);
                }
                Some(random) => {
                    let members = members(stratum, self.groups);
                    let drawn = members.iter().zip(0u8..).flat_map(|(members, group)| {
                        let draw = |_: &usize| (members[below(random, members.len())], group);
                        members.iter().map(draw).collect::<Vec<_>>()
                    });
                    self.count(stratum, drawn, &mut counts);
                }
            }
            for ((a, b), (sum, weights)) in pairs.iter().copied().zip(&mut sums) {
                let sizes = [stratum.sizes[a] as f64, stratum.sizes[b] as f64];
                if sizes[0] == 0.0 || sizes[1] == 0.0 {
                    continue;
                }
                let mut distance = 0.0;
                for position in 0..stratum.n {
                    let from = |group: usize| (group * stratum.n + position) * bins;
                    let (first, second) = (&counts[from(a)..from(a) + bins], &counts[from(b)..from(b) + bins]);
                    let mut running = [0u32; 2];
                    for ((one, other), step) in first.iter().zip(second).zip(self.grid.steps()) {
                        running[0] += one;
                        running[1] += other;
                        distance += step * (f64::from(running[0]) / sizes[0] - f64::from(running[1]) / sizes[1]).abs();
                    }
                }
                let weight = sizes[0] * sizes[1] / (sizes[0] + sizes[1]);
                *sum += weight * distance / stratum.n as f64;
                *weights += weight;
            }
        }
        sums.iter().filter(|(_, weights)| *weights > 0.0).map(|(sum, weights)| sum / weights).fold(0.0, f64::max)
    }

    /// How many prompts of each group have their `i`-th smallest reward in each bin: by group, then position, then bin.
    fn count(&self, stratum: &Stratum, prompts: impl Iterator<Item = (usize, u8)>, counts: &mut Vec<u32>) {
        let bins = self.grid.len();
        counts.clear();
        counts.resize(self.groups * stratum.n * bins, 0);
        for (prompt, group) in prompts {
            let start = usize::from(group) * stratum.n * bins;
            for (position, &bin) in self.grid.bins(self.scaled, prompt).iter().enumerate() {
                counts[start + position * bins + usize::from(bin)] += 1;
            }
        }
    }
}

fn members(stratum: &Stratum, groups: usize) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); groups];
    stratum.prompts.iter().zip(&stratum.groups).for_each(|(&prompt, &group)| members[usize::from(group)].push(prompt));
    members
}
