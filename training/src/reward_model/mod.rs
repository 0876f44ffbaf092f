//! The reward model: a DeBERTa with one output. The reward of a response is the sigmoid of its logit.

mod batches;
pub mod deberta;
mod device;
mod error;
mod model;
pub mod tokenizer;
pub mod weights;

pub use batches::{Batches, Sequence};
pub use device::{Compute, DeviceName, Precision};
pub use error::ModelError;
pub use model::RewardModel;
