//! Random numbers, p-values, intervals and corrections that all tests share.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use statrs::statistics::{Data, OrderStatistics};

/// What random numbers are for: each purpose has streams of its own, so that no test depends on which others there are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Permutation = 1,
    Bootstrap = 2,
    Choice = 3,
    Ties = 4,
    Distance = 5,
}

/// The numbers of one repetition of one task. They depend on nothing else, whatever the number of threads.
pub(crate) fn stream(seed: u64, purpose: Purpose, task: u64, repetition: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, task, 0]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(repetition);
    random
}

/// A number from 0 to `bound - 1`, for a positive bound below 2^32; none is more likely than another by more than `bound / 2^32`.
pub(crate) fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u64::from(random.next_u32()) * bound as u64) >> 32) as usize
}

/// Every order is equally likely (Fisher and Yates).
pub(crate) fn shuffle<T>(items: &mut [T], random: &mut ChaCha8Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(random, i + 1));
    }
}

/// So many of the numbers from 0 to `all - 1`, without repetition, ascending.
pub(crate) fn choose(all: usize, most: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut chosen: Vec<usize> = (0..all).collect();
    if all > most {
        for i in 0..most {
            let other = i + below(random, all - i);
            chosen.swap(i, other);
        }
        chosen.truncate(most);
        chosen.sort_unstable();
    }
    chosen
}

/// `of(0), of(1), ..`, computed by all threads, in order.
pub(crate) fn repeat<T: Send>(repetitions: usize, of: impl Fn(u64) -> T + Send + Sync) -> Vec<T> {
    (0..repetitions as u64).into_par_iter().map(of).collect()
}

/// `(1 + #{permuted >= observed}) / (1 + permutations)`: under the null hypothesis at most `a` with probability at most `a`. What
/// differs by rounding counts as equal.
pub(crate) fn p_value(observed: f64, permuted: impl IntoIterator<Item = f64>) -> f64 {
    let least = observed - 1e-10 * observed.abs();
    let (all, as_large) = permuted
        .into_iter()
        .fold((1usize, 1usize), |(all, large), other| (all + 1, large + usize::from(other >= least)));
    as_large as f64 / all as f64
}

/// Quantiles of a sample (Hyndman and Fan's type 8); NaN for an empty one.
pub(crate) fn quantiles<const K: usize>(sample: Vec<f64>, probabilities: [f64; K]) -> [f64; K] {
    let mut data = Data::new(sample);
    probabilities.map(|probability| data.quantile(probability))
}

/// From the 2.5 % to the 97.5 % point.
pub(crate) fn interval(sample: Vec<f64>) -> [f64; 2] {
    quantiles(sample, [0.025, 0.975])
}

/// Holm's correction: p-values that may be compared with the level together.
pub(crate) fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut corrected = vec![1.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (place, &at) in order.iter().enumerate() {
        largest = largest.max((p_values.len() - place) as f64 * p_values[at]).min(1.0);
        corrected[at] = largest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_is_that_of_the_textbook() {
        // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") of R.
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-15, "{corrected:?}");
        }
        assert_eq!(holm(&[0.7, 0.9]), [1.0, 1.0]);
    }

    #[test]
    fn every_order_is_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        let mut random = stream(1, Purpose::Permutation, 0, 0);
        for _ in 0..60_000 {
            let mut items = [0, 1, 2];
            shuffle(&mut items, &mut random);
            *counts.entry(items).or_insert(0) += 1;
        }
        // Five standard deviations of a count of 10 000.
        assert!(counts.len() == 6 && counts.values().all(|count: &i32| (count - 10_000).abs() < 460), "{counts:?}");
    }

    #[test]
    fn a_p_value_counts_the_observed_one() {
        assert_eq!(p_value(2.0, [1.0, 2.0, 3.0]), 0.75);
        assert_eq!(p_value(9.0, [1.0; 99]), 0.01);
        assert_eq!(p_value(0.1 + 0.2, [0.3]), 1.0);
    }
}
