//! `encoder.layer.K`: attention, then a feed-forward network, each with a residual and a normalisation.

use tch::Tensor;

use super::Config;
use super::attention::{DisentangledSelfAttention, Groups, ProjectedPositions};
use crate::reward_model::layers::{Activation, Dropout, LayerNorm, Linear};
use crate::reward_model::parameters::{Branch, Weights};

/// One layer of the encoder.
#[derive(Debug)]
pub struct Layer {
    attention: DisentangledSelfAttention,
    attention_output: Output,
    intermediate: Linear,
    activation: Activation,
    output: Output,
}

/// `attention.output` and `output`: a projection back to the hidden width, added to what came in.
#[derive(Debug)]
struct Output {
    dense: Linear,
    layer_norm: LayerNorm,
    dropout: Dropout,
}

impl Output {
    fn new(mut branch: Branch, config: &Config, input: i64) -> Self {
        Self {
            dense: Linear::new(branch.at("dense"), input, config.hidden_size),
            layer_norm: LayerNorm::new(branch.at("LayerNorm"), config.hidden_size, config.layer_norm_eps),
            dropout: Dropout(config.hidden_dropout_prob),
        }
    }

    fn forward(&self, weights: &Weights, states: &Tensor, residual: &Tensor, training: bool) -> Tensor {
        let states = self.dropout.forward(self.dense.forward(weights, states), training);
        self.layer_norm.forward(weights, &(states + residual))
    }
}

impl Layer {
    pub fn new(mut branch: Branch, config: &Config) -> Self {
        Self {
            attention: DisentangledSelfAttention::new(branch.at("attention").at("self"), config),
            attention_output: Output::new(branch.at("attention").at("output"), config, config.heads_size()),
            intermediate: Linear::new(
                branch.at("intermediate").at("dense"),
                config.hidden_size,
                config.intermediate_size,
            ),
            activation: config.hidden_act,
            output: Output::new(branch.at("output"), config, config.intermediate_size),
        }
    }

    /// The attention, for its projections of positions.
    pub fn attention(&self) -> &DisentangledSelfAttention {
        &self.attention
    }

    /// All states: `(N, H)` to `(N, H)`.
    pub fn forward(
        &self,
        weights: &Weights,
        states: &Tensor,
        groups: &Groups,
        positions: Option<&ProjectedPositions>,
        training: bool,
    ) -> Tensor {
        let context = self.attention.forward(weights, states, groups, positions, training);
        self.after_attention(weights, &context, states, training)
    }

    /// The state of each sequence's first token: `(N, H)` to `(B, H)`.
    pub fn first(
        &self,
        weights: &Weights,
        states: &Tensor,
        groups: &Groups,
        positions: Option<&ProjectedPositions>,
        training: bool,
    ) -> Tensor {
        let context = self.attention.first(weights, states, groups, positions, training);
        self.after_attention(weights, &context, &groups.firsts(states), training)
    }

    fn after_attention(&self, weights: &Weights, context: &Tensor, states: &Tensor, training: bool) -> Tensor {
        let attended = self.attention_output.forward(weights, context, states, training);
        let inner = self.activation.forward(&self.intermediate.forward(weights, &attended));
        self.output.forward(weights, &inner, &attended, training)
    }
}
