//! What a model learned beside what theory says of it.

use std::borrow::Cow;

use super::{CompareError, Learned, LearnedDistance, Prediction, Theories, TheoryError, TheoryPair, centred};
use crate::experiment::{Loss, RewardRow};

/// Learned rewards, and the optima of the loss for their type of prompt and their number of responses.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What was learned.
    pub learned: Learned,
    /// What is optimal.
    pub theories: TheoryPair,
}

impl Comparison {
    /// Compares all evaluations among `rows` with the optima of `loss`, in the order of [`Learned::all`]. Each prompt is
    /// compared with the optimum of its own number of responses. Rewards that the loss lets shift together are taken less the mean
    /// of their prompt, as the optimum is.
    ///
    /// # Errors
    /// [`TheoryError`]: a type of prompt that the loss lacks, or a utility outside the theory.
    pub fn all(rows: &[RewardRow], loss: &Loss, theories: &mut Theories) -> Result<Vec<Self>, TheoryError> {
        let with_theory = |learned: Learned| {
            let pair = loss.of(&learned.prompt_type)?;
            let theories = theories.of_loss(pair, loss.terms(), learned.n)?;
            Ok(Self { learned, theories })
        };
        let rows = if loss.terms().is_free_to_shift() { Cow::Owned(centred(rows)) } else { Cow::Borrowed(rows) };
        Learned::all(&rows).into_iter().map(with_theory).collect()
    }

    /// The optimal rewards by one theory; where they are not unique, those nearest to what was learned.
    pub fn optimal(&self, theory: Prediction) -> Vec<f64> {
        self.learned.optimal(self.theories.of(theory))
    }

    /// How far what was learned lies from one theory.
    ///
    /// # Errors
    /// As [`Learned::distance`].
    pub fn distance(&self, theory: Prediction) -> Result<LearnedDistance, CompareError> {
        self.learned.distance(theory, self.theories.of(theory))
    }
}
