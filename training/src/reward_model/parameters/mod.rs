//! Parameters: declared by the modules, kept in one flat tensor.

use tch::{Device, Kind, Tensor};

use super::Config;
use crate::reward_model::ModelError;

/// A parameter of a [`Declarations`], and of the [`Parameters`] made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(usize);

/// How a new parameter starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// Normal with `initializer_range`.
    Normal,
    /// The same, but with zeros in one row: the padding token's.
    NormalWithout {
        /// The row.
        row: i64,
    },
    /// 0.
    Zeros,
    /// 1.
    Ones,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Its name in the checkpoint.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// How it starts where no checkpoint gives it.
    pub initial: Initial,
}

impl Declaration {
    /// The number of its elements.
    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
    }

    /// Whether weight decay acts on it: biases and normalisations are exempt, as in the released trainer.
    pub fn decays(&self) -> bool {
        !(self.name.ends_with(".bias") || self.name.contains("LayerNorm"))
    }
}

/// The parameters of a model in the order in which its modules declare them.
#[derive(Debug, Clone, Default)]
pub struct Declarations(Vec<Declaration>);

impl Declarations {
    /// The top of the checkpoint's tree of names.
    pub fn root(&mut self) -> Branch<'_> {
        Branch { declarations: self, prefix: String::new() }
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Declaration> {
        self.0.iter()
    }

    /// How many parameters there are, counting elements.
    pub fn elements(&self) -> i64 {
        self.0.iter().map(Declaration::elements).sum()
    }
}

/// A place in the checkpoint's tree of names.
pub struct Branch<'a> {
    declarations: &'a mut Declarations,
    prefix: String,
}

impl Branch<'_> {
    /// The branch `name` below this one.
    pub fn at(&mut self, name: impl std::fmt::Display) -> Branch<'_> {
        Branch { prefix: format!("{}{name}.", self.prefix), declarations: self.declarations }
    }

    /// Declares the leaf `name`.
    pub fn parameter(&mut self, name: &str, shape: &[i64], initial: Initial) -> Id {
        let id = Id(self.declarations.0.len());
        self.declarations.0.push(Declaration {
            name: format!("{}{name}", self.prefix),
            shape: shape.to_vec(),
            initial,
        });
        id
    }
}

/// Which parameters an optimiser changes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Decays,
    Plain,
    Frozen,
}

/// The values: views into one flat tensor, so that norms, clipping and AdamW are a few operations on contiguous memory.
/// Parameters with weight decay come first, those without next, frozen ones last.
#[derive(Debug)]
pub struct Parameters {
    declarations: Declarations,
    flat: Tensor,
    /// Where each begins in `flat`.
    offsets: Vec<i64>,
    /// Leaves of the graph, one a parameter.
    leaves: Vec<Tensor>,
    decaying: i64,
    trainable: i64,
}

impl Parameters {
    /// Allocates them without values; `frozen` tells by name which are never trained.
    ///
    /// # Errors
    /// [`ModelError::Torch`] where there is no memory for them.
    pub fn uninitialised(
        declarations: Declarations,
        device: Device,
        frozen: impl Fn(&str) -> bool,
    ) -> Result<Self, ModelError> {
        let role = |declaration: &Declaration| match declaration {
            d if frozen(&d.name) => Role::Frozen,
            d if d.decays() => Role::Decays,
            _ => Role::Plain,
        };
        let mut order: Vec<usize> = (0..declarations.0.len()).collect();
        order.sort_by_key(|&index| role(&declarations.0[index]));
        let mut offsets = vec![0; order.len()];
        let (mut end, mut decaying, mut trainable) = (0, 0, 0);
        for &index in &order {
            let declaration = &declarations.0[index];
            offsets[index] = end;
            end += declaration.elements();
            match role(declaration) {
                Role::Decays => (decaying, trainable) = (end, end),
                Role::Plain => trainable = end,
                Role::Frozen => {}
            }
        }
        let flat = Tensor::f_zeros([end], (Kind::Float, device))?;
        let leaves = declarations.0.iter().zip(&offsets).map(|(declaration, &offset)| {
            let view = flat.narrow(0, offset, declaration.elements()).view(&declaration.shape[..]).detach();
            view.set_requires_grad(offset < trainable)
        });
        let leaves = leaves.collect();
        Ok(Self { flat, offsets, leaves, decaying, trainable, declarations })
    }

    /// The same values in the same memory, but leaves of their own: a graph for another thread.
    pub fn replica(&self) -> Self {
        let own = |leaf: &Tensor| leaf.detach().set_requires_grad(leaf.requires_grad());
        Self {
            declarations: self.declarations.clone(),
            flat: self.flat.shallow_clone(),
            offsets: self.offsets.clone(),
            leaves: self.leaves.iter().map(own).collect(),
            decaying: self.decaying,
            trainable: self.trainable,
        }
    }

    /// New values as [`Declaration::initial`] says; `seed` decides them.
    pub fn initialise(&mut self, config: &Config, seed: i64) {
        tch::no_grad(|| {
            tch::manual_seed(seed);
            for (declaration, leaf) in self.declarations.0.iter().zip(&mut self.leaves) {
                match declaration.initial {
                    Initial::Zeros => _ = leaf.zero_(),
                    Initial::Ones => _ = leaf.fill_(1.0),
                    Initial::Normal => _ = leaf.normal_(0.0, config.initializer_range),
                    Initial::NormalWithout { row } => {
                        _ = leaf.normal_(0.0, config.initializer_range);
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
        self.declarations.0.iter().map(|declaration| declaration.name.as_str()).zip(&self.leaves)
    }

    /// The leaves of the graph, in the modules' order.
    pub fn leaves(&self) -> &[Tensor] {
        &self.leaves
    }

    /// Names and views into a tensor laid out like [`Parameters::flat`]: gradients, or an optimiser's moments.
    pub fn views<'a>(&'a self, flat: &'a Tensor) -> impl Iterator<Item = (&'a str, Tensor)> {
        self.declarations.0.iter().zip(&self.offsets).filter(|(_, offset)| **offset < self.trainable).map(
            move |(declaration, &offset)| {
                let view = flat.narrow(0, offset, declaration.elements()).view(&declaration.shape[..]);
                (declaration.name.as_str(), view)
            },
        )
    }

    /// The trainable leaves with the place of each in [`Parameters::flat`].
    pub fn trainable(&self) -> impl Iterator<Item = (&Tensor, std::ops::Range<i64>)> {
        let ranges = self.declarations.0.iter().zip(&self.offsets);
        let ranges = ranges.map(|(declaration, &offset)| offset..offset + declaration.elements());
        self.leaves.iter().zip(ranges).filter(|(_, range)| range.start < self.trainable)
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

    /// Where they live.
    pub fn device(&self) -> Device {
        self.flat.device()
    }
}

/// The values as one pass sees them, in the precision of the pass; gradients flow through to the leaves.
#[derive(Debug)]
pub struct Weights(Vec<Tensor>);

impl Weights {
    /// Casts where `kind` is not single precision.
    pub fn of(parameters: &Parameters, kind: Kind) -> Self {
        Self(parameters.leaves.iter().map(|leaf| leaf.to_kind(kind)).collect())
    }
}

impl std::ops::Index<Id> for Weights {
    type Output = Tensor;

    fn index(&self, id: Id) -> &Tensor {
        &self.0[id.0]
    }
}
