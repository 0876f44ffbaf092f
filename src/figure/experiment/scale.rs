//! Where a response stands on the horizontal axis.

use super::data::{ExperimentData, ExperimentRun};
use crate::figure::panel::Axis;

/// What the horizontal axis of rewards counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Responses, from 1 for the worst.
    Responses,
    /// Shares of a prompt's responses: response `i` of `n` stands for `(i - 1/2)/n`, so that prompts of any number of
    /// responses fill one panel.
    Shares,
}

impl Scale {
    /// Shares where the prompts of some run differ in their number of responses: all rows have one kind of axis.
    pub fn of(data: &ExperimentData) -> Self {
        if data.sizes_differ() { Scale::Shares } else { Scale::Responses }
    }

    /// Where response `index` of `n` stands.
    pub fn at(self, index: usize, n: usize) -> f64 {
        match self {
            Scale::Responses => index as f64,
            Scale::Shares => (index as f64 - 0.5) / n as f64,
        }
    }

    /// The axis of a run's panels; no more than ten numbers are on it.
    pub fn axis(self, run: &ExperimentRun) -> Axis {
        match self {
            Scale::Responses => {
                let n = run.sizes().pop().unwrap_or(run.description.responses);
                Axis::linear((0.5, n as f64 + 0.5), n.div_ceil(10).max(1) as f64, 0, "response")
            }
            // Wide enough that the numbers of neighbouring panels keep apart.
            Scale::Shares => Axis::linear((-0.06, 1.06), 0.5, 1, "(i − ½) / n"),
        }
    }
}
