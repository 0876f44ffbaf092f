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
//! The results are those of transformers (see `tests/parity.rs`), the work is less: relative positions are read off
//! diagonals instead of gathered and projected once a pass, the tokens of a pass are embedded once each, and the last layer
//! computes the one state that the reward reads.

mod attention;
mod config;
mod convolution;
mod embeddings;
mod encoder;
mod head;
mod layer;
mod layers;
mod parameters;
mod relative_positions;

use tch::{Kind, Tensor};

pub use config::{Activation, Config};
pub use parameters::{Branch, Declaration, Declarations, Id, Initial, Parameters, Weights};

use attention::ProjectedPositions;
use embeddings::{Embeddings, Words};
use encoder::Encoder;
use head::Head;
use relative_positions::RelativePositions;

/// Sequences of one padded length.
#[derive(Debug)]
pub struct Batch {
    /// Tokens as places in the pass's list of distinct tokens, `(B, T)`.
    pub tokens: Tensor,
    /// Segments, `(B, T)`; read only by models with segment embeddings.
    pub segments: Tensor,
    /// True for tokens, false for padding, `(B, T)`; none where nothing is padded.
    pub mask: Option<Tensor>,
}

impl Batch {
    /// The padded length.
    pub fn length(&self) -> i64 {
        self.tokens.size()[1]
    }
}

/// The architecture: what to do with parameters, not the parameters themselves.
#[derive(Debug)]
pub struct Deberta {
    config: Config,
    embeddings: Embeddings,
    encoder: Encoder,
    head: Head,
}

/// One forward pass over several batches, and what they share.
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
        let mut root = declarations.root();
        let mut deberta = root.at("deberta");
        let embeddings = Embeddings::new(deberta.at("embeddings"), config);
        let encoder = Encoder::new(deberta.at("encoder"), config);
        let head = Head::new(root, config);
        (Self { config: config.clone(), embeddings, encoder, head }, declarations)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
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
        let embedded = model.embeddings.forward(weights, words, batch, *training);
        let first = model.encoder.first(weights, embedded, batch, positions, *training);
        model.head.forward(weights, first, *training).to_kind(Kind::Float)
    }
}
