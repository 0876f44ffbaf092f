//! Laws of rewards that a person asks for, and their potentials.
//!
//! A [`Target`] is written as `beta(2,5)`, `uniform`, `atoms(0:0.3,1:0.7)`, `normal(0,1)`, `empirical(FILE)`, or a mixture of these such
//! as `0.3*beta(2,60)+0.7*beta(60,2)`. Its [`Potential`] under a utility `U`,
//!
//! ```text
//! V(x) = -int U(|x-y|) dQ(y),
//! ```
//!
//! is the field that makes the target `Q` the limit law of problem (7).

mod component;
mod error;
mod parse;
mod potential;
mod quadrature;
mod steps;
mod table;

use std::fmt;

pub use error::TargetError;
pub use potential::Potential;

use crate::limit::{Atom, Law};
use crate::problem::Support;
use component::{Beta, Component, Normal};
use steps::Steps;

/// A probability law of rewards: a mixture of beta, uniform, normal, discrete and empirical laws.
///
/// ```
/// use reward_collapse::target::Target;
/// let law: Target = "0.3*beta(2,60) + 0.7*beta(60,2)".parse()?;
/// assert!((law.mean() - (0.3 * 2.0 + 0.7 * 60.0) / 62.0).abs() < 1e-15);
/// assert!("atoms(0:0.5,1:0.6)".parse::<Target>().is_err()); // 1.1
/// # Ok::<(), reward_collapse::target::TargetError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    text: String,
    parts: Vec<Part>,
}

/// A part of a mixture.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    weight: f64,
    component: Component,
    /// Points between which the density is smooth, and resolved by one rule; the ends first and last.
    splits: Vec<f64>,
}

impl Target {
    fn sum(&self, f: impl Fn(&Component) -> f64) -> f64 {
        self.parts.iter().map(|part| part.weight * f(&part.component)).sum()
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.sum(Component::mean)
    }

    /// The variance.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        self.sum(|component| component.variance() + (component.mean() - mean).powi(2))
    }

    /// The density of the part without atoms.
    pub fn density(&self, x: f64) -> f64 {
        self.sum(|component| component.density(x))
    }

    /// A number that the density is not below anywhere between two points.
    pub(crate) fn least_density(&self, from: f64, to: f64) -> f64 {
        self.sum(|component| component.least_density(from, to))
    }

    /// The atoms, ascending.
    pub fn atoms(&self) -> Vec<Atom> {
        let own = self.parts.iter().flat_map(|part| {
            let atoms = part.component.atoms();
            atoms.into_iter().map(|atom| Atom { mass: part.weight * atom.mass, ..atom })
        });
        let mut all: Vec<Atom> = own.collect();
        all.sort_by(|a, b| a.at.total_cmp(&b.at));
        all.dedup_by(|next, kept| {
            let same = next.at == kept.at;
            if same {
                kept.mass += next.mass;
            }
            same
        });
        all
    }

    /// `F(x) = Q((-inf, x])`.
    pub fn cdf(&self, x: f64) -> f64 {
        self.sum(|component| component.cdf(x)).clamp(0.0, 1.0)
    }

    /// `Q((-inf, x))`.
    pub fn cdf_below(&self, x: f64) -> f64 {
        self.sum(|component| component.cdf_below(x)).clamp(0.0, 1.0)
    }

    /// `int_{-inf}^x F(t) dt`.
    pub fn cdf_integral(&self, x: f64) -> f64 {
        self.sum(|component| component.cdf_integral(x))
    }

    /// The quantile `inf {x : F(x) >= u}`, by bisection; NaN outside `0 <= u <= 1`.
    pub fn quantile(&self, u: f64) -> f64 {
        let [mut below, mut above] = self.ends();
        if !(0.0..=1.0).contains(&u) {
            return f64::NAN;
        }
        if u <= self.cdf(below) {
            return below;
        }
        if let Some(atom) = self.atoms().iter().find(|atom| self.cdf_below(atom.at) < u && u <= self.cdf(atom.at)) {
            return atom.at;
        }
        loop {
            let middle = if below == 0.0 && above > 1e-300 {
                // Towards 0 in the logarithm.
                if above > 1e-3 { 0.5 * above } else { above.sqrt() * 1e-150 }
            } else if below > 0.0 && above > 2.0 * below {
                below.sqrt() * above.sqrt()
            } else {
                0.5 * (below + above)
            };
            if middle <= below || middle >= above {
                return above;
            }
            if self.cdf(middle) < u { below = middle } else { above = middle }
        }
    }

    /// The least interval that carries the law; for a normal law twelve standard deviations to each side, beyond which are 4e-33 of it.
    pub fn ends(&self) -> [f64; 2] {
        let fold = |[low, high]: [f64; 2], part: &Part| {
            let [from, to] = part.component.ends();
            [low.min(from), high.max(to)]
        };
        self.parts.iter().fold([f64::INFINITY, f64::NEG_INFINITY], fold)
    }

    /// The support that rewards need for this law: [0, 1] where it lies there, and the line elsewhere.
    pub fn natural_support(&self) -> Support {
        let [from, to] = self.ends();
        if from >= 0.0 && to <= 1.0 { Support::UNIT } else { Support::LINE }
    }

    /// Whether it is its own mirror image about the middle of its ends, up to rounding.
    pub fn is_symmetric(&self) -> bool {
        self.asymmetry() <= 1e-12
    }

    /// The largest difference of the distribution function from that of the mirror image about the middle of [0, 1].
    pub(crate) fn asymmetry(&self) -> f64 {
        let [from, to] = self.ends();
        let points = (0..=400).map(|k| from + (to - from) * f64::from(k) / 400.0);
        let at = |x: f64| (self.cdf(x) + self.cdf_below(from + to - x) - 1.0).abs();
        points.map(at).fold(0.0, f64::max)
    }

    /// Points between which the density is smooth: ends, atoms, and some quantiles of each part.
    pub(crate) fn splits(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.parts.iter().flat_map(|part| part.splits.iter().copied()).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `int f(|x-y|) dQ(y)`, for a function that is smooth for positive arguments.
pub(crate) fn mean_of(target: &Target, x: f64, f: &mut dyn FnMut(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    quadrature::split_at(target, x, &mut |at| sum += at.mass * f(at.distance));
    sum
}

/// The distances from `x` and the masses of a rule for such integrals.
#[cfg(feature = "quadratic")]
pub(crate) fn mean_of_each(target: &Target, x: f64, visit: &mut dyn FnMut(f64, f64)) {
    quadrature::split_at(target, x, &mut |at| visit(at.distance, at.mass));
}

impl Law for Target {
    fn cdf(&self, x: f64) -> f64 {
        Target::cdf(self, x)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        Target::cdf_integral(self, x)
    }

    fn quantile(&self, u: f64) -> f64 {
        Target::quantile(self, u)
    }

    fn ends(&self) -> [f64; 2] {
        Target::ends(self)
    }

    fn room(&self) -> Support {
        Support::LINE
    }

    fn density(&self, x: f64) -> f64 {
        Target::density(self, x)
    }

    fn atoms(&self) -> Vec<Atom> {
        Target::atoms(self)
    }

    fn gap(&self) -> f64 {
        0.0
    }
}
