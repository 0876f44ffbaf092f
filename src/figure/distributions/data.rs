//! The numbers of the figure of distributions.

use std::f64::consts::PI;

use crate::figure::FigureError;
use crate::limit::LimitLaw;
use crate::solution::solve;
use crate::utility::parse;

/// The utilities drawn.
pub(super) const UTILITIES: [&str; 6] = ["x^0.8", "x^0.2", "log(x)", "-1/x", "logsigmoid(x)", "logsigmoid(4x)"];

/// Few enough that a bin between two heavy atoms still holds a dozen rewards.
const BINS: usize = 20;
/// Points of a density curve.
const CURVE: usize = 400;

/// A bin of a histogram, as densities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// The share of rewards strictly between 0 and 1 in it, over its width.
    pub empirical: f64,
    /// What the limit law puts there besides its atoms, over its width.
    pub limit: f64,
}

/// The mass at one end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EndMass {
    /// The share of rewards there.
    pub empirical: f64,
    /// The limit law's atom; 0 without one.
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
    /// At 0 and at 1.
    pub atoms: [EndMass; 2],
    /// The histogram of the rewards strictly between 0 and 1.
    pub bins: Vec<Bin>,
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
        let atoms = [0.0, 1.0].map(|end| EndMass {
            empirical: rewards.iter().filter(|&&reward| reward == end).count() as f64 / n as f64,
            limit: law.atoms().iter().filter(|atom| atom.at == end).map(|atom| atom.mass).sum(),
        });
        let edge = |k: usize| k as f64 / BINS as f64;
        // The distribution function counts the atom at 1, and the bins do not.
        let cumulated = |x: f64| law.cdf(x) - if x == 1.0 { atoms[1].limit } else { 0.0 };
        let bins = (0..BINS).map(|k| {
            let (from, to) = (edge(k), edge(k + 1));
            let inside = |reward: &&f64| from.max(f64::MIN_POSITIVE) <= **reward && **reward < to;
            Bin {
                from,
                to,
                empirical: rewards.iter().filter(inside).count() as f64 / (n as f64 * (to - from)),
                limit: (cumulated(to) - cumulated(from)) / (to - from),
            }
        });
        let density = (0..CURVE).map(|k| {
            let x = 0.5 - 0.5 * (PI * (k as f64 + 0.5) / CURVE as f64).cos();
            (x, law.density(x))
        });
        Ok(Self {
            utility: utility.to_string(),
            n,
            closed_form: utility.closed_form().map(|form| form.to_string()),
            atoms,
            bins: bins.collect(),
            density: density.collect(),
        })
    }
}
