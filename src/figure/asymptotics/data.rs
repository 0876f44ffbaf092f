//! The numbers of the figure of asymptotics.

use crate::compare::{PredictedRate, Rate, fit_rate, predicted_rate, wasserstein1};
use crate::figure::FigureError;
use crate::limit::LimitLaw;
use crate::solution::solve;
use crate::utility::{SharedUtility, parse};

/// A utility and the numbers of responses for which to solve.
#[derive(Debug, Clone)]
pub struct Study {
    /// The utility.
    pub utility: SharedUtility,
    /// The numbers of responses, in any order.
    pub sizes: Vec<usize>,
}

/// One utility of each kind of rate, from 16 to 1024 responses by doubling.
///
/// # Errors
/// [`FigureError::Utility`], never in practice.
pub fn default_study() -> Result<Vec<Study>, FigureError> {
    ["x^0.5", "log(x)", "-x^-0.5", "-1/x", "-x^-2", "logsigmoid(4x)"]
        .into_iter()
        .map(|expression| Ok(Study { utility: parse(expression)?, sizes: (4..=10).map(|k| 1 << k).collect() }))
        .collect()
}

/// One utility's distances.
#[derive(Debug, Clone)]
pub struct AsymptoticSeries {
    /// The expression.
    pub utility: String,
    /// The number of responses, and the distance of their rewards from the limit law.
    pub points: Vec<(usize, f64)>,
    /// The fitted power of `n`, where there are enough points.
    pub fit: Option<Rate>,
    /// The rate that theory predicts.
    pub predicted: PredictedRate,
}

impl AsymptoticSeries {
    /// Solves for every size and compares with the limit.
    ///
    /// # Errors
    /// [`FigureError`] if a computation fails.
    pub fn compute(study: &Study, progress: &dyn Fn(&str)) -> Result<Self, FigureError> {
        let utility = &study.utility;
        let law = LimitLaw::of(utility.as_ref())?;
        let mut order = study.sizes.clone();
        order.sort_unstable();
        order.dedup();
        let mut points = Vec::new();
        for n in order {
            progress(&format!("{utility}: {n} rewards"));
            points.push((n, wasserstein1(&solve(utility, n)?.rewards, &law)?));
        }
        let (sizes, distances): (Vec<usize>, Vec<f64>) = points.iter().copied().unzip();
        Ok(Self {
            utility: utility.to_string(),
            fit: fit_rate(&sizes, &distances),
            points,
            predicted: predicted_rate(utility.as_ref()),
        })
    }
}
