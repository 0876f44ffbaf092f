//! Parameters in the precision of a pass.

use tch::{Kind, Tensor};

use super::{Id, Parameters};

/// The values as one pass sees them, in the precision of the pass; gradients flow through to the leaves.
#[derive(Debug)]
pub struct Weights(Vec<Tensor>);

impl Weights {
    /// Casts the values where `kind` is not single precision.
    pub fn of(parameters: &Parameters, kind: Kind) -> Self {
        Self(parameters.leaves().iter().map(|leaf| leaf.to_kind(kind)).collect())
    }
}

impl std::ops::Index<Id> for Weights {
    type Output = Tensor;

    fn index(&self, id: Id) -> &Tensor {
        &self.0[id.0]
    }
}
