//! The loss of a prompt: the mean of `-U(r_j - r_i)` over pairs of responses, `j` ranked above `i`, `r` the sigmoid of a logit.

use crate::random::Random;
use reward_collapse::experiment::{Loss, Prompts};
use reward_collapse::utility::{SharedUtility, Utility};

use super::TrainingError;

/// A ranked pair of responses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The worse response, counted from 0.
    pub worse: usize,
    /// The better one.
    pub better: usize,
    /// What the pair's loss is multiplied with.
    pub weight: f64,
}

/// The pairs of `responses` ranked responses, worst first: by the worse, then by the better one. `scores`, in this order,
/// become weights. Where there are more than `most`, so many are drawn.
pub(crate) fn pairs(responses: usize, scores: Option<&[f64]>, most: usize, random: &mut Random) -> Vec<Pair> {
    let ranked = (0..responses).flat_map(|worse| (worse + 1..responses).map(move |better| (worse, better)));
    let weight = |place: usize| scores.and_then(|scores| scores.get(place)).copied().unwrap_or(1.0);
    let mut pairs: Vec<Pair> =
        ranked.enumerate().map(|(place, (worse, better))| Pair { worse, better, weight: weight(place) }).collect();
    if pairs.len() > most {
        // Fisher and Yates, as far as wanted.
        for place in 0..most {
            let other = place + random.below((pairs.len() - place) as u64) as usize;
            pairs.swap(place, other);
        }
        pairs.truncate(most);
    }
    pairs
}

/// The utilities that are trained, one for each type of prompt.
#[derive(Debug, Clone)]
pub struct PairLoss {
    open: SharedUtility,
    closed: SharedUtility,
}

/// The loss of one prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptLoss {
    /// The mean over pairs.
    pub loss: f64,
    /// Its derivative by each logit.
    pub gradient: Vec<f64>,
    /// The share of pairs whose better response has the larger logit.
    pub accuracy: f64,
}

impl PairLoss {
    /// The trained utilities of `loss`.
    ///
    /// # Errors
    /// [`TrainingError::InfiniteSlope`] for a utility whose slope at 0 is infinite: its concave extension is `-inf` for every
    /// pair in the wrong order, which a model makes at first.
    pub fn new(loss: &Loss) -> Result<Self, TrainingError> {
        let utility = |prompts| {
            let utility = loss.of(prompts).trained.clone();
            if utility.slope_at_zero().is_finite() {
                return Ok(utility);
            }
            Err(TrainingError::InfiniteSlope { utility: utility.to_string() })
        };
        Ok(Self { open: utility(Prompts::Open)?, closed: utility(Prompts::Closed)? })
    }

    /// Loss and gradient by the logits of one prompt's responses, worst first, in double precision. Pairs in the wrong order
    /// are on the utility's concave extension. Without pairs the loss is 0.
    pub fn of(&self, prompts: Prompts, logits: &[f64], pairs: &[Pair]) -> PromptLoss {
        let utility: &dyn Utility = match prompts {
            Prompts::Open => self.open.as_ref(),
            Prompts::Closed => self.closed.as_ref(),
        };
        let share = 1.0 / pairs.len().max(1) as f64;
        let rewards: Vec<f64> = logits.iter().copied().map(sigmoid).collect();
        let mut by_reward = vec![0.0; logits.len()];
        let (mut loss, mut correct) = (0.0, 0);
        for &Pair { worse, better, weight } in pairs {
            let jet = utility.extended(rewards[better] - rewards[worse]);
            loss -= share * weight * jet.value;
            by_reward[better] -= share * weight * jet.slope;
            by_reward[worse] += share * weight * jet.slope;
            correct += usize::from(logits[better] > logits[worse]);
        }
        // The derivative of the sigmoid, without cancellation where it is near 1.
        let gradient = logits.iter().zip(by_reward).map(|(&logit, d)| d * sigmoid(logit) * sigmoid(-logit)).collect();
        PromptLoss { loss, gradient, accuracy: share * correct as f64 }
    }
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f64; 6] = [-1.3, 0.4, 0.1, 2.0, 1.5, -3.0];

    fn all(responses: usize) -> Vec<Pair> {
        pairs(responses, None, usize::MAX, &mut Random::new(0, "pairs", 0))
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        for name in ["x", "log", "x_inv", "logsigmoid", "adaptive", "1-exp(-4x)"] {
            let loss = PairLoss::new(&Loss::parse(name).unwrap()).unwrap();
            for prompts in Prompts::BOTH {
                let scores: Vec<f64> = (0..15).map(|k| 0.5 + 0.1 * f64::from(k)).collect();
                let pairs = pairs(6, Some(&scores), usize::MAX, &mut Random::new(0, "pairs", 0));
                let found = loss.of(prompts, &LOGITS, &pairs).gradient;
                for k in 0..LOGITS.len() {
                    let at = |change: f64| {
                        let mut logits = LOGITS;
                        logits[k] += change;
                        loss.of(prompts, &logits, &pairs).loss
                    };
                    let h = 1e-5;
                    let difference = (at(h) - at(-h)) / (2.0 * h);
                    assert!((found[k] - difference).abs() < 1e-8, "{name}, {prompts:?}: {} {difference}", found[k]);
                }
            }
        }
    }

    #[test]
    fn pairs_in_the_wrong_order_have_the_slope_at_zero() {
        // The released code: 10 x for log(x + 0.1), 100 x for -1/(x + 0.1).
        for (name, slope) in [("log", 10.0), ("x_inv", 100.0), ("x", 1.0)] {
            let loss = PairLoss::new(&Loss::parse(name).unwrap()).unwrap();
            let wrong = |logit: f64| loss.of(Prompts::Open, &[logit, 0.0], &all(2));
            let steps = (wrong(1.0).loss - wrong(2.0).loss) / (sigmoid(1.0) - sigmoid(2.0));
            assert!((steps - slope).abs() < 1e-9, "{name}: {steps}");
            assert_eq!(wrong(1.0).accuracy, 0.0);
        }
    }

    #[test]
    fn pairs_are_drawn_without_repetition() {
        let pairs = pairs(8, None, 10, &mut Random::new(3, "pairs", 0));
        assert_eq!(pairs.len(), 10);
        for (k, pair) in pairs.iter().enumerate() {
            assert!(pair.worse < pair.better && pair.better < 8);
            assert!(!pairs[..k].contains(pair));
        }
    }

    #[test]
    fn a_utility_without_a_slope_at_zero_is_refused() {
        let refused = PairLoss::new(&Loss::parse("log(x)").unwrap());
        assert!(matches!(refused, Err(TrainingError::InfiniteSlope { .. })));
    }
}
