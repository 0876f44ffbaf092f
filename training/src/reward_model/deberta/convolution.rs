//! `encoder.conv`: the convolution of v2 checkpoints, from the embeddings into the output of the first layer.

use tch::Tensor;

use super::Config;
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

    /// Adds the convolution of `embeddings` to `states`, both `(B, T, H)`; `mask`, `(B, T)`, is 1 for tokens.
    pub fn forward(
        &self,
        weights: &Weights,
        embeddings: &Tensor,
        states: &Tensor,
        mask: Option<&Tensor>,
        training: bool,
    ) -> Tensor {
        let tokens = mask.map(|mask| mask.unsqueeze(-1).to_kind(states.kind()));
        let masked = |x: Tensor| match &tokens {
            Some(tokens) => x * tokens,
            None => x,
        };
        let convolved = embeddings.transpose(1, 2).conv1d(
            &weights[self.weight],
            Some(&weights[self.bias]),
            1,
            (self.kernel - 1) / 2,
            1,
            self.groups,
        );
        let convolved = masked(convolved.transpose(1, 2).contiguous());
        let convolved = self.activation.forward(&self.dropout.forward(convolved, training));
        masked(self.layer_norm.forward(weights, &(states + convolved)))
    }
}
