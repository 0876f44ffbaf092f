//! A Jacobi weight times a polynomial.

use super::gegenbauer::{Gegenbauer, ParitySeries};
use super::lower_half::{LowerHalf, invert_in_logarithms};
use super::symmetric_beta::SymmetricBeta;

/// The law with density `2 w(t) sum_m c_m q_m(t)` at `x = (1+t)/2`, where `w(t) = (1 - t^2)^((s-1)/2)`, `q_m` are the
/// orthonormal polynomials of `w` and `m` runs over the even numbers.
///
/// The term `m = 0` is `Beta((1+s)/2, (1+s)/2)`, which carries all the mass. The others integrate in closed form, by the
/// differential equation of the `q_m`: with `q^(j)` the polynomials of the weight `(1-t^2)^j w`,
///
/// ```text
/// F(x) = F_Beta(x) -     (1-t^2)   w(t) sum_{m>0} c_m q^(1)_{m-1}(t) / sqrt(m (m+s)),
/// G(x) = G_Beta(x) + 1/2 (1-t^2)^2 w(t) sum_{m>0} c_m q^(2)_{m-2}(t) / sqrt(m (m+s) (m-1) (m+1+s)).
/// ```
#[derive(Debug, Clone)]
pub(super) struct Expansion {
    s: f64,
    beta: SymmetricBeta,
    density: ParitySeries,
    cdf: ParitySeries,
    cdf_integral: ParitySeries,
}

impl Expansion {
    /// `coefficients` are `c_0, c_2, c_4, ...`; the first is implied by the mass and ignored.
    pub(super) fn new(s: f64, coefficients: &[f64]) -> Self {
        let degree = 2 * coefficients.len();
        let beta = SymmetricBeta::new(0.5 * (1.0 + s));
        let mass = beta.weight_mass();
        let mass_1 = mass * (1.0 + s) / (2.0 + s);
        let mass_2 = mass_1 * (3.0 + s) / (4.0 + s);
        let family = |j: f64, mass: f64| Gegenbauer::new(0.5 * s + j, mass, degree);
        let higher = || coefficients.iter().enumerate().skip(1).map(|(k, c)| (2.0 * k as f64, c));
        let cdf: Vec<f64> = higher().map(|(m, c)| c / (m * (m + s)).sqrt()).collect();
        let cdf_integral: Vec<f64> =
            higher().map(|(m, c)| c / (m * (m + s) * (m - 1.0) * (m + 1.0 + s)).sqrt()).collect();
        let density: Vec<f64> = std::iter::once(0.0).chain(higher().map(|(_, c)| *c)).collect();
        Self {
            s,
            beta,
            density: ParitySeries::new(&family(0.0, mass), false, &density),
            cdf: ParitySeries::new(&family(1.0, mass_1), true, &cdf),
            cdf_integral: ParitySeries::new(&family(2.0, mass_2), false, &cdf_integral),
        }
    }

    /// `(1 - t^2)^((s-1)/2 + j)`.
    fn weight(&self, x: f64, j: f64) -> f64 {
        (4.0 * x * (1.0 - x)).powf(0.5 * (self.s - 1.0) + j)
    }
}

impl LowerHalf for Expansion {
    fn density(&self, x: f64) -> f64 {
        // One factor for both terms: at the ends it is infinite.
        self.weight(x, 0.0) * (self.beta.over_weight() + 2.0 * self.density.evaluate(2.0 * x - 1.0))
    }

    fn cdf(&self, x: f64) -> f64 {
        self.beta.cdf(x) - self.weight(x, 1.0) * self.cdf.evaluate(2.0 * x - 1.0)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        self.beta.cdf_integral(x) + 0.5 * self.weight(x, 2.0) * self.cdf_integral.evaluate(2.0 * x - 1.0)
    }

    fn quantile(&self, u: f64) -> f64 {
        invert_in_logarithms(u, self.beta.quantile(u), |x| (self.cdf(x), self.density(x)))
    }
}
