//! Whether other rewards do as well.

use super::super::Unique;
use crate::problem::preferences::Sets;
use crate::problem::{Support, WeightedPairs};

/// Maximisers make a convex set, on which no strictly concave term may vary: comparisons that bend where the rewards are hold
/// their items together; a field that bends, and an end that a slope presses a reward against, hold an item where it is.
pub(super) fn unique(pairs: &WeightedPairs<'_>, support: Support, rewards: &[f64]) -> Unique {
    let n = rewards.len();
    let now = pairs.evaluate(rewards);
    let mut sets = Sets::new(n + 1);
    for (c, &conductance) in pairs.preferences().comparisons().iter().zip(&now.conductances) {
        if conductance > 0.0 {
            sets.join(c.winner as usize, c.loser as usize);
        }
    }
    // What rounding leaves of a slope that is 0.
    let size = now.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    let negligible = 1e-12 / n as f64 + 1e-9 * size;
    for (item, (&reward, &slope)) in rewards.iter().zip(&now.gradient).enumerate() {
        let bends = now.field_curvatures.get(item).is_some_and(|&curvature| curvature > 0.0);
        let pressed =
            reward == support.lower() && slope < -negligible || reward == support.upper() && slope > negligible;
        if bends || pressed {
            sets.join(item, n);
        }
    }
    let root = sets.root(0);
    let together = (1..n).all(|item| sets.root(item) == root);
    let ground = sets.root(n);
    let at = |end: f64| rewards.contains(&end);
    match together {
        true if ground == root || at(support.lower()) && at(support.upper()) => Unique::Yes,
        true if now.field_curvatures.is_empty() => Unique::UpToShift,
        _ => Unique::No,
    }
}
