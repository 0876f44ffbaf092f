//! What happens between neighbours as they come close, and where a Newton step leads.

use super::newton::{SMALLEST, TO_THE_TIE};
use crate::problem::{CLOSEST, Positions};
use crate::utility::{Origin, Utility};

/// Largest relative change of a gap up to which a step is taken as it is, without [`Ends::stretch`].
const SMALL_CHANGE: f64 = 1e-3;

/// Logarithm of the largest factor by which a gap may grow in one step.
const LARGEST_STRETCH: f64 = 9.0;

/// The smallest gap relative to the position before it: two doubles still resolve it.
const RESOLVED: f64 = 1e-26;

/// Distances at which the power of `U''` is read off, nearest first, each against one that is [`PROBE_FACTOR`] times as long.
const PROBES: [f64; 5] = [1e-60, 1e-30, 1e-16, 1e-12, 1e-9];
const PROBE_FACTOR: f64 = 16.0;

/// What happens between neighbours as they come close, and so at the ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ends {
    /// `U'(0+)` is finite: responses may sit at exactly 0 and 1.
    Touching {
        /// `U'(0+) - U'(t)` grows like `t^exponent`: 1 where `U''(0+)` is finite, less than 1 where it is not, as for
        /// `x - 0.3x^1.1`.
        exponent: f64,
    },
    /// `U'(t)` grows like `t^-exponent`, and no two responses tie; 0 stands for a growth slower than any power.
    Repelling {
        /// The exponent.
        exponent: f64,
    },
}

impl Ends {
    /// The ends for a utility.
    pub fn of<U: Utility + ?Sized>(utility: &U) -> Self {
        match utility.origin() {
            Origin::FiniteSlope(_) => Ends::Touching { exponent: power_of_approach(utility) },
            Origin::Power { gamma, .. } => Ends::Repelling { exponent: 1.0 - gamma },
            Origin::Log { .. } => Ends::Repelling { exponent: 1.0 },
            Origin::Pole { sigma, .. } => Ends::Repelling { exponent: 1.0 + sigma },
            Origin::SlowSlope => Ends::Repelling { exponent: 0.0 },
        }
    }

    /// Whether responses may tie at the ends.
    pub(super) fn touch(self) -> bool {
        matches!(self, Ends::Touching { .. })
    }

    /// Whether steps go straight, so that one that would close a gap must be cut short.
    pub(super) fn straight(self) -> bool {
        self == Ends::Touching { exponent: 1.0 }
    }

    /// The power law of a gap `t`, as the `q` of `U' = constant + factor t^-q`.
    fn power_law(self) -> f64 {
        match self {
            Ends::Touching { exponent } => -exponent,
            Ends::Repelling { exponent } => exponent,
        }
    }

    /// The factor of a gap that Newton's method would change by the relative amount `s`, were `U' = constant + factor t^-q`
    /// exactly: `(1 - q s)^(-1/q)`, which is `1 + s` to first order. For `x^0.98` a gap may have to change by fifty orders of
    /// magnitude; this takes it there in a few steps. For a negative `q` the gap may have to close, and the factor is 0.
    fn stretch(q: f64, s: f64) -> f64 {
        let inner = 1.0 - q * s;
        if q < 0.0 && inner <= 0.0 {
            return 0.0;
        }
        let logarithm = if q.abs() < 1e-6 { s } else { -inner.max(1e-9).ln() / q };
        logarithm.min(LARGEST_STRETCH).exp()
    }

    /// Where a step leads: straight, and stopped at 0, where `U''` is finite; otherwise gap by gap.
    pub(super) fn walk(self, x: &Positions, direction: &[f64], step: f64) -> Positions {
        if self.straight() {
            return x.moved(direction, step);
        }
        let m = direction.len();
        let gap = |i: usize| if i + 1 < m { x.near(i, i + 1) } else { x.to_middle(i) };
        let change = |i: usize| step * (direction.get(i + 1).unwrap_or(&0.0) - direction[i]);
        let small = |i: usize| change(i).abs() <= SMALL_CHANGE * gap(i);
        if (0..m).all(small) {
            return x.moved(direction, step);
        }
        let first = (x.lower_half()[0] + step * direction[0]).clamp(0.0, 0.4);
        let mut at = first;
        let gaps = (0..m).map(|i| {
            let stretched = self.stretched(gap(i), change(i), at == 0.0).max(RESOLVED * at);
            at += stretched;
            stretched
        });
        Positions::from_gaps(x.n(), first, gaps.collect())
    }

    /// A gap after a change that Newton's method asks for; it may close only `at_end`.
    fn stretched(self, gap: f64, change: f64, at_end: bool) -> f64 {
        let q = self.power_law();
        if !self.touch() {
            return (gap * Self::stretch(q, change / gap)).max(SMALLEST);
        }
        if gap == 0.0 {
            // From a tie `t^-q` begins at 0; its slope there is what Newton's method took it for, that at a short distance.
            let opened = CLOSEST * (-q * change / CLOSEST).max(0.0).powf(-1.0 / q);
            return if change > 0.0 { opened.max(SMALLEST) } else { 0.0 };
        }
        match Self::stretch(q, change / gap) {
            0.0 if at_end => 0.0,
            // Inside, no two responses tie.
            factor => (gap * factor.max((1.0 - TO_THE_TIE).powf(-1.0 / q))).max(SMALLEST),
        }
    }
}

/// The power `a` of `U'(0+) - U'(t) ~ t^a` where that is less than 1, from `-U'' ~ t^(a-1)`; otherwise 1.
fn power_of_approach<U: Utility + ?Sized>(utility: &U) -> f64 {
    if utility.curvature(0.0).is_finite() {
        return 1.0;
    }
    let power = |t: f64| {
        let ratio = utility.curvature(PROBE_FACTOR * t) / utility.curvature(t);
        1.0 + ratio.ln() / PROBE_FACTOR.ln()
    };
    // The nearest probe that rounding has not destroyed.
    let powers = PROBES.iter().map(|t| power(*t));
    powers.into_iter().find(|a| *a > 0.0 && *a < 1.0).unwrap_or(1.0)
}
