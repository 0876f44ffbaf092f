//! What is simulated.

use serde::Serialize;

use super::SimulateError;
use crate::experiment::Head;
use crate::problem::Field;

/// How logits follow the gradient `g` of their prompt's loss, with the learning rate `a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimiser {
    /// Gradient descent: `l <- l - a g`.
    Sgd,
    /// Adam with its usual constants: `l <- l - a m / (sqrt(v) + 1e-8)`, where `m` and `v` are the running means of `g` (0.9) and
    /// `g^2` (0.999), each divided by one less the power of its constant.
    Adam,
}

impl Optimiser {
    /// The learning rate unless another is given: 1 for gradient descent, 0.05 for Adam.
    pub fn default_learning_rate(self) -> f64 {
        match self {
            Optimiser::Sgd => 1.0,
            Optimiser::Adam => 0.05,
        }
    }
}

/// Which pairs of a prompt make the loss of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// So many of the compared pairs, drawn anew in each step, with repetition.
    Pairs(usize),
    /// All compared pairs.
    Full,
}

/// Which response of a pair is said to be the better one.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// The one of higher rank.
    True,
    /// The one of lower rank, with this probability in `[0, 1/2)`.
    Flipped(f64),
    /// Response `j` rather than `i` with probability `sigmoid(q_j - q_i)`, for these true qualities, one for each response, worst
    /// first: the model of Bradley and Terry.
    BradleyTerry(Vec<f64>),
}

/// How long a random label lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Noise {
    /// It is drawn once for each prompt and pair, as in a data set that was labelled once.
    Fixed,
    /// It is drawn in each step, as if every step asked someone else.
    Fresh,
}

/// After which steps rewards are recorded, besides the start and the last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Ten a decade, evenly on a logarithmic scale: 1, 2, 3, 4, 5, 6, 8, 10, 13, ...
    Logarithmic,
    /// Every so many.
    Every(u64),
}

impl Record {
    /// The next step after `step` that is recorded, up to `last`.
    pub(super) fn after(self, step: u64, last: u64) -> u64 {
        let next = match self {
            Record::Every(every) => step.saturating_add(every - step % every),
            Record::Logarithmic => {
                let at = |k: i32| 10f64.powf(f64::from(k) / 10.0).round() as u64;
                // Doubles hold a few hundred decades, and 64 bits less than twenty.
                (0..200).map(at).find(|&at| at > step).unwrap_or(u64::MAX)
            }
        };
        next.min(last)
    }
}

/// What is simulated. [`Settings::new`] has the defaults, and struct update syntax changes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Responses of each prompt, 2 or more.
    pub n: usize,
    /// Prompts, 1 or more: each has logits of its own.
    pub prompts: usize,
    /// Steps of the optimiser, 1 or more. Each prompt takes part in each.
    pub steps: u64,
    /// Adam unless changed.
    pub optimiser: Optimiser,
    /// Positive and finite; [`Optimiser::default_learning_rate`] for `None`.
    pub learning_rate: Option<f64>,
    /// Full unless changed.
    pub batch: Batch,
    /// The sigmoid unless changed.
    pub head: Head,
    /// True unless changed.
    pub labels: Labels,
    /// Fixed unless changed.
    pub noise: Noise,
    /// `U(x)` becomes `(1-q) U(x) + q U(-x)`, for this `q` in `[0, 1/2)`; 0 unless changed.
    pub smoothing: f64,
    /// Each pair also pays this many times `(r_i + r_j)^2`; 0 unless changed.
    pub centering: f64,
    /// A field `V`: `2/n sum_i V(r_i)` is taken from the loss of each prompt in every step; none unless changed.
    pub field: Option<Field>,
    /// Pairs of each prompt that are compared at all, drawn once without repetition; `None` for all `n(n-1)/2`.
    pub compared: Option<usize>,
    /// The standard deviation of the normal law that the first logits are drawn from; 0.1 unless changed.
    pub initial_spread: f64,
    /// Logarithmic unless changed.
    pub record: Record,
    /// The seed of every random draw.
    pub seed: u64,
    /// The number of the first prompt, which with the seed decides its random draws; 0 unless changed.
    pub first_prompt: u64,
}

impl Settings {
    /// Full batches of true labels, Adam and a sigmoid, with the seed 0.
    pub fn new(n: usize, prompts: usize, steps: u64) -> Self {
        Self {
            n,
            prompts,
            steps,
            optimiser: Optimiser::Adam,
            learning_rate: None,
            batch: Batch::Full,
            head: Head::Sigmoid,
            labels: Labels::True,
            noise: Noise::Fixed,
            smoothing: 0.0,
            centering: 0.0,
            field: None,
            compared: None,
            initial_spread: 0.1,
            record: Record::Logarithmic,
            seed: 0,
            first_prompt: 0,
        }
    }

    /// The learning rate, given or default.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or_else(|| self.optimiser.default_learning_rate())
    }

    /// Whether the loss stays the same if a prompt's rewards are all shifted, so that only their differences mean something.
    pub fn is_up_to_a_shift(&self) -> bool {
        self.head == Head::Raw && self.centering == 0.0 && self.field.is_none()
    }

    /// All pairs of `n` responses.
    pub(super) fn pairs(&self) -> u64 {
        let n = self.n as u64;
        n.saturating_mul(n.saturating_sub(1)) / 2
    }

    /// Whether every setting is in its domain.
    ///
    /// # Errors
    /// [`SimulateError`] for the first setting outside its domain.
    pub fn check(&self) -> Result<(), SimulateError> {
        let count = |what, found: u64, least: u64, most: u64| {
            if (least..=most).contains(&found) {
                return Ok(());
            }
            let allowed =
                if most == u64::MAX { format!("at least {least}") } else { format!("from {least} to {most}") };
            Err(SimulateError::Count { what, allowed, found })
        };
        count("responses n", self.n as u64, 2, u64::MAX)?;
        count("prompts", self.prompts as u64, 1, u64::MAX)?;
        count("steps", self.steps, 1, u64::MAX)?;
        if let Some(compared) = self.compared {
            count("compared pairs", compared as u64, 1, self.pairs())?;
        }
        if let Batch::Pairs(pairs) = self.batch {
            count("pairs of a batch", pairs as u64, 1, u64::MAX)?;
        }
        if let Record::Every(every) = self.record {
            count("steps between rows", every, 1, u64::MAX)?;
        }
        let number = |what, allowed, found: f64, holds: bool| {
            if found.is_finite() && holds { Ok(()) } else { Err(SimulateError::Parameter { what, allowed, found }) }
        };
        let rate = self.learning_rate();
        number("learning rate", "positive and finite", rate, rate > 0.0)?;
        number("smoothing", "at least 0 and below 0.5", self.smoothing, (0.0..0.5).contains(&self.smoothing))?;
        number("centering", "0 or more and finite", self.centering, self.centering >= 0.0)?;
        number("initial spread", "0 or more and finite", self.initial_spread, self.initial_spread >= 0.0)?;
        match &self.labels {
            Labels::True => Ok(()),
            Labels::Flipped(q) => number("flip rate", "at least 0 and below 0.5", *q, (0.0..0.5).contains(q)),
            Labels::BradleyTerry(qualities) if qualities.len() != self.n => {
                Err(SimulateError::Length { what: "the list of qualities", expected: self.n, found: qualities.len() })
            }
            Labels::BradleyTerry(qualities) => {
                qualities.iter().try_for_each(|&quality| number("true quality", "finite", quality, true))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Record;

    fn recorded(record: Record, last: u64) -> Vec<u64> {
        let mut steps = vec![0];
        while steps[steps.len() - 1] < last {
            steps.push(record.after(steps[steps.len() - 1], last));
        }
        steps
    }

    #[test]
    fn recorded_steps_end_with_the_last() {
        assert_eq!(recorded(Record::Every(4), 10), [0, 4, 8, 10]);
        assert_eq!(recorded(Record::Every(100), 10), [0, 10]);
        assert_eq!(recorded(Record::Logarithmic, 18), [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 18]);
        assert_eq!(recorded(Record::Logarithmic, u64::MAX).last(), Some(&u64::MAX));
    }
}
