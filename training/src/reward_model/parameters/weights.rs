//! Parameters in the precision of a pass.

use tch::{Kind, Tensor};

use super::{Declaration, Id, Parameters, Part};

/// The values as one pass sees them, in the precision of the pass; gradients flow through to the leaves.
#[derive(Debug)]
pub struct Weights(Vec<Tensor>);

impl Weights {
    /// Casts the values where `kind` is not single precision. Those of the head stay in single precision: a reward of 8 bits
    /// would be one of few values, and pairs would tie.
    pub fn of(parameters: &Parameters, kind: Kind) -> Self {
        let cast = |(declaration, leaf): (&Declaration, &Tensor)| match declaration.part {
            Part::Head => leaf.shallow_clone(),
            _ => leaf.to_kind(kind),
        };
        Self(parameters.declarations().iter().zip(parameters.leaves()).map(cast).collect())
    }
}

impl std::ops::Index<Id> for Weights {
    type Output = Tensor;

    fn index(&self, id: Id) -> &Tensor {
        &self.0[id.0]
    }
}
