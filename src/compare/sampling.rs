//! How far the distances of learned rewards may be off because only so many prompts were looked at.

use serde::Serialize;

use super::{Learned, LearnedDistance};
use crate::resample::{Purpose, below, quantiles, repeat, stream};

/// Resamples of the intervals in tables and figures.
pub const RESAMPLES: usize = 999;

/// The error of mean rewards, by the bootstrap: prompts are drawn with replacement, as many as there are, and the means `m*_i` of
/// those drawn are compared with the means `m_i` of all, in the same two measures in which the latter are compared with theory.
///
/// With the means `mu_i` over all prompts that there could be and any optimal rewards `r_i`,
///
/// ```text
/// |mean_i |m_i - r_i| - mean_i |mu_i - r_i|| <= mean_i |m_i - mu_i|,    |max_i |m_i - r_i| - max_i |mu_i - r_i|| <= max_i |m_i - mu_i|.
/// ```
///
/// What stands at the right does not depend on theory, and that of the resamples is distributed alike. So a distance plus or minus
/// the 95 % point of the latter holds the distance of `mu` at least 95 times in 100, as far as the bootstrap is right: also where
/// the distance is 0, about which plain percentiles of resampled distances lie too high.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingError {
    /// `mean_i |m*_i - m_i|` of each resample.
    mean: Vec<f64>,
    /// `max_i |m*_i - m_i|` of each.
    largest: Vec<f64>,
}

/// 95 % intervals of the distances between mean rewards and optimal ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DistanceIntervals {
    /// Of [`LearnedDistance::mad`].
    #[serde(rename = "mad_interval")]
    pub mad: [f64; 2],
    /// Of [`LearnedDistance::max_abs_difference`].
    #[serde(rename = "max_abs_difference_interval")]
    pub max_abs_difference: [f64; 2],
}

impl SamplingError {
    /// Of the prompts of one evaluation; `None` for a single prompt, which tells nothing of others. The same `seed` gives the same
    /// numbers whatever the number of threads, and others for another type of prompt or number of responses.
    ///
    /// A mean of `p` resampled prompts varies less than that of `p` prompts does, by a factor `sqrt((p - 1)/p)`, which is taken out.
    pub fn of(learned: &Learned, resamples: usize, seed: u64) -> Option<Self> {
        let (prompts, n) = (learned.prompts.len(), learned.n);
        if prompts < 2 || n == 0 || resamples == 0 {
            return None;
        }
        let mut means = vec![f64::NAN; n];
        for response in &learned.responses {
            *means.get_mut(response.index.checked_sub(1)?)? = response.mean;
        }
        // A missing reward is no deviation.
        let deviation = |(reward, mean): (&f64, &f64)| if reward.is_finite() { reward - mean } else { 0.0 };
        let deviations: Vec<Vec<f64>> =
            learned.prompts.iter().map(|rewards| rewards.iter().zip(&means).map(deviation).collect()).collect();
        let factor = 1.0 / ((prompts - 1) as f64 * prompts as f64).sqrt();
        let counted = learned.responses.len().max(1) as f64;
        let task = fingerprint(learned.prompt_type.name().as_bytes(), n);
        let measured = repeat(resamples, |repetition| {
            let mut random = stream(seed, Purpose::Distance, task, repetition);
            let mut sums = vec![0.0; n];
            for _ in 0..prompts {
                let drawn = &deviations[below(&mut random, prompts)];
                sums.iter_mut().zip(drawn).for_each(|(sum, deviation)| *sum += deviation);
            }
            let errors = sums.iter().map(|sum| sum.abs() * factor);
            (errors.clone().sum::<f64>() / counted, errors.fold(0.0, f64::max))
        });
        let (mean, largest) = measured.into_iter().unzip();
        Some(Self { mean, largest })
    }

    /// The error of a weighted mean of distances, whose prompts are not the same; `None` where one is not known.
    pub fn weighted(parts: impl IntoIterator<Item = (f64, Option<Self>)>) -> Option<Self> {
        let mut parts = parts.into_iter().map(|(weight, part)| part.map(|part| part.times(weight)));
        let first = parts.next()??;
        parts.try_fold(first, |sum, part| Some(sum.plus(&part?)))
    }

    fn times(mut self, weight: f64) -> Self {
        self.mean.iter_mut().chain(&mut self.largest).for_each(|error| *error *= weight);
        self
    }

    fn plus(mut self, other: &Self) -> Self {
        let add =
            |own: &mut Vec<f64>, others: &[f64]| own.iter_mut().zip(others).for_each(|(own, other)| *own += other);
        add(&mut self.mean, &other.mean);
        add(&mut self.largest, &other.largest);
        self
    }

    /// What a mean absolute difference may be off, 95 times in 100.
    pub fn of_mean(&self) -> f64 {
        margin(&self.mean)
    }

    /// The same of a largest difference.
    pub fn of_largest(&self) -> f64 {
        margin(&self.largest)
    }

    /// The intervals of distances of the same prompts, from whatever theory.
    pub fn intervals(&self, distance: &LearnedDistance) -> DistanceIntervals {
        let about = |value: f64, margin: f64| [(value - margin).max(0.0), value + margin];
        DistanceIntervals {
            mad: about(distance.mad, self.of_mean()),
            max_abs_difference: about(distance.max_abs_difference, self.of_largest()),
        }
    }
}

fn margin(errors: &[f64]) -> f64 {
    let [margin] = quantiles(errors.to_vec(), [0.95]);
    margin
}

/// A number of its own for each type of prompt and number of responses (Fowler, Noll and Vo's hash).
fn fingerprint(name: &[u8], n: usize) -> u64 {
    let bytes = name.iter().copied().chain((n as u64).to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Optimum, Prediction};
    use crate::experiment::{PromptType, RewardRow, Split};
    use crate::utility::parse;
    use rand_chacha::ChaCha8Rng;

    /// A normal number, by Box and Muller.
    fn normal(random: &mut ChaCha8Rng) -> f64 {
        let uniform = |random: &mut ChaCha8Rng| (below(random, 1 << 30) as f64 + 0.5) / f64::from(1 << 30);
        (-2.0 * uniform(random).ln()).sqrt() * (std::f64::consts::TAU * uniform(random)).cos()
    }

    /// Prompts whose rewards are `optimal` off by `shift` with a standard deviation of 0.01, half of it common to a prompt.
    fn sample(optimal: &[f64], shift: impl Fn(usize) -> f64, prompts: usize, random: &mut ChaCha8Rng) -> Learned {
        let mut rows = Vec::new();
        for prompt in 0..prompts {
            let common = 0.01 * 0.5f64.sqrt() * normal(random);
            for (i, reward) in optimal.iter().enumerate() {
                rows.push(RewardRow {
                    step: 1,
                    split: Split::Train,
                    prompt: prompt.to_string(),
                    prompt_type: PromptType::open_ended(),
                    index: i + 1,
                    reward: reward + shift(i) + common + 0.01 * 0.5f64.sqrt() * normal(random),
                });
            }
        }
        Learned::all(&rows).remove(0)
    }

    /// The shares of 400 samples whose intervals hold the mean and the largest of the true differences.
    fn coverage(n: usize, shift: impl Fn(usize) -> f64 + Copy, prompts: usize) -> [f64; 2] {
        // Far enough from 0 and 1 for normal numbers.
        let mut optimum = Optimum::compute(&parse("-1/x").unwrap(), n.max(2)).unwrap();
        optimum.rewards = optimum.rewards.iter().take(n).map(|r| 0.1 + 0.8 * r).collect();
        optimum.limit = None;
        let truth: Vec<f64> = (0..n).map(|i| shift(i).abs()).collect();
        let (mean, largest) = (truth.iter().sum::<f64>() / n as f64, truth.iter().copied().fold(0.0, f64::max));
        let mut held = [0.0; 2];
        for repetition in 0..400 {
            let mut random = stream(5, Purpose::Choice, n as u64, repetition);
            let learned = sample(&optimum.rewards, shift, prompts, &mut random);
            let distance = learned.distance(Prediction::Trained, &optimum).unwrap();
            let intervals = SamplingError::of(&learned, 399, repetition).unwrap().intervals(&distance);
            let holds =
                |[low, high]: [f64; 2], value: f64| if low <= value && value <= high { 1.0 / 400.0 } else { 0.0 };
            held[0] += holds(intervals.mad, mean);
            held[1] += holds(intervals.max_abs_difference, largest);
        }
        held
    }

    #[test]
    fn intervals_hold_the_true_distance() {
        // Three standard deviations of a share of 0.95 of 400 samples are 0.033.
        for (n, prompts, shift) in [(8, 60, 0.0), (8, 60, 0.002), (8, 60, 0.05), (8, 20, 0.0), (2, 60, 0.001)] {
            let held = coverage(n, |i| if i % 2 == 0 { shift } else { -0.5 * shift }, prompts);
            assert!(held.iter().all(|share| *share > 0.917), "{n}, {prompts}, {shift}: {held:?}");
        }
        // With one response that is clearly off, both distances are its own, and nothing is given away.
        let held = coverage(1, |_| 0.05, 60);
        assert!(held.iter().all(|share| (share - 0.95).abs() < 0.033), "{held:?}");
    }

    #[test]
    fn a_seed_gives_the_same_intervals_with_any_number_of_threads() {
        let mut random = stream(7, Purpose::Choice, 0, 0);
        let learned = sample(&[0.2, 0.4, 0.7], |_| 0.0, 25, &mut random);
        let found = SamplingError::of(&learned, RESAMPLES, 3).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(pool.install(|| SamplingError::of(&learned, RESAMPLES, 3).unwrap()), found);
        assert_ne!(SamplingError::of(&learned, RESAMPLES, 4).unwrap(), found);
        // A mean of 25 prompts has a standard deviation of 0.002; that of three numbers, half of it common, is off by less.
        assert!(found.of_mean() > 0.002 && found.of_mean() < found.of_largest() && found.of_largest() < 0.01);
    }

    #[test]
    fn the_error_of_a_mean_of_two_samples_is_less_than_the_mean_of_their_errors() {
        let mut random = stream(8, Purpose::Choice, 0, 0);
        let one = sample(&[0.2, 0.4, 0.7], |_| 0.0, 40, &mut random);
        let other =
            Learned { prompt_type: PromptType::closed_ended(), ..sample(&[0.2, 0.4, 0.7], |_| 0.0, 40, &mut random) };
        let errors = [&one, &other].map(|learned| SamplingError::of(learned, RESAMPLES, 0));
        let alone: f64 = errors.iter().flatten().map(|error| 0.5 * error.of_mean()).sum();
        let together = SamplingError::weighted(errors.into_iter().map(|error| (0.5, error))).unwrap().of_mean();
        assert!(together < 0.95 * alone && together > 0.5 * alone, "{together}, {alone}");
    }

    #[test]
    fn one_prompt_has_no_interval() {
        let mut random = stream(9, Purpose::Choice, 0, 0);
        assert_eq!(SamplingError::of(&sample(&[0.2, 0.4], |_| 0.0, 1, &mut random), RESAMPLES, 0), None);
        let two = SamplingError::of(&sample(&[0.2, 0.4], |_| 0.0, 2, &mut random), RESAMPLES, 0);
        assert!(two.is_some() && SamplingError::weighted([(0.5, two), (0.5, None)]).is_none());
        assert_eq!(SamplingError::weighted([]), None);
    }
}
