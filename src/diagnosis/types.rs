//! Whether types of prompts have the same rewards: permutations of prompts between types.

use super::grid::Grid;
use super::scaled::Scaled;
use crate::resample::{Purpose, below, interval, p_value, repeat, shuffle, stream};

/// Lists the prompts of a stratum, each with its group.
type Lister<'a> = dyn FnMut(&Stratum, &mut Vec<(usize, u8)>) + 'a;

/// Prompts of some types with one number of responses.
struct Stratum {
    n: usize,
    prompts: Vec<usize>,
    /// The group of each.
    groups: Vec<u8>,
    /// How many prompts each group has.
    sizes: Vec<usize>,
    /// The prompts of each group.
    members: Vec<Vec<usize>>,
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
    /// Its mean over permutations.
    pub by_chance: f64,
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
            let mut members = vec![Vec::new(); groups];
            prompts.iter().zip(&groups_of).for_each(|(&prompt, &group)| members[usize::from(group)].push(prompt));
            Stratum { n, prompts, groups: groups_of, sizes, members }
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
            let groups: Vec<Vec<u8>> = self.strata.iter().map(&mut permute).collect();
            let mut counts = Vec::new();
            let mut of = groups.iter();
            let statistic = self.statistic(|_| of.next().cloned().unwrap_or_default(), &mut counts);
            let mut of = groups.iter();
            let effect = self.effect(&mut |stratum, prompts| {
                let own = of.next().into_iter().flatten().copied();
                prompts.extend(stratum.prompts.iter().copied().zip(own));
            });
            (statistic, effect)
        });
        let effect = self.effect(&mut |stratum, prompts| {
            prompts.extend(stratum.prompts.iter().copied().zip(stratum.groups.iter().copied()));
        });
        let resampled = repeat(resamples, |repetition| {
            let mut random = stream(seed, Purpose::Bootstrap, task, repetition);
            self.effect(&mut |stratum, prompts| {
                for (members, group) in stratum.members.iter().zip(0u8..) {
                    prompts.extend(members.iter().map(|_| (members[below(&mut random, members.len())], group)));
                }
            })
        });
        // A distance is never negative, and so too large on the average, in every resample again. That is on the safe side for the upper
        // end. The lower end leaves away what chance alone gives, as permutations show.
        let chance = permuted.iter().map(|(_, effect)| *effect);
        let by_chance = chance.clone().sum::<f64>() / permuted.len().max(1) as f64;
        let [_, most_by_chance] = interval(chance.collect());
        let [_, high] = interval(resampled);
        let reach = (high - effect).max(0.0);
        let low = effect - reach.max(most_by_chance);
        Some(Compared {
            statistic,
            p_value: p_value(statistic, permuted.iter().map(|(statistic, _)| *statistic)),
            effect: effect / self.scaled.width,
            by_chance: by_chance / self.scaled.width,
            interval: [low.max(0.0), effect + reach].map(|end| end / self.scaled.width),
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
    /// over strata with the weights `m m' / (m + m')`; the largest over pairs of groups. `of` lists the prompts of a stratum and their groups.
    fn effect(&self, of: &mut Lister<'_>) -> f64 {
        let bins = self.grid.len();
        let (mut counts, mut prompts) = (Vec::new(), Vec::new());
        let pairs: Vec<(usize, usize)> =
            (0..self.groups).flat_map(|a| (a + 1..self.groups).map(move |b| (a, b))).collect();
        let mut sums = vec![(0.0, 0.0); pairs.len()];
        for stratum in &self.strata {
            prompts.clear();
            of(stratum, &mut prompts);
            self.count(stratum, prompts.iter().copied(), &mut counts);
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
