//! `Beta(a, a)` with `0 < a <= 1`.

use std::f64::consts::FRAC_PI_2;

use statrs::function::beta::{beta_reg, ln_beta};

use super::lower_half::{LowerHalf, invert_in_logarithms};

/// The law with density `(x (1-x))^(a-1) / B(a, a)`, by the beta functions of `statrs`.
///
/// `F(x) = I_x(a, a)`, and its integral is `G(x) = x I_x(a, a) - I_x(a+1, a)/2`. The quantile is ours: for `a = 0.01` it goes
/// down to 1e-300, and is found in the logarithm.
#[derive(Debug, Clone)]
pub(super) struct SymmetricBeta {
    shape: f64,
    /// `log B(a, a)`.
    ln_beta: f64,
}

impl SymmetricBeta {
    pub(super) fn new(shape: f64) -> Self {
        Self { shape, ln_beta: ln_beta(shape, shape) }
    }

    /// `int_{-1}^1 (1 - t^2)^(a-1) dt = B(1/2, a)`.
    pub(super) fn weight_mass(&self) -> f64 {
        ln_beta(0.5, self.shape).exp()
    }

    /// The density over the weight `(4 x (1-x))^(a-1)`: a constant.
    pub(super) fn over_weight(&self) -> f64 {
        ((1.0 - self.shape) * 4f64.ln() - self.ln_beta).exp()
    }

    fn is_arcsine(&self) -> bool {
        self.shape == 0.5
    }
}

impl LowerHalf for SymmetricBeta {
    fn density(&self, x: f64) -> f64 {
        self.over_weight() * (4.0 * x * (1.0 - x)).powf(self.shape - 1.0)
    }

    fn cdf(&self, x: f64) -> f64 {
        if self.is_arcsine() { x.sqrt().asin() / FRAC_PI_2 } else { beta_reg(self.shape, self.shape, x) }
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        x * self.cdf(x) - 0.5 * beta_reg(self.shape + 1.0, self.shape, x)
    }

    fn quantile(&self, u: f64) -> f64 {
        if self.is_arcsine() {
            return (FRAC_PI_2 * u).sin().powi(2);
        }
        // F(x) = x^a / (a B(a, a)) (1 + O(x)).
        let guess = (((u * self.shape).ln() + self.ln_beta) / self.shape).exp();
        invert_in_logarithms(u, guess, |x| (self.cdf(x), self.density(x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [f64; 7] = [0.01, 0.1, 0.25, 0.5, 0.65, 0.8, 0.99];

    /// `F(x) = (x (1-x))^a / (a B(a, a)) 2F1(2a, 1; a+1; x)`, a positive series.
    fn series(shape: f64, x: f64, extra: impl Fn(f64) -> f64) -> f64 {
        let mut term = 1.0;
        let terms = (0..200).map(|n| {
            let n = f64::from(n);
            let now = term * extra(n);
            term *= (2.0 * shape + n) / (shape + 1.0 + n) * x;
            now
        });
        let sum: f64 = terms.sum();
        (shape * (x * (1.0 - x)).ln() - ln_beta(shape, shape)).exp() / shape * sum
    }

    #[test]
    fn cdf_agrees_with_the_hypergeometric_series() {
        for shape in SHAPES {
            let law = SymmetricBeta::new(shape);
            for x in [1e-300, 1e-30, 1e-5, 0.01, 0.2, 0.37, 0.5] {
                let expected = series(shape, x, |_| 1.0);
                assert!((law.cdf(x) / expected - 1.0).abs() < 1e-12, "a = {shape}, x = {x}: {} {expected}", law.cdf(x));
            }
            assert!((law.cdf(0.5) - 0.5).abs() < 1e-14, "a = {shape}");
        }
    }

    #[test]
    fn cdf_integral_agrees_with_the_hypergeometric_series() {
        for shape in SHAPES {
            let law = SymmetricBeta::new(shape);
            for x in [0.01, 0.2, 0.37, 0.5] {
                let expected = 0.5 * x * series(shape, x, |n| (n + 2.0) / (n + shape + 1.0));
                assert!((law.cdf_integral(x) - expected).abs() < 1e-14, "a = {shape}, x = {x}");
            }
        }
    }

    #[test]
    fn quantiles_near_zero_keep_their_relative_accuracy() {
        // F(x) = x^a / (a B(a, a)) (1 + O(x)).
        for (shape, u) in [(0.01f64, 1e-2f64), (0.01, 1e-3), (0.1, 1e-9), (0.5, 1e-12), (0.8, 1e-14)] {
            let expected = ((u * shape).ln() + ln_beta(shape, shape)) / shape;
            let found = SymmetricBeta::new(shape).quantile(u).ln();
            assert!((found - expected).abs() < 1e-11, "a = {shape}, u = {u}: {found} {expected}");
        }
    }

    #[test]
    fn weight_mass_at_known_shapes() {
        // B(1/2, 1/2) = pi, B(1/2, 1) = 2, and B(1/2, a) = 2^(2a-1) B(a, a) by the duplication formula.
        assert!((SymmetricBeta::new(0.5).weight_mass() / std::f64::consts::PI - 1.0).abs() < 1e-14);
        assert!((SymmetricBeta::new(1.0).weight_mass() / 2.0 - 1.0).abs() < 1e-14);
        for shape in SHAPES {
            let expected = 2f64.powf(2.0 * shape - 1.0) * ln_beta(shape, shape).exp();
            assert!((SymmetricBeta::new(shape).weight_mass() / expected - 1.0).abs() < 1e-13, "{shape}");
        }
    }
}
