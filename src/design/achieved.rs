//! The limit law of a design, and how far it is from the target.

use crate::limit::{Atom, FreeLaw, Law, LimitLaw};
use crate::problem::Support;
use crate::target::{Potential, Target, mean_of};
use crate::utility::Utility;

/// The limit law of a design.
#[derive(Debug, Clone)]
pub enum Achieved {
    /// Found from the loss alone, without the target.
    Law(FreeLaw),
    /// The same for a utility alone.
    Paper(LimitLaw),
    /// The target itself, where the method for limit laws does not apply: it is the maximiser since its potential with the field is constant.
    Target {
        /// The law.
        law: Target,
        /// Twice the variation of that potential, at the points where it was looked at: what another law could gain.
        gap: f64,
        /// Why the method does not apply.
        reason: String,
    },
}

impl Achieved {
    fn law(&self) -> &dyn Law {
        match self {
            Self::Law(law) => law,
            Self::Paper(law) => law,
            Self::Target { law, .. } => law,
        }
    }
}

impl Law for Achieved {
    fn cdf(&self, x: f64) -> f64 {
        self.law().cdf(x)
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        self.law().cdf_integral(x)
    }

    fn quantile(&self, u: f64) -> f64 {
        self.law().quantile(u)
    }

    fn ends(&self) -> [f64; 2] {
        self.law().ends()
    }

    fn room(&self) -> Support {
        self.law().room()
    }

    fn density(&self, x: f64) -> f64 {
        self.law().density(x)
    }

    fn atoms(&self) -> Vec<Atom> {
        self.law().atoms()
    }

    fn gap(&self) -> f64 {
        match self {
            Self::Target { gap, .. } => *gap,
            _ => self.law().gap(),
        }
    }
}

/// The Wasserstein-1 distance `int |F - G| dx` of two laws, by the midpoints of 20,000 steps.
pub fn between_laws(one: &dyn Law, other: &dyn Law) -> f64 {
    const STEPS: u32 = 20_000;
    let (a, b) = (one.ends(), other.ends());
    let (from, to) = (a[0].min(b[0]), a[1].max(b[1]));
    let step = (to - from) / f64::from(STEPS);
    let at = |k: u32| from + (f64::from(k) + 0.5) * step;
    (0..STEPS).map(at).map(|x| (one.cdf(x) - other.cdf(x)).abs()).sum::<f64>() * step
}

/// Twice how much the potential of a law with its own field varies, at 400 points of the law's interval: what another law could gain, as far as these show.
pub fn residual_gap(potential: &Potential) -> f64 {
    2.0 * residual(potential.target(), potential.base().as_ref(), &|x| potential.jet(x).value).spread
}

/// How far a potential is from constant.
pub(super) struct Residual {
    /// The largest less the least value.
    pub(super) spread: f64,
    /// The same over `U(width) - U(0)`.
    pub(super) relative: f64,
}

/// Of `int U(|x-y|) dQ(y) + V(x)` on the interval of the law: the first from a quadrature of its own.
pub(super) fn residual(target: &Target, utility: &dyn Utility, field: &dyn Fn(f64) -> f64) -> Residual {
    const POINTS: u32 = 400;
    let [from, to] = target.ends();
    let (mut least, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
    for k in 0..=POINTS {
        let x = if k == POINTS { to } else { from + (to - from) * f64::from(k) / f64::from(POINTS) };
        let value = mean_of(target, x, &mut |distance| utility.value(distance)) + field(x);
        (least, largest) = (least.min(value), largest.max(value));
    }
    let spread = largest - least;
    Residual { spread, relative: spread / (utility.value(to - from) - utility.value(0.0)).abs() }
}
