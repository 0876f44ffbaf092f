//! The loss of a prompt: the mean of `-U(r_j - r_i)` over pairs of responses, `j` ranked above `i`.
//!
//! This module is the one place that knows how pairs are made of a ranking, how logits become rewards, and what a pair costs.

mod spec;

use std::collections::BTreeMap;
use std::fmt;

use reward_collapse::experiment::{Head, Loss, LossTerms, MissingUtility, PromptType, UtilityPair};
use reward_collapse::problem::{Field, FieldError};
use reward_collapse::utility::{OnLine, UtilityError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::random::Random;

pub use spec::{LossSpec, Utilities};

/// A ranked pair of responses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The worse response, counted from 0.
    pub worse: usize,
    /// The better one.
    pub better: usize,
    /// What the pair's loss is multiplied with.
    pub weight: f64,
    /// By how much the better reward should be larger: the pair costs `-U(r_better - r_worse - margin)`.
    pub margin: f64,
}

/// Of `pairs` where there are more than `most` so many, drawn without repetition.
pub(crate) fn drawn(mut pairs: Vec<Pair>, most: usize, random: &mut Random) -> Vec<Pair> {
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

/// The loss of a run as it is trained: for all prompts or for each type of prompt a utility on the line, and the terms that all prompts share. It is
/// read and kept as a [`LossSpec`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "LossSpec", into = "LossSpec")]
pub struct RankingLoss {
    spec: LossSpec,
    loss: Loss,
    lines: Lines,
    field: Option<Field>,
}

/// The utilities on the line.
#[derive(Debug, Clone)]
enum Lines {
    Same(Line),
    ByType(BTreeMap<PromptType, Line>),
}

/// A utility on the line, with the field of a design.
#[derive(Debug, Clone, Default)]
struct Line {
    utility: OnLine,
    field: Option<Field>,
}

impl Line {
    fn new(terms: &LossTerms, pair: &UtilityPair) -> Result<Self, LossError> {
        Ok(Self { utility: terms.on_line(pair)?, field: pair.field(terms.head)? })
    }
}

/// Why there is no such loss.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum LossError {
    /// A utility, its smoothing, or the centring.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// The field.
    #[error(transparent)]
    Field(#[from] FieldError),
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

impl RankingLoss {
    /// The loss that `spec` writes down.
    ///
    /// # Errors
    /// [`LossError`]: a text that is no utility; [`UtilityError::InfiniteSlope`] for a utility that pairs in the wrong
    /// order, as a model has at first, cannot be trained on; a smoothing or centring out of its domain; a field that is not concave.
    pub fn new(spec: LossSpec) -> Result<Self, LossError> {
        let loss = match &spec.utilities {
            Utilities::Same(text) => Loss::parse(text)?,
            Utilities::ByType(texts) => {
                Loss::parse_by_type(texts.iter().map(|(prompt_type, text)| (prompt_type, text.as_str())))?
            }
        };
        let loss = loss.with(spec.terms.clone())?;
        let field = spec.terms.field()?;
        let lines = match loss.of_all() {
            Some(pair) => Lines::Same(Line::new(&spec.terms, pair)?),
            None => {
                let lines =
                    loss.types().map(|(prompt_type, pair)| Ok((prompt_type.clone(), Line::new(&spec.terms, pair)?)));
                Lines::ByType(lines.collect::<Result<_, LossError>>()?)
            }
        };
        Ok(Self { spec, loss, lines, field })
    }

    /// A released name such as `adaptive`, or an expression, behind a sigmoid as in the paper.
    ///
    /// # Errors
    /// As [`RankingLoss::new`].
    pub fn parse(text: &str) -> Result<Self, LossError> {
        Self::new(LossSpec::from(text))
    }

    /// The loss of the experiment, for figures: what theory is compared with.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// How logits become rewards.
    pub fn head(&self) -> Head {
        self.spec.terms.head
    }

    /// Loss and gradient by the logits of one prompt's responses, worst first, in double precision.
    ///
    /// With rewards `r`, the head of the logits, it is the mean over the pairs of `-w U_q(r_j - r_i - m) + c (r_i + r_j)^2`, `j` ranked
    /// above `i`, less twice the mean of `V(r_i)` over the responses, for the field of all prompts or that of the type's design. Pairs in the wrong order are on the utility's concave extension. Without pairs their mean is 0.
    ///
    /// # Errors
    /// [`MissingUtility`] for a type that the loss lacks.
    pub fn of(&self, prompt_type: &PromptType, logits: &[f64], pairs: &[Pair]) -> Result<PromptLoss, MissingUtility> {
        let line = match &self.lines {
            Lines::Same(line) => Some(line),
            Lines::ByType(lines) => lines.get(prompt_type),
        };
        let Some(Line { utility, field }) = line else {
            self.loss.of(prompt_type)?;
            return Err(MissingUtility { prompt_type: prompt_type.clone(), known: "none".to_owned() });
        };
        let &LossTerms { head, centering, .. } = &self.spec.terms;
        let share = 1.0 / pairs.len().max(1) as f64;
        let rewards: Vec<f64> = logits.iter().map(|&logit| head.reward(logit)).collect();
        let mut by_reward = vec![0.0; logits.len()];
        let (mut loss, mut correct) = (0.0, 0);
        for &Pair { worse, better, weight, margin } in pairs {
            let jet = utility.jet(rewards[better] - rewards[worse] - margin);
            let sum = rewards[better] + rewards[worse];
            loss += share * (centering * sum * sum - weight * jet.value);
            by_reward[better] += share * (2.0 * centering * sum - weight * jet.slope);
            by_reward[worse] += share * (2.0 * centering * sum + weight * jet.slope);
            correct += usize::from(logits[better] > logits[worse]);
        }
        for field in [&self.field, field].into_iter().flatten() {
            let share = 2.0 / logits.len().max(1) as f64;
            for (&reward, by_reward) in rewards.iter().zip(&mut by_reward) {
                let jet = field.jet(reward);
                loss -= share * jet.value;
                *by_reward -= share * jet.slope;
            }
        }
        let gradient = logits.iter().zip(by_reward).map(|(&logit, by_reward)| by_reward * head.slope(logit)).collect();
        Ok(PromptLoss { loss, gradient, accuracy: share * correct as f64 })
    }
}

impl Default for RankingLoss {
    /// The simplest that the released code knows, `U = x` behind a sigmoid.
    fn default() -> Self {
        Self { spec: LossSpec::from("x"), loss: Loss::default(), lines: Lines::Same(Line::default()), field: None }
    }
}

impl PartialEq for RankingLoss {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec
    }
}

impl fmt::Display for RankingLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

impl TryFrom<LossSpec> for RankingLoss {
    type Error = LossError;

    fn try_from(spec: LossSpec) -> Result<Self, LossError> {
        Self::new(spec)
    }
}

impl From<RankingLoss> for LossSpec {
    fn from(loss: RankingLoss) -> Self {
        loss.spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f64; 6] = [-1.3, 0.4, 0.1, 2.0, 1.5, -3.0];

    fn all(responses: usize) -> Vec<Pair> {
        let ranked = (0..responses).flat_map(|worse| (worse + 1..responses).map(move |better| (worse, better)));
        ranked.map(|(worse, better)| Pair { worse, better, weight: 1.0, margin: 0.0 }).collect()
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let terms = [
            LossTerms::default(),
            LossTerms { head: Head::Raw, smoothing: 0.1, ..LossTerms::default() },
            LossTerms { head: Head::Raw, centering: 0.3, ..LossTerms::default() },
            LossTerms { smoothing: 0.2, centering: 0.1, ..LossTerms::default() },
            LossTerms { head: Head::Raw, field: Some("-0.1x^2+0.2x".into()), ..LossTerms::default() },
            LossTerms { field: Some("0.1*log(x)+0.2*log(1-x)".into()), ..LossTerms::default() },
        ];
        let design = "log(x+0.1) with field potential(beta(2,5); log(x+0.1))";
        let names = ["x", "log", "x_inv", "logsigmoid", "adaptive", "1-exp(-4x)", design];
        for (name, terms) in names.into_iter().flat_map(|name| terms.clone().map(|terms| (name, terms))) {
            let loss = RankingLoss::new(LossSpec { terms, ..LossSpec::from(name) }).unwrap();
            for prompt_type in &PromptType::RELEASED {
                let labelled = |(pair, k): (Pair, i32)| Pair {
                    weight: 0.5 + 0.1 * f64::from(k),
                    margin: 0.02 * f64::from(k - 5),
                    ..pair
                };
                let pairs: Vec<Pair> = all(6).into_iter().zip(0..).map(labelled).collect();
                let found = loss.of(prompt_type, &LOGITS, &pairs).unwrap().gradient;
                for k in 0..LOGITS.len() {
                    let at = |change: f64| {
                        let mut logits = LOGITS;
                        logits[k] += change;
                        loss.of(prompt_type, &logits, &pairs).unwrap().loss
                    };
                    let h = 1e-5;
                    let difference = (at(h) - at(-h)) / (2.0 * h);
                    assert!(
                        (found[k] - difference).abs() < 1e-8 * difference.abs().max(1.0),
                        "{loss}, {prompt_type:?}: {} {difference}",
                        found[k]
                    );
                }
            }
        }
    }

    #[test]
    fn pairs_in_the_wrong_order_have_the_slope_at_zero() {
        // The released code: 10 x for log(x + 0.1), 100 x for -1/(x + 0.1).
        for (name, slope) in [("log", 10.0), ("x_inv", 100.0), ("x", 1.0)] {
            let loss = RankingLoss::parse(name).unwrap();
            let wrong = |logit: f64| loss.of(&PromptType::open_ended(), &[logit, 0.0], &all(2)).unwrap();
            let steps = (wrong(1.0).loss - wrong(2.0).loss) / (Head::Sigmoid.reward(1.0) - Head::Sigmoid.reward(2.0));
            assert!((steps - slope).abs() < 1e-9, "{name}: {steps}");
            assert_eq!(wrong(1.0).accuracy, 0.0);
        }
    }

    #[test]
    fn a_margin_moves_the_utility() {
        let terms = LossTerms { head: Head::Raw, ..LossTerms::default() };
        let loss = RankingLoss::new(LossSpec { terms, ..LossSpec::from("logsigmoid(x)") }).unwrap();
        let of = |logits: [f64; 2], margin: f64| {
            let pair = Pair { worse: 0, better: 1, weight: 1.0, margin };
            loss.of(&PromptType::open_ended(), &logits, &[pair]).unwrap()
        };
        let (moved, plain) = (of([0.25, 1.75], 0.5), of([0.25, 1.25], 0.0));
        assert_eq!((moved.loss, moved.gradient), (plain.loss, plain.gradient));
        assert!((plain.loss - (1.0 + (-1f64).exp()).ln()).abs() < 1e-15);
    }

    #[test]
    fn pairs_are_drawn_without_repetition() {
        let pairs = drawn(all(8), 10, &mut Random::new(3, "pairs", 0));
        assert_eq!(pairs.len(), 10);
        for (k, pair) in pairs.iter().enumerate() {
            assert!(pair.worse < pair.better && pair.better < 8);
            assert!(!pairs[..k].contains(pair));
        }
    }

    #[test]
    fn a_utility_without_a_slope_at_zero_is_refused() {
        let refused = RankingLoss::parse("log(x)");
        assert!(matches!(refused, Err(LossError::Utility(UtilityError::InfiniteSlope { .. }))));
    }
}
