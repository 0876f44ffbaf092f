//! Pairs of responses: margins, agreement with given ranks, calibration, and what the model contradicts most.

use serde::Serialize;

use super::{Options, Sample};
use crate::resample::{Purpose, below, interval, quantiles, repeat, stream};

/// Pairs that are looked at; of more, so many are drawn, as many from each prompt.
const MOST_PAIRS: usize = 4_000_000;
/// Pairs that the slope is fitted to.
const MOST_FITTED: usize = 200_000;
/// Points of the reliability curve: groups of as many pairs each.
const BINS: usize = 10;
/// Contradicted pairs that are listed.
const LISTED: usize = 10;

/// What there is to say of pairs of responses to one prompt.
#[derive(Debug, Clone, Serialize)]
pub struct Pairs {
    /// Pairs, without those that tie by rank.
    pub pairs: usize,
    /// How many of them were looked at.
    pub looked_at: usize,
    /// The 5, 25, 50, 75 and 95 % points of the margin: the reward of the better response less that of the worse one. Without ranks:
    /// of the larger reward less the smaller.
    pub margins: [f64; 5],
    /// Agreement with the ranks; `null` where none are given.
    pub agreement: Option<Agreement>,
}

/// How rewards agree with given ranks.
#[derive(Debug, Clone, Serialize)]
pub struct Agreement {
    /// The share of pairs whose better response has the larger reward; equal rewards count half.
    pub accuracy: f64,
    /// 95 % bootstrap interval over prompts.
    pub accuracy_interval: [f64; 2],
    /// The reliability curve: groups of as many pairs each, by the probability that Bradley and Terry's model gives to the order of the rewards.
    pub reliability: Vec<Reliability>,
    /// The mean distance between predicted and observed over these groups.
    pub calibration_error: f64,
    /// The factor `k` for which `sigmoid(k (r_i - r_j))` is likeliest; `null` where every pair is in order, and no factor is too large.
    pub slope: Option<f64>,
    /// The calibration error with this factor.
    pub calibration_error_with_slope: Option<f64>,
    /// The pairs whose order the model contradicts most.
    pub contradicted: Vec<Contradiction>,
}

/// A group of pairs.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Reliability {
    /// The mean of `sigmoid(|r_i - r_j|)`.
    pub predicted: f64,
    /// The share in which the response with the larger reward is the better one.
    pub observed: f64,
    /// Pairs of the group.
    pub pairs: usize,
}

/// A pair that the model has in the wrong order.
#[derive(Debug, Clone, Serialize)]
pub struct Contradiction {
    /// The prompt.
    pub prompt: String,
    /// Its type; `null` for none.
    #[serde(rename = "type")]
    pub prompt_type: Option<String>,
    /// The response with the better rank.
    pub better: String,
    /// The other.
    pub worse: String,
    /// The reward of the better one.
    pub better_reward: f64,
    /// The reward of the worse one.
    pub worse_reward: f64,
}

impl Contradiction {
    fn by(&self) -> f64 {
        self.worse_reward - self.better_reward
    }
}

impl Pairs {
    pub(super) fn of(sample: &Sample<'_>, options: &Options) -> Self {
        let per_prompt = (MOST_PAIRS / sample.len().max(1)).max(1);
        let ranked = sample.has_ranks;
        let (mut pairs, mut margins) = (0usize, Vec::new());
        let (mut contradicted, mut of_prompts) = (Vec::<Contradiction>::new(), Vec::new());
        for prompt in 0..sample.len() {
            let rewards = sample.rewards(prompt);
            let ranks = sample.ranks(prompt);
            let n = rewards.len();
            let all = n * (n - 1) / 2;
            let (mut right, mut counted) = (0.0, 0usize);
            let mut look = |a: usize, b: usize| {
                let (better, worse) = match ranked {
                    true if ranks[a] == ranks[b] => return,
                    true if ranks[a] > ranks[b] => (b, a),
                    false if rewards[a] < rewards[b] => (b, a),
                    _ => (a, b),
                };
                let values = [better, worse].map(|at| options.reward(rewards[at]));
                let margin = values[0] - values[1];
                margins.push(margin);
                counted += 1;
                right += if margin > 0.0 {
                    1.0
                } else if margin == 0.0 {
                    0.5
                } else {
                    0.0
                };
                let least = contradicted.last().filter(|_| contradicted.len() >= LISTED).map_or(0.0, Contradiction::by);
                if -margin > least {
                    let new = Contradiction {
                        prompt: sample.name(prompt).to_owned(),
                        prompt_type: sample.type_name(prompt),
                        better: sample.response(prompt, better),
                        worse: sample.response(prompt, worse),
                        better_reward: values[0],
                        worse_reward: values[1],
                    };
                    let at = contradicted.partition_point(|other| other.by() >= new.by());
                    contradicted.insert(at, new);
                    contradicted.truncate(LISTED);
                }
            };
            if all <= per_prompt {
                (0..n).for_each(|a| (a + 1..n).for_each(|b| look(a, b)));
                pairs += counted;
            } else {
                let mut random = stream(options.seed, Purpose::Choice, 2, prompt as u64);
                for _ in 0..per_prompt {
                    let a = below(&mut random, n);
                    let b = (a + 1 + below(&mut random, n - 1)) % n;
                    look(a, b);
                }
                pairs += all;
            }
            of_prompts.push((right, counted as f64));
        }
        let looked_at = margins.len();
        let agreement = (ranked && looked_at > 0).then(|| Agreement::of(&margins, &of_prompts, contradicted, options));
        let margins = if looked_at > 0 { quantiles(margins, [0.05, 0.25, 0.5, 0.75, 0.95]) } else { [0.0; 5] };
        Self { pairs, looked_at, margins, agreement }
    }
}

impl Agreement {
    fn of(margins: &[f64], of_prompts: &[(f64, f64)], contradicted: Vec<Contradiction>, options: &Options) -> Self {
        let share = |sums: (f64, f64)| if sums.1 > 0.0 { sums.0 / sums.1 } else { 0.5 };
        let add = |sum: (f64, f64), of: &(f64, f64)| (sum.0 + of.0, sum.1 + of.1);
        let accuracy = share(of_prompts.iter().fold((0.0, 0.0), add));
        let resampled = repeat(options.resamples, |repetition| {
            let mut random = stream(options.seed, Purpose::Bootstrap, 1, repetition);
            let draw = |_: &(f64, f64)| of_prompts[below(&mut random, of_prompts.len())];
            share(of_prompts.iter().map(draw).fold((0.0, 0.0), |sum, of| add(sum, &of)))
        });
        let mut by_size = margins.to_vec();
        by_size.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
        let reliability = reliability(&by_size, 1.0);
        let slope = slope(&by_size);
        Self {
            accuracy,
            accuracy_interval: interval(resampled),
            calibration_error: error(&reliability),
            calibration_error_with_slope: slope.map(|slope| error(&self::reliability(&by_size, slope))),
            reliability,
            slope,
            contradicted,
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Of margins by their size.
fn reliability(by_size: &[f64], slope: f64) -> Vec<Reliability> {
    let groups = BINS.min(by_size.len());
    let group = |k: usize| {
        let members = &by_size[k * by_size.len() / groups..(k + 1) * by_size.len() / groups];
        let right = |&margin: &f64| {
            if margin > 0.0 {
                1.0
            } else if margin == 0.0 {
                0.5
            } else {
                0.0
            }
        };
        let count = members.len() as f64;
        Reliability {
            predicted: members.iter().map(|margin| sigmoid(slope * margin.abs())).sum::<f64>() / count,
            observed: members.iter().map(right).sum::<f64>() / count,
            pairs: members.len(),
        }
    };
    (0..groups).map(group).collect()
}

fn error(reliability: &[Reliability]) -> f64 {
    let (sum, pairs) = reliability.iter().fold((0.0, 0.0), |(sum, pairs), group| {
        let count = group.pairs as f64;
        (sum + count * (group.predicted - group.observed).abs(), pairs + count)
    });
    if pairs > 0.0 { sum / pairs } else { 0.0 }
}

/// The `k >= 0` that maximises `sum log sigmoid(k margin)`; `None` where it grows without end.
fn slope(margins: &[f64]) -> Option<f64> {
    let stride = margins.len().div_ceil(MOST_FITTED).max(1);
    let fitted: Vec<f64> = margins.iter().step_by(stride).copied().collect();
    if !fitted.iter().any(|&margin| margin < 0.0) {
        return None;
    }
    let derivative = |k: f64| fitted.iter().map(|margin| margin * sigmoid(-k * margin)).sum::<f64>();
    if derivative(0.0) <= 0.0 {
        return Some(0.0);
    }
    let largest = fitted.iter().fold(0.0_f64, |largest, margin| largest.max(margin.abs()));
    let (mut low, mut high) = (0.0, 1.0 / largest);
    while derivative(high) > 0.0 && high < 1e12 / largest {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if derivative(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_a_logistic_regression() {
        // Three pairs of margin 1 in order and one in the wrong order: sigmoid(k) = 3/4.
        let slope = slope(&[1.0, 1.0, -1.0, 1.0]).unwrap();
        assert!((slope - 3f64.ln()).abs() < 1e-9, "{slope}");
        assert_eq!(self::slope(&[1.0, 2.0]), None);
        assert_eq!(self::slope(&[-1.0, -2.0, 0.5]), Some(0.0));
    }

    #[test]
    fn a_calibrated_model_has_no_error() {
        let margin = 3f64.ln();
        let groups = reliability(&[margin, margin, -margin, margin], 1.0);
        let whole: Vec<f64> = groups.iter().map(|group| group.predicted).collect();
        assert!(whole.iter().all(|predicted| (predicted - 0.75).abs() < 1e-15));
        let margins: Vec<f64> = (0..400).map(|i| if i % 4 == 0 { -margin } else { margin }).collect();
        assert!(error(&reliability(&margins, 1.0)) < 1e-12);
        assert!((error(&reliability(&margins, 0.0)) - 0.25).abs() < 1e-12);
    }
}
