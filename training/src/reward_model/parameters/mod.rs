//! Parameters: declared by the modules, kept in one flat tensor.

mod declaration;
mod weights;

use std::ops::Range;

use tch::{Device, Kind, Tensor};

use super::ModelError;
use crate::libtorch::no_grad;

pub use declaration::{Branch, Declaration, Declarations, Id, Initial, Part, Role};
pub use weights::Weights;

/// Which parameters an optimiser changes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Decays,
    Plain,
    Frozen,
}

/// In which precision a pass sees a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    /// A table, of which it sees rows.
    Table,
    OfThePass,
    /// A normalisation, or a part of the head.
    Single,
}

impl Precision {
    fn of(declaration: &Declaration) -> Self {
        match (declaration.role, declaration.part) {
            (Role::Table, _) => Self::Table,
            (Role::Norm, _) | (_, Part::Head) => Self::Single,
            (Role::Weight | Role::Bias, _) => Self::OfThePass,
        }
    }
}

/// The values: views into one flat tensor, so that norms, clipping and AdamW are a few operations on contiguous memory.
/// Parameters with weight decay come first, those without next, frozen ones last; of each, those come together that a pass sees in
/// the same precision.
#[derive(Debug)]
pub struct Parameters {
    declarations: Declarations,
    flat: Tensor,
    /// Where each parameter begins in `flat`.
    offsets: Vec<i64>,
    /// The parameters in the order of `flat`.
    order: Vec<usize>,
    /// Leaves of the graph, one a parameter.
    leaves: Vec<Tensor>,
    decaying: i64,
    trainable: i64,
}

impl Parameters {
    /// Allocates them without values. Those that [`Declaration::is_frozen`] for `frozen_layers` are never trained.
    ///
    /// # Errors
    /// [`ModelError::Torch`] where there is no memory for them.
    pub fn uninitialised(
        declarations: Declarations,
        device: Device,
        frozen_layers: Option<usize>,
    ) -> Result<Self, ModelError> {
        let group = |declaration: &Declaration| match declaration {
            d if d.is_frozen(frozen_layers) => Group::Frozen,
            d if d.decays() => Group::Decays,
            _ => Group::Plain,
        };
        let declared: Vec<&Declaration> = declarations.iter().collect();
        let mut order: Vec<usize> = (0..declared.len()).collect();
        order.sort_by_key(|&index| (group(declared[index]), Precision::of(declared[index])));
        let mut offsets = vec![0; order.len()];
        let (mut end, mut decaying, mut trainable) = (0, 0, 0);
        for &index in &order {
            let declaration = declared[index];
            offsets[index] = end;
            end += declaration.elements();
            match group(declaration) {
                Group::Decays => (decaying, trainable) = (end, end),
                Group::Plain => trainable = end,
                Group::Frozen => {}
            }
        }
        let flat = Tensor::f_zeros([end], (Kind::Float, device))?;
        let leaves = declarations.iter().zip(&offsets).map(|(declaration, &offset)| {
            let view = flat.narrow(0, offset, declaration.elements()).view(&declaration.shape[..]).detach();
            view.set_requires_grad(offset < trainable)
        });
        let leaves = leaves.collect();
        Ok(Self { flat, offsets, order, leaves, decaying, trainable, declarations })
    }

    /// Gives the same values in the same memory leaves of their own, so that another thread has its own graph.
    pub fn replica(&self) -> Self {
        let own = |leaf: &Tensor| leaf.detach().set_requires_grad(leaf.requires_grad());
        Self {
            declarations: self.declarations.clone(),
            flat: self.flat.shallow_clone(),
            offsets: self.offsets.clone(),
            order: self.order.clone(),
            leaves: self.leaves.iter().map(own).collect(),
            decaying: self.decaying,
            trainable: self.trainable,
        }
    }

    /// Gives them new values as [`Declaration::initial`] says; `seed` decides them, and `deviation` is that of normal numbers.
    /// They are drawn on the CPU: every device starts from the same.
    pub fn initialise(&mut self, deviation: f64, seed: i64) {
        no_grad(|| {
            tch::manual_seed(seed);
            let normal = |leaf: &mut Tensor| {
                let mut values = Tensor::empty(leaf.size(), (leaf.kind(), Device::Cpu));
                leaf.copy_(&values.normal_(0.0, deviation));
            };
            for (declaration, leaf) in self.declarations.iter().zip(&mut self.leaves) {
                match declaration.initial {
                    Initial::Zeros => _ = leaf.zero_(),
                    Initial::Ones => _ = leaf.fill_(1.0),
                    Initial::Normal => normal(leaf),
                    Initial::NormalWithout { row } => {
                        normal(leaf);
                        _ = leaf.get(row).zero_();
                    }
                }
            }
        });
    }

    /// The declarations, in the modules' order.
    pub fn declarations(&self) -> &Declarations {
        &self.declarations
    }

    /// Names and values, in the modules' order; the values share memory with the model.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.declarations.iter().map(|declaration| declaration.name.as_str()).zip(&self.leaves)
    }

    /// The leaves of the graph, in the modules' order.
    pub fn leaves(&self) -> &[Tensor] {
        &self.leaves
    }

    /// Names and views into a tensor laid out like [`Parameters::flat`]: gradients, or an optimiser's moments.
    pub fn views<'a>(&'a self, flat: &'a Tensor) -> impl Iterator<Item = (&'a str, Tensor)> {
        self.declarations.iter().zip(&self.offsets).filter(|(_, offset)| **offset < self.trainable).map(
            move |(declaration, &offset)| {
                let view = flat.narrow(0, offset, declaration.elements()).view(&declaration.shape[..]);
                (declaration.name.as_str(), view)
            },
        )
    }

    /// Where the parameter lies in `flat`.
    fn range(&self, id: usize) -> Range<i64> {
        self.offsets[id]..self.offsets[id] + self.leaves[id].numel() as i64
    }

    fn precision(&self, id: usize) -> Precision {
        self.declarations.iter().nth(id).map_or(Precision::Single, Precision::of)
    }

    /// The parameters that are `wanted`, in the order of `flat`, as pieces without gaps.
    fn runs(&self, wanted: impl Fn(usize) -> bool) -> Vec<&[usize]> {
        let pieces = self.order.chunk_by(|&a, &b| wanted(a) == wanted(b));
        pieces.filter(|piece| piece.first().is_some_and(|&id| wanted(id))).collect()
    }

    /// All trainable values, those with weight decay first.
    pub fn flat(&self) -> Tensor {
        self.flat.narrow(0, 0, self.trainable)
    }

    /// How many elements of [`Parameters::flat`] decay.
    pub fn decaying(&self) -> i64 {
        self.decaying
    }

    /// How many elements there are, frozen ones included.
    pub fn elements(&self) -> i64 {
        self.flat.size1().unwrap_or(0)
    }

    /// The device that they live on.
    pub fn device(&self) -> Device {
        self.flat.device()
    }
}
