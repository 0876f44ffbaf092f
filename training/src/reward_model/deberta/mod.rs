//! DeBERTa-v2 and v3 with one output: the reward model of the experiment.
//!
//! Modules and parameters are named as in the checkpoints of transformers' `DebertaV2ForSequenceClassification`, so that
//! code and file can be laid side by side:
//!
//! | here | in the checkpoint |
//! |---|---|
//! | [`embeddings`](self) | `deberta.embeddings` |
//! | `encoder`, `layer`, `attention`, `convolution` | `deberta.encoder`, `.layer.K`, `.attention.self`, `.conv` |
//! | `head` | `pooler`, `classifier` |
//!
//! The results are those of transformers (see `tests/it/parity.rs`), the work is less: relative positions are read off
//! diagonals instead of gathered and projected once a pass, the tokens of a pass are embedded once each, only attention sees
//! padding, and the last layer computes the one state that the reward reads.
//!
//! Below single precision, matrix products and attention are computed in the lower one; what is added from layer to layer, and
//! the normalisations, stay in single precision.

mod attention;
mod config;
mod convolution;
mod embeddings;
mod encoder;
mod head;
mod layer;
mod relative_positions;

use std::sync::{Mutex, PoisonError};

use tch::Tensor;

pub use config::Config;

use attention::Groups;
use embeddings::Embeddings;
use encoder::Encoder;
use head::Head;
use relative_positions::RelativePositions;

use super::parameters::{Declarations, Part, Weights};
use super::{AttnImplementation, Batches};

/// The architecture: what to do with parameters, not the parameters themselves.
#[derive(Debug)]
pub struct Deberta {
    config: Config,
    embeddings: Embeddings,
    encoder: Encoder,
    head: Head,
    pub(super) attn_implementation: AttnImplementation,
    /// Of the longest pass so far.
    relative: Mutex<Option<RelativePositions>>,
}

impl Deberta {
    /// Declares the parameters of the configuration.
    pub fn new(config: &Config) -> (Self, Declarations) {
        let mut declarations = Declarations::default();
        let mut deberta = declarations.encoder("deberta");
        let embeddings = Embeddings::new(deberta.at("embeddings").of(Part::Embeddings), config);
        let encoder = Encoder::new(deberta.at("encoder"), config);
        let head = Head::new(declarations.root(), config);
        let attn_implementation = AttnImplementation::default();
        let relative = Mutex::new(None);
        (Self { config: config.clone(), embeddings, encoder, head, attn_implementation, relative }, declarations)
    }

    /// Logits `(B,)` of the sequences of a pass, in single precision; the reward is their sigmoid. In training, dropout acts.
    pub fn logits(&self, weights: &mut Weights, batches: &Batches, training: bool) -> Tensor {
        let relative = self.relative(batches);
        let embeddings = self.embeddings.forward(weights, batches, training);
        let positions = self.encoder.positions(weights, &relative, training);
        let groups = Groups::new(batches, weights.kind(), self.attn_implementation);
        let first = self.encoder.first(weights, embeddings, &groups, &positions, training);
        self.head.forward(weights, &first, training)
    }

    /// The relative positions of a pass: those of a longer one hold them.
    fn relative(&self, batches: &Batches) -> RelativePositions {
        let mut kept = self.relative.lock().unwrap_or_else(PoisonError::into_inner);
        let device = batches.tokens.device();
        match &*kept {
            Some(own) if own.longest() >= batches.longest && own.device() == device => own.up_to(batches.longest),
            _ => kept.insert(RelativePositions::new(&self.config, batches.longest, device)).up_to(batches.longest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The released trainer decides by names; declarations must come to the same.
    #[test]
    fn decay_and_freezing_are_those_of_the_released_trainer() {
        let text = r#"{"model_type": "deberta-v2", "vocab_size": 8, "hidden_size": 6, "num_hidden_layers": 3,
            "num_attention_heads": 2, "intermediate_size": 4, "type_vocab_size": 2, "embedding_size": 4,
            "relative_attention": true, "share_att_key": false, "pos_att_type": "c2p|p2c", "norm_rel_ebd": "layer_norm",
            "conv_kernel_size": 3}"#;
        let (_, declarations) = Deberta::new(&Config::parse(text).unwrap());
        assert_eq!(declarations.encoder_prefix(), "deberta.");
        for declaration in declarations.iter() {
            let name = &declaration.name;
            assert_eq!(declaration.decays(), !name.ends_with(".bias") && !name.contains("LayerNorm"), "{name}");
            assert_eq!(declaration.part == Part::Head, !name.starts_with("deberta."), "{name}");
            assert!(!declaration.is_frozen(None), "{name}");
            for layers in 0..4 {
                let layer = name.split_once(".layer.").and_then(|(_, rest)| rest.split('.').next());
                let early = layer.is_some_and(|layer| layer.parse::<usize>().unwrap() < layers);
                assert_eq!(declaration.is_frozen(Some(layers)), early || name.contains("embed"), "{name}, {layers}");
            }
        }
        // Embeddings, layers, what the layers share, and the head.
        assert_eq!(declarations.iter().len(), 6 + 3 * 20 + 7 + 4);
    }
}
