//! The ends of the support, by the pressure on clamped ends.
//!
//! Clamp the law to an interval [A, B]: its potential with the field is constant there, and what the ends hold back shows as an
//! atom at each (finite slope), or as the coefficient of the infinite density (`log x` and its like). An end lies free where that
//! pressure is zero, and at a wall where it is positive. At a zero of the pressure the law does not change, to first order, as
//! the end moves: each pressure then depends on its own end alone, and Newton's method for both ends has a diagonal Jacobian.

use super::FreeLawError;
use crate::problem::{Field, Support};

/// Steps of Newton's method, doublings of a small first interval included.
const STEPS: usize = 200;

/// A move of an end, relative to the length, that is rounding.
const SETTLED: f64 = 4.0 * f64::EPSILON;

/// A move below which the next is expected to be rounding: the method is quadratic.
const LAST: f64 = 1e-11;

/// An interval with the law that is clamped to it.
pub(super) struct Clamped<L> {
    pub(super) law: L,
    /// How far Newton's method would move each end outwards; NaN where the density at the end is not positive, as it is where
    /// the interval is far too long.
    pub(super) outwards: [f64; 2],
}

/// Moves the ends until each is free or at a wall that holds something back; `solve` clamps the law to an interval.
///
/// An end stays inside a wall at which the field is infinite.
pub(super) fn settle<L>(
    name: &str,
    support: Support,
    field: Option<&Field>,
    start: [f64; 2],
    solve: impl Fn([f64; 2]) -> Result<Clamped<L>, FreeLawError>,
) -> Result<([f64; 2], L), FreeLawError> {
    let walls = [support.lower(), support.upper()];
    let is_open = walls.map(|at| field.is_some_and(|field| at.is_finite() && !field.jet(at).slope.is_finite()));
    let mut ends = start;
    // The longest move allowed to each end, in lengths.
    let mut reins = [1.0f64; 2];
    let mut before = [0.0f64; 2];
    let mut largest_before = f64::INFINITY;
    for _ in 0..STEPS {
        let Clamped { law, outwards } = solve(ends)?;
        let length = ends[1] - ends[0];
        let mut next = ends;
        let mut largest = 0.0f64;
        for side in 0..2 {
            let wanted = if outwards[side].is_nan() { -0.25 } else { outwards[side] / length };
            if wanted * before[side] < 0.0 && wanted.abs() > 0.5 * before[side].abs() {
                reins[side] = (0.5 * before[side].abs()).max(SETTLED);
            }
            let step = wanted.clamp(-reins[side].min(0.25), reins[side]);
            before[side] = step;
            let sign = if side == 0 { -1.0 } else { 1.0 };
            let mut to = ends[side] + sign * step * length;
            let beyond = sign * (to - walls[side]) >= 0.0;
            if is_open[side] && sign * (to - walls[side]) > -0.1 * (walls[side] - ends[side]).abs() {
                to = ends[side] + 0.9 * (walls[side] - ends[side]);
            } else if beyond {
                to = walls[side];
            }
            largest = largest.max((to - ends[side]).abs() / length);
            next[side] = to;
        }
        let magnitude = ends[0].abs().max(ends[1].abs()) / length;
        let is_rounding = largest <= SETTLED * magnitude.max(1.0);
        let is_stagnant = largest <= LAST && largest >= 0.25 * largest_before;
        if is_rounding || is_stagnant {
            return Ok((ends, law));
        }
        if !(next[0] < next[1] && next[0].is_finite() && next[1].is_finite()) {
            break;
        }
        largest_before = largest;
        ends = next;
    }
    let reason = format!("the ends of its support still move near [{:.6e}, {:.6e}]", ends[0], ends[1]);
    Err(FreeLawError::NotConverged { utility: name.to_owned(), reason })
}

/// Distances at which slopes are looked at for those at infinity.
const FAR: [f64; 12] = [1.0, 3.0, 10.0, 30.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Refuses a problem without a maximiser. In the quantiles of the law the objective is concave, and it is bounded with its
/// maximum attained if no direction of recession gains: with `u` the slope of the utility at infinity and `v` that of the field
/// towards an unbounded end, neither pulling everything that way (`v < 0`) nor a part of it (`u + v < 0`) may gain.
pub(super) fn refuse_runaways(
    name: &str,
    support: Support,
    field: Option<&Field>,
    slope: impl Fn(f64) -> f64,
) -> Result<(), FreeLawError> {
    let refuse = |direction| {
        let field = field.map_or_else(String::new, |field| format!(" with the field {field}"));
        Err(FreeLawError::RunsAway { utility: name.to_owned(), support: support.to_string(), field, direction })
    };
    let Some(field) = field else {
        let confined = support.is_bounded() || FAR.iter().any(|&x| slope(x) < 0.0);
        return if confined { Ok(()) } else { refuse("apart") };
    };
    let origin = if support.lower().is_finite() {
        support.lower()
    } else if support.upper().is_finite() {
        support.upper()
    } else {
        0.0
    };
    for (sign, end, direction) in [(1.0, support.upper(), "up"), (-1.0, support.lower(), "down")] {
        let pulls_back = |x: f64| {
            let v = sign * field.jet(origin + sign * x).slope;
            v < 0.0 && slope(x) + v < 0.0
        };
        if end.is_infinite() && !FAR.into_iter().any(pulls_back) {
            return refuse(direction);
        }
    }
    Ok(())
}

/// A first interval about the field's maximum on the support, no longer than `length` or a tenth of the support.
pub(super) fn first_interval(support: Support, field: Option<&Field>, length: f64) -> [f64; 2] {
    let (low, high) = (support.lower(), support.upper());
    let (mut below, mut above) = match (low.is_finite(), high.is_finite()) {
        (true, true) => (low, high),
        (true, false) => (low, low + 2.0 * FAR[11]),
        (false, true) => (high - 2.0 * FAR[11], high),
        (false, false) => (-FAR[11], FAR[11]),
    };
    let half = 0.5 * length.min(0.1 * (high - low));
    let Some(field) = field else {
        let centre = if support.is_bounded() { 0.5 * (low + high) } else { nearest_to_zero(support, 2.0 * half) };
        return [centre - half, centre + half];
    };
    // Where V' changes sign. Overflow far out is a pull back.
    for _ in 0..200 {
        let middle = 0.5 * (below + above);
        let slope = field.jet(middle).slope;
        let rises = if slope.is_nan() { middle < 0.0 } else { slope > 0.0 };
        if rises { below = middle } else { above = middle }
    }
    let centre = 0.5 * (below + above);
    let room = |end: f64| if end.is_finite() { (end - centre).abs() } else { f64::INFINITY };
    let (left, right) = (half.min(0.9 * room(low)), half.min(0.9 * room(high)));
    [centre - left, centre + right]
}

/// The centre nearest to 0 of an interval of this length in the support.
pub(super) fn nearest_to_zero(support: Support, length: f64) -> f64 {
    0.0f64.min(support.upper() - 0.5 * length).max(support.lower() + 0.5 * length)
}
