//! An atom at each end and a constant density between.

use super::lower_half::LowerHalf;

/// The law `a (delta_0 + delta_1) + (1 - 2a) dx`, which is uniform for `a = 0`.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtomsAndUniform {
    pub(super) atom: f64,
}

impl AtomsAndUniform {
    fn height(&self) -> f64 {
        1.0 - 2.0 * self.atom
    }
}

impl LowerHalf for AtomsAndUniform {
    fn density(&self, _x: f64) -> f64 {
        self.height()
    }

    fn cdf(&self, x: f64) -> f64 {
        self.atom + self.height() * x
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        x * (self.atom + 0.5 * self.height() * x)
    }

    fn quantile(&self, u: f64) -> f64 {
        if u <= self.atom { 0.0 } else { (u - self.atom) / self.height() }
    }
}
