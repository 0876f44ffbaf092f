//! How far rewards are on the way to collapse: against the path of a simulated training.

use std::ops::ControlFlow;

use serde::Serialize;

use super::fit::{Target, mean_distance};
use super::theory::{FitScale, Loss, Prediction, Predictions};
use super::{DiagnosisError, Options};
use crate::experiment::Head;
use crate::simulate::{Settings, SimulateError, Theory, simulate};
use crate::utility::{LogSigmoid, SharedUtility};

/// Steps of the path.
const STEPS: u64 = 10_000;
/// Its prompts: their mean rewards are compared.
const PROMPTS: usize = 16;
/// More responses are too many for so many steps.
const MOST_RESPONSES: usize = 64;

/// Where on the way to collapse the rewards are.
#[derive(Debug, Clone, Serialize)]
pub struct PathPlace {
    /// The loss whose path it is.
    pub utility: String,
    /// The number of responses compared: the most common one.
    pub n: usize,
    /// How much of the distance between untrained rewards, which are all the same, and the optimum is behind: 0 at the start, 1 at the optimum. It
    /// compares with the optimum alone, not with the path.
    pub share: f64,
    /// The distance of the mean rewards from the optimum, in units of the scale's width.
    pub distance: f64,
    /// The step of the simulated path at which its mean rewards are nearest.
    pub step: u64,
    /// The last step that was simulated.
    pub steps: u64,
    /// How far they are from the rewards there: far off, they are on another way.
    pub off_path: f64,
}

/// The path of `loss`, and the place of the rewards of `target` on it; `None` where it has none: too many responses, or a utility that cannot be
/// trained, since its slope at 0 is infinite.
pub(super) fn place(
    target: &Target,
    loss: &Loss,
    scale: FitScale,
    width: f64,
    predictions: &Predictions,
    options: &Options,
) -> Result<Option<PathPlace>, DiagnosisError> {
    let Some((n, means)) = target.most_common().filter(|(n, _)| *n <= MOST_RESPONSES) else { return Ok(None) };
    let Some(optimum) = predictions.of(loss, n) else { return Ok(None) };
    let head = if scale == FitScale::Line { Head::Raw } else { Head::Sigmoid };
    let settings = Settings { head, seed: options.seed, initial_spread: 0.01, ..Settings::new(n, PROMPTS, STEPS) };
    let (utility, settings): (SharedUtility, Settings) = match loss {
        Loss::Utility(utility) => (utility.clone(), settings),
        Loss::Smoothing(q) => (bradley_terry()?, Settings { smoothing: *q, ..settings }),
        Loss::Centering(c) => (bradley_terry()?, Settings { centering: *c, ..settings }),
    };
    let theory = Theory { optimum: None, ..Theory::default() };
    let simulation = match simulate(&utility, &settings, &theory, &mut |_| ControlFlow::Continue(())) {
        Err(SimulateError::InfiniteSlope { .. }) => return Ok(None),
        simulation => simulation?,
    };
    let to = |rewards: &[f64], other: &[f64]| {
        let target = Prediction { rewards: other.to_vec(), free_middle: optimum.free_middle };
        mean_distance(rewards, &target) / width
    };
    let middle = if scale == FitScale::Line { 0.0 } else { 0.5 };
    let start = to(&vec![middle; n], &optimum.rewards);
    let distance = to(means, &optimum.rewards);
    let nearest = simulation.rows.iter().map(|row| (row.step, to(means, &row.rewards)));
    let Some((step, off_path)) = nearest.min_by(|a, b| a.1.total_cmp(&b.1)) else { return Ok(None) };
    Ok(Some(PathPlace {
        utility: loss.name(),
        n,
        share: (1.0 - distance / start).max(0.0),
        distance,
        step,
        steps: STEPS,
        off_path,
    }))
}

fn bradley_terry() -> Result<SharedUtility, DiagnosisError> {
    Ok(std::sync::Arc::new(LogSigmoid::new(1.0)?))
}
