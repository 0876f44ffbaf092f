//! The architectures that are known, behind one interface.

use tch::{Kind, Tensor};

use super::deberta::{self, Deberta};
use super::parameters::{Declarations, Parameters};
use super::{Batch, Config};

/// What to do with parameters, not the parameters themselves.
#[derive(Debug)]
pub enum Architecture {
    /// DeBERTa-v2 and v3.
    DebertaV2(Deberta),
}

/// One forward pass over several batches, and what they share.
#[derive(Debug)]
pub enum Pass<'a> {
    /// A pass of DeBERTa.
    DebertaV2(deberta::Pass<'a>),
}

impl Architecture {
    /// Declares the parameters of the configuration.
    pub fn new(config: &Config) -> (Self, Declarations) {
        match config {
            Config::DebertaV2(config) => {
                let (model, declarations) = Deberta::new(config);
                (Self::DebertaV2(model), declarations)
            }
        }
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
        match self {
            Self::DebertaV2(model) => Pass::DebertaV2(model.begin(parameters, distinct, longest, kind, training)),
        }
    }
}

impl Pass<'_> {
    /// Logits `(B,)` of a batch, in single precision; the reward is their sigmoid.
    pub fn logits(&self, batch: &Batch) -> Tensor {
        match self {
            Self::DebertaV2(pass) => pass.logits(batch),
        }
    }
}
