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

    /// Projections of several layers, as many of each: the weights as one product for each layer takes them, `(layers, H, outputs)`, and
    /// the biases, `(layers, 1, outputs)`.
    pub fn stacked(layers: &[Vec<&Self>], weights: &Weights) -> (Tensor, Tensor) {
        let of = |id: &dyn Fn(&Self) -> Option<Id>| -> Vec<Vec<Id>> {
            layers.iter().map(|layer| layer.iter().filter_map(|own| id(own)).collect()).collect()
        };
        let all = |ids: &[Vec<Id>]| weights.stacked(&ids.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let (weight, bias) = (all(&of(&|own| Some(own.weight))), all(&of(&|own| own.bias)));
        (weight.transpose(1, 2), bias.unsqueeze(1))
    }

    /// Several projections of the same `x` as one: their outputs side by side.
    pub fn side_by_side(layers: &[&Self], weights: &Weights, x: &Tensor) -> Tensor {
        let weight: Vec<Id> = layers.iter().map(|layer| layer.weight).collect();
        let bias: Vec<Id> = layers.iter().filter_map(|layer| layer.bias).collect();
        let weight = weights.joined(&weight);
        x.to_kind(weight.kind()).linear(&weight, Some(weights.joined(&bias)))
    }
}
