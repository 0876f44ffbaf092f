//! Polynomials on [-1, 1] in the Legendre basis, and the Gauss-Legendre rule that produces them.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use gauss_quad::GaussLegendre;

/// Nodes a panel: a panel's polynomial has degree 15, and its rule is exact to degree 31.
pub(crate) const ORDER: usize = 16;

/// The Gauss-Legendre rule of [`ORDER`] nodes, and the matrix from values at its nodes to Legendre coefficients.
pub(crate) struct Rule {
    pub(crate) nodes: [f64; ORDER],
    pub(crate) weights: [f64; ORDER],
    /// `c_j = sum_i to_coefficients[j][i] f(z_i)`.
    pub(crate) to_coefficients: [[f64; ORDER]; ORDER],
    /// `f(1) = sum_i at_right_end[i] f(z_i)`.
    pub(crate) at_right_end: [f64; ORDER],
}

/// The rule that every panel uses.
pub(crate) static RULE: LazyLock<Rule> = LazyLock::new(Rule::new);

impl Rule {
    fn new() -> Self {
        let order = NonZeroUsize::new(ORDER).unwrap_or(NonZeroUsize::MIN);
        let (mut nodes, mut weights) = ([0.0; ORDER], [0.0; ORDER]);
        let rule = GaussLegendre::new(order);
        for (i, &(node, weight)) in rule.iter().enumerate() {
            (nodes[i], weights[i]) = (node, weight);
        }
        let mut to_coefficients = [[0.0; ORDER]; ORDER];
        for i in 0..ORDER {
            for (j, p) in polynomials(nodes[i]).into_iter().enumerate() {
                to_coefficients[j][i] = (j as f64 + 0.5) * weights[i] * p;
            }
        }
        // Every Legendre polynomial is 1 there.
        let at_right_end = std::array::from_fn(|i| to_coefficients.iter().map(|row| row[i]).sum());
        Self { nodes, weights, to_coefficients, at_right_end }
    }

    /// Legendre coefficients of the polynomial with these values at the nodes.
    pub(crate) fn coefficients(&self, values: &[f64]) -> [f64; ORDER] {
        std::array::from_fn(|j| self.to_coefficients[j].iter().zip(values).map(|(t, v)| t * v).sum())
    }
}

/// `P_0(z), ..., P_15(z)`.
pub(crate) fn polynomials(z: f64) -> [f64; ORDER] {
    let mut p = [1.0; ORDER];
    p[1] = z;
    for j in 1..ORDER - 1 {
        // (j+1) P_{j+1} = (2j+1) z P_j - j P_{j-1}
        p[j + 1] = RISE[j] * z * p[j] - FALL[j] * p[j - 1];
    }
    p
}

const RISE: [f64; ORDER] = recurrence(1.0);
const FALL: [f64; ORDER] = recurrence(0.0);

/// `(2j+1)/(j+1)` for `which = 1`, `j/(j+1)` for `which = 0`.
const fn recurrence(which: f64) -> [f64; ORDER] {
    let mut table = [0.0; ORDER];
    let mut j = 0;
    while j < ORDER {
        let index = j as f64;
        table[j] = (index + which * (index + 1.0)) / (index + 1.0);
        j += 1;
    }
    table
}

/// `sum_j c_j P_j(z)` by Clenshaw's recurrence.
pub(crate) fn evaluate(coefficients: &[f64], z: f64) -> f64 {
    let (mut next, mut after) = (0.0, 0.0);
    for (j, c) in coefficients.iter().enumerate().rev() {
        let j = j as f64;
        let current = c + (2.0 * j + 1.0) / (j + 1.0) * z * next - (j + 1.0) / (j + 2.0) * after;
        (next, after) = (current, next);
    }
    next
}

/// Coefficients of `int_{-1}^z sum_j c_j P_j`, from `int_{-1}^z P_j = (P_{j+1}(z) - P_{j-1}(z)) / (2j+1)`.
pub(crate) fn antiderivative(coefficients: &[f64]) -> Vec<f64> {
    let mut integral = vec![0.0; coefficients.len() + 1];
    for (j, c) in coefficients.iter().enumerate() {
        let share = c / (2.0 * j as f64 + 1.0);
        integral[j + 1] += share;
        integral[j.saturating_sub(1)] += if j == 0 { share } else { -share };
    }
    integral
}

/// Coefficients of the derivative of `sum_j c_j P_j`.
pub(crate) fn derivative(coefficients: &[f64]) -> Vec<f64> {
    let mut slopes = vec![0.0; coefficients.len()];
    // P_{j+1}' - P_{j-1}' = (2j+1) P_j, from the highest down.
    let (mut even, mut odd) = (0.0, 0.0);
    for j in (0..coefficients.len().saturating_sub(1)).rev() {
        let sum = if (j + 1) % 2 == 0 { &mut even } else { &mut odd };
        *sum += coefficients[j + 1];
        slopes[j] = (2.0 * j as f64 + 1.0) * *sum;
    }
    slopes
}

/// The larger of the last two coefficients: two, because a symmetric function has every other one zero.
pub(crate) fn spectral_tail(coefficients: &[f64; ORDER]) -> f64 {
    coefficients[ORDER - 2].abs().max(coefficients[ORDER - 1].abs())
}

/// Whether the coefficients of a function on a panel have decayed to `tolerance` times the largest, or to rounding noise.
///
/// Noise has a flat spectrum. A smooth function that is still unresolved at a level below 1e-8 is not flat: its
/// coefficients fall by a factor `rho^4` from one quarter of the spectrum to the next, with `rho^16 > 1e8`.
pub(crate) fn is_resolved(coefficients: &[f64; ORDER], tolerance: f64) -> bool {
    const NOISE_LEVEL: f64 = 1e-8;
    let largest = |range: &[f64]| range.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
    let scale = largest(coefficients);
    let (third, last) = (largest(&coefficients[8..12]), largest(&coefficients[12..]));
    spectral_tail(coefficients) <= tolerance * scale || (last <= NOISE_LEVEL * scale && last > 0.1 * third)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_and_integrals_of_an_exponential() {
        let values = RULE.nodes.map(f64::exp);
        let coefficients = RULE.coefficients(&values);
        let integral = antiderivative(&coefficients);
        for z in [-1.0, -0.3, 0.7, 1.0] {
            assert!((evaluate(&coefficients, z) - f64::exp(z)).abs() < 1e-14);
            assert!((evaluate(&integral, z) - (f64::exp(z) - f64::exp(-1.0))).abs() < 1e-14);
            assert!((evaluate(&derivative(&coefficients), z) - f64::exp(z)).abs() < 1e-12);
        }
    }

    #[test]
    fn polynomials_agree_with_their_closed_forms() {
        let z = 0.37;
        let p = polynomials(z);
        assert!((p[2] - 0.5 * (3.0 * z * z - 1.0)).abs() < 1e-15);
        assert!((p[3] - 0.5 * (5.0 * z.powi(3) - 3.0 * z)).abs() < 1e-15);
    }
}
