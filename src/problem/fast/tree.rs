//! A balanced binary tree over ranks.

use std::ops::Range;

use super::places::Places;

/// A balanced binary tree over the ranks of responses: every node is a range of consecutive responses. Node 1 is the
/// root, and the children of `node` are `2 node` and `2 node + 1`.
///
/// Halving ranks, not positions, keeps the tree balanced however unevenly the rewards are spread: those of `x^0.9` reach
/// over a hundred orders of magnitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree {
    responses: usize,
    depth: u32,
}

impl Tree {
    /// A tree whose leaves have at most `leaf` responses, and at least half as many where there are as many.
    pub(super) fn new(responses: usize, leaf: usize) -> Self {
        let leaves = responses.div_ceil(leaf).next_power_of_two();
        Self { responses, depth: leaves.ilog2() }
    }

    /// One more than the largest node; node 0 is not used.
    pub(super) fn end(&self) -> usize {
        2 << self.depth
    }

    pub(super) fn leaves(&self) -> Range<usize> {
        1 << self.depth..2 << self.depth
    }

    pub(super) fn is_leaf(&self, node: usize) -> bool {
        node >> self.depth != 0
    }

    /// The nodes at a distance from the root.
    pub(super) fn level(&self, level: u32) -> Range<usize> {
        1 << level..2 << level
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// The responses of a node.
    pub(super) fn range(&self, node: usize) -> Range<usize> {
        let level = node.ilog2();
        let place = node - (1 << level);
        let bound = |place: usize| ((place as u64 * self.responses as u64) >> level) as usize;
        bound(place)..bound(place + 1)
    }

    /// The distance from the first to the last response of a node.
    pub(super) fn width(&self, node: usize, x: &impl Places) -> f64 {
        let range = self.range(node);
        if range.is_empty() { 0.0 } else { x.near(range.start, range.end - 1) }
    }
}
