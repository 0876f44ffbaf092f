//! The law of word frequencies.

use crate::random::Random;

/// The Zipf-Mandelbrot law `p(r) ~ 1 / (r + 2.7)` on ranks from 1, as cumulative integer weights.
///
/// The exponent is exactly 1, so that weights are quotients of integers: a power would be rounded differently on different
/// platforms.
#[derive(Debug)]
pub(super) struct Law {
    /// The total weight up to and with each rank.
    up_to: Vec<u64>,
}

impl Law {
    pub fn new(ranks: usize) -> Self {
        let weight = |rank: u64| (1 << 48) / (10 * rank + 27);
        let sums = (1..=ranks as u64).scan(0, |sum, rank| {
            *sum += weight(rank);
            Some(*sum)
        });
        Self { up_to: sums.collect() }
    }

    /// Draws a rank, counted from 0, that is at least `least`; `least` itself if that is beyond the last.
    pub fn draw(&self, random: &mut Random, least: usize) -> usize {
        let before = least.checked_sub(1).and_then(|last| self.up_to.get(last)).copied().unwrap_or(0);
        let total = self.up_to.last().copied().unwrap_or(0);
        let at = before + random.below(total - before);
        self.up_to.partition_point(|&sum| sum <= at).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_law() {
        let law = Law::new(50);
        let mut random = Random::new(1, "test", 0);
        for least in [0, 20] {
            let mut counts = [0_u32; 50];
            let draws = 200_000;
            (0..draws).for_each(|_| counts[law.draw(&mut random, least)] += 1);
            let weight = |rank: usize| if rank < least { 0.0 } else { 1.0 / (rank as f64 + 3.7) };
            let total: f64 = (0..50).map(weight).sum();
            for (rank, &count) in counts.iter().enumerate() {
                let expected = f64::from(draws) * weight(rank) / total;
                assert!((f64::from(count) - expected).abs() <= 5.0 * expected.sqrt(), "{rank}: {count} {expected}");
            }
        }
    }
}
