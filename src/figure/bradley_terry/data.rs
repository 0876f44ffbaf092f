//! The numbers of the figure.

use std::path::Path;

use crate::compare::{Learned, LearnedReward, centred};
use crate::experiment::{Head, LossTerms, PromptType, RESPONSES, RewardRow, Run, Split, find_runs};
use crate::figure::FigureError;
use crate::limit::FreeLaw;
use crate::problem::{Equilibrium, Support};
use crate::solution::{largest_gap, solve_equilibrium};
use crate::utility::{Concavity, SharedUtility, parse};

/// Responses of the histogram.
const MANY: usize = 1000;
/// Bins of the histogram.
const BINS: usize = 24;
/// Points of a density curve.
const CURVE: usize = 200;

/// The losses of the figure: each utility with each smoothing, and with each centring.
#[derive(Debug, Clone, PartialEq)]
pub struct BradleyTerryCases {
    /// Utilities that are defined for negative arguments.
    pub utilities: Vec<String>,
    /// Values of label smoothing, below 0.5.
    pub smoothing: Vec<f64>,
    /// Values of the centring term.
    pub centering: Vec<f64>,
    /// The number of responses whose rewards are drawn one by one.
    pub n: usize,
}

impl Default for BradleyTerryCases {
    fn default() -> Self {
        Self {
            // The Bradley-Terry loss is `-log sigmoid` of the difference of two logits.
            utilities: vec!["logsigmoid(x)".to_owned()],
            smoothing: vec![0.05, 0.1, 0.2],
            centering: vec![0.01, 0.1],
            n: RESPONSES,
        }
    }
}

impl BradleyTerryCases {
    fn losses(&self) -> Vec<(&str, LossTerms)> {
        let raw = LossTerms { head: Head::Raw, smoothing: 0.0, centering: 0.0, field: None };
        let smoothed = self.smoothing.iter().map(|&smoothing| LossTerms { smoothing, ..raw.clone() });
        let terms: Vec<LossTerms> =
            smoothed.chain(self.centering.iter().map(|&centering| LossTerms { centering, ..raw.clone() })).collect();
        let mut losses = Vec::new();
        for utility in &self.utilities {
            losses.extend(terms.iter().map(|terms| (utility.as_str(), terms.clone())));
        }
        losses
    }
}

/// One loss: its optimal rewards, its law, and what a model learned of it.
#[derive(Debug, Clone)]
pub struct BradleyTerryData {
    /// The utility.
    pub utility: SharedUtility,
    /// Smoothing or centring; raw logits.
    pub terms: LossTerms,
    /// The optimal rewards of a few responses.
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
    /// All of them.
    ///
    /// # Errors
    /// [`FigureError`]: malformed runs, or a failed computation.
    pub fn all(
        cases: &BradleyTerryCases,
        runs: Option<&Path>,
        progress: &dyn Fn(&str),
    ) -> Result<Vec<Self>, FigureError> {
        let mut trained = Vec::new();
        for group in runs.map(find_runs).transpose()?.unwrap_or_default() {
            for folder in &group.folders {
                trained.push(Run::read(folder)?);
            }
        }
        let mut all = Vec::new();
        for (utility, terms) in cases.losses() {
            let mut data = Self::compute(utility, terms, cases.n)?;
            progress(&data.name());
            for run in &trained {
                let loss = run.description.loss()?;
                let same = |prompt_type| {
                    loss.of(prompt_type).is_ok_and(|of| of.trained.to_string() == data.utility.to_string())
                };
                if *loss.terms() == data.terms && PromptType::RELEASED.iter().all(same) {
                    data.learned = learned(&run.rewards, cases.n);
                    break;
                }
            }
            all.push(data);
        }
        Ok(all)
    }

    /// Solves the finite and the limit problem.
    ///
    /// # Errors
    /// [`FigureError`] if either fails.
    pub fn compute(utility: &str, terms: LossTerms, n: usize) -> Result<Self, FigureError> {
        let utility = parse(utility)?;
        let problem =
            Equilibrium::new(utility.clone(), terms.smoothing, Support::LINE)?.with_centering(terms.centering)?;
        let (few, many) = (solve_equilibrium(&problem, n, None)?, solve_equilibrium(&problem, MANY, None)?);
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
            utility,
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

    /// `smoothing 0.1`, or `centring 0.1`; after the utility, where that is not the usual one.
    pub fn name(&self) -> String {
        let LossTerms { smoothing, centering, .. } = self.terms;
        let utility = match self.utility.to_string() {
            usual if usual == "logsigmoid(x)" => String::new(),
            other => format!("{other}, "),
        };
        if centering == 0.0 {
            format!("{utility}smoothing {smoothing}")
        } else {
            format!("{utility}centring {centering}")
        }
    }

    /// The mean over responses of the distance of the learned mean from the optimum, and the largest.
    pub fn distance(&self) -> Option<(f64, f64)> {
        let differences: Vec<f64> =
            self.learned.iter().filter_map(|at| Some((at.mean - self.optimal.get(at.index - 1)?).abs())).collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        (!differences.is_empty()).then(|| (mean, differences.iter().copied().fold(0.0, f64::max)))
    }
}

/// The rewards of training prompts of `n` responses at the last evaluation. Raw logits may be shifted for each prompt: each is taken
/// less its prompt's mean.
fn learned(rows: &[RewardRow], n: usize) -> Vec<LearnedReward> {
    let last = rows.iter().map(|row| row.step).max();
    let rows: Vec<RewardRow> =
        rows.iter().filter(|row| Some(row.step) == last && row.split == Split::Train).cloned().collect();
    let mut rows = centred(&rows);
    // All types of prompts have the same loss, and the same optimum.
    rows.iter_mut().for_each(|row| row.prompt_type = PromptType::open_ended());
    Learned::all(&rows).into_iter().find(|at| at.n == n).map(|at| at.responses).unwrap_or_default()
}
