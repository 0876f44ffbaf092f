//! How sums pass between groups of responses.

use std::ops::Range;

use rayon::prelude::*;

use super::buffers::Buffers;
use super::chebyshev::Chebyshev;
use super::chunks::{CHUNK, split};
use super::cover::{Block, Kind, cover};
use super::interpolation::Interpolation;
use super::places::Places;
use super::resolution::Resolution;
use super::tree::Tree;

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

/// For given positions: the blocks that cover every pair exactly once, the interpolation between them, and where what they
/// send goes.
#[derive(Debug)]
pub(super) struct Plan<X> {
    pub(super) x: X,
    pub(super) tree: Tree,
    pub(super) blocks: Vec<Block>,
    pub(super) interpolation: Interpolation,
    /// Where the results of each block begin among all results.
    starts: Vec<usize>,
    /// For each slot owner (nodes, then leaves as groups of responses), the blocks that send to it.
    incoming: Incoming,
    buffers: Buffers,
}

#[derive(Debug)]
struct Incoming {
    starts: Vec<u32>,
    /// Where among the results, and by which channel.
    items: Vec<(usize, Channel)>,
}

impl<X: Places> Plan<X> {
    pub(super) fn new(x: &X, chebyshev: &Chebyshev, resolution: &Resolution) -> Self {
        // Two leaves that meet response by response then cost about as much as two that are interpolated.
        let tree = Tree::new(x.count(), 2 * chebyshev.order());
        let mut plan = Self {
            x: x.clone(),
            tree,
            blocks: cover(x, tree, resolution),
            interpolation: Interpolation::new(x, tree, chebyshev),
            starts: Vec::new(),
            incoming: Incoming { starts: Vec::new(), items: Vec::new() },
            buffers: Buffers::default(),
        };
        plan.route();
        plan
    }

    fn len(&self, node: usize, interpolated: bool) -> usize {
        self.interpolation.len(node, interpolated)
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
            total += self.len(block.a, block.interpolated[0]);
            counts[owner(block.a, block.interpolated[0]) + 1] += 1;
            if !block.one_sided() {
                total += self.len(block.b, block.interpolated[1]);
                counts[owner(block.b, block.interpolated[1]) + 1] += 1;
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
            put(owner(block.a, block.interpolated[0]), (*start, to_a));
            if !block.one_sided() {
                let start = start + self.len(block.a, block.interpolated[0]);
                put(owner(block.b, block.interpolated[1]), (start, to_b));
            }
        }
        self.incoming = Incoming { starts: counts, items };
        self.starts = starts;
    }

    /// The distances of a block, row by row; a row for each slot of `a`.
    fn distances(&self, block: &Block, matrix: &mut Vec<f64>) {
        let (x, tree) = (&self.x, self.tree);
        matrix.clear();
        let offsets = |node: usize| self.interpolation.offsets(node);
        let (first_a, first_b) = (tree.range(block.a).start, tree.range(block.b).start);
        // A Chebyshev point lies at an offset from the first response of its group.
        match (block.kind, block.interpolated) {
            (Kind::Near, [true, true]) => {
                let base = x.near(first_a, first_b);
                for from in offsets(block.a) {
                    matrix.extend(offsets(block.b).iter().map(|to| (base + (to - from)).max(0.0)));
                }
            }
            (Kind::Near, [true, false]) => {
                for from in offsets(block.a) {
                    matrix.extend(tree.range(block.b).map(|j| (x.near(first_a, j) - from).max(0.0)));
                }
            }
            (Kind::Near, [false, true]) => {
                for i in tree.range(block.a) {
                    let base = x.near(i, first_b);
                    matrix.extend(offsets(block.b).iter().map(|to| base + to));
                }
            }
            (Kind::Near, [false, false]) => {
                for i in tree.range(block.a) {
                    matrix.extend(tree.range(block.b).map(|j| x.near(i, j)));
                }
            }
            (Kind::Mirror, [true, true]) => {
                let base = x.far(first_a, first_b);
                for from in offsets(block.a) {
                    matrix.extend(offsets(block.b).iter().map(|to| (base - (from + to)).max(0.0)));
                }
            }
            (Kind::Mirror, [true, false]) => {
                for from in offsets(block.a) {
                    matrix.extend(tree.range(block.b).map(|j| (x.far(first_a, j) - from).max(0.0)));
                }
            }
            (Kind::Mirror, [false, true]) => {
                for i in tree.range(block.a) {
                    let base = x.far(i, first_b);
                    matrix.extend(offsets(block.b).iter().map(|to| (base - to).max(0.0)));
                }
            }
            (Kind::Mirror, [false, false]) => {
                for i in tree.range(block.a) {
                    matrix.extend(tree.range(block.b).map(|j| x.far(i, j)));
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
            let size =
                |block: &Block| self.len(block.a, block.interpolated[0]) * self.len(block.b, block.interpolated[1]);
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
        [exchanged.0].into_iter().chain(slots).for_each(|vector| self.buffers.give(vector));
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
                let size = self.len(block.a, block.interpolated[0]) * self.len(block.b, block.interpolated[1]);
                rest = self.multiply(block, &kept[..size], source, rest);
                kept = &kept[size..];
            }
        })
    }

    fn exchange_by(&self, source: &[f64], chunk: impl Fn(Range<usize>, &mut [f64]) + Sync) -> Exchanged {
        debug_assert_eq!(source.len(), self.interpolation.slots());
        let count = self.blocks.len();
        let chunks: Vec<Range<usize>> = (0..count).step_by(CHUNK).map(|from| from..count.min(from + CHUNK)).collect();
        let mut results = self.buffers.take(self.starts[count]);
        let parts = split(&mut results, chunks.iter().map(|c| self.starts[c.end] - self.starts[c.start]));
        parts.into_par_iter().zip(chunks.into_par_iter()).for_each(|(results, blocks)| chunk(blocks, results));
        Exchanged(results)
    }

    /// Writes what `a` and `b` receive, and returns the results that follow.
    fn multiply<'r>(&self, block: &Block, matrix: &[f64], source: &[f64], results: &'r mut [f64]) -> &'r mut [f64] {
        let from_a = &source[self.interpolation.slots_of(block.a, block.interpolated[0])];
        let from_b = &source[self.interpolation.slots_of(block.b, block.interpolated[1])];
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
            let from = &source[self.interpolation.slots_of(block.a, block.interpolated[0])];
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

    /// For each leaf, the sums over pairs in it that each cut separates: the one before its first response, which separates none, and on.
    /// A running sum of what responses receive would carry the rounding of the nearest pair to all cuts; here all terms of a cut are its own.
    pub(super) fn own_cuts(&self, kernel: Kernel<'_>) -> Vec<Vec<f64>> {
        let own: Vec<&Block> =
            self.blocks.iter().filter(|block| block.kind == Kind::Near && block.a == block.b).collect();
        let cuts = |block: &&Block| {
            let (size, mut matrix) = (self.tree.range(block.a).len(), Vec::new());
            self.matrix(block, kernel, &mut matrix);
            let mut cuts = vec![0.0; size];
            for (i, row) in matrix.chunks(size.max(1)).enumerate() {
                let mut beyond = 0.0;
                for k in (i + 1..size).rev() {
                    beyond += row[k];
                    cuts[k] += beyond;
                }
            }
            cuts
        };
        own.par_iter().with_min_len(CHUNK).map(cuts).collect()
    }

    /// A vector over slots from charges of the responses.
    pub(super) fn ascend(&self, charges: &[f64]) -> Vec<f64> {
        let mut slots = self.buffers.take(self.interpolation.slots());
        self.interpolation.ascend(charges, &mut slots);
        slots
    }

    /// The sum that each slot receives from the blocks, each channel with its weight.
    pub(super) fn gather(&self, exchanged: &Exchanged, weight: impl Fn(Channel) -> f64 + Sync) -> Vec<f64> {
        let end = self.tree.end();
        let owners = (0..end).map(|node| (node, true)).chain(self.tree.leaves().map(|leaf| (leaf, false)));
        let owners: Vec<(usize, bool)> = owners.collect();
        let mut slots = self.buffers.take(self.interpolation.slots());
        let parts = split(
            &mut slots,
            owners.iter().map(|&(node, interpolated)| match node {
                0 => self.len(1, true),
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
}

/// Turns distances into values of a kernel, in place.
pub(super) type Kernel<'k> = &'k (dyn Fn(&mut [f64]) + Sync);

/// Kernel matrices of all blocks.
#[derive(Debug)]
pub(super) struct Matrices(Vec<Vec<f64>>);

impl Matrices {
    /// The number of their entries.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

/// What every block sends to both of its sides.
#[derive(Debug)]
pub(super) struct Exchanged(Vec<f64>);
