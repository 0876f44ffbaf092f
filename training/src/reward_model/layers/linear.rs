//! Projections.

use tch::Tensor;

use crate::reward_model::parameters::{Branch, Id, Initial, Role, Weights};

/// A projection, `x W^T + b`.
#[derive(Debug, Clone)]
pub struct Linear {
    weight: Id,
    bias: Option<Id>,
}

impl Linear {
    /// Projects from width `input` to width `output`.
    pub fn new(mut branch: Branch, input: i64, output: i64) -> Self {
        Self {
            weight: branch.parameter("weight", &[output, input], Initial::Normal, Role::Weight),
            bias: Some(branch.parameter("bias", &[output], Initial::Zeros, Role::Bias)),
        }
    }

    /// Makes a projection without a bias.
    pub fn without_bias(mut branch: Branch, input: i64, output: i64) -> Self {
        Self { weight: branch.parameter("weight", &[output, input], Initial::Normal, Role::Weight), bias: None }
    }

    /// Acts on the last axis of `x`.
    pub fn forward(&self, weights: &Weights, x: &Tensor) -> Tensor {
        x.linear(&weights[self.weight], self.bias.map(|bias| &weights[bias]))
    }

    /// Several projections of the same input as one: their outputs side by side.
    pub fn side_by_side(layers: &[&Self], weights: &Weights) -> (Tensor, Tensor) {
        let weight: Vec<&Tensor> = layers.iter().map(|layer| &weights[layer.weight]).collect();
        let bias: Vec<&Tensor> = layers.iter().filter_map(|layer| layer.bias).map(|bias| &weights[bias]).collect();
        (Tensor::cat(&weight, 0), Tensor::cat(&bias, 0))
    }
}
