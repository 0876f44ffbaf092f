//! How much better other rewards could be.
//!
//! Let `P` be the pairs' part of `F`. Two bounds hold at any rewards `r`, for `F` is concave:
//!
//! - Item by item: `F(s) - F(r) <= sum_i phi_i(s_i)` with `phi_i(t) = P'_i(r) (t - r_i) + 2/n (V(t) - V(r_i))`, each concave with
//!   `phi_i(r_i) = 0`. Where `phi_i'` changes its sign within a distance `b`, or the support ends there, `phi_i <= |F'_i(r)| b`. That bounds
//!   `F` wherever `V` bends or the support is bounded.
//! - Along a tree ([`super::tree`]): where the pairs alone keep the rewards together.

use rayon::prelude::*;

use super::tree;
use crate::problem::preferences::{Bounded, BoundedGradient};
use crate::problem::{Field, Support, WeightedPairs};

/// More than the rounding errors of a sum of up to 1e9 bounds.
pub(super) const SLACK: f64 = 1.0 + 1e-6;

/// The bound, with the objective that it belongs to.
pub(super) struct Certificate {
    pub(super) objective: f64,
    /// At least `max F` less `objective`, the rounding error of `objective` included.
    pub(super) gap: f64,
    /// The size of the terms of `F`.
    pub(super) scale: f64,
}

pub(super) fn certify(
    pairs: &WeightedPairs<'_>,
    field: Option<&Field>,
    support: Support,
    rewards: &[f64],
) -> Certificate {
    let bounded = pairs.bounded(rewards);
    let by_item = item_by_item(&bounded, field, support, rewards);
    let by_tree = tree::bound(pairs, &bounded, field, support, rewards);
    Certificate {
        objective: bounded.objective.value,
        gap: (by_item.min(by_tree) + bounded.objective.error) * SLACK,
        scale: bounded.scale,
    }
}

fn item_by_item(bounded: &BoundedGradient, field: Option<&Field>, support: Support, rewards: &[f64]) -> f64 {
    let share = 2.0 / rewards.len() as f64;
    let one = |item: usize| {
        let (reward, whole) = (rewards[item], bounded.whole[item]);
        let side = |sign: f64, end: f64| {
            let slope = (sign * whole.value + whole.error).max(0.0);
            let most = (end - reward).abs() * SLACK;
            if slope == 0.0 || most == 0.0 {
                return 0.0;
            }
            let reach = field.map_or(most, |field| turn(bounded.pairs[item], slope, field, share, reward, sign, most));
            slope * reach
        };
        // On one side of the reward phi rises, or on neither.
        side(1.0, support.upper()).max(side(-1.0, support.lower()))
    };
    let each: Vec<f64> = (0..rewards.len()).into_par_iter().with_min_len(256).map(one).collect();
    each.iter().sum::<f64>() * SLACK
}

/// A distance from the reward within which `phi` surely stops rising to one side; `most` if none is found on the way.
fn turn(pairs: Bounded, slope: f64, field: &Field, share: f64, reward: f64, sign: f64, most: f64) -> f64 {
    let curvature = share * field.jet(reward).curvature.abs();
    let guess = if curvature > 0.0 { 2.0 * slope / curvature } else { 0.0 };
    let mut distance = guess.max(4.0 * f64::EPSILON * reward.abs()).max(f64::MIN_POSITIVE);
    while distance < most && distance.is_finite() {
        let there = reward + sign * distance;
        let (own, error) = (field.jet(there).slope, field.errors(there).slope);
        let outward = sign * (pairs.value + share * own);
        let rounding = f64::EPSILON * (pairs.value.abs() + 4.0 * share * own.abs());
        if own == -sign * f64::INFINITY || outward + pairs.error + share * error + rounding <= 0.0 {
            // To where it was looked, rounded.
            return ((there - reward).abs() * SLACK).min(most);
        }
        distance *= 4.0;
    }
    most
}
