//! Where Newton's method starts.

use super::newton::SMALLEST;
use crate::problem::{Positions, UNDERFLOW};
use crate::utility::Utility;

/// The number of responses of the next coarser problem, or `None` where [`coarsest`] starts directly.
pub(super) fn coarser(n: usize) -> Option<usize> {
    (n > 5).then(|| (n / 2).max(4))
}

/// Whether the forces between equally spaced neighbours underflow.
///
/// Such forces fall exponentially with the distance, and those of all other pairs are nothing beside them. At the maximum
/// every cut carries the same force `F`, of which a part `R <= rho = sum_{d >= 2} d U'(d g)` is not that of the neighbours
/// beside it; where `U' = A exp(-k t)` the distances between neighbours therefore lie within `-log(1 - rho/F)/k` of each
/// other, and of their mean `1/(n-1)`. That is about `2 exp(-k/(n-1)) / k`, far below what a double can tell, and it holds
/// at the ends as well: a tie there would carry the force `U'(0+) > F`.
pub(super) fn neighbours_underflow(utility: &dyn Utility, n: usize) -> bool {
    n > 2 && utility.slope(1.0 / (n - 1) as f64).abs() < UNDERFLOW
}

/// Rewards at equal distances.
pub(super) fn equally_spaced(n: usize) -> Positions {
    Positions::from_half(n, (0..n / 2).map(|i| i as f64 / (n - 1) as f64).collect())
}

/// Positions for `n <= 5`, where at most one reward is free, good to 1e-5 relative: bisection on its force, in the logarithm,
/// because for `x^gamma` with `gamma` near 1 it may be as small as 1e-15.
pub(super) fn coarsest(utility: &dyn Utility, n: usize, touching: bool) -> Positions {
    if n < 4 {
        return Positions::from_half(n, vec![0.0; n / 2]);
    }
    let pulled_inwards = |x: f64| {
        let middle = if n == 5 { utility.slope(0.5 - x) } else { 0.0 };
        utility.slope(x) > utility.slope(1.0 - x) + utility.slope(1.0 - 2.0 * x) + middle
    };
    if touching && !pulled_inwards(0.0) {
        return Positions::from_half(n, vec![0.0, 0.0]);
    }
    let (mut inside, mut outside) = (1e-60f64.ln(), 0.5f64.ln());
    for _ in 0..24 {
        let middle = 0.5 * (inside + outside);
        if pulled_inwards(middle.exp()) { inside = middle } else { outside = middle }
    }
    Positions::from_half(n, vec![0.0, (0.5 * (inside + outside)).exp().min(0.499)])
}

/// Positions for `n` responses from the solution for fewer.
///
/// The reward as a function of the rank share `u = (i-1)/(n-1)` hardly changes with `n`. Where `U'(0+)` is infinite it
/// leaves the end like a power of `u`, so `log(r/(1-r))` is interpolated against `log(u/(1-u))`: both are odd about the
/// middle, where `r` may rise steeply. Where responses touch the end, `r` is interpolated against `u`. Cubic through four
/// neighbours, the mirror image continuing it beyond 1/2; linear where that leaves the two next to it.
pub(super) fn refine(coarse: &Positions, n: usize, touching: bool) -> Positions {
    let knots = Knots::of(coarse, touching);
    let shares: Vec<f64> = (1..n / 2).map(|i| i as f64 / (n - 1) as f64).collect();
    let positions = |order: usize| -> Vec<f64> {
        std::iter::once(0.0).chain(shares.iter().map(|&u| knots.interpolate(u, order))).collect()
    };
    let cubic = positions(4);
    let increasing = cubic.windows(2).all(|pair| pair[0] < pair[1] || touching && pair[0] <= 0.0 && pair[1] <= 0.0);
    let half = if increasing && cubic.last().is_some_and(|x| *x < 0.5) { cubic } else { positions(2) };
    Positions::from_half(
        n,
        half.into_iter().enumerate().map(|(i, x)| x.max(if touching { 0.0 } else { i as f64 * SMALLEST })).collect(),
    )
}

/// Points of the curve `u -> r(u)`, or of the logarithms of the odds.
struct Knots {
    u: Vec<f64>,
    r: Vec<f64>,
    logarithmic: bool,
}

impl Knots {
    fn of(coarse: &Positions, touching: bool) -> Self {
        let rewards = coarse.rewards();
        let n = rewards.len();
        // From the last response at the end, or from the first inside, to a little beyond the middle.
        let first = match touching {
            true => rewards.iter().take_while(|r| **r == 0.0).count().saturating_sub(1),
            false => 1,
        };
        let last = (n / 2 + 4).min(n - usize::from(!touching));
        let scale = |x: f64, rest: f64| if touching { x } else { (x / rest).ln() };
        let u = (first..last).map(|i| scale(i as f64 / (n - 1) as f64, (n - 1 - i) as f64 / (n - 1) as f64)).collect();
        // The distance from 1 is the reward of the mirror image, in full accuracy.
        let r = (first..last).map(|i| scale(rewards[i], rewards[n - 1 - i])).collect();
        Self { u, r, logarithmic: !touching }
    }

    /// The Lagrange interpolant through the `order` knots around `u`, extended linearly before the first.
    fn interpolate(&self, u: f64, order: usize) -> f64 {
        let at = if self.logarithmic { (u / (1.0 - u)).ln() } else { u };
        let right = self.u.partition_point(|knot| *knot < at);
        let order = if right == 0 { 2 } else { order.min(self.u.len()) };
        if right == 0 && !self.logarithmic {
            return 0.0;
        }
        let mut value = self.lagrange(at, right, order);
        if (1..self.r.len()).contains(&right) && !(self.r[right - 1]..=self.r[right]).contains(&value) {
            value = self.lagrange(at, right, 2);
        }
        // The inverse of the logit, for values below 1/2 without cancellation.
        if self.logarithmic { value.exp() / (1.0 + value.exp()) } else { value }
    }

    /// The interpolant through `order` knots, half of them before the knot `right`.
    fn lagrange(&self, at: f64, right: usize, order: usize) -> f64 {
        let start = right.saturating_sub(order / 2).min(self.u.len() - order);
        let stencil = start..start + order;
        stencil
            .clone()
            .map(|k| {
                let others = stencil.clone().filter(|l| *l != k);
                self.r[k] * others.map(|l| (at - self.u[l]) / (self.u[k] - self.u[l])).product::<f64>()
            })
            .sum()
    }
}
