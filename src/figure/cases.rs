//! Which utilities a figure of theory shows, and of how many responses.

use crate::experiment::RESPONSES;

/// The utilities and the number of responses of a figure of theory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cases {
    /// A panel each: expressions or, where the figure takes losses, released names.
    pub utilities: Vec<String>,
    /// The number of responses.
    pub n: usize,
}

impl Cases {
    /// Those of the collapse figure: the paper's losses and eight responses.
    pub fn collapse() -> Self {
        Self::new(&["x", "log", "x_inv", "adaptive"], RESPONSES)
    }

    /// Those of the figure of distributions: six utilities of the paper and a thousand responses.
    pub fn distributions() -> Self {
        Self::new(&["x^0.8", "x^0.2", "log(x)", "-1/x", "logsigmoid(x)", "logsigmoid(4x)"], 1000)
    }

    fn new(utilities: &[&str], n: usize) -> Self {
        Self { utilities: utilities.iter().map(|&utility| utility.to_owned()).collect(), n }
    }

    /// These with what is given in their place.
    pub fn with(self, utilities: &[String], n: Option<usize>) -> Self {
        Self {
            utilities: if utilities.is_empty() { self.utilities } else { utilities.to_vec() },
            n: n.unwrap_or(self.n),
        }
    }
}
