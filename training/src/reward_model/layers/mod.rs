//! What every module is made of: projections, normalisations, activations and dropout.

use tch::Tensor;

use super::Activation;
use super::parameters::{Branch, Id, Initial, Weights};

/// `x W^T + b`.
#[derive(Debug, Clone)]
pub struct Linear {
    weight: Id,
    bias: Option<Id>,
}

impl Linear {
    /// From width `input` to width `output`.
    pub fn new(mut branch: Branch, input: i64, output: i64) -> Self {
        Self {
            weight: branch.parameter("weight", &[output, input], Initial::Normal),
            bias: Some(branch.parameter("bias", &[output], Initial::Zeros)),
        }
    }

    /// The same without a bias.
    pub fn without_bias(mut branch: Branch, input: i64, output: i64) -> Self {
        Self { weight: branch.parameter("weight", &[output, input], Initial::Normal), bias: None }
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

/// Normalisation to mean 0 and variance 1, then a learned scale and shift.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    weight: Id,
    bias: Id,
    width: i64,
    eps: f64,
}

impl LayerNorm {
    /// Over the last axis, of width `width`.
    pub fn new(mut branch: Branch, width: i64, eps: f64) -> Self {
        Self {
            weight: branch.parameter("weight", &[width], Initial::Ones),
            bias: branch.parameter("bias", &[width], Initial::Zeros),
            width,
            eps,
        }
    }

    /// Acts on the last axis of `x`.
    pub fn forward(&self, weights: &Weights, x: &Tensor) -> Tensor {
        x.layer_norm([self.width], Some(&weights[self.weight]), Some(&weights[self.bias]), self.eps, true)
    }
}

impl Activation {
    /// Acts on every element.
    pub fn forward(self, x: &Tensor) -> Tensor {
        match self {
            Activation::Gelu => x.gelu("none"),
            Activation::GeluNew => x.gelu("tanh"),
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.relu(),
            Activation::Identity => x.shallow_clone(),
        }
    }
}

/// Dropout that costs nothing where there is none.
#[derive(Debug, Clone, Copy)]
pub struct Dropout(pub f64);

impl Dropout {
    /// Sets a share of the elements to 0 and scales the others, in training only.
    pub fn forward(self, x: Tensor, training: bool) -> Tensor {
        if training && self.0 > 0.0 { x.dropout(self.0, true) } else { x }
    }
}
