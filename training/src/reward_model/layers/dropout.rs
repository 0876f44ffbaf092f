//! Dropout.

use tch::Tensor;

/// Dropout that costs nothing where there is none.
#[derive(Debug, Clone, Copy)]
pub struct Dropout(pub f64);

impl Dropout {
    /// Sets a share of the elements to 0 and scales the others, in training only.
    pub fn forward(self, x: Tensor, training: bool) -> Tensor {
        if training && self.0 > 0.0 { x.dropout(self.0, true) } else { x }
    }
}
