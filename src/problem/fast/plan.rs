//! Which groups of responses meet directly, which through interpolation, and how sums pass between them.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::chebyshev::Chebyshev;
use super::resolution::Resolution;
use super::tree::Tree;
use crate::problem::Positions;

/// Blocks, or nodes, that one task handles: tasks, not threads, own partial results.
const CHUNK: usize = 64;

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
    /// Whether they meet at their Chebyshev points, or response by response.
    pub(super) interpolated: bool,
}

impl Block {
    /// Whether what `a` receives is all: the pairs of a group with its own mirror image.
    fn one_sided(&self) -> bool {
        self.a == self.b && self.kind == Kind::Mirror
    }
}

/// What a block sends where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// From responses above, outside the own leaf.
    Above,
    /// From responses below, outside the own leaf.
    Below,
    /// From responses above in the own leaf.
    OwnAbove,
    /// From responses below in the own leaf.
    OwnBelow,
    /// From mirror images.
    Mirror,
}

/// For given positions: the tree, the blocks that cover every pair exactly once, and the interpolation between them.
///
/// Vectors over *slots* hold one value for each Chebyshev point of each node, and then one for each response.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) x: Positions,
    pub(super) tree: Tree,
    pub(super) blocks: Vec<Block>,
    chebyshev: Chebyshev,
    /// Positions of the Chebyshev points of each node, from its first response on.
    offsets: Vec<f64>,
    /// For each response, the Lagrange basis of its leaf at its position.
    point_basis: Vec<f64>,
    /// For each node, the Lagrange basis of its parent at its own Chebyshev points.
    transfer: Vec<f64>,
    /// Where the results of each block begin among all results.
    starts: Vec<usize>,
    /// For each slot owner (nodes, then leaves as groups of responses), the blocks that send to it.
    incoming: Incoming,
    spare: Spare,
}

#[derive(Debug)]
struct Incoming {
    starts: Vec<u32>,
    /// Where among the results, and by which channel.
    items: Vec<(usize, Channel)>,
}

impl Plan {
    pub(super) fn new(x: &Positions, chebyshev: &Chebyshev, resolution: &Resolution) -> Self {
        let order = chebyshev.order();
        // Two leaves that meet response by response then cost about as much as two that are interpolated.
        let tree = Tree::new(x.lower_half().len(), 2 * order);
        let nodes = chebyshev.nodes();
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
        let mut point_basis = vec![0.0; x.lower_half().len() * order];
        let leaves = split(&mut point_basis, tree.leaves().map(|leaf| tree.range(leaf).len() * order));
        leaves.into_par_iter().zip(tree.leaves().into_par_iter()).for_each(|(rows, leaf)| {
            let first = tree.range(leaf).start;
            for (i, basis) in tree.range(leaf).zip(rows.chunks_mut(order)) {
                chebyshev.basis(local(x.near(first, i), widths[leaf]), basis);
            }
        });
        let blocks = Cover { x, tree, resolution, blocks: Vec::new() }.all();
        let mut plan = Self {
            x: x.clone(),
            tree,
            blocks,
            chebyshev: chebyshev.clone(),
            offsets,
            point_basis,
            transfer,
            starts: Vec::new(),
            incoming: Incoming { starts: Vec::new(), items: Vec::new() },
            spare: Spare::default(),
        };
        plan.route();
        plan
    }

    fn order(&self) -> usize {
        self.chebyshev.order()
    }

    /// The number of slots.
    pub(super) fn slots(&self) -> usize {
        self.tree.end() * self.order() + self.x.lower_half().len()
    }

    /// The slots of a node's Chebyshev points, or of its responses.
    pub(super) fn slots_of(&self, node: usize, interpolated: bool) -> Range<usize> {
        if interpolated {
            node * self.order()..(node + 1) * self.order()
        } else {
            let (range, base) = (self.tree.range(node), self.tree.end() * self.order());
            base + range.start..base + range.end
        }
    }

    fn len(&self, node: usize, interpolated: bool) -> usize {
        if interpolated { self.order() } else { self.tree.range(node).len() }
    }

    /// Fills in where results go.
    fn route(&mut self) {
        let owner = |node: usize, interpolated: bool| if interpolated { node } else { self.tree.end() + node };
        let owners = 2 * self.tree.end();
        let mut counts = vec![0u32; owners + 1];
        let mut starts = Vec::with_capacity(self.blocks.len() + 1);
        let mut total = 0;
        for block in &self.blocks {
            starts.push(total);
            total += self.len(block.a, block.interpolated);
            counts[owner(block.a, block.interpolated) + 1] += 1;
            if !block.one_sided() {
                total += self.len(block.b, block.interpolated);
                counts[owner(block.b, block.interpolated) + 1] += 1;
            }
        }
        starts.push(total);
        for i in 0..owners {
            counts[i + 1] += counts[i];
        }
        let mut next = counts.clone();
        let mut items = vec![(0, Channel::Mirror); counts[owners] as usize];
        let mut put = |owner: usize, item| {
            items[next[owner] as usize] = item;
            next[owner] += 1;
        };
        for (block, start) in self.blocks.iter().zip(&starts) {
            let (to_a, to_b) = match block.kind {
                Kind::Near if block.a == block.b => (Channel::OwnAbove, Channel::OwnBelow),
                Kind::Near => (Channel::Above, Channel::Below),
                Kind::Mirror => (Channel::Mirror, Channel::Mirror),
            };
            put(owner(block.a, block.interpolated), (*start, to_a));
            if !block.one_sided() {
                let start = start + self.len(block.a, block.interpolated);
                put(owner(block.b, block.interpolated), (start, to_b));
            }
        }
        self.incoming = Incoming { starts: counts, items };
        self.starts = starts;
    }

    /// The distances of a block, row by row; a row for each slot of `a`. In a group with itself, `None` stands where `i < j`
    /// fails.
    fn distances(&self, block: &Block, matrix: &mut Vec<f64>) {
        let (x, tree) = (&self.x, self.tree);
        matrix.clear();
        if block.interpolated {
            let offsets = |node: usize| &self.offsets[node * self.order()..(node + 1) * self.order()];
            let (a, b) = (tree.range(block.a).start, tree.range(block.b).start);
            match block.kind {
                Kind::Near => {
                    let base = x.near(a, b);
                    for from in offsets(block.a) {
                        matrix.extend(offsets(block.b).iter().map(|to| (base + (to - from)).max(0.0)));
                    }
                }
                Kind::Mirror => {
                    let base = x.far(a, b);
                    for from in offsets(block.a) {
                        matrix.extend(offsets(block.b).iter().map(|to| (base - (from + to)).max(0.0)));
                    }
                }
            }
        } else {
            for i in tree.range(block.a) {
                match block.kind {
                    Kind::Near => matrix.extend(tree.range(block.b).map(|j| x.near(i, j))),
                    Kind::Mirror => matrix.extend(tree.range(block.b).map(|j| x.far(i, j))),
                }
            }
        }
    }

    /// The kernel matrix of a block.
    fn matrix(&self, block: &Block, kernel: Kernel<'_>, matrix: &mut Vec<f64>) {
        self.distances(block, matrix);
        if block.kind == Kind::Near && block.a == block.b {
            // Pairs of a group with itself: each once, and none of a response with itself.
            let size = self.tree.range(block.a).len();
            let mut pairs: Vec<f64> =
                (0..size).flat_map(|i| matrix[i * size + i + 1..(i + 1) * size].iter().copied()).collect();
            kernel(&mut pairs);
            let mut values = pairs.into_iter();
            for (k, entry) in matrix.iter_mut().enumerate() {
                *entry = if k % size > k / size { values.next().unwrap_or(0.0) } else { 0.0 };
            }
        } else {
            kernel(matrix);
        }
    }

    /// All kernel matrices, a vector for each chunk of blocks, so that products with them can be repeated.
    pub(super) fn matrices(&self, kernel: Kernel<'_>) -> Matrices {
        let chunk = |blocks: &[Block]| {
            let size = |block: &Block| self.len(block.a, block.interpolated) * self.len(block.b, block.interpolated);
            let (mut all, mut matrix) = (Vec::with_capacity(blocks.iter().map(size).sum()), Vec::new());
            for block in blocks {
                self.matrix(block, kernel, &mut matrix);
                all.extend_from_slice(&matrix);
            }
            all
        };
        Matrices(self.blocks.par_chunks(CHUNK).map(chunk).collect())
    }

    /// Takes back what [`Plan::exchange`], [`Plan::ascend`] and [`Plan::gather`] gave, for the next product.
    pub(super) fn recycle(&self, exchanged: Exchanged, slots: [Vec<f64>; 2]) {
        [exchanged.0].into_iter().chain(slots).for_each(|vector| self.spare.give(vector));
    }

    /// Multiplies every block with `source`, a vector over slots whose interpolated part is [`Plan::ascend`]ed.
    pub(super) fn exchange(&self, kernel: Kernel<'_>, source: &[f64]) -> Exchanged {
        self.exchange_by(source, |chunk, results| {
            let (mut matrix, mut rest) = (Vec::new(), results);
            for block in &self.blocks[chunk] {
                self.matrix(block, kernel, &mut matrix);
                rest = self.multiply(block, &matrix, source, rest);
            }
        })
    }

    /// [`Plan::exchange`] with matrices that were kept.
    pub(super) fn exchange_kept(&self, matrices: &Matrices, source: &[f64]) -> Exchanged {
        self.exchange_by(source, |chunk, results| {
            let (mut kept, mut rest) = (matrices.0[chunk.start / CHUNK].as_slice(), results);
            for block in &self.blocks[chunk] {
                let size = self.len(block.a, block.interpolated) * self.len(block.b, block.interpolated);
                rest = self.multiply(block, &kept[..size], source, rest);
                kept = &kept[size..];
            }
        })
    }

    fn exchange_by(&self, source: &[f64], chunk: impl Fn(Range<usize>, &mut [f64]) + Sync) -> Exchanged {
        debug_assert_eq!(source.len(), self.slots());
        let count = self.blocks.len();
        let chunks: Vec<Range<usize>> = (0..count).step_by(CHUNK).map(|from| from..count.min(from + CHUNK)).collect();
        let mut results = self.spare.take(self.starts[count]);
        let parts = split(&mut results, chunks.iter().map(|c| self.starts[c.end] - self.starts[c.start]));
        parts.into_par_iter().zip(chunks.into_par_iter()).for_each(|(results, blocks)| chunk(blocks, results));
        Exchanged(results)
    }

    /// Writes what `a` and `b` receive, and returns the results that follow.
    fn multiply<'r>(&self, block: &Block, matrix: &[f64], source: &[f64], results: &'r mut [f64]) -> &'r mut [f64] {
        let from_a = &source[self.slots_of(block.a, block.interpolated)];
        let from_b = &source[self.slots_of(block.b, block.interpolated)];
        let (to_a, rest) = results.split_at_mut(from_a.len());
        if block.one_sided() {
            for (to, row) in to_a.iter_mut().zip(matrix.chunks(from_b.len())) {
                *to = row.iter().zip(from_b).map(|(k, s)| k * s).sum();
            }
            return rest;
        }
        let (to_b, rest) = rest.split_at_mut(from_b.len());
        for ((to, from), row) in to_a.iter_mut().zip(from_a).zip(matrix.chunks(from_b.len())) {
            let mut sum = 0.0;
            for ((k, s), to_b) in row.iter().zip(from_b).zip(to_b.iter_mut()) {
                sum += k * s;
                *to_b += k * from;
            }
            *to = sum;
        }
        rest
    }

    /// `sum_i sum_j K(t_ij)` over both groups of each block, as [`Plan::exchange`] of charges `source` left it: the sums of
    /// what `a` receives.
    pub(super) fn totals(&self, exchanged: &Exchanged, source: &[f64]) -> Vec<f64> {
        let total = |(block, start): (&Block, &usize)| {
            let from = &source[self.slots_of(block.a, block.interpolated)];
            from.iter().zip(&exchanged.0[*start..]).map(|(s, r)| s * r).sum()
        };
        self.blocks.par_iter().zip(&self.starts).with_min_len(CHUNK).map(total).collect()
    }

    /// What the responses of each leaf receive from each other: from above, and from below.
    pub(super) fn own<'e>(&self, exchanged: &'e Exchanged) -> Vec<(&'e [f64], &'e [f64])> {
        let own =
            self.blocks.iter().zip(&self.starts).filter(|(block, _)| block.kind == Kind::Near && block.a == block.b);
        own.map(|(block, start)| exchanged.0[*start..].split_at(self.tree.range(block.a).len()))
            .map(|(above, rest)| (above, &rest[..above.len()]))
            .collect()
    }

    /// A vector over slots from charges of the responses: the equivalent charges at the Chebyshev points of every node.
    pub(super) fn ascend(&self, charges: &[f64]) -> Vec<f64> {
        let (order, tree) = (self.order(), self.tree);
        let mut slots = self.spare.take(self.slots());
        slots.truncate(tree.end() * order);
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
        slots.extend_from_slice(charges);
        slots
    }

    /// The sum that each slot receives from the blocks, each channel with its weight.
    pub(super) fn gather(&self, exchanged: &Exchanged, weight: impl Fn(Channel) -> f64 + Sync) -> Vec<f64> {
        let end = self.tree.end();
        let owners = (0..end).map(|node| (node, true)).chain(self.tree.leaves().map(|leaf| (leaf, false)));
        let owners: Vec<(usize, bool)> = owners.collect();
        let mut slots = self.spare.take(self.slots());
        let parts = split(
            &mut slots,
            owners.iter().map(|&(node, interpolated)| match node {
                0 => self.order(),
                _ => self.len(node, interpolated),
            }),
        );
        parts.into_par_iter().with_min_len(CHUNK).zip(owners.into_par_iter()).for_each(
            |(sums, (node, interpolated))| {
                let owner = if interpolated { node } else { end + node };
                let range = self.incoming.starts[owner] as usize..self.incoming.starts[owner + 1] as usize;
                for (start, channel) in &self.incoming.items[range] {
                    let weight = weight(*channel);
                    if weight != 0.0 {
                        sums.iter_mut().zip(&exchanged.0[*start..]).for_each(|(sum, r)| *sum += weight * r);
                    }
                }
            },
        );
        slots
    }

    /// Adds to every node what its ancestors received, and returns the sum that each response receives.
    pub(super) fn descend(&self, slots: &mut [f64]) -> Vec<f64> {
        let (order, tree) = (self.order(), self.tree);
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
        let order = self.order();
        let mut raised = vec![0.0; order];
        let rows = self.transfer[node * order * order..].chunks(order);
        for (row, charge) in rows.zip(&moments[node * order..(node + 1) * order]) {
            raised.iter_mut().zip(row).for_each(|(m, b)| *m += b * charge);
        }
        raised
    }
}

/// Vectors that served, for the next product: for large ones the system takes longer to provide memory than they are used.
#[derive(Debug, Default)]
struct Spare(Mutex<Vec<Vec<f64>>>);

impl Spare {
    /// Most vectors kept.
    const MOST: usize = 4;

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<f64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Zeros.
    fn take(&self, length: usize) -> Vec<f64> {
        let mut kept = self.lock();
        let Some(at) = kept.iter().position(|vector| vector.capacity() >= length && vector.capacity() < 2 * length)
        else {
            return vec![0.0; length];
        };
        let mut vector = kept.swap_remove(at);
        drop(kept);
        vector.clear();
        vector.resize(length, 0.0);
        vector
    }

    fn give(&self, vector: Vec<f64>) {
        let mut kept = self.lock();
        if kept.len() < Self::MOST {
            kept.push(vector);
        }
    }
}

/// Turns distances into values of a kernel, in place.
pub(super) type Kernel<'k> = &'k (dyn Fn(&mut [f64]) + Sync);

/// Kernel matrices of all blocks.
#[derive(Debug)]
pub(super) struct Matrices(Vec<Vec<f64>>);

/// What every block sends to both of its sides.
#[derive(Debug)]
pub(super) struct Exchanged(Vec<f64>);

/// Cuts a slice into parts of the given lengths.
fn split<T>(mut whole: &mut [T], lengths: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    lengths.map(|length| whole.split_off_mut(..length).unwrap_or_default()).collect()
}

/// Finds the blocks.
struct Cover<'a> {
    x: &'a Positions,
    tree: Tree,
    resolution: &'a Resolution,
    blocks: Vec<Block>,
}

impl Cover<'_> {
    /// Every pair `i < j`, and every pair of a response and a mirror image, in exactly one block.
    fn all(mut self) -> Vec<Block> {
        self.within(1);
        self.across(1, 1, Kind::Mirror);
        self.blocks
    }

    fn within(&mut self, node: usize) {
        if self.tree.is_leaf(node) {
            self.blocks.push(Block { a: node, b: node, kind: Kind::Near, interpolated: false });
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
        if most - least <= self.resolution.length(least) {
            self.blocks.push(Block { a, b, kind, interpolated: true });
        } else if self.tree.is_leaf(a) && self.tree.is_leaf(b) {
            self.blocks.push(Block { a, b, kind, interpolated: false });
        } else if a == b {
            self.across(2 * a, 2 * a, kind);
            self.across(2 * a, 2 * a + 1, kind);
            self.across(2 * a + 1, 2 * a + 1, kind);
        } else {
            let widths = [a, b].map(|node| self.tree.width(node, self.x));
            let split_a = self.tree.is_leaf(b) || !self.tree.is_leaf(a) && widths[0] > widths[1];
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
