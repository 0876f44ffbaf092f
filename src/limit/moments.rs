//! Moments of a symmetric law.

use super::legendre::RULE;
use super::lower_half::LowerHalf;

/// Halvings of [0, 1/2] towards 0, where the distribution function may be a power of `x`.
const HALVINGS: i32 = 60;

/// `int (x - 1/2)^k dP`.
///
/// By parts, twice: `2 k (k-1) int_0^(1/2) (1/2 - x)^(k-2) G(x) dx` for even `k >= 2`, where `G` is the integral of the
/// distribution function: a smooth integrand, atoms or not.
pub(super) fn central(lower: &dyn LowerHalf, k: u32) -> f64 {
    if k == 0 {
        return 1.0;
    }
    if k % 2 == 1 {
        return 0.0;
    }
    let integrand = |x: f64| (0.5 - x).powi(k as i32 - 2) * lower.cdf_integral(x);
    let mut integral = 0.0;
    for halving in 0..HALVINGS {
        let half = 0.125 * 0.5f64.powi(halving);
        let panel: f64 = RULE.nodes.iter().zip(RULE.weights).map(|(z, w)| w * integrand(half * (3.0 + z))).sum();
        integral += half * panel;
    }
    2.0 * f64::from(k) * f64::from(k - 1) * integral
}

#[cfg(test)]
mod tests {
    use super::super::LimitLaw;
    use crate::utility::parse;

    #[test]
    fn moments_of_closed_forms() {
        let law = |text: &str| LimitLaw::of(&parse(text).unwrap()).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} {b}");
        close(law("-1/x").variance(), 1.0 / 12.0);
        close(law("-1/x").central_moment(4), 1.0 / 80.0);
        close(law("x").variance(), 0.25);
        close(law("x").central_moment(6), 1.0 / 64.0);
        // Beta(a, a): 1/(4 (2a + 1)), and 3/(16 (2a + 1)(2a + 3)).
        close(law("x^0.8").variance(), 1.0 / (4.0 * 1.2));
        close(law("x^0.8").central_moment(4), 3.0 / (16.0 * 1.2 * 3.2));
        close(law("log(x)+0*x").central_moment(3), 0.0);
    }
}
