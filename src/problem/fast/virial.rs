//! How large the virial is at least: what makes a force between two responses negligible.

use crate::problem::Positions;
use crate::utility::{Derivative, Utility};

/// Responses of the smallest groups. Smaller ones would add little: what falls so fast that it matters there is nearly all in the
/// neighbours.
const GROUP: usize = 16;

/// A lower bound on the virial `sum_{i<j} U'(t_ij) t_ij`, within a small factor of it where `U'` falls like a power.
///
/// `U'` falls with the distance. So two groups of responses give at least the number of their pairs times `U'` at their largest
/// distance times their smallest distance. Groups of `n/4`, `n/8`, .. responses meet those groups that are not beside them
/// but whose parents are: this counts every pair of responses at most once. Neighbours add what they give themselves.
pub(super) fn virial_at_least(utility: &dyn Utility, x: &Positions) -> f64 {
    let n = x.n();
    let m = n / 2;
    // This is asked for at every gradient: no general distance where both are in the lower half.
    let mut sum = Sum::default();
    (1..m).for_each(|i| {
        let gap = x.near(i - 1, i);
        sum.add(1.0, gap, gap);
    });
    if m > 0 {
        let gap = x.distance(m - 1, m);
        sum.add(1.0, gap, gap);
    }
    let mut level = 2;
    while n >> level >= GROUP {
        let bound = |group: usize| (group * n) >> level;
        let groups = 1usize << level;
        for a in 0..groups {
            for b in [a + 2, a + 3] {
                if b < groups && (b == a + 2 || a % 2 == 0) {
                    let pairs = (bound(a + 1) - bound(a)) as f64 * (bound(b + 1) - bound(b)) as f64;
                    let largest = x.distance(bound(a), bound(b + 1) - 1);
                    sum.add(pairs, x.distance(bound(a + 1) - 1, bound(b)), largest);
                }
            }
        }
        level += 1;
    }
    sum.times_slope(utility)
}

/// Products of a number of pairs, a distance, and `U'` at another one.
#[derive(Default)]
struct Sum {
    factors: Vec<f64>,
    distances: Vec<f64>,
}

impl Sum {
    fn add(&mut self, pairs: f64, smallest: f64, largest: f64) {
        if smallest > 0.0 {
            self.factors.push(pairs * smallest);
            self.distances.push(largest);
        }
    }

    fn times_slope(mut self, utility: &dyn Utility) -> f64 {
        utility.map(Derivative::Slope, &mut self.distances);
        self.factors.iter().zip(&self.distances).map(|(factor, slope)| factor * slope.max(0.0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::FoldedRewards;
    use crate::utility::parse;

    #[test]
    fn the_bound_holds_and_is_of_the_order_of_the_virial() {
        for text in ["log(x)", "x-x*log(x)", "-1/x", "log(x+0.1)", "1-exp(-300x)", "x^0.9"] {
            let utility = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            for n in [9, 64, 301] {
                let x = Positions::from_half(n, (0..n / 2).map(|i| i as f64 / (n - 1) as f64).collect());
                let virial = FoldedRewards::new(&utility).forces(&x).virial;
                let bound = virial_at_least(&utility, &x);
                assert!(bound <= virial, "{text}, n = {n}: {bound:e} of {virial:e}");
                // Nine responses make no groups.
                assert!(n < 64 || bound >= 0.05 * virial, "{text}, n = {n}: {bound:e} of {virial:e}");
            }
        }
    }
}
