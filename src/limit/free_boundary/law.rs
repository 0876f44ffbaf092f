//! What a law with free ends is made of.

use std::fmt;

/// A law on [A, B] as a function object, for arguments within [A, B].
pub(super) trait OnInterval: fmt::Debug + Send + Sync {
    /// Density of the absolutely continuous part.
    fn density(&self, x: f64) -> f64;

    /// `F(x) = P([A, x])`, for `x < B`.
    fn cdf(&self, x: f64) -> f64;

    /// `int_A^x F`.
    fn cdf_integral(&self, x: f64) -> f64;

    /// The least `x` with `F(x) >= u`, for `0 < u < F(B-)`.
    fn quantile(&self, u: f64) -> f64;
}

impl OnInterval for crate::limit::piecewise::Piecewise {
    fn density(&self, x: f64) -> f64 {
        crate::limit::lower_half::LowerHalf::density(self, x)
    }

    fn cdf(&self, x: f64) -> f64 {
        crate::limit::lower_half::LowerHalf::cdf(self, x)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        crate::limit::lower_half::LowerHalf::cdf_integral(self, x)
    }

    fn quantile(&self, u: f64) -> f64 {
        crate::limit::lower_half::LowerHalf::quantile(self, u)
    }
}

/// All mass at one point.
#[derive(Debug)]
pub(super) struct PointMass;

impl OnInterval for PointMass {
    fn density(&self, _x: f64) -> f64 {
        0.0
    }

    fn cdf(&self, _x: f64) -> f64 {
        1.0
    }

    fn cdf_integral(&self, _x: f64) -> f64 {
        0.0
    }

    /// Never asked for: the one atom is that of the upper end.
    fn quantile(&self, _u: f64) -> f64 {
        f64::NAN
    }
}

/// All mass at the two ends.
#[derive(Debug)]
pub(super) struct TwoPoints {
    pub(super) ends: [f64; 2],
    /// The mass of the lower one.
    pub(super) lower: f64,
}

impl OnInterval for TwoPoints {
    fn density(&self, _x: f64) -> f64 {
        0.0
    }

    fn cdf(&self, _x: f64) -> f64 {
        self.lower
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        self.lower * (x - self.ends[0])
    }

    fn quantile(&self, _u: f64) -> f64 {
        self.ends[0]
    }
}
