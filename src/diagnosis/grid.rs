//! Rewards by the bin of a fixed grid: what makes a thousand permutations of a hundred thousand prompts cheap.

use super::scaled::Scaled;

/// A grid of at most so many bins with about equal numbers of rewards. Every reward is taken for the mean of its bin.
#[derive(Debug)]
pub(super) struct Grid {
    /// The bin of each reward, in the order of [`Scaled::all`].
    bins: Vec<u16>,
    /// The distance from a bin's mean to the next one's; 0 for the last.
    steps: Vec<f64>,
    /// The share of all rewards in each bin.
    shares: Vec<f64>,
    /// The mean distance of a reward from the mean of its bin: what the grid may add to a Wasserstein distance, or take from it,
    /// is at most twice this.
    pub resolution: f64,
}

impl Grid {
    pub fn of(scaled: &Scaled, most: usize) -> Self {
        let most = most.clamp(2, usize::from(u16::MAX));
        let mut all = scaled.all().to_vec();
        all.sort_unstable_by(f64::total_cmp);
        let total = all.len();
        // The upper end of each bin; equal rewards share a bin.
        let mut edges: Vec<f64> = (1..=most).filter_map(|k| all.get((k * total / most).max(1) - 1).copied()).collect();
        edges.dedup();
        let count = edges.len();
        let bin = |reward: f64| edges.partition_point(|&edge| edge < reward).min(count - 1);
        let bins: Vec<u16> = scaled.all().iter().map(|&reward| bin(reward) as u16).collect();
        let (mut sums, mut counts) = (vec![0.0; count], vec![0usize; count]);
        for (&bin, &reward) in bins.iter().zip(scaled.all()) {
            sums[usize::from(bin)] += reward;
            counts[usize::from(bin)] += 1;
        }
        let means: Vec<f64> = sums.iter().zip(&counts).map(|(sum, &count)| sum / count.max(1) as f64).collect();
        let away = bins.iter().zip(scaled.all()).map(|(&bin, &reward)| (reward - means[usize::from(bin)]).abs());
        let resolution = away.sum::<f64>() / total as f64;
        let mut steps: Vec<f64> = means.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect();
        steps.push(0.0);
        let shares = counts.iter().map(|&count| count as f64 / total as f64).collect();
        Self { bins, steps, shares, resolution }
    }

    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The bins of a prompt's rewards, ascending.
    pub fn bins(&self, scaled: &Scaled, prompt: usize) -> &[u16] {
        self.bins.get(scaled.range(prompt)).unwrap_or_default()
    }

    pub fn steps(&self) -> &[f64] {
        &self.steps
    }

    pub fn shares(&self) -> &[f64] {
        &self.shares
    }
}
