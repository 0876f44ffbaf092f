//! A symmetric law on [0, 1], described by its lower half.

use std::fmt;

/// A law with `P(A) = P(1 - A)` and no atom inside (0, 1), as a function object on `0 <= x <= 1/2`.
///
/// Every limit law is of this kind, so each representation describes its lower half only, where small probabilities keep
/// their relative accuracy; [`super::LimitLaw`] reflects it.
pub(super) trait LowerHalf: fmt::Debug + Send + Sync {
    /// Density of the absolutely continuous part.
    fn density(&self, x: f64) -> f64;

    /// `F(x) = P([0, x])`.
    fn cdf(&self, x: f64) -> f64;

    /// `G(x) = int_0^x F`.
    fn cdf_integral(&self, x: f64) -> f64;

    /// The least `x` with `F(x) >= u`, for `0 < u <= 1/2`.
    fn quantile(&self, u: f64) -> f64;
}

/// Solves `F(x) = u` on `(0, 1/2]` by Newton's method for `log F` as a function of `log x`, from `guess`.
///
/// `f` gives `F` and its density. The logarithms keep the relative accuracy of quantiles that go down to the smallest
/// numbers, where `F ~ C x^a` makes the iteration linear; a bracket guards the steps. Returns 0 where the quantile underflows.
pub(super) fn invert_in_logarithms(u: f64, guess: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    const STEPS: usize = 100;
    /// Newton's method is quadratic: after a step this small the next one would be below rounding.
    const LAST_STEP: f64 = 1e-9;
    let (mut below, mut above) = (0.0, 0.5);
    let mut x = guess.min(0.5);
    for _ in 0..STEPS {
        if x == 0.0 {
            return 0.0;
        }
        let (cdf, density) = f(x);
        let step = (u / cdf).ln() * cdf / (x * density);
        if cdf < u {
            below = x
        } else {
            above = x
        }
        let next = x * step.exp();
        if step.abs() < LAST_STEP {
            return next.min(0.5);
        }
        let inside = next > below && next < above;
        x = if inside {
            next
        } else if below > 0.0 {
            (below * above).sqrt()
        } else {
            0.5 * above
        };
        if above - below <= f64::EPSILON * above {
            return x;
        }
    }
    x
}
