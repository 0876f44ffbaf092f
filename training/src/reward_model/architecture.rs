//! The architectures that are known, behind one interface.

use tch::{Kind, Tensor};

use super::deberta::Deberta;
use super::parameters::{Declarations, Parameters, Weights};
use super::{AttnImplementation, Batches, Config, ModelError};

/// What to do with parameters, not the parameters themselves.
#[derive(Debug)]
pub enum Architecture {
    /// DeBERTa-v2 and v3.
    DebertaV2(Deberta),
}

/// The end of a forward pass, and what its gradient needs.
#[derive(Debug)]
pub struct Pass {
    /// Logits `(B,)` of the sequences in the order of [`Batches::order`], in single precision; a reward is their sigmoid.
    pub logits: Tensor,
    weights: Weights,
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

    /// How attention is computed.
    pub fn attn_implementation(&self) -> AttnImplementation {
        match self {
            Self::DebertaV2(model) => model.attn_implementation,
        }
    }

    /// Computes attention so from now on.
    pub fn set_attn_implementation(&mut self, implementation: AttnImplementation) {
        match self {
            Self::DebertaV2(model) => model.attn_implementation = implementation,
        }
    }

    /// Computes the logits of `batches` in the precision `kind`. In training, dropout acts.
    pub fn forward(&self, parameters: &Parameters, batches: &Batches, kind: Kind, training: bool) -> Pass {
        let mut weights = Weights::of(parameters, kind);
        let logits = match self {
            Self::DebertaV2(model) => model.logits(&mut weights, batches, training),
        };
        Pass { logits, weights }
    }
}

impl Pass {
    /// Adds the derivatives of `scalar`, a function of the logits, by the trainable parameters to `gradient`, laid out like
    /// [`Parameters::flat`]. The graph is gone afterwards.
    ///
    /// # Errors
    /// [`ModelError::Torch`], where there is no memory.
    pub fn add_gradient(self, scalar: &Tensor, parameters: &Parameters, gradient: &Tensor) -> Result<(), ModelError> {
        self.weights.add_gradient(scalar, parameters, gradient)
    }
}
