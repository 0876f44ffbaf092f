//! What encoders of any architecture are made of.

mod activation;
mod dropout;
mod embedding;
mod layer_norm;
mod linear;

pub use activation::{Activation, UnknownActivation};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
