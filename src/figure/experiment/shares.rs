//! How all rewards are shared out over [0, 1]: learned, optimal, and in the limit.

use std::f64::consts::PI;

use super::data::ExperimentRun;
use crate::compare::Prediction;
use crate::experiment::{Prompts, Split};
use crate::limit::LimitLaw;

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
    pub fn of(run: &ExperimentRun, prompts: Prompts) -> Self {
        let learned = run.learned(run.late, Split::Train, prompts);
        let theories = run.theories(prompts);
        let expected = |theory| {
            let optimum = theories.of(theory);
            let rewards = learned.map_or_else(|| optimum.rewards.clone(), |learned| learned.optimal(optimum));
            Expected::of(&rewards, optimum.limit.as_ref())
        };
        Self {
            learned: learned.map_or_else(Vec::new, |learned| learned.shares(BINS)),
            named: expected(Prediction::Named),
            trained: expected(Prediction::Trained),
        }
    }

    pub fn expected(&self, theory: Prediction) -> &Expected {
        match theory {
            Prediction::Named => &self.named,
            Prediction::Trained => &self.trained,
        }
    }

    /// The largest share of anything but a limit law, whose density may be infinite.
    pub fn highest(&self) -> f64 {
        let atoms = [&self.named, &self.trained]
            .into_iter()
            .flat_map(|expected| expected.atoms.iter().chain(&expected.limit_atoms).map(|&(_, mass)| mass));
        atoms.chain(self.learned.iter().copied()).fold(0.0, f64::max)
    }
}

impl Expected {
    fn of(rewards: &[f64], law: Option<&LimitLaw>) -> Self {
        let one = 1.0 / rewards.len() as f64;
        let mut atoms: Vec<(f64, f64)> = Vec::new();
        let mut finite = vec![0.0; BINS];
        for &reward in rewards {
            match atoms.last_mut() {
                Some((at, mass)) if reward - *at < TIE => *mass += one,
                _ => atoms.push((reward, one)),
            }
            finite[((reward * BINS as f64) as usize).min(BINS - 1)] += one;
        }
        Self {
            atoms,
            finite,
            limit: law.map_or_else(Vec::new, in_bins),
            curve: law.map_or_else(Vec::new, curve),
            limit_atoms: law.map_or_else(Vec::new, |law| law.atoms().iter().map(|atom| (atom.at, atom.mass)).collect()),
        }
    }
}

/// Atoms belong to the bins at the ends.
fn in_bins(law: &LimitLaw) -> Vec<f64> {
    let edge = |k: usize| if k == 0 { 0.0 } else { law.cdf(k as f64 / BINS as f64) };
    (0..BINS).map(|k| edge(k + 1) - edge(k)).collect()
}

/// Nothing for a law of atoms alone.
fn curve(law: &LimitLaw) -> Vec<(f64, f64)> {
    let point = |k: usize| {
        let x = 0.5 - 0.5 * (PI * (k as f64 + 0.5) / CURVE as f64).cos();
        (x, law.density(x) / BINS as f64)
    };
    let points: Vec<(f64, f64)> = (0..CURVE).map(point).collect();
    if points.iter().any(|&(_, share)| share > 0.0) { points } else { Vec::new() }
}
