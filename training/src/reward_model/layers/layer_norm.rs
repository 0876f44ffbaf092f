//! Layer normalisation.

use tch::{Kind, Tensor};

use crate::reward_model::parameters::{Branch, Id, Initial, Role, Weights};

/// Normalisation to mean 0 and variance 1, then a learned scale and shift.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    weight: Id,
    bias: Id,
    width: i64,
    eps: f64,
}

impl LayerNorm {
    /// Normalises the last axis, of width `width`.
    pub fn new(mut branch: Branch, width: i64, eps: f64) -> Self {
        Self {
            weight: branch.parameter("weight", &[width], Initial::Ones, Role::Norm),
            bias: branch.parameter("bias", &[width], Initial::Zeros, Role::Norm),
            width,
            eps,
        }
    }

    /// Acts on the last axis of `x`, in single precision.
    pub fn forward(&self, weights: &Weights, x: &Tensor) -> Tensor {
        x.to_kind(Kind::Float).layer_norm(
            [self.width],
            Some(&weights[self.weight]),
            Some(&weights[self.bias]),
            self.eps,
            true,
        )
    }
}
