//! `deberta.encoder`: the layers, the embedding of relative positions, and the convolution where there is one.

use tch::Tensor;

use super::Config;
use super::attention::{DisentangledSelfAttention, Groups, ProjectedPositions};
use super::convolution::Convolution;
use super::layer::Layer;
use super::relative_positions::RelativePositions;
use crate::reward_model::layers::{Embedding, LayerNorm};
use crate::reward_model::parameters::{Branch, Part, Weights};

/// The encoder.
#[derive(Debug)]
pub struct Encoder {
    layer: Vec<Layer>,
    rel_embeddings: Option<Embedding>,
    layer_norm: Option<LayerNorm>,
    conv: Option<Convolution>,
}

impl Encoder {
    pub fn new(mut branch: Branch, config: &Config) -> Self {
        let layers = 0..config.num_hidden_layers as usize;
        Self {
            layer: layers.map(|k| Layer::new(branch.at("layer").at(k).of(Part::Layer(k)), config)).collect(),
            rel_embeddings: config.relative_attention.then(|| {
                let branch = branch.at("rel_embeddings").of(Part::Embeddings);
                Embedding::new(branch, 2 * config.attention_span(), config.hidden_size)
            }),
            layer_norm: config
                .normalises_positions()
                .then(|| LayerNorm::new(branch.at("LayerNorm"), config.hidden_size, config.layer_norm_eps)),
            conv: (config.conv_kernel_size > 0).then(|| Convolution::new(branch.at("conv"), config)),
        }
    }

    /// Each layer's projections of relative positions; empty without relative attention.
    pub fn positions(
        &self,
        weights: &Weights,
        relative: &RelativePositions,
        training: bool,
    ) -> Vec<ProjectedPositions> {
        let Some(embeddings) = &self.rel_embeddings else { return Vec::new() };
        let embeddings = match &self.layer_norm {
            Some(norm) => norm.forward(weights, embeddings.table(weights)),
            None => embeddings.table(weights).shallow_clone(),
        };
        let layers: Vec<_> = self.layer.iter().map(Layer::attention).collect();
        DisentangledSelfAttention::positions(&layers, weights, &embeddings, relative, training)
    }

    /// The last state of each sequence's first token, `(B, H)`, from the `embeddings`, `(N, H)`.
    pub fn first(
        &self,
        weights: &Weights,
        embeddings: Tensor,
        groups: &Groups,
        positions: &[ProjectedPositions],
        training: bool,
    ) -> Tensor {
        let last = self.layer.len() - 1;
        let mut states = embeddings.shallow_clone();
        for (k, layer) in self.layer.iter().enumerate() {
            let positions = positions.get(k);
            let conv = self.conv.as_ref().filter(|_| k == 0);
            if k == last && conv.is_none() {
                return layer.first(weights, &states, groups, positions, training);
            }
            states = layer.forward(weights, &states, groups, positions, training);
            if let Some(conv) = conv {
                states = conv.forward(weights, &embeddings, &states, groups.batches(), training);
            }
        }
        groups.firsts(&states)
    }
}
