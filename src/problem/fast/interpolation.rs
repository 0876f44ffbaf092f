//! Charges and forces between responses and the Chebyshev points of the groups that they belong to.

use std::ops::Range;

use rayon::prelude::*;

use super::chebyshev::Chebyshev;
use super::chunks::{CHUNK, split};
use super::places::Places;
use super::tree::Tree;

/// For given positions, the Chebyshev points of every node of the tree, and the Lagrange bases that connect them.
///
/// Vectors over *slots* hold one value for each Chebyshev point of each node, and then one for each response.
#[derive(Debug)]
pub(super) struct Interpolation {
    tree: Tree,
    order: usize,
    responses: usize,
    /// Positions of the Chebyshev points of each node, from its first response on.
    offsets: Vec<f64>,
    /// For each response, the Lagrange basis of its leaf at its position.
    point_basis: Vec<f64>,
    /// For each node, the Lagrange basis of its parent at its own Chebyshev points.
    transfer: Vec<f64>,
}

impl Interpolation {
    pub(super) fn new(x: &impl Places, tree: Tree, chebyshev: &Chebyshev) -> Self {
        let (order, nodes, responses) = (chebyshev.order(), chebyshev.nodes(), x.count());
        let widths: Vec<f64> = (0..tree.end()).map(|node| if node == 0 { 0.0 } else { tree.width(node, x) }).collect();
        let offsets = widths.iter().flat_map(|width| nodes.iter().map(move |xi| 0.5 * width * (1.0 + xi))).collect();
        let local = |from: f64, width: f64| if width > 0.0 { (2.0 * from / width - 1.0).clamp(-1.0, 1.0) } else { 0.0 };
        let mut transfer = vec![0.0; tree.end() * order * order];
        transfer.par_chunks_mut(order * order).enumerate().skip(2).for_each(|(node, transfer)| {
            let (width, parent) = (widths[node], widths[node / 2]);
            let shift = x.near(tree.range(node / 2).start, tree.range(node).start);
            for (xi, basis) in nodes.iter().zip(transfer.chunks_mut(order)) {
                chebyshev.basis(local(shift + 0.5 * width * (1.0 + xi), parent), basis);
            }
        });
        let mut point_basis = vec![0.0; responses * order];
        let leaves = split(&mut point_basis, tree.leaves().map(|leaf| tree.range(leaf).len() * order));
        leaves.into_par_iter().zip(tree.leaves().into_par_iter()).for_each(|(rows, leaf)| {
            let first = tree.range(leaf).start;
            for (i, basis) in tree.range(leaf).zip(rows.chunks_mut(order)) {
                chebyshev.basis(local(x.near(first, i), widths[leaf]), basis);
            }
        });
        Self { tree, order, responses, offsets, point_basis, transfer }
    }

    /// The number of slots.
    pub(super) fn slots(&self) -> usize {
        self.tree.end() * self.order + self.responses
    }

    /// The slots of a node's Chebyshev points, or of its responses.
    pub(super) fn slots_of(&self, node: usize, interpolated: bool) -> Range<usize> {
        if interpolated {
            node * self.order..(node + 1) * self.order
        } else {
            let (range, base) = (self.tree.range(node), self.tree.end() * self.order);
            base + range.start..base + range.end
        }
    }

    /// The number of a node's Chebyshev points, or of its responses.
    pub(super) fn len(&self, node: usize, interpolated: bool) -> usize {
        if interpolated { self.order } else { self.tree.range(node).len() }
    }

    /// Where the Chebyshev points of a node lie, from its first response on.
    pub(super) fn offsets(&self, node: usize) -> &[f64] {
        &self.offsets[node * self.order..(node + 1) * self.order]
    }

    /// Fills zeros over slots with charges of the responses, and the equivalent charges at the Chebyshev points of every node.
    pub(super) fn ascend(&self, charges: &[f64], slots: &mut [f64]) {
        let (order, tree) = (self.order, self.tree);
        let (slots, own) = slots.split_at_mut(tree.end() * order);
        own.copy_from_slice(charges);
        slots[tree.leaves().start * order..].par_chunks_mut(order).with_min_len(CHUNK).enumerate().for_each(
            |(k, moments)| {
                for i in tree.range(tree.leaves().start + k) {
                    let basis = &self.point_basis[i * order..(i + 1) * order];
                    moments.iter_mut().zip(basis).for_each(|(m, b)| *m += b * charges[i]);
                }
            },
        );
        for level in (0..tree.depth()).rev() {
            let (above, below) = slots.split_at_mut(tree.level(level + 1).start * order);
            let parents = &mut above[tree.level(level).start * order..];
            parents.par_chunks_mut(order).with_min_len(CHUNK).zip(below.par_chunks(2 * order)).enumerate().for_each(
                |(k, (moments, children))| {
                    let first = 2 * (tree.level(level).start + k);
                    let rows = self.transfer[first * order * order..].chunks(order);
                    for (row, charge) in rows.zip(children) {
                        moments.iter_mut().zip(row).for_each(|(m, b)| *m += b * charge);
                    }
                },
            );
        }
    }

    /// Adds to every node what its ancestors received, and returns the sum that each response receives.
    pub(super) fn descend(&self, slots: &mut [f64]) -> Vec<f64> {
        let (order, tree) = (self.order, self.tree);
        for level in 0..tree.depth() {
            let (above, below) = slots.split_at_mut(tree.level(level + 1).start * order);
            let parents = &above[tree.level(level).start * order..];
            let children = &mut below[..tree.level(level + 1).len() * order];
            children.par_chunks_mut(order).with_min_len(CHUNK).enumerate().for_each(|(k, child)| {
                let node = tree.level(level + 1).start + k;
                let parent = &parents[(k / 2) * order..(k / 2 + 1) * order];
                let rows = self.transfer[node * order * order..].chunks(order);
                for (value, row) in child.iter_mut().zip(rows) {
                    *value += row.iter().zip(parent).map(|(b, p)| b * p).sum::<f64>();
                }
            });
        }
        let (nodes, direct) = slots.split_at(tree.end() * order);
        let mut sums = direct.to_vec();
        let leaves = split(&mut sums, tree.leaves().map(|leaf| tree.range(leaf).len()));
        leaves.into_par_iter().with_min_len(CHUNK).zip(tree.leaves().into_par_iter()).for_each(|(sums, leaf)| {
            let received = &nodes[leaf * order..(leaf + 1) * order];
            for (i, sum) in tree.range(leaf).zip(sums) {
                let basis = &self.point_basis[i * order..(i + 1) * order];
                *sum += basis.iter().zip(received).map(|(b, r)| b * r).sum::<f64>();
            }
        });
        sums
    }

    /// The equivalent charges that `node` gives to its parent's Chebyshev points.
    pub(super) fn raised(&self, node: usize, moments: &[f64]) -> Vec<f64> {
        let order = self.order;
        let mut raised = vec![0.0; order];
        let rows = self.transfer[node * order * order..].chunks(order);
        for (row, charge) in rows.zip(&moments[node * order..(node + 1) * order]) {
            raised.iter_mut().zip(row).for_each(|(m, b)| *m += b * charge);
        }
        raised
    }
}
