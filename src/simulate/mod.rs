//! How training gets to the optimal rewards: many prompts with free logits, by gradient descent or Adam.
//!
//! Each prompt has a logit `l_i` for each of its `n` responses, and no network ties prompts together: this is the
//! over-parameterised reward model of the theory, before it has converged. A prompt's loss is
//!
//! ```text
//! -mean of U(r_j - r_i) over its pairs i < j,    r = sigmoid(l) or r = l,
//! ```
//!
//! with `U` continued along its tangent to `x < 0`, where a pair is in the wrong order ([`PairLoss`] has the rest: smoothing and
//! centering). [`simulate`] records how far the rewards are from the theory's as training goes on ([`Row`]).
//!
//! A number of steps of one prompt depends on its own stream of random numbers and on nothing else, and sums over prompts are
//! taken in order: the results for a seed do not depend on the number of threads.

mod error;
mod loss;
mod measure;
mod mixture;
mod optimum;
mod prompt;
mod settings;

use std::fmt;
use std::ops::ControlFlow;
use std::time::Instant;

use rayon::prelude::*;

pub use crate::experiment::Head;
pub use error::SimulateError;
pub use loss::{Pair, PairLoss, Workspace};
pub use measure::Row;
pub use mixture::parts;
pub use optimum::{LossOptimum, LossOptimumError};
pub use settings::{Batch, Labels, Noise, Optimiser, Record, Settings};

use crate::utility::Utility;
use prompt::{Common, Compared, Prompt, all_pairs};

/// Pairs between two calls of the observer, for all prompts together: a fraction of a second.
const PAIRS_BETWEEN_CALLS: u64 = 1 << 24;

/// From the rewards of all prompts, in ascending order, to their Wasserstein-1 distance from the limit law.
pub type DistanceToLimit<'a> = &'a dyn Fn(&[f64]) -> f64;

/// What the rewards are compared with.
#[derive(Clone, Copy, Default)]
pub struct Theory<'a> {
    /// The optimal rewards, one for each response, worst first, ascending; up to a shift where the loss is.
    pub optimum: Option<&'a [f64]>,
    /// Whether the middle one of an odd number of optimal rewards may be anything, as under `U = x`: it then counts as met.
    pub free_middle: bool,
    /// How far the rewards of all prompts are from the limit law.
    pub limit: Option<DistanceToLimit<'a>>,
}

impl fmt::Debug for Theory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Theory")
            .field("optimum", &self.optimum)
            .field("free_middle", &self.free_middle)
            .field("limit", &self.limit.map(|_| "given"))
            .finish()
    }
}

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Steps to take.
    pub steps: u64,
}

/// What was simulated, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// The utility, as [`crate::utility::parse`] reads it.
    pub utility: String,
    /// What was simulated.
    pub settings: Settings,
    /// What the rewards were compared with.
    pub optimum: Option<Vec<f64>>,
    /// How far the optimum itself is from the limit law: what [`Row::w1_limit`] comes to when every prompt is there.
    pub optimum_w1: Option<f64>,
    /// The start, the recorded steps and the last one.
    pub rows: Vec<Row>,
    /// The rewards at the end: those of each prompt in turn, worst response first.
    pub rewards: Vec<f64>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Trains every prompt's logits, and compares them with `theory` at the start, at the recorded steps and at the end. `observer` is
/// told of the progress a few times a second, and may stop it.
///
/// Costs one slope of `U` for each prompt, step and pair; smoothing takes two.
///
/// # Errors
/// [`SimulateError`]: a setting outside its domain, a utility that cannot be trained, an optimum of another length, too little
/// memory, a logit that became infinite, or an observer that broke off.
///
/// ```
/// use std::ops::ControlFlow;
/// use reward_collapse::{simulate::{Settings, Theory, simulate}, solution::solve, utility::parse};
/// let utility = parse("log(x+0.1)")?;
/// let optimum = solve(&utility, 4)?.rewards;
/// let theory = Theory { optimum: Some(&optimum), ..Theory::default() };
/// let settings = Settings { learning_rate: Some(0.1), ..Settings::new(4, 10, 1000) };
/// let simulation = simulate(&utility, &settings, &theory, &mut |_| ControlFlow::Continue(()))?;
/// assert!(simulation.rows.last().unwrap().distance.unwrap() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn simulate<U: Utility + ?Sized>(
    utility: &U,
    settings: &Settings,
    theory: &Theory<'_>,
    observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Simulation, SimulateError> {
    let start = Instant::now();
    settings.check()?;
    // A reference is a utility of known size, whatever it points to.
    let utility: &dyn Utility = &utility;
    let loss = PairLoss::new(utility, settings)?;
    let n = settings.n;
    if let Some(found) = theory.optimum.map(<[f64]>::len).filter(|&found| found != n) {
        return Err(SimulateError::Length { what: "the optimum", expected: n, found });
    }
    check_memory(settings)?;
    let pairs = all_pairs(settings);
    let clean: Vec<Pair> = pairs.iter().map(Pair::from).collect();
    let common = Common { loss, settings, pairs: &pairs, clean: &clean };
    let mut prompts: Vec<Prompt> =
        (0..settings.prompts).into_par_iter().map(|index| Prompt::new(&common, index)).collect();

    let chunk = steps_between_calls(settings);
    let (mut step, mut rows) = (0, vec![row(0, &prompts, settings, theory)?]);
    while step < settings.steps {
        let recorded = settings.record.after(step, settings.steps);
        while step < recorded {
            let steps = chunk.min(recorded - step);
            let train = |workspace: &mut Workspace, prompt: &mut Prompt| prompt.train(&common, steps, workspace);
            prompts.par_iter_mut().for_each_init(Workspace::default, train);
            step += steps;
            if observer(Progress { step, steps: settings.steps }).is_break() {
                return Err(SimulateError::Cancelled);
            }
            if prompts.par_iter().any(|prompt| prompt.logits.iter().any(|logit| !logit.is_finite())) {
                return Err(diverged(step, settings));
            }
        }
        rows.push(row(step, &prompts, settings, theory)?);
    }
    Ok(Simulation {
        utility: utility.to_string(),
        settings: settings.clone(),
        optimum: theory.optimum.map(<[f64]>::to_vec),
        optimum_w1: theory.optimum.zip(theory.limit).map(|(optimum, limit)| limit(optimum)),
        rows,
        rewards: rewards(&prompts, settings),
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The rewards of every prompt in turn.
fn rewards(prompts: &[Prompt], settings: &Settings) -> Vec<f64> {
    prompts.iter().flat_map(|prompt| measure::rewards(&prompt.logits, settings)).collect()
}

/// # Errors
/// [`SimulateError::Diverged`] where a measure is no number: logits may be finite, and their sums not.
fn row(step: u64, prompts: &[Prompt], settings: &Settings, theory: &Theory<'_>) -> Result<Row, SimulateError> {
    let row = Row::of(step, rewards(prompts, settings), settings, theory);
    if row.is_finite() { Ok(row) } else { Err(diverged(step, settings)) }
}

fn diverged(step: u64, settings: &Settings) -> SimulateError {
    SimulateError::Diverged { step, learning_rate: settings.learning_rate() }
}

/// Steps of all prompts between two calls of the observer.
fn steps_between_calls(settings: &Settings) -> u64 {
    let all = settings.compared.map_or(settings.pairs(), |compared| compared as u64);
    let pairs = match settings.batch {
        Batch::Full => all,
        Batch::Pairs(pairs) => pairs as u64,
    };
    let step = pairs.saturating_add(settings.n as u64).saturating_mul(settings.prompts as u64);
    (PAIRS_BETWEEN_CALLS / step.max(1)).max(1)
}

/// Refuses what the free memory would not hold.
fn check_memory(settings: &Settings) -> Result<(), SimulateError> {
    const GIB: f64 = (1u64 << 30) as f64;
    let Settings { n, prompts, .. } = *settings;
    let pairs = settings.pairs() as f64;
    let own = match (&settings.labels, settings.noise, settings.compared) {
        (Labels::True, ..) | (_, Noise::Fresh, _) => settings.compared.unwrap_or(0) as f64,
        (_, Noise::Fixed, compared) => compared.map_or(pairs, |compared| compared as f64),
    };
    let pair = size_of::<Compared>() as f64;
    // Logits, the running means of Adam, and the rewards of a row with their sorted copy.
    let prompt = size_of::<Prompt>() as f64 + 40.0 * n as f64 + pair * own;
    let needed = 3.0 * pair * pairs + prompt * prompts as f64;
    // So little fits anywhere, and asking the system takes time.
    if needed < 0.05 * GIB {
        return Ok(());
    }
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let available = system.available_memory() as f64;
    // Where the system does not say, no machine has an exbibyte.
    if needed > if available > 0.0 { available } else { GIB * GIB } {
        return Err(SimulateError::TooLarge { prompts, n, needed_gib: needed / GIB, available_gib: available / GIB });
    }
    Ok(())
}
