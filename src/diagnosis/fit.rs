//! Which loss has optimal rewards like these.

use rayon::prelude::*;
use serde::Serialize;

use super::theory::{FitScale, Loss, LossFamily, ON_LINE, ON_UNIT, Prediction, Predictions};
use super::{Options, Sample, Scale};
use crate::experiment::Head;
use crate::resample::{Purpose, below, choose, interval, repeat, stream};
use crate::utility::parse;

/// Parameters of a family that are tried before the best is refined.
const GRID: usize = 25;
/// Golden sections after that: each leaves 0.618 of the interval.
const SECTIONS: usize = 14;
/// Numbers of responses that a fit looks at: those of most prompts.
const MOST_SIZES: usize = 6;
/// The largest of them: a problem of more responses takes too long to be solved hundreds of times.
const LARGEST: usize = 256;
/// Prompts of a type that say whether two families can be told apart; of more, so many are drawn.
const MOST_PROMPTS: usize = 1000;
const RESAMPLES: usize = 199;

/// The best member of a family.
#[derive(Debug, Clone, Serialize)]
pub struct Fit {
    /// The family, such as `logsigmoid(kx)`.
    pub family: &'static str,
    /// The loss, such as `logsigmoid(3.8x)`.
    pub utility: String,
    /// Its parameter; `null` where the family has one member.
    pub parameter: Option<f64>,
    /// Whether the parameter is at an end of the range that was looked at, so that the best may lie beyond.
    pub at_end: bool,
    /// The scale of the comparison.
    pub scale: FitScale,
    /// The mean over positions of the distance between the mean `i`-th smallest reward and the optimal one; in units of the width of
    /// the scale.
    pub distance: f64,
    /// The largest such distance.
    pub largest: f64,
    /// The mean over prompts and positions of the distance between a reward and the optimal one: what prompts do on their own is in it.
    pub distance_of_prompts: f64,
    /// Whether it cannot be told from the nearest fit: the distances differ by less than a quarter of the tolerance, or so little that
    /// other prompts might turn them round (bootstrap, 95 %).
    pub as_good_as_best: bool,
}

/// The rewards of a type, as fits see them.
#[derive(Debug, Clone)]
pub(super) struct Target {
    scale: FitScale,
    /// What distances are measured in.
    width: f64,
    sizes: Vec<Size>,
}

/// The prompts with one number of responses.
#[derive(Debug, Clone)]
struct Size {
    n: usize,
    /// The share of the type's prompts that fits look at.
    weight: f64,
    /// The mean `i`-th smallest reward.
    means: Vec<f64>,
    /// The rewards of each prompt, ascending.
    rows: Vec<f64>,
}

impl Target {
    /// The rewards of `prompts` on `scale`; `None` where all have too many responses.
    pub fn new(sample: &Sample<'_>, prompts: &[usize], scale: FitScale, width: f64, options: &Options) -> Option<Self> {
        let mut by_size: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
        for &prompt in prompts {
            let n = sample.rewards(prompt).len();
            if n <= LARGEST {
                by_size.entry(n).or_default().push(prompt);
            }
        }
        let mut by_size: Vec<(usize, Vec<usize>)> = by_size.into_iter().collect();
        by_size.sort_by_key(|(n, prompts)| (std::cmp::Reverse(prompts.len()), *n));
        by_size.truncate(MOST_SIZES);
        let total: usize = by_size.iter().map(|(_, prompts)| prompts.len()).sum();
        let size = |(n, prompts): (usize, Vec<usize>)| {
            let mut rows: Vec<f64> = Vec::with_capacity(n * prompts.len());
            for &prompt in &prompts {
                let start = rows.len();
                rows.extend(sample.rewards(prompt).iter().map(|&reward| match scale {
                    FitScale::Unit => options.reward(reward),
                    FitScale::Sigmoid => Head::Sigmoid.reward(reward),
                    FitScale::Line => reward,
                }));
                let row = &mut rows[start..];
                row.sort_unstable_by(f64::total_cmp);
                if scale == FitScale::Line {
                    let mean = row.iter().sum::<f64>() / n as f64;
                    row.iter_mut().for_each(|reward| *reward -= mean);
                }
            }
            let weight = prompts.len() as f64 / total as f64;
            Size { n, weight, means: means(rows.chunks(n), n), rows }
        };
        let sizes: Vec<Size> = by_size.into_iter().map(size).collect();
        (!sizes.is_empty()).then_some(Self { scale, width, sizes })
    }

    /// The number of responses that most prompts have, and the mean rewards there.
    pub fn most_common(&self) -> Option<(usize, &[f64])> {
        self.sizes.first().map(|size| (size.n, size.means.as_slice()))
    }

    fn distance(&self, loss: &Loss, predictions: &Predictions) -> Option<f64> {
        self.mean_over_sizes(loss, predictions, |size, prediction| mean_distance(&size.means, prediction))
    }

    fn mean_over_sizes(
        &self,
        loss: &Loss,
        predictions: &Predictions,
        of: impl Fn(&Size, &Prediction) -> f64,
    ) -> Option<f64> {
        let mut sum = 0.0;
        for size in &self.sizes {
            sum += size.weight * of(size, &*predictions.of(loss, size.n)?);
        }
        Some(sum / self.width)
    }

    /// Every family's best member, the nearest first.
    pub fn profile(&self, predictions: &Predictions, options: &Options, task: u64) -> Vec<Fit> {
        let families: &[LossFamily] = if self.scale == FitScale::Line { &ON_LINE } else { &ON_UNIT };
        let best = families.par_iter().filter_map(|family| Some((family, self.best(family, predictions)?)));
        let mut found: Vec<(&LossFamily, Found)> = best.collect();
        found.sort_by(|a, b| a.1.distance.total_cmp(&b.1.distance));
        let Some(best) = found.first().map(|(_, found)| (found.loss.clone(), found.distance)) else {
            return Vec::new();
        };
        let differences = self.resampled(&found, predictions, options.seed, task);
        let fit = |(at, (family, found)): (usize, &(&LossFamily, Found))| {
            let near = found.distance - best.1 < options.tolerance / 4.0;
            let turned = differences.get(at).is_some_and(|&[low, _]| low <= 0.0);
            self.fit(family.formula, found, near || turned, predictions)
        };
        found.iter().enumerate().map(fit).collect()
    }

    /// How the rewards lie over the optimum of a loss that is given.
    pub fn over(&self, text: &str, predictions: &Predictions) -> Result<Option<Fit>, super::DiagnosisError> {
        let loss = Loss::Utility(parse(text)?);
        // What is wrong with it is told here, once.
        for size in &self.sizes {
            if let Loss::Utility(utility) = &loss {
                crate::solution::solve(utility, size.n)?;
            }
        }
        let found =
            self.distance(&loss, predictions).map(|distance| Found { loss, parameter: None, at_end: false, distance });
        Ok(found.map(|found| self.fit("given", &found, false, predictions)))
    }

    fn fit(&self, family: &'static str, found: &Found, as_good_as_best: bool, predictions: &Predictions) -> Fit {
        let largest = self.sizes.iter().filter_map(|size| {
            let prediction = predictions.of(&found.loss, size.n)?;
            Some(differences(&size.means, &prediction).fold(0.0, f64::max) / self.width)
        });
        let of_prompts = self.mean_over_sizes(&found.loss, predictions, |size, prediction| {
            let rows = size.rows.chunks(size.n);
            rows.map(|row| mean_distance(row, prediction)).sum::<f64>() / (size.rows.len() / size.n) as f64
        });
        Fit {
            family,
            utility: found.loss.name(),
            parameter: found.parameter,
            at_end: found.at_end,
            scale: self.scale,
            distance: found.distance,
            largest: largest.fold(0.0, f64::max),
            distance_of_prompts: of_prompts.unwrap_or(f64::NAN),
            as_good_as_best,
        }
    }

    /// The member of a family that is nearest: the best of a grid, refined by golden sections of the logarithm.
    fn best(&self, family: &LossFamily, predictions: &Predictions) -> Option<Found> {
        let at = |parameter: f64| {
            let loss = (family.member)(parameter)?;
            let distance = self.distance(&loss, predictions)?;
            Some(Found { loss, parameter: family.range.map(|_| parameter), at_end: false, distance })
        };
        let Some((from, to)) = family.range else { return at(0.0) };
        let parameter = |place: f64| from * (to / from).powf(place / (GRID - 1) as f64);
        let nearer = |a: Found, b: Found| if b.distance < a.distance { b } else { a };
        let of_grid: Vec<Option<Found>> = (0..GRID).into_par_iter().map(|k| at(parameter(k as f64))).collect();
        let (mut best_at, mut best): (usize, Option<Found>) = (0, None);
        for (k, found) in of_grid.into_iter().enumerate() {
            let Some(found) = found else { continue };
            if best.as_ref().is_none_or(|best| found.distance < best.distance) {
                (best_at, best) = (k, Some(found));
            }
        }
        let mut best = best?;
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let mut ends = [best_at.saturating_sub(1) as f64, (best_at + 1).min(GRID - 1) as f64];
        let inner = |ends: [f64; 2]| [ends[1] - golden * (ends[1] - ends[0]), ends[0] + golden * (ends[1] - ends[0])];
        let mut places = inner(ends);
        let mut found = places.map(|place| at(parameter(place)));
        for _ in 0..SECTIONS {
            let distance = |found: &Option<Found>| found.as_ref().map_or(f64::INFINITY, |found| found.distance);
            let left = distance(&found[0]) <= distance(&found[1]);
            if left {
                ends[1] = places[1];
                places = [inner(ends)[0], places[0]];
                let [first, _] = found;
                found = [at(parameter(places[0])), first];
            } else {
                ends[0] = places[0];
                places = [places[1], inner(ends)[1]];
                let [_, second] = found;
                found = [second, at(parameter(places[1]))];
            }
        }
        let [first, second] = found;
        best = [first, second].into_iter().flatten().fold(best, nearer);
        // More digits than rewards can tell are not worth reading.
        let rounded = best.parameter.map(|parameter| format!("{parameter:.2e}").parse().unwrap_or(parameter));
        if let Some(mut rounded) = rounded.and_then(at) {
            let parameter = rounded.parameter.unwrap_or_default();
            rounded.at_end = parameter <= from * 1.01 || parameter >= to / 1.01;
            return Some(rounded);
        }
        Some(best)
    }

    /// The intervals of the differences between the distances of each loss and the first, for other prompts.
    fn resampled(
        &self,
        found: &[(&LossFamily, Found)],
        predictions: &Predictions,
        seed: u64,
        task: u64,
    ) -> Vec<[f64; 2]> {
        let rows: Vec<(&Size, Vec<usize>)> = self
            .sizes
            .iter()
            .map(|size| {
                let most = ((MOST_PROMPTS as f64 * size.weight) as usize).max(2);
                (size, choose(size.rows.len() / size.n, most, &mut stream(seed, Purpose::Choice, task, size.n as u64)))
            })
            .collect();
        let repetition = |repetition: u64| -> Vec<f64> {
            let mut random = stream(seed, Purpose::Bootstrap, task, repetition);
            let mut distances = vec![0.0; found.len()];
            for (size, chosen) in &rows {
                let prompts = size.rows.len() / size.n;
                // As uncertain as the mean of all prompts, of which only some are drawn.
                let shrink = (chosen.len() as f64 / prompts as f64).sqrt();
                let row = |at: usize| &size.rows[at * size.n..(at + 1) * size.n];
                let own = means(chosen.iter().map(|&at| row(at)), size.n);
                let drawn = chosen.iter().map(|_| row(chosen[below(&mut random, chosen.len())]));
                let drawn: Vec<f64> = means(drawn, size.n)
                    .iter()
                    .zip(own.iter().zip(&size.means))
                    .map(|(drawn, (own, mean))| mean + shrink * (drawn - own))
                    .collect();
                for ((_, found), distance) in found.iter().zip(&mut distances) {
                    if let Some(prediction) = predictions.of(&found.loss, size.n) {
                        *distance += size.weight * mean_distance(&drawn, &prediction);
                    }
                }
            }
            let first = distances.first().copied().unwrap_or_default();
            distances.iter().map(|distance| distance - first).collect()
        };
        let resampled = repeat(RESAMPLES, repetition);
        (0..found.len()).map(|at| interval(resampled.iter().map(|of| of[at]).collect())).collect()
    }
}

struct Found {
    loss: Loss,
    parameter: Option<f64>,
    at_end: bool,
    distance: f64,
}

fn means<'a>(rows: impl Iterator<Item = &'a [f64]>, n: usize) -> Vec<f64> {
    let (mut means, mut count) = (vec![0.0; n], 0usize);
    for row in rows {
        row.iter().zip(&mut means).for_each(|(reward, sum)| *sum += reward);
        count += 1;
    }
    means.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
    means
}

/// Distances by position; a middle reward that may be anything counts as met.
fn differences<'a>(rewards: &'a [f64], prediction: &'a Prediction) -> impl Iterator<Item = f64> + 'a {
    let n = rewards.len();
    let free = move |i: usize| prediction.free_middle && n % 2 == 1 && i == n / 2;
    rewards
        .iter()
        .zip(&prediction.rewards)
        .enumerate()
        .map(move |(i, (r, best))| if free(i) { 0.0 } else { (r - best).abs() })
}

pub(super) fn mean_distance(rewards: &[f64], prediction: &Prediction) -> f64 {
    differences(rewards, prediction).sum::<f64>() / rewards.len().max(1) as f64
}

/// The scales on which rewards are compared with theory.
pub(super) fn scales(scale: Scale) -> &'static [FitScale] {
    match scale {
        Scale::Unit => &[FitScale::Unit],
        Scale::Line => &[FitScale::Line, FitScale::Sigmoid],
    }
}

impl Fit {
    /// The loss itself.
    pub(super) fn loss(&self) -> Option<Loss> {
        let families = ON_UNIT.iter().chain(&ON_LINE);
        let family = families.into_iter().find(|family| family.formula == self.family)?;
        (family.member)(self.parameter.unwrap_or_default())
    }
}
