//! How all rewards are shared out over their range: learned, optimal, and in the limit.

use std::f64::consts::PI;

use super::data::ExperimentRun;
use super::scale::RewardScale;
use crate::compare::{Comparison, Prediction, TheoryPair};
use crate::experiment::{PromptType, Split};
use crate::limit::Law;

/// Bins of the histograms.
pub(super) const BINS: usize = 20;
/// Points of a limit law's curve.
const CURVE: usize = 200;
/// Optimal rewards closer than this are one atom.
const TIE: f64 = 1e-6;

/// The shares of one theory.
pub(super) struct Expected {
    /// The distinct optimal rewards with the share of responses at each.
    pub atoms: Vec<(f64, f64)>,
    /// By bin, the share of optimal rewards.
    pub finite: Vec<f64>,
    /// By bin, the limit law's probability; empty without a law.
    pub limit: Vec<f64>,
    /// The limit law's density times the width of a bin.
    pub curve: Vec<(f64, f64)>,
    /// The limit law's atoms.
    pub limit_atoms: Vec<(f64, f64)>,
}

/// The histogram of a run's last training rewards, with both theories.
pub(super) struct Shares {
    /// By bin; empty without rewards.
    pub learned: Vec<f64>,
    pub named: Expected,
    pub trained: Expected,
}

impl Shares {
    pub fn of(run: &ExperimentRun, prompt_type: &PromptType) -> Self {
        let learned: Vec<&Comparison> = run.learned(run.late, Split::Train, prompt_type).collect();
        let total: usize = learned.iter().map(|at| at.learned.rewards.len()).sum();
        let weight = |at: &Comparison| at.learned.rewards.len() as f64 / total as f64;
        let mut shares = vec![0.0; if learned.is_empty() { 0 } else { BINS }];
        for at in &learned {
            add(&mut shares, &at.learned.shares(BINS, run.scale.ends()), weight(at));
        }
        let expected = |theory: Prediction| {
            let parts = learned.iter().map(|at| (at.optimal(theory), weight(at), &at.theories));
            let alone =
                || run.theories(prompt_type).take(1).map(|(_, pair)| (pair.of(theory).rewards.clone(), 1.0, pair));
            if learned.is_empty() {
                Expected::of(alone(), theory, run.scale)
            } else {
                Expected::of(parts, theory, run.scale)
            }
        };
        Self { learned: shares, named: expected(Prediction::Named), trained: expected(Prediction::Trained) }
    }

    pub fn expected(&self, theory: Prediction) -> &Expected {
        match theory {
            Prediction::Named => &self.named,
            Prediction::Trained => &self.trained,
        }
    }

    /// The largest share of anything but a limit law, whose density may be infinite; `with_law` counts its shares of bins, too.
    pub fn highest(&self, with_law: bool) -> f64 {
        let laws = [&self.named, &self.trained].into_iter().flat_map(|expected| &expected.limit).copied();
        let laws = laws.filter(|_| with_law).fold(0.0, f64::max);
        let atoms = [&self.named, &self.trained]
            .into_iter()
            .flat_map(|expected| expected.atoms.iter().chain(&expected.limit_atoms).map(|&(_, mass)| mass));
        atoms.chain(self.learned.iter().copied()).fold(laws, f64::max)
    }
}

impl Expected {
    /// The shares of optimal rewards, each with its weight. The law does not depend on the number of responses.
    fn of<'a>(
        parts: impl Iterator<Item = (Vec<f64>, f64, &'a TheoryPair)>,
        theory: Prediction,
        scale: RewardScale,
    ) -> Self {
        let mut rewards: Vec<(f64, f64)> = Vec::new();
        let mut law: Option<&dyn Law> = None;
        for (optimal, weight, theories) in parts {
            let one = weight / optimal.len() as f64;
            rewards.extend(optimal.into_iter().map(|reward| (reward, one)));
            law = law.or(theories.of(theory).limit.as_deref().map(|law| law as &dyn Law));
        }
        rewards.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut atoms: Vec<(f64, f64)> = Vec::new();
        let mut finite = vec![0.0; BINS];
        for (reward, one) in rewards {
            match atoms.last_mut() {
                Some((at, mass)) if reward - *at < TIE => *mass += one,
                _ => atoms.push((reward, one)),
            }
            finite[scale.bin(reward, BINS)] += one;
        }
        Self {
            atoms,
            finite,
            limit: law.map_or_else(Vec::new, |law| in_bins(law, scale)),
            curve: law.map_or_else(Vec::new, |law| curve(law, scale)),
            limit_atoms: law.map_or_else(Vec::new, |law| law.atoms().iter().map(|atom| (atom.at, atom.mass)).collect()),
        }
    }
}

/// Adds shares with a weight, bin by bin.
fn add(shares: &mut [f64], further: &[f64], weight: f64) {
    shares.iter_mut().zip(further).for_each(|(share, further)| *share += weight * further);
}

/// Atoms belong to the bins at the ends.
fn in_bins(law: &dyn Law, scale: RewardScale) -> Vec<f64> {
    let edge = |k: usize| match k {
        0 => 0.0,
        BINS => 1.0,
        _ => law.cdf(scale.edge(k, BINS)),
    };
    (0..BINS).map(|k| edge(k + 1) - edge(k)).collect()
}

/// Nothing for a law of atoms alone.
fn curve(law: &dyn Law, scale: RewardScale) -> Vec<(f64, f64)> {
    let [lower, upper] = law.ends();
    let width = scale.edge(1, BINS) - scale.from;
    let point = |k: usize| {
        let x = lower + (upper - lower) * (0.5 - 0.5 * (PI * (k as f64 + 0.5) / CURVE as f64).cos());
        (x, law.density(x) * width)
    };
    let points: Vec<(f64, f64)> = (0..CURVE).map(point).collect();
    if points.iter().any(|&(_, share)| share > 0.0) { points } else { Vec::new() }
}
