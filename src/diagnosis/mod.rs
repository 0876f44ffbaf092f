//! Whether a reward model has collapsed: what the rewards of many prompts say, wherever the model was trained.
//!
//! [`diagnose`] asks of a [`RewardTable`]
//!
//! - whether types of prompts, and the prompts of a type, have the same rewards beyond chance ([`Test`]);
//! - which loss has optimal rewards like these ([`Fit`]), and how far they are on the way to that optimum ([`PathPlace`]);
//! - how rewards are spread, saturated and tied ([`TypeSummary`]), and how pairs agree with given ranks ([`Pairs`]);
//!
//! and comes to a [`Verdict`]. The chapter `diagnose.md` of the book has the null hypotheses, and how often the tests err.
//!
//! Every random number depends on the seed and on its place alone: the result does not depend on the number of threads.

mod error;
mod fit;
mod grid;
mod pairs;
mod path;
mod sample;
mod scaled;
mod spread;
mod tests;
mod theory;
mod types;
mod verdict;
mod within;

use serde::Serialize;

pub use error::DiagnosisError;
pub use fit::Fit;
pub use pairs::{Agreement, Contradiction, Pairs, Reliability};
pub use path::PathPlace;
pub use scaled::Scale;
pub use spread::{Position, TypeSummary};
pub use tests::{Subject, Test};
pub use theory::FitScale;
pub use verdict::Verdict;
pub use within::Likeness;

use crate::experiment::{Head, RewardTable};
use fit::Target;
use grid::Grid;
use sample::Sample;
use scaled::Scaled;
use theory::{Loss, Predictions};

/// The level of the tests, after correction for their number.
pub const LEVEL: f64 = 0.05;

/// Types whose path to collapse is simulated.
const MOST_PATHS: usize = 8;

/// Whether a prompt's rewards are shifted to mean 0 before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shift {
    /// For raw logits, of which losses on pairs see the differences alone.
    #[default]
    Auto,
    /// No.
    Keep,
    /// Yes.
    Remove,
}

/// How to diagnose.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The file has logits, and rewards are their sigmoids.
    pub sigmoid: bool,
    /// Rewards are raw logits, even if all lie in [0, 1].
    pub raw: bool,
    /// Whether shifts are removed.
    pub shift: Shift,
    /// The loss that the model was trained with, as [`crate::utility::parse`] reads it, where it is known.
    pub utility: Option<String>,
    /// The largest difference that does not count, as a share of the width of the scale.
    pub tolerance: f64,
    /// How near to 0 or 1 a reward is saturated.
    pub near_end: f64,
    /// Permutations of each test.
    pub permutations: usize,
    /// Resamples of each bootstrap.
    pub resamples: usize,
    /// Bins of the grid on which types are compared.
    pub bins: usize,
    /// Whether rewards are laid over theory and the path to collapse: what takes longest on small files.
    pub theory: bool,
    /// The seed of all random numbers.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sigmoid: false,
            raw: false,
            shift: Shift::Auto,
            utility: None,
            tolerance: 0.02,
            near_end: 0.01,
            permutations: 999,
            resamples: 999,
            bins: 256,
            theory: true,
            seed: 0,
        }
    }
}

impl Options {
    /// The reward of a number of the file.
    pub(crate) fn reward(&self, number: f64) -> f64 {
        if self.sigmoid { Head::Sigmoid.reward(number) } else { number }
    }

    /// Whether every option is in its domain.
    ///
    /// # Errors
    /// [`DiagnosisError::Option`], or [`DiagnosisError::Utility`].
    pub fn check(&self) -> Result<(), DiagnosisError> {
        let option = |what, allowed, found: f64, holds: bool| {
            if holds { Ok(()) } else { Err(DiagnosisError::Option { what, allowed, found }) }
        };
        let Self { tolerance, near_end, .. } = *self;
        option("the tolerance", "above 0 and below 1", tolerance, tolerance > 0.0 && tolerance < 1.0)?;
        option("the distance of saturation", "from 0 to below 0.5", near_end, (0.0..0.5).contains(&near_end))?;
        // Fewer could never show a difference at the level, with the correction for a few tests.
        option("the number of permutations", "at least 99", self.permutations as f64, self.permutations >= 99)?;
        option("the number of resamples", "at least 99", self.resamples as f64, self.resamples >= 99)?;
        option("the number of bins", "from 2 to 10000", self.bins as f64, (2..=10_000).contains(&self.bins))?;
        self.utility.as_deref().map_or(Ok(()), |text| Ok(crate::utility::parse(text).map(drop)?))
    }
}

/// What the rewards say.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// Whether the model has collapsed.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub why: String,
    /// Prompts with at least two responses.
    pub prompts: usize,
    /// Their responses, all together.
    pub responses: usize,
    /// Prompts with fewer, which are left out.
    pub left_out: usize,
    /// The scale of the comparison.
    pub scale: Scale,
    /// What effects, distances and the tolerance are shares of.
    pub width: f64,
    /// Whether each prompt's rewards were shifted to mean 0 for the comparison.
    pub shift_removed: bool,
    /// The largest difference that does not count.
    pub tolerance: f64,
    /// What the grid may add to a distance between types, or take from it; a share of the width.
    pub resolution: f64,
    /// Each type of prompts.
    pub types: Vec<TypeSummary>,
    /// The tests.
    pub tests: Vec<Test>,
    /// Every family's best member for all prompts together: those that cannot be told from the nearest first, and of them one without a
    /// parameter; then by distance.
    pub fits: Vec<Fit>,
    /// Over the loss that was given.
    pub given: Option<Fit>,
    /// Pairs of responses.
    pub pairs: Pairs,
    /// The seed.
    pub seed: u64,
}

impl Diagnosis {
    /// The test between types with the largest effect.
    pub fn largest_between(&self) -> Option<&Test> {
        let between = self.tests.iter().filter(|test| test.subject != Subject::Prompts);
        between.max_by(|a, b| a.effect.total_cmp(&b.effect))
    }

    /// The least share of the way to collapse over types.
    pub fn least_share(&self) -> Option<f64> {
        let shares = self.types.iter().filter_map(|of| of.path.as_ref()).map(|path| path.share);
        shares.min_by(f64::total_cmp)
    }
}

/// Diagnoses the rewards of a model.
///
/// # Errors
/// [`DiagnosisError`]: fewer than two prompts with two responses, rewards that are all the same, an option outside its domain, or a given utility that
/// cannot be read or solved.
///
/// ```
/// use reward_collapse::diagnosis::{Options, Verdict, diagnose};
/// use reward_collapse::experiment::{TableBuilder, TableRow};
/// let mut builder = TableBuilder::default();
/// for prompt in 0..100 {
///     // Every prompt has the rewards of log(x+0.1), whatever its type.
///     let noise = 0.002 * f64::from(prompt % 7);
///     let (name, prompt_type) = (prompt.to_string(), if prompt % 2 == 0 { "open" } else { "closed" });
///     for reward in [0.0, 0.01, 0.15 - noise, 0.37 + noise, 0.63, 0.85 + noise, 0.99, 1.0] {
///         builder.push(TableRow { prompt: &name, prompt_type, reward, ..TableRow::default() })?;
///     }
/// }
/// let table = builder.finish().map_err(|(_, reason)| reason)?.ok_or("no rows")?;
/// let diagnosis = diagnose(&table, &Options::default())?;
/// assert_eq!(diagnosis.verdict, Verdict::Collapsed);
/// assert_eq!(diagnosis.fits[0].family, "log(x+eps)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diagnose(table: &RewardTable, options: &Options) -> Result<Diagnosis, DiagnosisError> {
    options.check()?;
    let sample = &Sample::of(table)?;
    let scaled = Scaled::of(sample, options)?;
    let mut members = vec![Vec::new(); sample.types().len()];
    (0..sample.len()).for_each(|prompt| members[sample.kind(prompt)].push(prompt));
    let grid = Grid::of(&scaled, options.bins);
    let tests = tests::all(&scaled, &grid, &members, sample.types(), options);
    let predictions = Predictions::default();
    let mut types = Vec::new();
    for (kind, prompts) in members.iter().enumerate() {
        let task = kind as u64 + 1;
        let mut summary = TypeSummary::of(sample, &scaled, prompts, options);
        summary.likeness = within::likeness(&scaled, prompts, options.resamples, options.seed, task + (2 << 32));
        if options.theory {
            summary.fits = fits(sample, prompts, &scaled, &predictions, options, task + (3 << 32));
            summary.best_utility = summary.fits.first().map(|fit| fit.utility.clone());
            summary.distance = summary.fits.first().map(|fit| fit.distance);
            lay_over(&mut summary, &predictions);
        }
        if kind < MOST_PATHS {
            summary.path = path_of(sample, prompts, &scaled, &summary.fits, &predictions, options)?;
        }
        types.push(summary);
    }
    let everyone: Vec<usize> = (0..sample.len()).collect();
    let fits = match (options.theory, types.as_slice()) {
        (false, _) => Vec::new(),
        (true, [only]) => only.fits.clone(),
        (true, _) => fits(sample, &everyone, &scaled, &predictions, options, 4 << 32),
    };
    let given = match &options.utility {
        Some(text) => over_given(sample, &everyone, &scaled, text, &predictions, options)?,
        None => None,
    };
    let (verdict, why) = verdict::decide(&scaled, &types, &tests, options);
    Ok(Diagnosis {
        verdict,
        why,
        prompts: sample.len(),
        responses: sample.responses(),
        left_out: sample.left_out,
        scale: scaled.scale,
        width: scaled.width,
        shift_removed: scaled.shift_removed,
        tolerance: options.tolerance,
        resolution: grid.resolution / scaled.width,
        types,
        tests,
        fits,
        given,
        pairs: Pairs::of(sample, options),
        seed: options.seed,
    })
}

/// What distances on a scale are measured in.
fn width_of(scale: FitScale, scaled: &Scaled) -> f64 {
    if scale == FitScale::Line { scaled.width } else { 1.0 }
}

/// The best loss at the positions of a type.
fn lay_over(summary: &mut TypeSummary, predictions: &Predictions) {
    let Some(best) = summary.fits.first().filter(|fit| fit.scale != FitScale::Sigmoid) else { return };
    let Some(prediction) = best.loss().and_then(|loss| predictions.of(&loss, summary.positions.len())) else { return };
    let pairs = summary.positions.iter_mut().zip(&prediction.rewards);
    pairs.for_each(|(position, &reward)| position.optimum = Some(reward));
}

fn fits(
    sample: &Sample<'_>,
    prompts: &[usize],
    scaled: &Scaled,
    predictions: &Predictions,
    options: &Options,
    task: u64,
) -> Vec<Fit> {
    let on_scale = |&scale: &FitScale| {
        let target = Target::new(sample, prompts, scale, width_of(scale, scaled), options)?;
        Some(target.profile(predictions, options, task + ((scale as u64) << 40)))
    };
    let mut fits: Vec<Fit> = fit::scales(scaled.scale).iter().filter_map(on_scale).flatten().collect();
    fits.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    // Resamples compare losses of one scale only.
    if let Some((scale, distance)) = fits.first().map(|best| (best.scale, best.distance)) {
        let others = fits.iter_mut().filter(|fit| fit.scale != scale);
        others.for_each(|fit| fit.as_good_as_best = fit.distance - distance < options.tolerance / 4.0);
        fits.sort_by_key(|fit| preference(fit, scale));
    }
    fits
}

/// Of losses that cannot be told apart, one without a parameter comes first: with a parameter that may be anything, many a family comes as
/// near. The order by distance stays otherwise; `scale` is that of the nearest.
fn preference(fit: &Fit, scale: FitScale) -> u8 {
    match (fit.as_good_as_best, fit.parameter) {
        (true, None) if fit.scale == scale => 0,
        (true, _) => 1,
        (false, _) => 2,
    }
}

/// The scale on which a utility that was given is compared.
fn scale_of_given(scaled: &Scaled) -> FitScale {
    if scaled.scale == Scale::Unit { FitScale::Unit } else { FitScale::Sigmoid }
}

/// Over the loss that was given.
fn over_given(
    sample: &Sample<'_>,
    prompts: &[usize],
    scaled: &Scaled,
    text: &str,
    predictions: &Predictions,
    options: &Options,
) -> Result<Option<Fit>, DiagnosisError> {
    let scale = scale_of_given(scaled);
    match Target::new(sample, prompts, scale, width_of(scale, scaled), options) {
        Some(target) => target.over(text, predictions),
        None => Ok(None),
    }
}

/// On the path of the loss that was given, or else of the best fit that can be trained.
fn path_of(
    sample: &Sample<'_>,
    prompts: &[usize],
    scaled: &Scaled,
    fits: &[Fit],
    predictions: &Predictions,
    options: &Options,
) -> Result<Option<PathPlace>, DiagnosisError> {
    let given = match &options.utility {
        Some(text) => Some((Loss::Utility(crate::utility::parse(text)?), scale_of_given(scaled))),
        None => None,
    };
    let candidates = match given {
        Some(given) => vec![given],
        None => fits.iter().filter_map(|fit| Some((fit.loss()?, fit.scale))).collect(),
    };
    for (loss, scale) in candidates {
        let width = width_of(scale, scaled);
        let Some(target) = Target::new(sample, prompts, scale, width, options) else { continue };
        let found = path::place(&target, &loss, scale, width, predictions, options)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
