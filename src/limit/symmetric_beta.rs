//! `Beta(a, a)` with `0 < a < 1`.

use std::f64::consts::FRAC_PI_2;

use super::lower_half::{LowerHalf, invert_in_logarithms};

/// Terms of the power series at `x <= 1/2`, whose ratio is below `x`.
const TERMS: usize = 64;

/// The law with density `(x (1-x))^(a-1) / B(a, a)`.
///
/// On the lower half the distribution function is `F(x) = K (x (1-x))^a S(x)` with
/// `S(x) = 2F1(2a, 1; a+1; x) = sum_n (2a)_n / (a+1)_n x^n` and `K = 1/(a B(a, a))`, and its integral is
/// `G(x) = K/2 x (x (1-x))^a sum_n (2a)_n / (a+1)_n (n+2)/(n+a+1) x^n`. Both series are positive, so both functions have full
/// relative accuracy down to the smallest `x`.
#[derive(Debug, Clone)]
pub(super) struct SymmetricBeta {
    shape: f64,
    /// `K`, fixed by `F(1/2) = 1/2`.
    factor: f64,
    series: Vec<f64>,
    integral_series: Vec<f64>,
}

impl SymmetricBeta {
    pub(super) fn new(shape: f64) -> Self {
        let (mut series, mut integral_series) = (Vec::with_capacity(TERMS), Vec::with_capacity(TERMS));
        let mut term = 1.0;
        for n in (0..TERMS).map(|n| n as f64) {
            series.push(term);
            integral_series.push(term * (n + 2.0) / (n + shape + 1.0));
            term *= (2.0 * shape + n) / (shape + 1.0 + n);
        }
        let factor = 0.5 * 4f64.powf(shape) / horner(&series, 0.5);
        Self { shape, factor, series, integral_series }
    }

    /// `int_{-1}^1 (1 - t^2)^(a-1) dt = B(1/2, a)`.
    pub(super) fn weight_mass(&self) -> f64 {
        horner(&self.series, 0.5) / self.shape
    }

    fn cdf_and_density(&self, x: f64) -> (f64, f64) {
        let scaled = self.factor * (x * (1.0 - x)).powf(self.shape);
        (scaled * horner(&self.series, x), self.shape * scaled / (x * (1.0 - x)))
    }

    fn is_arcsine(&self) -> bool {
        self.shape == 0.5
    }
}

impl LowerHalf for SymmetricBeta {
    fn density(&self, x: f64) -> f64 {
        self.shape * self.factor * (x * (1.0 - x)).powf(self.shape - 1.0)
    }

    fn cdf(&self, x: f64) -> f64 {
        if self.is_arcsine() {
            return x.sqrt().asin() / FRAC_PI_2;
        }
        self.factor * (x * (1.0 - x)).powf(self.shape) * horner(&self.series, x)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        0.5 * self.factor * x * (x * (1.0 - x)).powf(self.shape) * horner(&self.integral_series, x)
    }

    fn quantile(&self, u: f64) -> f64 {
        if self.is_arcsine() {
            return (FRAC_PI_2 * u).sin().powi(2);
        }
        let guess = (u / self.factor).powf(1.0 / self.shape);
        invert_in_logarithms(u, guess, |x| self.cdf_and_density(x))
    }
}

fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use statrs::function::beta::{beta_reg, ln_beta};

    use super::*;

    const SHAPES: [f64; 7] = [0.01, 0.1, 0.25, 0.5, 0.65, 0.8, 0.99];

    #[test]
    fn cdf_agrees_with_the_incomplete_beta_function() {
        for shape in SHAPES {
            let law = SymmetricBeta::new(shape);
            for x in [1e-300, 1e-30, 1e-5, 0.01, 0.2, 0.37, 0.5] {
                let expected = beta_reg(shape, shape, x);
                assert!((law.cdf(x) / expected - 1.0).abs() < 2e-13, "a = {shape}, x = {x}: {} {expected}", law.cdf(x));
            }
        }
    }

    #[test]
    fn cdf_integral_agrees_with_the_incomplete_beta_function() {
        for shape in SHAPES {
            let law = SymmetricBeta::new(shape);
            for x in [0.01, 0.2, 0.37, 0.5] {
                let expected = x * beta_reg(shape, shape, x) - 0.5 * beta_reg(shape + 1.0, shape, x);
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
    fn weight_mass_is_a_beta_function() {
        for shape in SHAPES {
            let expected = ln_beta(0.5, shape).exp();
            assert!((SymmetricBeta::new(shape).weight_mass() / expected - 1.0).abs() < 1e-13, "{shape}");
        }
    }
}
