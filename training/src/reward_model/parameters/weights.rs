//! Parameters in the precision of a pass.

use std::cell::RefCell;
use std::ops::Range;

use tch::{Kind, Tensor};

use super::{Id, Parameters, Precision};
use crate::libtorch::no_grad;
use crate::reward_model::ModelError;

/// The values as one pass sees them, in the precision of the pass. They are the leaves of the pass's graph.
#[derive(Debug)]
pub struct Weights {
    kind: Kind,
    values: Vec<Tensor>,
    /// Where each parameter lies in [`Parameters::flat`].
    ranges: Vec<Range<i64>>,
    /// Memory that the values are views of.
    pieces: Vec<Piece>,
    joined: RefCell<Vec<Joined>>,
    looked_up: Vec<LookedUp>,
}

/// Neighbours in memory, all in one precision.
#[derive(Debug)]
struct Piece {
    range: Range<i64>,
    values: Tensor,
}

/// Several parameters as one leaf, which is a view of the memory that they have.
#[derive(Debug)]
struct Joined {
    /// Where it begins in [`Parameters::flat`].
    start: i64,
    /// Its strides there.
    strides: Vec<i64>,
    leaf: Tensor,
}

/// Rows of a large table: only those that a pass reads take part in its graph.
#[derive(Debug)]
struct LookedUp {
    id: Id,
    numbers: Tensor,
    rows: Tensor,
}

impl Weights {
    /// Casts the values where `kind` is not single precision. Some stay as they are: tables, whose rows are added to what is in
    /// single precision anyway, normalisations, and the head. A reward of 8 bits would be one of few values, and pairs would
    /// tie.
    pub fn of(parameters: &Parameters, kind: Kind) -> Self {
        let mut values: Vec<Tensor> = parameters.leaves.iter().map(Tensor::shallow_clone).collect();
        let mut pieces = Vec::new();
        if kind == Kind::Float {
            pieces.push(Piece { range: 0..parameters.elements(), values: parameters.flat.shallow_clone() });
        } else {
            // Neighbours in memory are cast as one.
            for run in parameters.runs(|id| parameters.precision(id) == Precision::OfThePass) {
                let range = parameters.range(run[0]).start..parameters.range(run[run.len() - 1]).end;
                let all = parameters.flat.narrow(0, range.start, range.end - range.start);
                let cast = no_grad(|| all.to_kind(kind));
                for &id in run {
                    let (leaf, own) = (&parameters.leaves[id], parameters.range(id));
                    let own = cast.narrow(0, own.start - range.start, own.end - own.start).view(&leaf.size()[..]);
                    values[id] = own.detach().set_requires_grad(leaf.requires_grad());
                }
                pieces.push(Piece { range, values: cast });
            }
        }
        let ranges = (0..values.len()).map(|id| parameters.range(id)).collect();
        Self { kind, values, ranges, pieces, joined: RefCell::default(), looked_up: Vec::new() }
    }

    /// The precision of the pass.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Parameters one above the other: from shapes `(r_1, ...)`, `(r_2, ...)` to `(r_1 + r_2, ...)`. Neighbours in memory are not copied,
    /// and one leaf of the graph.
    pub fn joined(&self, ids: &[Id]) -> Tensor {
        let each: Vec<&Tensor> = ids.iter().map(|&id| &self[id]).collect();
        let size = one_above_the_other(&each);
        self.as_one_leaf(&[ids], &size).unwrap_or_else(|| Tensor::cat(&each, 0))
    }

    /// The same for each of several lists, whose shapes are the same: `(lists, r_1 + r_2, ...)`. Nothing is copied where the lists lie
    /// at equal distances, as those of layers do.
    pub fn stacked(&self, lists: &[&[Id]]) -> Tensor {
        let each: Vec<&Tensor> = lists.iter().flat_map(|list| list.iter()).map(|&id| &self[id]).collect();
        let mut size = one_above_the_other(&each);
        let count = lists.len().max(1) as i64;
        size[0] /= count;
        size.insert(0, count);
        self.as_one_leaf(lists, &size).unwrap_or_else(|| Tensor::cat(&each, 0).view(&size[..]))
    }

    /// A view of `size` of the memory of all parameters of `lists`, if it is one: those of a list follow one another there, and the lists
    /// lie at equal distances.
    fn as_one_leaf(&self, lists: &[&[Id]], size: &[i64]) -> Option<Tensor> {
        let one = |list: &[Id]| -> Option<Range<i64>> {
            let follows = list.windows(2).all(|two| self.ranges[two[0].0].end == self.ranges[two[1].0].start);
            follows.then_some(self.ranges[list.first()?.0].start..self.ranges[list.last()?.0].end)
        };
        let whole: Vec<Range<i64>> = lists.iter().map(|list| one(list)).collect::<Option<_>>()?;
        let (first, last) = (whole.first()?, whole.last()?);
        let distance = whole.get(1).map_or(0, |second| second.start - first.start);
        let even = whole.windows(2).all(|two| two[1].start - two[0].start == distance);
        let piece = self.pieces.iter().find(|own| own.range.start <= first.start && last.end <= own.range.end)?;
        let trained = self.values[lists.first()?.first()?.0].requires_grad();
        let alike = lists.iter().flat_map(|list| list.iter()).all(|id| self.values[id.0].requires_grad() == trained);
        if !(even && distance >= 0 && alike) {
            return None;
        }
        let mut strides = vec![1; size.len()];
        for axis in (1..size.len()).rev() {
            strides[axis - 1] = strides[axis] * size[axis];
        }
        if lists.len() > 1 {
            strides[0] = distance;
        }
        let memory = piece.values.narrow(0, first.start - piece.range.start, last.end - first.start);
        let view = memory.as_strided(size, &strides[..], None);
        let leaf = view.detach().set_requires_grad(trained);
        if trained {
            let kept = Joined { start: first.start, strides, leaf: leaf.shallow_clone() };
            self.joined.borrow_mut().push(kept);
        }
        Some(leaf)
    }

    /// The rows `numbers`, `(M,)`, each at most once, of the table `id`.
    pub fn look_up(&mut self, id: Id, numbers: &Tensor) -> Tensor {
        let table = &self.values[id.0];
        let rows = no_grad(|| table.index_select(0, numbers)).set_requires_grad(table.requires_grad());
        self.looked_up.push(LookedUp { id, numbers: numbers.shallow_clone(), rows: rows.shallow_clone() });
        rows
    }

    /// Adds the derivatives of `scalar` by the trainable values to `gradient`, laid out like [`Parameters::flat`].
    pub(crate) fn add_gradient(
        &self,
        scalar: &Tensor,
        parameters: &Parameters,
        gradient: &Tensor,
    ) -> Result<(), ModelError> {
        let joined = self.joined.borrow();
        let looked_up = |id: usize| self.looked_up.iter().any(|own| own.id.0 == id);
        let wanted = |id: usize| self.ranges[id].start < parameters.trainable && !looked_up(id);
        let single: Vec<usize> = (0..self.values.len()).filter(|&id| wanted(id)).collect();
        let tables: Vec<&LookedUp> = self.looked_up.iter().filter(|own| own.rows.requires_grad()).collect();
        let leaves: Vec<&Tensor> = single.iter().map(|&id| &self.values[id]).collect();
        let leaves = leaves.into_iter().chain(joined.iter().map(|own| &own.leaf));
        let leaves: Vec<&Tensor> = leaves.chain(tables.iter().map(|own| &own.rows)).collect();
        let mut derivatives = Tensor::f_run_backward(&[scalar], &leaves, false, false)?.into_iter();

        let mut parts = Vec::new();
        let mut apart = Vec::new();
        let starts = single.iter().map(|&id| (self.ranges[id].start, None));
        let starts = starts.chain(joined.iter().map(|own| (own.start, Some(&own.strides))));
        for ((start, strides), derivative) in starts.zip(derivatives.by_ref()) {
            match strides {
                // A parameter that no logit depends on, or which is a part of another leaf, has none.
                _ if !derivative.defined() => {}
                Some(strides) if !is_dense(&derivative.size(), strides) => apart.push((start, strides, derivative)),
                _ => parts.push((start, derivative.reshape([-1]))),
            }
        }
        no_grad(|| {
            // Neighbours of the same precision are added as one.
            for (start, parts) in neighbours(parts) {
                let all = match &parts[..] {
                    [one] => one.shallow_clone(),
                    several => Tensor::f_cat(several, 0)?,
                };
                drop(parts);
                let _ = gradient.narrow(0, start, all.size1()?).f_add_(&all)?;
            }
            for (start, strides, derivative) in apart {
                let own = gradient.narrow(0, start, gradient.size1()? - start);
                let _ = own.as_strided(derivative.size(), &strides[..], None).f_add_(&derivative)?;
            }
            for (own, derivative) in tables.iter().zip(derivatives.by_ref()) {
                if derivative.defined() {
                    let range = &self.ranges[own.id.0];
                    let table = gradient.narrow(0, range.start, range.end - range.start);
                    let _ = table.view(&self.values[own.id.0].size()[..]).f_index_add_(0, &own.numbers, &derivative)?;
                }
            }
            Ok(())
        })
    }
}

/// The size of tensors that differ in the first axis alone, one above the other.
fn one_above_the_other(each: &[&Tensor]) -> Vec<i64> {
    let mut size = each.first().map_or_else(|| vec![0], |first| first.size());
    size[0] = each.iter().map(|own| own.size()[0]).sum();
    size
}

/// Whether a tensor of such strides has no gaps.
fn is_dense(size: &[i64], strides: &[i64]) -> bool {
    let mut below = 1;
    size.iter().zip(strides).rev().all(|(&size, &stride)| {
        let fits = stride == below || size == 1;
        below *= size;
        fits
    })
}

/// Lists of derivatives of the same kind that follow one another without gaps, each with where its first begins.
fn neighbours(mut parts: Vec<(i64, Tensor)>) -> Vec<(i64, Vec<Tensor>)> {
    parts.sort_by_key(|(start, _)| *start);
    let mut lists: Vec<(i64, i64, Vec<Tensor>)> = Vec::new();
    for (start, part) in parts {
        let end = start + part.numel() as i64;
        match lists.last_mut() {
            Some((_, last, list)) if *last == start && list.iter().all(|own| own.kind() == part.kind()) => {
                *last = end;
                list.push(part);
            }
            _ => lists.push((start, end, vec![part])),
        }
    }
    lists.into_iter().map(|(start, _, list)| (start, list)).collect()
}

impl std::ops::Index<Id> for Weights {
    type Output = Tensor;

    fn index(&self, id: Id) -> &Tensor {
        &self.values[id.0]
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::super::{Declarations, Initial, Part, Role};
    use super::*;

    /// Two layers of two weights that are neighbours, `a` and `b`, and one that is not, and something before them.
    fn parameters(frozen: Option<usize>) -> (Parameters, [[Id; 2]; 2]) {
        let mut declarations = Declarations::default();
        let mut root = declarations.encoder("model");
        root.at("first").parameter("weight", &[5], Initial::Normal, Role::Weight);
        let layers = [0, 1].map(|k| {
            let mut layer = root.at(k).of(Part::Layer(k));
            let ab = ["a", "b"].map(|name| {
                let rows = if name == "a" { 2 } else { 4 };
                layer.at(name).parameter("weight", &[rows, 3], Initial::Normal, Role::Weight)
            });
            layer.at("last").parameter("weight", &[3, 3], Initial::Normal, Role::Weight);
            ab
        });
        let mut parameters = Parameters::uninitialised(declarations, Device::Cpu, frozen).unwrap();
        parameters.initialise(1.0, 3);
        (parameters, layers)
    }

    /// The gradient of a function of the weights that uses each twice.
    fn gradient(parameters: &Parameters, layers: [[Id; 2]; 2], kind: Kind, as_leaves: bool) -> (Tensor, usize) {
        let weights = Weights::of(parameters, kind);
        let joined = |ids: &[Id]| match as_leaves {
            true => weights.joined(ids),
            false => Tensor::cat(&[&weights[ids[0]], &weights[ids[1]]], 0),
        };
        let stacked = match as_leaves {
            true => weights.stacked(&[&layers[0], &layers[1]]),
            false => Tensor::stack(&layers.map(|ids| joined(&ids)), 0),
        };
        assert_eq!(stacked.size(), [2, 6, 3]);
        let numbers = Tensor::arange(36, (Kind::Float, Device::Cpu)).view([2, 6, 3]).to_kind(kind) / 32.0;
        let once = (&stacked * &stacked * &numbers).sum(Kind::Float);
        let again = layers.iter().map(|ids| (joined(ids) * &numbers.get(1)).sum(Kind::Float));
        let single = (&weights[layers[1][0]] * 0.5).sum(Kind::Float);
        let scalar = again.fold(once + single, |sum, term| sum + term);
        let gradient = Tensor::ones([parameters.flat().size1().unwrap()], (Kind::Float, Device::Cpu));
        weights.add_gradient(&scalar, parameters, &gradient).unwrap();
        (gradient, weights.joined.borrow().len())
    }

    #[test]
    fn leaves_of_several_parameters_have_the_derivatives_of_each() {
        // Without a layer that is frozen, three leaves; the frozen layer lies elsewhere, and its neighbours need no derivative.
        for (frozen, leaves) in [(None, 3), (Some(1), 1), (Some(2), 0)] {
            let (parameters, layers) = parameters(frozen);
            for kind in [Kind::Float, Kind::BFloat16] {
                // With every layer frozen nothing has a derivative.
                if leaves == 0 {
                    let weights = Weights::of(&parameters, kind);
                    assert!(!weights.stacked(&[&layers[0], &layers[1]]).requires_grad());
                    continue;
                }
                let (wanted, none) = gradient(&parameters, layers, kind, false);
                let (found, count) = gradient(&parameters, layers, kind, true);
                assert_eq!((none, count), (0, leaves), "{frozen:?} {kind:?}");
                let distance = (found - &wanted).abs().max().double_value(&[]);
                // In bfloat16 the sums of two derivatives are rounded in one way and not in the other.
                let allowed = if kind == Kind::Float { 1e-6 } else { 0.05 };
                assert!(distance < allowed && wanted.max().double_value(&[]) > 3.0, "{frozen:?} {kind:?}: {distance}");
            }
        }
    }

    #[test]
    fn what_is_no_neighbour_is_copied() {
        let (parameters, [[a, b], [_, d]]) = parameters(None);
        let weights = Weights::of(&parameters, Kind::Float);
        let joined = weights.joined(&[b, a]);
        assert_eq!(joined, Tensor::cat(&[&weights[b], &weights[a]], 0));
        let stacked = weights.stacked(&[&[b], &[d]]);
        assert_eq!(stacked, Tensor::stack(&[&weights[b], &weights[d]], 0));
        // The second was a view, the first was not.
        assert_eq!(weights.joined.borrow().len(), 1);
    }
}
