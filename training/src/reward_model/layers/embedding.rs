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
        Self::starting(branch, rows, width, Initial::Normal, Role::Weight)
    }

    /// Makes a table of tokens whose row `padding` starts at zero, since it belongs to no token.
    pub fn of_tokens(branch: Branch, rows: i64, width: i64, padding: i64) -> Self {
        Self::starting(branch, rows, width, Initial::NormalWithout { row: padding }, Role::Table)
    }

    fn starting(mut branch: Branch, rows: i64, width: i64, initial: Initial, role: Role) -> Self {
        Self { weight: branch.parameter("weight", &[rows, width], initial, role) }
    }

    /// Looks up the rows with the given numbers.
    pub fn forward(&self, weights: &Weights, numbers: &Tensor) -> Tensor {
        Tensor::embedding(&weights[self.weight], numbers, -1, false, false)
    }

    /// Looks up rows, each at most once; the others take no part in the pass.
    pub fn look_up(&self, weights: &mut Weights, numbers: &Tensor) -> Tensor {
        weights.look_up(self.weight, numbers)
    }

    /// The whole table.
    pub fn table<'a>(&self, weights: &'a Weights) -> &'a Tensor {
        &weights[self.weight]
    }
}
