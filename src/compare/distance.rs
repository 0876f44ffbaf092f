//! Distances between a sample and a law, or another sample.

use rayon::prelude::*;

use super::CompareError;
use super::error::{check, check_within};
use crate::limit::{Law, LimitLaw};
use crate::problem::Support;

/// The Wasserstein-1 distance `int |F_n(x) - F(x)| dx` between the empirical law of ascending `rewards` and `law`, which is a
/// [`LimitLaw`] or a [`FreeLaw`](crate::limit::FreeLaw).
///
/// Exact up to rounding: between consecutive rewards `F_n` is a constant `c`, so the integral is a difference of
/// [`Law::cdf_integral`], split at the quantile of `c` where `F` crosses it. Costs at most one quantile a reward.
///
/// # Errors
/// [`CompareError`] for a sample that is empty, unsorted, or outside [`Law::room`].
///
/// ```
/// use reward_collapse::{compare::wasserstein1, limit::LimitLaw, utility::parse};
/// let uniform = LimitLaw::of(&*parse("-1/x")?)?;
/// assert_eq!(wasserstein1(&[0.5], &uniform)?, 0.25); // int |x - 1/2|
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wasserstein1<L: Law + ?Sized>(rewards: &[f64], law: &L) -> Result<f64, CompareError> {
    check_within(rewards, law.room())?;
    let n = rewards.len() as f64;
    // Beyond the law and the sample both distribution functions agree.
    let [lower, upper] = law.ends();
    let ends = [lower.min(rewards[0]), upper.max(rewards[rewards.len() - 1])].map(|x| Point::new(x, law));
    let points: Vec<Point> = rewards.par_iter().map(|&r| Point::new(r, law)).collect();
    let between = |(i, pair): (usize, &[Point])| pair[0].distance_to(&pair[1], (i + 1) as f64 / n, law);
    let steps: Vec<f64> = points.par_windows(2).enumerate().map(between).collect();
    let first = ends[0].distance_to(&points[0], 0.0, law);
    let last = points[points.len() - 1].distance_to(&ends[1], 1.0, law);
    // Summed in order, so that the result does not depend on the number of threads.
    Ok(first + steps.iter().sum::<f64>() + last)
}

/// `F` and `G` at a point.
struct Point {
    x: f64,
    cdf: f64,
    integral: f64,
}

impl Point {
    fn new<L: Law + ?Sized>(x: f64, law: &L) -> Self {
        Self { x, cdf: law.cdf(x), integral: law.cdf_integral(x) }
    }

    /// `int |F - c|` from this point to `right`.
    fn distance_to<L: Law + ?Sized>(&self, right: &Self, c: f64, law: &L) -> f64 {
        if right.x <= self.x {
            return 0.0;
        }
        let excess = |from: &Self, to: &Self| (to.integral - from.integral) - c * (to.x - from.x);
        if self.cdf >= c {
            excess(self, right)
        } else if right.cdf <= c {
            -excess(self, right)
        } else {
            // The sign of each part is known, so that rounding errors cancel in the sum instead of adding up.
            let crossing = Self::new(law.quantile(c).clamp(self.x, right.x), law);
            excess(&crossing, right) - excess(self, &crossing)
        }
    }
}

/// The Wasserstein-1 distance `int |F_m(x) - F_n(x)| dx` between the empirical laws of two ascending samples, which need
/// not be of one size.
///
/// # Errors
/// [`CompareError`] for a sample that is empty, unsorted or not finite.
///
/// ```
/// use reward_collapse::compare::wasserstein1_between;
/// assert_eq!(wasserstein1_between(&[0.0, 0.5], &[0.25])?, 0.25);
/// # Ok::<(), reward_collapse::compare::CompareError>(())
/// ```
pub fn wasserstein1_between(one: &[f64], other: &[f64]) -> Result<f64, CompareError> {
    check_within(one, Support::LINE)?;
    check_within(other, Support::LINE)?;
    let (m, n) = (one.len() as f64, other.len() as f64);
    let (mut i, mut j, mut distance) = (0, 0, 0.0);
    let mut at = one[0].min(other[0]);
    // Between neighbours of the merged samples both distribution functions are constant.
    while i < one.len() || j < other.len() {
        let left = one.get(i).copied().unwrap_or(f64::INFINITY);
        let right = other.get(j).copied().unwrap_or(f64::INFINITY);
        let next = left.min(right);
        distance += (i as f64 / m - j as f64 / n).abs() * (next - at);
        at = next;
        if left <= right {
            i += 1;
        } else {
            j += 1;
        }
    }
    Ok(distance)
}

/// The Kolmogorov distance `sup_x |F_n(x) - F(x)|` between the empirical law of ascending `rewards` and `law`.
///
/// Both one-sided limits are compared at each jump of either function. Above 1/2 a reward is known to half a unit in the
/// last place only, and a law like that of `x^0.98` has a third of its mass within that distance of 1: there the distance is
/// the least that the rounding allows. Costs two evaluations of `F` a reward.
///
/// # Errors
/// [`CompareError`] for a sample that is empty, unsorted or outside [0, 1].
pub fn kolmogorov(rewards: &[f64], law: &LimitLaw) -> Result<f64, CompareError> {
    check(rewards)?;
    let n = rewards.len() as f64;
    let atom = law.atoms().first().map_or(0.0, |atom| atom.mass);
    let at_zero = rewards.partition_point(|&r| r <= 0.0) as f64 / n;
    let before_one = rewards.partition_point(|&r| r < 1.0) as f64 / n;
    let lowest_before_one = 1.0 - law.cdf(HALF_UNIT);
    let at_one = (before_one - (1.0 - atom)).max(lowest_before_one - before_one);
    let at_ends = (at_zero - law.cdf(0.0)).abs().max(at_one);
    let inside = rewards.iter().enumerate().filter(|&(_, &r)| r > 0.0 && r < 1.0);
    // Within a run of equal rewards the intermediate counts lie between the two one-sided limits.
    let deviation = |(i, &r): (usize, &f64)| {
        let (least, most) = cdf_range(r, law);
        (least - i as f64 / n).max((i + 1) as f64 / n - most)
    };
    Ok(inside.map(deviation).fold(at_ends, f64::max))
}

/// Half the spacing of numbers just below 1.
const HALF_UNIT: f64 = f64::EPSILON / 4.0;

/// The values of `F` at numbers that round to `0 < r < 1`.
fn cdf_range(r: f64, law: &LimitLaw) -> (f64, f64) {
    if r <= 0.5 {
        let cdf = law.cdf(r);
        return (cdf, cdf);
    }
    // F(1 - y) = 1 - F(y), where y has digits that 1 - y has lost.
    let from_one = 1.0 - r;
    (1.0 - law.cdf(from_one + HALF_UNIT), 1.0 - law.cdf(from_one - HALF_UNIT))
}
