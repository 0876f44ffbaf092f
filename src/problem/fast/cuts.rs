//! Forces on responses and across cuts, as sums of positive terms.

use super::cover::Kind;
use super::places::Places;
use super::plan::{Channel, Exchanged, Plan};
use crate::problem::summation::{Accurate, Sum};

/// Forces on responses, split by where they come from. All are sums of values of `U'`.
#[derive(Debug)]
pub(super) struct CutForces {
    /// On each response from those above it, of symmetric rewards in the lower half.
    pub(super) above: Vec<f64>,
    /// On each response from those below it.
    pub(super) below: Vec<f64>,
    /// On each response from the mirror images, its own included, and from the middle response.
    pub(super) mirror: Vec<f64>,
    /// `F_k` for `k = 0..=m`: the force across the cut below response `k`; the last one is below the middle where there are mirror
    /// images, and nothing elsewhere.
    pub(super) cuts: Vec<f64>,
}

impl CutForces {
    /// `charges` are ones over slots, [`Plan::ascend`]ed; `middle` is the force on each response from the middle one; `own_cuts` are
    /// [`Plan::own_cuts`], where cuts are asked for. Without them the cuts are those between leaves only.
    pub(super) fn new<X: Places>(
        plan: &Plan<X>,
        charges: &[f64],
        exchanged: &Exchanged,
        middle: &[f64],
        own_cuts: &[Vec<f64>],
    ) -> Self {
        let channel = |wanted: Channel| {
            let mut slots = plan.gather(exchanged, |channel| if channel == wanted { 1.0 } else { 0.0 });
            let forces = plan.interpolation.descend(&mut slots);
            (slots, forces)
        };
        let (above_slots, mut above) = channel(Channel::Above);
        let (below_slots, mut below) = channel(Channel::Below);
        let mut mirror = if X::MIRRORED { channel(Channel::Mirror).1 } else { vec![0.0; above.len()] };
        mirror.iter_mut().zip(middle).for_each(|(force, middle)| *force += middle);
        let enclosing = Self::enclosing(plan, charges, exchanged);
        let outside = Self::outside(plan, charges, &above_slots, &below_slots);
        let mut cuts = vec![0.0; above.len() + 1];
        for ((k, leaf), (own_above, own_below)) in plan.tree.leaves().enumerate().zip(plan.own(exchanged)) {
            let range = plan.tree.range(leaf);
            let mut after = 0.0;
            for i in range.clone().rev() {
                after += below[i];
                cuts[i] = after;
            }
            let mut before = enclosing[k] + outside[leaf];
            let own = own_cuts.get(k).map_or(&[][..], Vec::as_slice);
            for (place, ((i, from_above), from_below)) in range.zip(own_above).zip(own_below).enumerate() {
                cuts[i] += before + own.get(place).copied().unwrap_or(0.0);
                before += above[i];
                above[i] += from_above;
                below[i] += from_below;
            }
        }
        let mut mirrored = Accurate::default();
        for (cut, force) in cuts.iter_mut().zip(mirror.iter().map(Some).chain([None])) {
            *cut += mirrored.value();
            force.into_iter().for_each(|force| mirrored.add(*force));
        }
        Self { above, below, mirror, cuts }
    }

    /// For each leaf, the sum over blocks of lower and higher responses with the leaf between them.
    fn enclosing(plan: &Plan<impl Places>, charges: &[f64], exchanged: &Exchanged) -> Vec<f64> {
        let leaves = plan.tree.leaves();
        let leaf_of = |node: usize| node << (plan.tree.depth() - node.ilog2());
        let mut steps = vec![Accurate::default(); leaves.len() + 1];
        for (block, total) in plan.blocks.iter().zip(plan.totals(exchanged, charges)) {
            if block.kind == Kind::Near && block.a != block.b {
                // From the leaf after the last of `a` up to the one before the first of `b`.
                steps[leaf_of(block.a + 1) - leaves.start].add(total);
                steps[leaf_of(block.b) - leaves.start].add(-total);
            }
        }
        let mut sum = Accurate::default();
        let running = steps.iter().take(leaves.len()).map(|step| {
            sum.merge(*step);
            sum.value()
        });
        running.collect()
    }

    /// For each node, the pairs of a response beside it, in one of its ancestors, with one beyond that ancestor on the far
    /// side of the node.
    fn outside(plan: &Plan<impl Places>, charges: &[f64], above: &[f64], below: &[f64]) -> Vec<f64> {
        let mut outside = vec![0.0; plan.tree.end()];
        for parent in 1..plan.tree.leaves().start {
            let (left, right) = (2 * parent, 2 * parent + 1);
            let slots = plan.interpolation.slots_of(parent, true);
            let dot = |raised: Vec<f64>, received: &[f64]| -> f64 {
                raised.iter().zip(&received[slots.clone()]).map(|(r, s)| r * s).sum()
            };
            outside[right] = outside[parent] + dot(plan.interpolation.raised(left, charges), above);
            outside[left] = outside[parent] + dot(plan.interpolation.raised(right, charges), below);
        }
        outside
    }
}
