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

    /// Acts on the last axis of `x`, in the precision of the weights.
    pub fn forward(&self, weights: &Weights, x: &Tensor) -> Tensor {
        let weight = &weights[self.weight];
        x.to_kind(weight.kind()).linear(weight, self.bias.map(|bias| &weights[bias]))
    }

    /// `pieces` times as many projections as one product for each piece: the weights, `(pieces, H, outputs)`, and the biases,
    /// `(pieces, 1, outputs)`.
    pub fn stacked(layers: &[&Self], weights: &Weights, pieces: i64) -> (Tensor, Tensor) {
        let weight: Vec<&Tensor> = layers.iter().map(|layer| &weights[layer.weight]).collect();
        let bias: Vec<&Tensor> = layers.iter().filter_map(|layer| layer.bias).map(|bias| &weights[bias]).collect();
        let (weight, bias) = (Tensor::cat(&weight, 0), Tensor::cat(&bias, 0));
        let width = weight.size().last().copied().unwrap_or(1);
        (weight.view([pieces, -1, width]).transpose(1, 2), bias.view([pieces, 1, -1]))
    }

    /// Several projections of the same `x` as one: their outputs side by side.
    pub fn side_by_side(layers: &[&Self], weights: &Weights, x: &Tensor) -> Tensor {
        let weight: Vec<&Tensor> = layers.iter().map(|layer| &weights[layer.weight]).collect();
        let bias: Vec<&Tensor> = layers.iter().filter_map(|layer| layer.bias).map(|bias| &weights[bias]).collect();
        let weight = Tensor::cat(&weight, 0);
        x.to_kind(weight.kind()).linear(&weight, Some(Tensor::cat(&bias, 0)))
    }
}
