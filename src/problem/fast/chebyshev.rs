//! Polynomial interpolation in Chebyshev points.

use std::f64::consts::PI;

/// Chebyshev points of the first kind on [-1, 1], ascending, with their barycentric weights.
#[derive(Debug, Clone)]
pub(super) struct Chebyshev {
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

impl Chebyshev {
    /// `order` points, which interpolate polynomials of lower degree exactly.
    pub(super) fn new(order: usize) -> Self {
        let angle = |a: usize| (2 * a + 1) as f64 * PI / (2 * order) as f64;
        let sign = |a: usize| if a.is_multiple_of(2) { 1.0 } else { -1.0 };
        Self {
            nodes: (0..order).map(|a| -angle(a).cos()).collect(),
            weights: (0..order).map(|a| sign(a) * angle(a).sin()).collect(),
        }
    }

    pub(super) fn order(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The Lagrange basis at `xi`: `sum_a basis[a] f(node_a)` is the interpolant of `f` there. Second barycentric formula.
    pub(super) fn basis(&self, xi: f64, basis: &mut [f64]) {
        if let Some(hit) = self.nodes.iter().position(|node| *node == xi) {
            basis.fill(0.0);
            basis[hit] = 1.0;
            return;
        }
        let mut sum = 0.0;
        for ((out, node), weight) in basis.iter_mut().zip(&self.nodes).zip(&self.weights) {
            *out = weight / (xi - node);
            sum += *out;
        }
        let scale = sum.recip();
        basis.iter_mut().for_each(|out| *out *= scale);
    }

    /// A bound on the Lebesgue constant, `sup sum_a |basis[a]|` (Rivlin): `1 + (2/pi) log(order)`.
    pub(super) fn lebesgue(&self) -> f64 {
        1.0 + 2.0 / PI * (self.order() as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_below_the_order_are_reproduced_and_the_lebesgue_bound_holds() {
        for order in [1, 2, 7, 20] {
            let chebyshev = Chebyshev::new(order);
            let mut basis = vec![0.0; order];
            for xi in [-1.0, -0.33, 0.0, 0.5, 0.999, 1.0] {
                chebyshev.basis(xi, &mut basis);
                for degree in 0..order as i32 {
                    let value: f64 = basis.iter().zip(chebyshev.nodes()).map(|(b, x)| b * x.powi(degree)).sum();
                    assert!((value - xi.powi(degree)).abs() < 1e-13, "order {order}, degree {degree}, at {xi}");
                }
                assert!(basis.iter().map(|b| b.abs()).sum::<f64>() <= chebyshev.lebesgue() + 1e-12);
            }
        }
    }
}
