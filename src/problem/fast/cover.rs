//! Which groups of responses meet, and whether directly or through interpolation.

use super::places::Places;
use super::resolution::Resolution;
use super::tree::Tree;

/// What the distances of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `x_j - x_i`, with every response of the first group below every one of the second; within one group, `i < j`.
    Near,
    /// `1 - x_i - x_j`: to mirror images.
    Mirror,
}

/// Two nodes of the tree that meet, `a <= b`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) kind: Kind,
    /// Whether each of them takes part by its Chebyshev points, or response by response; leaves alone do the latter.
    pub(super) interpolated: [bool; 2],
}

impl Block {
    /// Whether what `a` receives is all: the pairs of a group with its own mirror image.
    pub(super) fn one_sided(&self) -> bool {
        self.a == self.b && self.kind == Kind::Mirror
    }
}

/// The blocks that cover every pair `i < j`, and every pair of a response and a mirror image where there are such, exactly once.
pub(super) fn cover<X: Places>(x: &X, tree: Tree, resolution: &Resolution) -> Vec<Block> {
    let mut cover = Cover { x, tree, resolution, blocks: Vec::new() };
    if !tree.range(1).is_empty() {
        cover.within(1);
        if X::MIRRORED {
            cover.across(1, 1, Kind::Mirror);
        }
    }
    cover.blocks
}

struct Cover<'a, X> {
    x: &'a X,
    tree: Tree,
    resolution: &'a Resolution,
    blocks: Vec<Block>,
}

impl<X: Places> Cover<'_, X> {
    fn within(&mut self, node: usize) {
        if self.tree.is_leaf(node) {
            self.blocks.push(Block { a: node, b: node, kind: Kind::Near, interpolated: [false; 2] });
        } else {
            self.within(2 * node);
            self.within(2 * node + 1);
            self.across(2 * node, 2 * node + 1, Kind::Near);
        }
    }

    fn across(&mut self, a: usize, b: usize, kind: Kind) {
        let (first, second) = (self.tree.range(a), self.tree.range(b));
        let (least, most) = match kind {
            Kind::Near => (self.x.near(first.end - 1, second.start), self.x.near(first.start, second.end - 1)),
            Kind::Mirror => (self.x.far(first.end - 1, second.end - 1), self.x.far(first.start, second.start)),
        };
        let length = self.resolution.length(least);
        if most - least <= length {
            self.blocks.push(Block { a, b, kind, interpolated: [true; 2] });
            return;
        }
        // Where rewards grow by a factor from one to the next, a group may be narrow beside its distance from another one that
        // is not: seen from each response of the other, its own is then resolved.
        let leaves = [a, b].map(|node| self.tree.is_leaf(node));
        let resolved = [a, b].map(|node| a != b && self.tree.width(node, self.x) <= length);
        if leaves[1] && resolved[0] {
            self.blocks.push(Block { a, b, kind, interpolated: [true, false] });
        } else if leaves[0] && resolved[1] {
            self.blocks.push(Block { a, b, kind, interpolated: [false, true] });
        } else if leaves == [true; 2] {
            self.blocks.push(Block { a, b, kind, interpolated: [false; 2] });
        } else if a == b {
            self.across(2 * a, 2 * a, kind);
            self.across(2 * a, 2 * a + 1, kind);
            self.across(2 * a + 1, 2 * a + 1, kind);
        } else {
            let widths = [a, b].map(|node| self.tree.width(node, self.x));
            let split_a = leaves[1] || !leaves[0] && widths[0] > widths[1];
            if split_a {
                self.across(2 * a, b, kind);
                self.across(2 * a + 1, b, kind);
            } else {
                self.across(a, 2 * b, kind);
                self.across(a, 2 * b + 1, kind);
            }
        }
    }
}
