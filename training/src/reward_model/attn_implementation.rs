//! Which operations attention is made of.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tch::Device;

/// The operations of attention, under transformers' names. The choice changes speed and memory; the results are the same to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AttnImplementation {
    /// [`AttnImplementation::Sdpa`] on a GPU, [`AttnImplementation::Eager`] on a CPU.
    #[default]
    Auto,
    /// Products, softmax and dropout one after another.
    Eager,
    /// libtorch's `scaled_dot_product_attention`, with the scores of relative positions as its mask. On a GPU it is one kernel, which keeps
    /// no probabilities for the backward pass.
    Sdpa,
}

impl AttnImplementation {
    /// Whether attention on `device` is one operation.
    pub fn is_fused(self, device: Device) -> bool {
        match self {
            Self::Auto => device.is_cuda(),
            Self::Eager => false,
            Self::Sdpa => true,
        }
    }
}
