//! What the laws have in common.

use std::fmt::Debug;
use std::sync::Arc;

use super::{Atom, FreeLaw, LimitLaw};
use crate::problem::Support;

/// A limit law, on [0, 1] or with ends of its own: what distances between a sample and a law need, and drawings.
pub trait Law: Debug + Sync {
    /// The distribution function `F`, right continuous.
    fn cdf(&self, x: f64) -> f64;

    /// `int_{-inf}^x F(t) dt`, up to a constant.
    fn cdf_integral(&self, x: f64) -> f64;

    /// The quantile `inf {x : F(x) >= u}`.
    fn quantile(&self, u: f64) -> f64;

    /// The least interval that carries the law.
    fn ends(&self) -> [f64; 2];

    /// Where a sample may lie that is compared with it.
    fn room(&self) -> Support;

    /// The density of the absolutely continuous part.
    fn density(&self, x: f64) -> f64;

    /// The atoms.
    fn atoms(&self) -> Vec<Atom>;

    /// A bound on the best mean utility less that of this computed law; 0 for a law that was given.
    fn gap(&self) -> f64;
}

impl Law for LimitLaw {
    fn cdf(&self, x: f64) -> f64 {
        LimitLaw::cdf(self, x)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        LimitLaw::cdf_integral(self, x)
    }

    fn quantile(&self, u: f64) -> f64 {
        LimitLaw::quantile(self, u)
    }

    fn ends(&self) -> [f64; 2] {
        [0.0, 1.0]
    }

    fn room(&self) -> Support {
        Support::UNIT
    }

    fn density(&self, x: f64) -> f64 {
        LimitLaw::density(self, x)
    }

    fn atoms(&self) -> Vec<Atom> {
        LimitLaw::atoms(self).to_vec()
    }

    fn gap(&self) -> f64 {
        LimitLaw::gap(self)
    }
}

/// Samples of finite numbers of responses may lie beyond the ends of the law.
impl Law for FreeLaw {
    fn cdf(&self, x: f64) -> f64 {
        FreeLaw::cdf(self, x)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        FreeLaw::cdf_integral(self, x)
    }

    fn quantile(&self, u: f64) -> f64 {
        FreeLaw::quantile(self, u)
    }

    fn ends(&self) -> [f64; 2] {
        FreeLaw::ends(self)
    }

    fn room(&self) -> Support {
        Support::LINE
    }

    fn density(&self, x: f64) -> f64 {
        FreeLaw::density(self, x)
    }

    fn atoms(&self) -> Vec<Atom> {
        FreeLaw::atoms(self).to_vec()
    }

    fn gap(&self) -> f64 {
        FreeLaw::gap(self)
    }
}

/// A shared law is a law.
impl<L: Law + Send + ?Sized> Law for Arc<L> {
    fn cdf(&self, x: f64) -> f64 {
        (**self).cdf(x)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        (**self).cdf_integral(x)
    }

    fn quantile(&self, u: f64) -> f64 {
        (**self).quantile(u)
    }

    fn ends(&self) -> [f64; 2] {
        (**self).ends()
    }

    fn room(&self) -> Support {
        (**self).room()
    }

    fn density(&self, x: f64) -> f64 {
        (**self).density(x)
    }

    fn atoms(&self) -> Vec<Atom> {
        (**self).atoms()
    }

    fn gap(&self) -> f64 {
        (**self).gap()
    }
}
