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
    coefficients.iter().rev().fold(0.0, |sum, c| sum.mul_add(x, *c))
}
