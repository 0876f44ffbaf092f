//! The loss of one prompt, and its gradient.

use super::{Settings, SimulateError};
use crate::experiment::Head;
use crate::problem::Field;
use crate::utility::{Derivative, Utility};

/// Two responses, counted from 0, of which one is said to be better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The one said to be worse.
    pub worse: u32,
    /// The one said to be better.
    pub better: u32,
}

/// The loss of a prompt with the rewards `r` of its logits: over its pairs `(i, j)`, of which `j` is said to be better, the mean of
///
/// ```text
/// -(1-q) U(r_j - r_i) - q U(r_i - r_j) + c (r_i + r_j)^2,
/// ```
///
/// with smoothing `q` and centering `c`, less twice the mean of a field `V(r_i)` over the responses, if there is one. For `x < 0`, `U` is [`Utility::extended`]: its tangent at 0, or itself where it is
/// defined on the whole line. That is what reward models are trained on.
#[derive(Debug, Clone, Copy)]
pub struct PairLoss<'a> {
    utility: &'a dyn Utility,
    slope_at_zero: f64,
    /// Whether `U` is its own extension.
    on_the_line: bool,
    head: Head,
    smoothing: f64,
    centering: f64,
    field: Option<&'a Field>,
}

/// Room for [`PairLoss::gradient`], to be used again.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    rewards: Vec<f64>,
    /// `dr/dl`.
    head_slopes: Vec<f64>,
    /// `|r_j - r_i|`, and then `U'` there.
    slopes: Vec<f64>,
    /// Pairs drawn for a step.
    pub(super) drawn: Vec<Pair>,
    pub(super) gradient: Vec<f64>,
}

impl<'a> PairLoss<'a> {
    /// The loss of `settings` for `utility`.
    ///
    /// # Errors
    /// [`SimulateError::InfiniteSlope`] where `U'(0+)` is infinite, [`SimulateError::NotOnTheLine`] for smoothing with a utility that
    /// is not defined for `x < 0`, and [`SimulateError::Utility`] for one outside the theory.
    pub fn new(utility: &'a dyn Utility, settings: &'a Settings) -> Result<Self, SimulateError> {
        if let Some(refusal) = utility.refusal() {
            return Err(refusal.into());
        }
        let slope_at_zero = utility.slope_at_zero();
        if !slope_at_zero.is_finite() {
            return Err(SimulateError::InfiniteSlope { utility: utility.to_string() });
        }
        // A tangent has no curvature. A utility of its own has some where its slope has changed by about itself.
        let on_the_line = utility.is_linear() || utility.extended(-1.0 / slope_at_zero).curvature < 0.0;
        if settings.smoothing > 0.0 && !on_the_line {
            return Err(SimulateError::NotOnTheLine { utility: utility.to_string() });
        }
        let Settings { head, smoothing, centering, .. } = *settings;
        let field = settings.field.as_ref();
        Ok(Self { utility, slope_at_zero, on_the_line, head, smoothing, centering, field })
    }

    /// The loss at these logits, one for each response; without pairs their mean is 0.
    pub fn value(&self, logits: &[f64], pairs: &[Pair]) -> f64 {
        let rewards: Vec<f64> = logits.iter().map(|&l| self.head.reward(l)).collect();
        let of_pair = |&Pair { worse, better }: &Pair| {
            let (low, high) = (rewards[worse as usize], rewards[better as usize]);
            let utility = |x: f64| self.utility.extended(x).value;
            let smoothed = if self.smoothing > 0.0 { self.smoothing * utility(low - high) } else { 0.0 };
            self.centering * (low + high).powi(2) - (1.0 - self.smoothing) * utility(high - low) - smoothed
        };
        let of_pairs = pairs.iter().map(of_pair).sum::<f64>() / pairs.len().max(1) as f64;
        let mean = |field: &Field| rewards.iter().map(|&r| field.jet(r).value).sum::<f64>() / rewards.len() as f64;
        of_pairs - 2.0 * self.field.map_or(0.0, mean)
    }

    /// The derivatives of [`PairLoss::value`] by the logits, one for each.
    pub fn gradient<'w>(&self, logits: &[f64], pairs: &[Pair], workspace: &'w mut Workspace) -> &'w [f64] {
        let Workspace { rewards, head_slopes, slopes, gradient, .. } = workspace;
        rewards.clear();
        head_slopes.clear();
        for &logit in logits {
            let (reward, slope) = reward_and_slope(self.head, logit);
            rewards.push(reward);
            head_slopes.push(slope);
        }
        let ends = |pair: &Pair| (rewards[pair.worse as usize], rewards[pair.better as usize]);
        slopes.clear();
        slopes.extend(pairs.iter().map(|pair| {
            let (low, high) = ends(pair);
            (high - low).abs()
        }));
        // One call for all pairs: a virtual call for each would cost more than most slopes.
        self.utility.map(Derivative::Slope, slopes);
        gradient.clear();
        gradient.resize(logits.len(), 0.0);
        for (pair, &slope) in pairs.iter().zip(slopes.iter()) {
            let (low, high) = ends(pair);
            let push = self.slope(high - low, slope);
            gradient[pair.better as usize] -= push;
            gradient[pair.worse as usize] += push;
            if self.centering > 0.0 {
                let pull = 2.0 * self.centering * (low + high);
                gradient[pair.better as usize] += pull;
                gradient[pair.worse as usize] += pull;
            }
        }
        let share = 1.0 / pairs.len().max(1) as f64;
        gradient.iter_mut().zip(head_slopes.iter()).for_each(|(g, slope)| *g *= share * *slope);
        if let Some(field) = self.field {
            let share = 2.0 / rewards.len() as f64;
            for ((g, &reward), slope) in gradient.iter_mut().zip(rewards.iter()).zip(head_slopes.iter()) {
                *g -= share * field.jet(reward).slope * slope;
            }
        }
        gradient
    }

    /// The slope at `x` of the smoothed and extended utility, given `U'(|x|)`.
    #[inline]
    fn slope(&self, x: f64, at_distance: f64) -> f64 {
        // What U says of its slope at 0 holds where its formula is 0/0.
        let at_distance = if x == 0.0 { self.slope_at_zero } else { at_distance };
        if self.smoothing == 0.0 && x >= 0.0 {
            return at_distance;
        }
        let behind =
            if self.on_the_line && x != 0.0 { self.utility.extended(-x.abs()).slope } else { self.slope_at_zero };
        let (toward, away) = if x >= 0.0 { (at_distance, behind) } else { (behind, at_distance) };
        if self.smoothing == 0.0 { toward } else { (1.0 - self.smoothing) * toward - self.smoothing * away }
    }
}

/// The reward of a logit and its derivative, with one exponential for both; it keeps its digits where the reward is near 1.
fn reward_and_slope(head: Head, logit: f64) -> (f64, f64) {
    match head {
        Head::Raw => (logit, 1.0),
        Head::Sigmoid => {
            let decay = (-logit.abs()).exp();
            let upper = 1.0 / (1.0 + decay);
            let lower = decay * upper;
            (if logit >= 0.0 { upper } else { lower }, upper * lower)
        }
    }
}
