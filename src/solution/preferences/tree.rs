//! A bound on the best rewards where comparisons alone hold them together.
//!
//! For a comparison `e`, let `kappa_e(x) = w_e/W (U(d_e) + U'(d_e) x - U(d_e + x)) >= 0`, convex with `kappa_e(0) = 0`: what `F` loses
//! against its tangent where a difference changes by `x`. With `v = s - r`,
//!
//! ```text
//! F(s) - F(r) = sum_i F'_i(r) v_i - sum_e kappa_e(v_winner - v_loser)  -  the same for the field.
//! ```
//!
//! Choose a loss `t`, and for each edge of a tree the change `delta_e` from which on `kappa_e >= t` on either side. If two rewards move
//! apart by at least `rho`, twice the largest sum of `delta_e` on the way to the root, then some edge loses `t`. If they move apart by just `rho`,
//! the first sum is at most `rho/2 sum_i |F'_i|`, for the shift of `v` is free. Where that is less than `t`, no maximiser is
//! as far away, for `F` is concave on the way to it; and the gap is at most `rho/2 sum_i |F'_i|`. Any tree will do: one of
//! shortest paths for `delta_e` by the curvature is close to the best.
//!
//! With a field, or at ends of the support that hold rewards, the root is the ground: `v = 0` there, and `rho` is the largest sum itself.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::certificate::SLACK;
use crate::problem::preferences::BoundedGradient;
use crate::problem::{Comparison, Field, Support, WeightedPairs};

/// Losses that are tried, each ten times the one before.
const TRIES: usize = 24;

/// What ties an item to the one before it on the way to the root.
#[derive(Debug, Clone, Copy)]
enum Tie {
    /// It is the root.
    Root,
    /// A comparison, with its conductance.
    Comparison(u32, f64),
    /// The field.
    Field,
    /// The end of the support, with the slope that presses the reward against it.
    End(f64),
}

/// A tree of shortest paths: items in the order of their distance, with the item before and the tie to it.
struct Tree {
    order: Vec<(usize, usize, Tie)>,
    has_ground: bool,
}

/// An item waiting for its shortest path.
struct Waiting {
    distance: f64,
    item: usize,
    before: usize,
    tie: Tie,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    /// The nearest is the largest, for the heap gives that first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance.total_cmp(&self.distance).then_with(|| other.item.cmp(&self.item))
    }
}

/// The change at which a quadratic function of this curvature has lost `loss`.
fn quadratic(loss: f64, curvature: f64) -> f64 {
    (2.0 * loss / curvature).sqrt()
}

struct Setting<'a> {
    pairs: &'a WeightedPairs<'a>,
    field: Option<&'a Field>,
    support: Support,
    rewards: &'a [f64],
    share: f64,
    /// The slope that surely presses each reward against an end; 0 elsewhere.
    pressed: Vec<f64>,
}

/// A bound on `max F - F(r)`; infinite if none is found.
pub(super) fn bound(
    pairs: &WeightedPairs<'_>,
    bounded: &BoundedGradient,
    field: Option<&Field>,
    support: Support,
    rewards: &[f64],
) -> f64 {
    let pressed: Vec<f64> = rewards
        .iter()
        .zip(&bounded.whole)
        .map(|(&r, g)| match () {
            () if r == support.lower() => (-g.high()).max(0.0),
            () if r == support.upper() => g.low().max(0.0),
            () => 0.0,
        })
        .collect();
    // A reward that is pressed against its end can only lose by its own slope.
    let slopes = bounded.whole.iter().zip(&pressed);
    let slope = slopes.map(|(g, &p)| if p > 0.0 { 0.0 } else { g.value.abs() + g.error }).sum::<f64>() * SLACK;
    if slope == 0.0 {
        return 0.0;
    }
    let setting = Setting { pairs, field, support, rewards, share: 2.0 / rewards.len() as f64, pressed };
    let Some(tree) = setting.tree(slope) else { return f64::INFINITY };
    // Of rewards that move apart, and not from the ground, half of the distance counts.
    let (per_distance, times) = if tree.has_ground { (slope, 1.0) } else { (0.5 * slope, 2.0) };
    let estimate = |loss: f64| times * setting.longest(&tree, |tie| Some(setting.estimate(tie, loss))).unwrap_or(0.0);
    // Distances grow as the root of the loss.
    let unit = estimate(slope);
    let mut loss = 1.5 * per_distance * per_distance * unit * unit / slope;
    for _ in 0..TRIES {
        if let Some(longest) = setting.longest(&tree, |tie| setting.surely(tie, loss)) {
            let rise = per_distance * times * longest * SLACK;
            if rise < loss {
                return rise;
            }
        }
        loss *= 10.0;
    }
    f64::INFINITY
}

impl Setting<'_> {
    /// Dijkstra's algorithm; `None` if some item can't be reached.
    fn tree(&self, loss: f64) -> Option<Tree> {
        let n = self.rewards.len();
        let now = self.pairs.evaluate(self.rewards);
        let mut queue = BinaryHeap::new();
        for item in 0..n {
            let by_field = now.field_curvatures.get(item).map_or(f64::INFINITY, |&c| quadratic(loss, c));
            let by_end = loss / self.pressed[item];
            let (distance, tie) =
                if by_end < by_field { (by_end, Tie::End(self.pressed[item])) } else { (by_field, Tie::Field) };
            if distance.is_finite() {
                queue.push(Waiting { distance, item, before: item, tie });
            }
        }
        let has_ground = !queue.is_empty();
        if !has_ground {
            let degree = |item: usize| self.pairs.of_item(item).len();
            let root = (0..n).max_by_key(|&item| (degree(item), n - item))?;
            queue.push(Waiting { distance: 0.0, item: root, before: root, tie: Tie::Root });
        }
        let mut best = vec![f64::INFINITY; n];
        let mut done = vec![false; n];
        let mut order = Vec::with_capacity(n);
        while let Some(Waiting { distance, item, before, tie }) = queue.pop() {
            if std::mem::replace(&mut done[item], true) {
                continue;
            }
            order.push((item, before, tie));
            for incident in self.pairs.of_item(item) {
                let conductance = now.conductances[incident.comparison as usize];
                let other = incident.other as usize;
                let through = distance + quadratic(loss, conductance);
                if !done[other] && through < best[other] {
                    best[other] = through;
                    let tie = Tie::Comparison(incident.comparison, conductance);
                    queue.push(Waiting { distance: through, item: other, before: item, tie });
                }
            }
        }
        (order.len() == n).then_some(Tree { order, has_ground })
    }

    /// The longest way to the root, of lengths that may be unknown.
    fn longest(&self, tree: &Tree, length: impl Fn((usize, Tie)) -> Option<f64> + Sync) -> Option<f64> {
        let each: Option<Vec<f64>> =
            tree.order.par_iter().with_min_len(64).map(|&(item, _, tie)| length((item, tie))).collect();
        let mut distance = vec![0.0; self.rewards.len()];
        for (&(item, before, _), length) in tree.order.iter().zip(each?) {
            // At the ground, and at the root, the item before is the item itself, at distance 0.
            distance[item] = distance[before] + length;
        }
        Some(distance.into_iter().fold(0.0, f64::max))
    }

    /// The change at which a tie has lost `loss`, if it bends as where it is.
    fn estimate(&self, (item, tie): (usize, Tie), loss: f64) -> f64 {
        match tie {
            Tie::Root => 0.0,
            Tie::Comparison(_, conductance) => quadratic(loss, conductance),
            Tie::Field => {
                let curvature = self.field.map_or(0.0, |field| field.jet(self.rewards[item]).curvature);
                quadratic(loss, -self.share * curvature)
            }
            Tie::End(slope) => loss / slope,
        }
    }

    /// A change from which on a tie has certainly lost `loss`, on either side.
    fn surely(&self, (item, tie): (usize, Tie), loss: f64) -> Option<f64> {
        let mut change = 1.01 * self.estimate((item, tie), loss);
        let lost = |change: f64| match tie {
            Tie::Root | Tie::End(_) => true,
            Tie::Comparison(at, _) => {
                let comparison = &self.pairs.preferences().comparisons()[at as usize];
                [change, -change].into_iter().all(|x| self.of_comparison(comparison, x) >= loss)
            }
            Tie::Field => [change, -change].into_iter().all(|x| self.of_field(item, x) >= loss),
        };
        for _ in 0..100 {
            if lost(change) {
                return Some(change);
            }
            change *= 1.5;
        }
        None
    }

    /// At least `kappa` of a comparison.
    fn of_comparison(&self, comparison: &Comparison, change: f64) -> f64 {
        let here = self.pairs.bounded_utility(self.rewards, comparison, 0.0);
        let there = self.pairs.bounded_utility(self.rewards, comparison, change);
        let along = (here.slope.low() * change).min(here.slope.high() * change);
        let rounding = 4.0 * f64::EPSILON * (here.value.value.abs() + along.abs() + there.value.value.abs());
        let lost = here.value.low() + along - there.value.high() - rounding;
        lost * comparison.count / self.pairs.preferences().total() / SLACK
    }

    /// At least `kappa` of the field of an item; infinite beyond the support.
    fn of_field(&self, item: usize, change: f64) -> f64 {
        let reward = self.rewards[item];
        let there = reward + change;
        let Some(field) = self.field else { return 0.0 };
        if there < self.support.lower() || there > self.support.upper() {
            return f64::INFINITY;
        }
        // To the rounded place, exactly.
        let change = if change > 0.0 { (there - reward).next_down() } else { (there - reward).next_up() };
        let (here, own) = (field.jet(reward), field.errors(reward));
        let (beyond, other) = (field.jet(there), field.errors(there));
        let along = here.slope * change - own.slope * change.abs();
        let off = f64::EPSILON * change.abs() * (here.slope.abs() + beyond.slope.abs());
        let rounding = 4.0 * f64::EPSILON * (here.value.abs() + along.abs() + beyond.value.abs()) + 4.0 * off;
        let lost = here.value - own.value + along - beyond.value - other.value - rounding;
        lost * self.share / SLACK
    }
}
