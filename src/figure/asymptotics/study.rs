//! What the figure of asymptotics studies.

use crate::figure::FigureError;
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
