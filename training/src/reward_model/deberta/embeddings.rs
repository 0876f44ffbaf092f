//! `deberta.embeddings`: tokens, and where the configuration asks for them absolute positions and segments.

use tch::Tensor;

use super::Config;
use crate::reward_model::Batches;
use crate::reward_model::layers::{Dropout, Embedding, LayerNorm, Linear};
use crate::reward_model::parameters::{Branch, Weights};

/// The embedding layer.
#[derive(Debug)]
pub struct Embeddings {
    word_embeddings: Embedding,
    position_embeddings: Option<Embedding>,
    token_type_embeddings: Option<Embedding>,
    embed_proj: Option<Linear>,
    layer_norm: LayerNorm,
    dropout: Dropout,
}

impl Embeddings {
    pub fn new(mut branch: Branch, config: &Config) -> Self {
        let width = config.embedding_size();
        let words = branch.at("word_embeddings");
        Self {
            word_embeddings: Embedding::of_tokens(words, config.vocab_size, width, config.pad_token_id),
            position_embeddings: config
                .position_biased_input
                .then(|| Embedding::new(branch.at("position_embeddings"), config.max_position_embeddings, width)),
            token_type_embeddings: (config.type_vocab_size > 0)
                .then(|| Embedding::new(branch.at("token_type_embeddings"), config.type_vocab_size, width)),
            embed_proj: (width != config.hidden_size)
                .then(|| Linear::without_bias(branch.at("embed_proj"), width, config.hidden_size)),
            layer_norm: LayerNorm::new(branch.at("LayerNorm"), config.hidden_size, config.layer_norm_eps),
            dropout: Dropout(config.hidden_dropout_prob),
        }
    }

    /// A token's embedding is the same wherever it stands.
    fn is_by_token(&self) -> bool {
        self.position_embeddings.is_none() && self.token_type_embeddings.is_none()
    }

    /// Hidden states `(N, H)` of the tokens of a pass. Each distinct token is looked up once, so that the large table of all tokens
    /// stays out of the graph.
    pub fn forward(&self, weights: &mut Weights, batches: &Batches, training: bool) -> Tensor {
        let words = self.word_embeddings.look_up(weights, &batches.distinct);
        let words = if self.is_by_token() { self.project(weights, words) } else { words };
        let tokens = Tensor::embedding(&words, &batches.tokens, -1, false, false);
        let states = if self.is_by_token() {
            tokens
        } else {
            let positions = self.position_embeddings.as_ref().map(|own| own.forward(weights, &batches.positions));
            let segments = self.token_type_embeddings.as_ref().map(|own| own.forward(weights, &batches.segments));
            self.project(weights, positions.into_iter().chain(segments).fold(tokens, |states, term| states + term))
        };
        self.dropout.forward(states, training)
    }

    fn project(&self, weights: &Weights, states: Tensor) -> Tensor {
        let states = match &self.embed_proj {
            Some(projection) => projection.forward(weights, &states),
            None => states,
        };
        self.layer_norm.forward(weights, &states)
    }
}
