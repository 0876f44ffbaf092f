//! The reward model: an encoder with one output. The reward of a response is the sigmoid of its logit.
//!
//! | module | what it has |
//! |---|---|
//! | [`Config`], [`Architecture`] | the architectures that are known, chosen by `model_type` of `config.json` |
//! | [`deberta`] | DeBERTa-v2 and v3 |
//! | [`layers`] | what architectures are made of |
//! | [`parameters`] | their numbers, and what is said of each where it is declared |
//! | [`weights`] | checkpoints in files |
//! | [`tokenizer`] | texts as tokens |

mod architecture;
mod attn_implementation;
mod batches;
mod config;
pub mod deberta;
mod device;
mod error;
pub mod layers;
mod max_length;
mod model;
pub mod parameters;
pub mod tokenizer;
pub mod weights;

pub use architecture::{Architecture, Pass};
pub use attn_implementation::AttnImplementation;
pub(crate) use batches::copied;
pub use batches::{Batches, Group, Grouping, Sequence};
pub use config::{Config, Sizes};
pub use device::{Compute, DeviceError, DeviceName, DeviceNameError, Memory, Precision};
pub use error::ModelError;
pub use max_length::max_length;
pub use model::RewardModel;
