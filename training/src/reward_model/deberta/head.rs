//! `pooler` and `classifier`: from the state of the first token to a logit.

use tch::{Kind, Tensor};

use super::Config;
use crate::reward_model::layers::{Activation, Dropout, Linear};
use crate::reward_model::parameters::{Branch, Weights};

/// The reward's head.
#[derive(Debug)]
pub struct Head {
    pooler_dropout: Dropout,
    pooler: Linear,
    activation: Activation,
    dropout: Dropout,
    classifier: Linear,
}

impl Head {
    pub fn new(mut root: Branch, config: &Config) -> Self {
        let width = config.pooler_size();
        Self {
            pooler_dropout: Dropout(config.pooler_dropout),
            pooler: Linear::new(root.at("pooler").at("dense"), width, width),
            activation: config.pooler_hidden_act,
            dropout: Dropout(config.classifier_dropout()),
            classifier: Linear::new(root.at("classifier"), width, 1),
        }
    }

    /// Logits `(B,)` from states `(B, H)`, in single precision whatever that of the states is.
    pub fn forward(&self, weights: &Weights, first: &Tensor, training: bool) -> Tensor {
        let first = first.to_kind(Kind::Float);
        let pooled = self.pooler.forward(weights, &self.pooler_dropout.forward(first, training));
        let pooled = self.dropout.forward(self.activation.forward(&pooled), training);
        self.classifier.forward(weights, &pooled).squeeze_dim(-1)
    }
}
