//! The numbers of the figure.

use std::path::Path;

use crate::compare::{Learned, LearnedReward, centred};
use crate::experiment::{Head, LossTerms, PromptType, RESPONSES, RewardRow, Run, Split, find_runs};
use crate::figure::FigureError;
use crate::limit::FreeLaw;
use crate::problem::{Equilibrium, Support};
use crate::solution::{largest_gap, solve_equilibrium};
use crate::utility::{Concavity, parse};

/// The utility: the Bradley-Terry loss is `-log sigmoid` of the difference of two logits.
const UTILITY: &str = "logsigmoid(x)";

/// Responses of the histogram.
const MANY: usize = 1000;
/// Bins of the histogram.
const BINS: usize = 24;
/// Points of a density curve.
const CURVE: usize = 200;

/// One loss: its optimal rewards, its law, and what a model learned of it.
#[derive(Debug, Clone)]
pub struct BradleyTerryData {
    /// Smoothing or centring; raw logits.
    pub terms: LossTerms,
    /// The optimal rewards of 8 responses.
    pub optimal: Vec<f64>,
    /// The largest certificate of the finite problems, per pair.
    pub gap: f64,
    /// How it is known that the utility is concave.
    pub concavity: Concavity,
    /// The ends of the law.
    pub ends: [f64; 2],
    /// The variance of the law.
    pub variance: f64,
    /// The density of the law at points from one end to the other.
    pub density: Vec<(f64, f64)>,
    /// A histogram of 1000 optimal rewards: where a bin begins and ends, and the share of rewards over its width.
    pub bins: Vec<(f64, f64, f64)>,
    /// The mean rewards that a model learned, each prompt's less its mean; empty where there is none.
    pub learned: Vec<LearnedReward>,
}

impl BradleyTerryData {
    /// The losses drawn.
    pub const TERMS: [LossTerms; 5] = [
        LossTerms { head: Head::Raw, smoothing: 0.05, centering: 0.0, field: None },
        LossTerms { head: Head::Raw, smoothing: 0.1, centering: 0.0, field: None },
        LossTerms { head: Head::Raw, smoothing: 0.2, centering: 0.0, field: None },
        LossTerms { head: Head::Raw, smoothing: 0.0, centering: 0.01, field: None },
        LossTerms { head: Head::Raw, smoothing: 0.0, centering: 0.1, field: None },
    ];

    /// All of them.
    ///
    /// # Errors
    /// [`FigureError`]: malformed runs, or a failed computation.
    pub fn all(runs: Option<&Path>, progress: &dyn Fn(&str)) -> Result<Vec<Self>, FigureError> {
        let mut trained = Vec::new();
        for group in runs.map(find_runs).transpose()?.unwrap_or_default() {
            for folder in &group.folders {
                trained.push(Run::read(folder)?);
            }
        }
        let one = |terms: LossTerms| {
            let mut data = Self::compute(terms.clone())?;
            progress(&data.name());
            let of_these = |run: &&Run| run.description.loss.terms == terms;
            if let Some(run) = trained.iter().find(of_these) {
                data.learned = learned(&run.rewards);
            }
            Ok(data)
        };
        Self::TERMS.into_iter().map(one).collect()
    }

    /// Solves the finite and the limit problem.
    ///
    /// # Errors
    /// [`FigureError`] if either fails.
    pub fn compute(terms: LossTerms) -> Result<Self, FigureError> {
        let utility = parse(UTILITY)?;
        let problem = Equilibrium::new(utility, terms.smoothing, Support::LINE)?.with_centering(terms.centering)?;
        let (few, many) = (solve_equilibrium(&problem, RESPONSES, None)?, solve_equilibrium(&problem, MANY, None)?);
        let law = FreeLaw::of_problem(&problem)?;
        let ends = law.ends();
        let at = |k: usize, of: usize| ends[0] + (ends[1] - ends[0]) * k as f64 / of as f64;
        let width = (ends[1] - ends[0]) / BINS as f64;
        let mut counts = [0usize; BINS];
        for reward in &many.rewards {
            // Finite rewards lie inside the law's ends, but for rounding.
            let bin = ((reward - ends[0]) / width).max(0.0) as usize;
            counts[bin.min(BINS - 1)] += 1;
        }
        let height = |count: usize| count as f64 / (many.rewards.len() as f64 * width);
        let bins = counts.iter().enumerate().map(|(k, &count)| (at(k, BINS), at(k + 1, BINS), height(count)));
        Ok(Self {
            terms,
            gap: largest_gap([few.gap, many.gap]),
            concavity: few.concavity,
            optimal: few.rewards,
            ends,
            variance: law.variance(),
            density: (0..=CURVE).map(|k| at(k, CURVE)).map(|x| (x, law.density(x))).collect(),
            bins: bins.collect(),
            learned: Vec::new(),
        })
    }

    /// `smoothing 0.1`, or `centring 0.1`.
    pub fn name(&self) -> String {
        let LossTerms { smoothing, centering, .. } = self.terms;
        if centering == 0.0 { format!("smoothing {smoothing}") } else { format!("centring {centering}") }
    }

    /// The mean over responses of the distance of the learned mean from the optimum, and the largest.
    pub fn distance(&self) -> Option<(f64, f64)> {
        let differences: Vec<f64> =
            self.learned.iter().filter_map(|at| Some((at.mean - self.optimal.get(at.index - 1)?).abs())).collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        (!differences.is_empty()).then(|| (mean, differences.iter().copied().fold(0.0, f64::max)))
    }
}

/// The rewards of training prompts of 8 responses at the last evaluation. Raw logits may be shifted for each prompt: each is taken
/// less its prompt's mean.
fn learned(rows: &[RewardRow]) -> Vec<LearnedReward> {
    let last = rows.iter().map(|row| row.step).max();
    let rows: Vec<RewardRow> =
        rows.iter().filter(|row| Some(row.step) == last && row.split == Split::Train).cloned().collect();
    let mut rows = centred(&rows);
    // All types of prompts have the same loss, and the same optimum.
    rows.iter_mut().for_each(|row| row.prompt_type = PromptType::open_ended());
    Learned::all(&rows).into_iter().find(|at| at.n == RESPONSES).map(|at| at.responses).unwrap_or_default()
}
