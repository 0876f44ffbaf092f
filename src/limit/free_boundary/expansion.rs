//! A Jacobi weight times a polynomial on any interval, as a law.

use crate::limit::gegenbauer::{Gegenbauer, ParitySeries};
use crate::limit::lower_half::LowerHalf;
use crate::limit::symmetric_beta::SymmetricBeta;

use super::law::OnInterval;

/// The law `w(t) sum_m c_m q_m(t) dt` at `x = (A+B)/2 + t (B-A)/2`, where `w(t) = (1 - t^2)^((s-1)/2)` and `q_m` are the orthonormal
/// polynomials of `w`.
///
/// Where an end is free the sum vanishes, and the density is found from the quotient. The distribution function `F`, and its integral,
/// are those of the symmetric [`crate::limit::expansion::Expansion`], with both parities.
#[derive(Debug, Clone)]
pub(super) struct Expansion {
    ends: [f64; 2],
    s: f64,
    beta: SymmetricBeta,
    free: [bool; 2],
    quotient: Series,
    cdf: Series,
    cdf_integral: Series,
    /// The factor of `F` of `Beta((3+s)/2, (3+s)/2)` in the integral of `F`, from `c_1`.
    skew: f64,
    wider: SymmetricBeta,
}

/// A series in the polynomials of a family, of both parities.
#[derive(Debug, Clone)]
struct Series([ParitySeries; 2]);

impl Series {
    fn new(family: &Gegenbauer, coefficients: &[f64]) -> Self {
        let parity = |odd: bool| {
            let own: Vec<f64> = coefficients.iter().copied().skip(usize::from(odd)).step_by(2).collect();
            ParitySeries::new(family, odd, &own)
        };
        Self([parity(false), parity(true)])
    }

    fn at(&self, t: f64) -> f64 {
        self.0[0].evaluate(t) + self.0[1].evaluate(t)
    }
}

/// A point of the interval, with its distances from both ends in halves of the length.
#[derive(Clone, Copy)]
struct Point {
    from_lower: f64,
    from_upper: f64,
}

impl Point {
    fn t(self) -> f64 {
        0.5 * (self.from_lower - self.from_upper)
    }
}

impl Expansion {
    /// `coefficients` are `c_0, c_1, c_2, ...`; the first is implied by the mass and ignored by `F`.
    pub(super) fn new(ends: [f64; 2], s: f64, coefficients: &[f64], free: [bool; 2]) -> Self {
        let degree = coefficients.len() + 2;
        let beta = SymmetricBeta::new(0.5 * (1.0 + s));
        let mass = beta.weight_mass();
        let mass_1 = mass * (1.0 + s) / (2.0 + s);
        let mass_2 = mass_1 * (3.0 + s) / (4.0 + s);
        let family = |j: f64, mass: f64| Gegenbauer::new(0.5 * s + j, mass, degree);
        let own = family(0.0, mass);
        let higher = |least: usize| coefficients.iter().enumerate().skip(least).map(|(m, c)| (m as f64, c));
        let cdf: Vec<f64> = higher(1).map(|(m, c)| c / (m * (m + s)).sqrt()).collect();
        let integral = higher(2).map(|(m, c)| c / (m * (m + s) * (m - 1.0) * (m + 1.0 + s)).sqrt());
        let integral: Vec<f64> = integral.collect();
        let mut quotient = coefficients.to_vec();
        for (side, free) in [1.0, -1.0].into_iter().zip(free) {
            if free {
                quotient = own.divided(&quotient, side);
            }
        }
        let skew = cdf.first().map_or(0.0, |c| c * mass_1.sqrt());
        Self {
            ends,
            s,
            beta,
            free,
            quotient: Series::new(&own, &quotient),
            cdf: Series::new(&family(1.0, mass_1), &cdf),
            cdf_integral: Series::new(&family(2.0, mass_2), &integral),
            skew,
            wider: SymmetricBeta::new(0.5 * (3.0 + s)),
        }
    }

    fn half(&self) -> f64 {
        0.5 * (self.ends[1] - self.ends[0])
    }

    fn point(&self, x: f64) -> Point {
        let from = |end: f64| ((x - end).abs() / self.half()).min(2.0);
        Point { from_lower: from(self.ends[0]), from_upper: from(self.ends[1]) }
    }

    /// `(1 - t^2)^((s-1)/2 + j)`.
    fn weight(&self, at: Point, j: f64) -> f64 {
        (at.from_lower * at.from_upper).powf(0.5 * (self.s - 1.0) + j)
    }

    /// The density in `t`.
    fn density_at(&self, at: Point) -> f64 {
        let exponent = |free: bool| 0.5 * (self.s - 1.0) + f64::from(u8::from(free));
        at.from_lower.powf(exponent(self.free[0]))
            * at.from_upper.powf(exponent(self.free[1]))
            * self.quotient.at(at.t())
    }

    fn cdf_at(&self, at: Point) -> f64 {
        whole(at, |y| self.beta.cdf(y)) - self.weight(at, 1.0) * self.cdf.at(at.t())
    }

    /// The density over the weight and the zeros at free ends, for its sign.
    pub(super) fn charge(&self, t: f64) -> f64 {
        self.quotient.at(t)
    }
}

/// A symmetric distribution function from its lower half.
fn whole(at: Point, lower: impl Fn(f64) -> f64) -> f64 {
    if at.from_lower <= at.from_upper { lower(0.5 * at.from_lower) } else { 1.0 - lower(0.5 * at.from_upper) }
}

impl OnInterval for Expansion {
    fn density(&self, x: f64) -> f64 {
        self.density_at(self.point(x)) / self.half()
    }

    fn cdf(&self, x: f64) -> f64 {
        self.cdf_at(self.point(x))
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        let at = self.point(x);
        let (y, z) = (0.5 * at.from_lower, 0.5 * at.from_upper);
        let symmetric = if y <= z { self.beta.cdf_integral(y) } else { (y - 0.5) + self.beta.cdf_integral(z) };
        let skew = -0.5 * self.skew * whole(at, |y| self.wider.cdf(y));
        let rest = 0.5 * self.weight(at, 2.0) * self.cdf_integral.at(at.t());
        2.0 * self.half() * (symmetric + skew + rest)
    }

    /// Newton's method for `F` as a function of the angle `theta` with `t = -cos(theta)`, guarded by a bracket.
    fn quantile(&self, u: f64) -> f64 {
        const STEPS: usize = 100;
        let point = |theta: f64| Point {
            from_lower: 2.0 * (0.5 * theta).sin().powi(2),
            from_upper: 2.0 * (0.5 * theta).cos().powi(2),
        };
        let (mut below, mut above) = (0.0, std::f64::consts::PI);
        let mut theta = above * u;
        for _ in 0..STEPS {
            let at = point(theta);
            let excess = self.cdf_at(at) - u;
            if excess < 0.0 {
                below = theta;
            } else {
                above = theta;
            }
            let newton = theta - excess / (self.density_at(at) * theta.sin());
            let next = if newton > below && newton < above { newton } else { 0.5 * (below + above) };
            let moved = (next - theta).abs();
            theta = next;
            if moved <= 2.0 * f64::EPSILON * theta {
                break;
            }
        }
        let at = point(theta);
        if at.from_lower <= at.from_upper {
            self.ends[0] + self.half() * at.from_lower
        } else {
            self.ends[1] - self.half() * at.from_upper
        }
    }
}
