//! `encoder.conv`: the convolution of v2 checkpoints, from the embeddings into the output of the first layer.

use tch::Tensor;

use super::Config;
use crate::reward_model::Batches;
use crate::reward_model::layers::{Activation, Dropout, LayerNorm};
use crate::reward_model::parameters::{Branch, Id, Initial, Role, Weights};

/// A convolution over tokens with a residual.
#[derive(Debug)]
pub struct Convolution {
    weight: Id,
    bias: Id,
    kernel: i64,
    groups: i64,
    activation: Activation,
    layer_norm: LayerNorm,
    dropout: Dropout,
}

impl Convolution {
    pub fn new(mut branch: Branch, config: &Config) -> Self {
        let hidden = config.hidden_size;
        let (kernel, groups) = (config.conv_kernel_size, config.conv_groups);
        let mut conv = branch.at("conv");
        Self {
            weight: conv.parameter("weight", &[hidden, hidden / groups, kernel], Initial::Normal, Role::Weight),
            bias: conv.parameter("bias", &[hidden], Initial::Zeros, Role::Bias),
            kernel,
            groups,
            activation: config.conv_act,
            layer_norm: LayerNorm::new(branch.at("LayerNorm"), hidden, config.layer_norm_eps),
            dropout: Dropout(config.hidden_dropout_prob),
        }
    }

    /// Adds the convolution of `embeddings` over their sequences to `states`, both `(N, H)`.
    pub fn forward(
        &self,
        weights: &Weights,
        embeddings: &Tensor,
        states: &Tensor,
        batches: &Batches,
        training: bool,
    ) -> Tensor {
        let weight = &weights[self.weight];
        let parts = batches.split(&embeddings.to_kind(weight.kind()));
        let parts = batches.groups.iter().zip(&parts).map(|(group, own)| {
            let padded = group.padded(own).view([group.count, group.length, -1]);
            let padded = match group.mask() {
                Some(mask) => padded * mask.unsqueeze(-1).to_kind(weight.kind()),
                None => padded,
            };
            let bias = Some(&weights[self.bias]);
            let convolved = padded.transpose(1, 2).conv1d(weight, bias, 1, (self.kernel - 1) / 2, 1, self.groups);
            group.unpadded(&convolved.transpose(1, 2).reshape([group.count * group.length, -1]))
        });
        let convolved = Batches::join(&parts.collect::<Vec<_>>());
        let convolved = self.activation.forward(&self.dropout.forward(convolved, training));
        self.layer_norm.forward(weights, &(states + convolved))
    }
}
