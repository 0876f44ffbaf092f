//! A table of vectors.

use tch::Tensor;

use crate::reward_model::parameters::{Branch, Id, Initial, Role, Weights};

/// One learned vector for each number below the table's length.
#[derive(Debug, Clone)]
pub struct Embedding {
    weight: Id,
}

impl Embedding {
    /// Makes a table of `rows` vectors of width `width`.
    pub fn new(branch: Branch, rows: i64, width: i64) -> Self {
        Self::starting(branch, rows, width, Initial::Normal)
    }

    /// Makes a table whose row `padding` starts at zero, since it belongs to no token.
    pub fn with_padding(branch: Branch, rows: i64, width: i64, padding: i64) -> Self {
        Self::starting(branch, rows, width, Initial::NormalWithout { row: padding })
    }

    fn starting(mut branch: Branch, rows: i64, width: i64, initial: Initial) -> Self {
        Self { weight: branch.parameter("weight", &[rows, width], initial, Role::Weight) }
    }

    /// Looks up the rows with the given numbers.
    pub fn forward(&self, weights: &Weights, numbers: &Tensor) -> Tensor {
        Tensor::embedding(&weights[self.weight], numbers, -1, false, false)
    }

    /// The whole table.
    pub fn table<'a>(&self, weights: &'a Weights) -> &'a Tensor {
        &weights[self.weight]
    }
}
