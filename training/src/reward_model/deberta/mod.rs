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
//! diagonals instead of gathered and projected once a pass, the tokens of a pass are embedded once each, and the last layer
//! computes the one state that the reward reads.

mod attention;
mod config;
mod convolution;
mod embeddings;
mod encoder;
mod head;
mod layer;
mod relative_positions;

use tch::{Kind, Tensor};

pub use config::Config;

use attention::ProjectedPositions;
use embeddings::{Embeddings, Words};
use encoder::Encoder;
use head::Head;
use relative_positions::RelativePositions;

use super::Batch;
use super::parameters::{Declarations, Parameters, Part, Weights};

/// The architecture: what to do with parameters, not the parameters themselves.
#[derive(Debug)]
pub struct Deberta {
    config: Config,
    embeddings: Embeddings,
    encoder: Encoder,
    head: Head,
}

/// One forward pass over several batches, and what they share.
#[derive(Debug)]
pub struct Pass<'a> {
    model: &'a Deberta,
    weights: Weights,
    words: Words,
    positions: Vec<ProjectedPositions>,
    training: bool,
}

impl Deberta {
    /// Declares the parameters of the configuration.
    pub fn new(config: &Config) -> (Self, Declarations) {
        let mut declarations = Declarations::default();
        let mut deberta = declarations.encoder("deberta");
        let embeddings = Embeddings::new(deberta.at("embeddings").of(Part::Embeddings), config);
        let encoder = Encoder::new(deberta.at("encoder"), config);
        let head = Head::new(declarations.root(), config);
        (Self { config: config.clone(), embeddings, encoder, head }, declarations)
    }

    /// Begins a pass in the precision `kind` over sequences of at most `longest` tokens, all of them among `distinct`.
    /// In training, dropout acts.
    pub fn begin(
        &self,
        parameters: &Parameters,
        distinct: &Tensor,
        longest: i64,
        kind: Kind,
        training: bool,
    ) -> Pass<'_> {
        let weights = Weights::of(parameters, kind);
        let words = self.embeddings.words(&weights, distinct);
        let relative = RelativePositions::new(&self.config, longest, parameters.device());
        let positions = self.encoder.positions(&weights, &relative, training);
        Pass { model: self, words, positions, training, weights }
    }
}

impl Pass<'_> {
    /// Logits `(B,)` of a batch, in single precision; the reward is their sigmoid.
    pub fn logits(&self, batch: &Batch) -> Tensor {
        let Pass { model, weights, words, positions, training } = self;
        let embeddings = model.embeddings.forward(weights, words, batch, *training);
        let first = model.encoder.first(weights, embeddings, batch, positions, *training);
        model.head.forward(weights, &first, *training)
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
