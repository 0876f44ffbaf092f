//! The numbers of the figure of distributions.

use std::f64::consts::PI;

use crate::compare::Histogram;
use crate::figure::FigureError;
use crate::limit::LimitLaw;
use crate::solution::solve;
use crate::utility::parse;

/// Few enough that a bin between two heavy atoms still holds a dozen rewards.
const BINS: usize = 20;
/// Points of a density curve.
const CURVE: usize = 400;

/// A bin of the histogram, as densities: of the rewards in it, and what the limit law puts there, besides atoms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DensityBin {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// The share of rewards over the bin's width.
    pub empirical: f64,
    /// The limit law's probability over the bin's width.
    pub limit: f64,
}

/// An atom of the limit law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EndMass {
    /// 0 or 1.
    pub at: f64,
    /// The share of rewards at exactly this value.
    pub empirical: f64,
    /// The limit law's mass.
    pub limit: f64,
}

/// One utility's optimal rewards and limit law.
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionData {
    /// The expression.
    pub utility: String,
    /// The number of responses.
    pub n: usize,
    /// The name of the limit law, where it has a closed form.
    pub closed_form: Option<String>,
    /// Empty, or at 0 and at 1.
    pub atoms: Vec<EndMass>,
    /// The histogram of all rewards that are not counted as atoms.
    pub bins: Vec<DensityBin>,
    /// The limit density at points that crowd towards the ends.
    pub density: Vec<(f64, f64)>,
}

impl DistributionData {
    /// Solves the finite and the limit problem.
    ///
    /// # Errors
    /// [`FigureError`] if either fails.
    pub fn compute(expression: &str, n: usize) -> Result<Self, FigureError> {
        let utility = parse(expression)?;
        let rewards = solve(&utility, n)?.rewards;
        let law = LimitLaw::of(utility.as_ref())?;
        let histogram = Histogram::new(&rewards, &law, BINS)?;
        let shares = histogram.atoms().iter().zip(law.atoms());
        let atoms = shares.map(|(share, atom)| EndMass { at: atom.at, empirical: share.mass, limit: atom.mass });
        // The distribution function counts the atom at 1, and the bins do not.
        let at_one: f64 = law.atoms().iter().filter(|atom| atom.at == 1.0).map(|atom| atom.mass).sum();
        let cumulated = |x: f64| law.cdf(x) - if x >= 1.0 { at_one } else { 0.0 };
        let bins = histogram.bins().iter().map(|bin| DensityBin {
            from: bin.from,
            to: bin.to,
            empirical: bin.height,
            limit: (cumulated(bin.to) - cumulated(bin.from)) / (bin.to - bin.from),
        });
        let density = (0..CURVE).map(|k| {
            let x = 0.5 - 0.5 * (PI * (k as f64 + 0.5) / CURVE as f64).cos();
            (x, law.density(x))
        });
        Ok(Self {
            utility: utility.to_string(),
            n,
            closed_form: law.closed_form().map(|form| form.to_string()),
            atoms: atoms.collect(),
            bins: bins.collect(),
            density: density.collect(),
        })
    }
}
