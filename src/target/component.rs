//! The laws that a target is mixed of.

use statrs::distribution::Continuous;
use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::gamma::checked_gamma_ur;

use super::Steps;
use crate::limit::Atom;

/// Probabilities at whose quantiles integrals are split.
const SPLITS: [f64; 11] = [1e-9, 1e-6, 1e-3, 0.03, 0.2, 0.5, 0.8, 0.97, 1.0 - 1e-3, 1.0 - 1e-6, 1.0 - 1e-9];

/// A law of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Component {
    Beta(Beta),
    Normal(Normal),
    /// Uniform, discrete and empirical laws.
    Steps(Steps),
}

/// `Beta(a, b)` on [0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Beta {
    a: f64,
    b: f64,
    ln_beta: f64,
}

/// A normal law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Normal {
    mean: f64,
    deviation: f64,
    law: statrs::distribution::Normal,
}

/// A point within a piece of an integral, with its distances from the ends of the law where these are small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) from_lower: f64,
    pub(super) from_upper: f64,
}

impl Beta {
    /// `None` unless both shapes are positive and finite.
    pub(super) fn new(a: f64, b: f64) -> Option<Self> {
        let holds = [a, b].iter().all(|shape| shape.is_finite() && *shape > 0.0);
        holds.then(|| Self { a, b, ln_beta: ln_beta(a, b) })
    }

    fn density(&self, from_lower: f64, from_upper: f64) -> f64 {
        let power = |x: f64, shape: f64| if shape == 1.0 { 0.0 } else { (shape - 1.0) * x.ln() };
        (power(from_lower, self.a) + power(from_upper, self.b) - self.ln_beta).exp()
    }

    fn cdf(&self, x: f64) -> f64 {
        regularised(self.a, self.b, x)
    }

    /// A quantile for splitting integrals: no more exact than that needs.
    fn quantile(&self, u: f64) -> f64 {
        let (mut below, mut above) = (-690.0f64, 0.0f64);
        for _ in 0..80 {
            let middle = 0.5 * (below + above);
            if self.cdf(middle.exp()) < u { below = middle } else { above = middle }
        }
        above.exp()
    }
}

fn regularised(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        beta_reg(a, b, x)
    }
}

impl Normal {
    /// `None` unless the mean is finite and the deviation positive and finite.
    pub(super) fn new(mean: f64, deviation: f64) -> Option<Self> {
        let law = statrs::distribution::Normal::new(mean, deviation).ok()?;
        (mean.is_finite() && deviation.is_finite() && deviation > 0.0).then_some(Self { mean, deviation, law })
    }

    /// By the incomplete gamma function, which has three digits more than the error function of the same library.
    fn cdf(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.deviation;
        let half = 0.5 * z * z;
        let beyond = if half == 0.0 {
            0.5
        } else if half < 700.0 {
            0.5 * checked_gamma_ur(0.5, half).unwrap_or(f64::NAN)
        } else {
            0.0
        };
        if z < 0.0 { beyond } else { 1.0 - beyond }
    }
}

impl Component {
    pub(super) fn mean(&self) -> f64 {
        match self {
            Self::Beta(Beta { a, b, .. }) => a / (a + b),
            Self::Normal(normal) => normal.mean,
            Self::Steps(steps) => steps.mean(),
        }
    }

    pub(super) fn variance(&self) -> f64 {
        match self {
            Self::Beta(Beta { a, b, .. }) => a * b / ((a + b).powi(2) * (a + b + 1.0)),
            Self::Normal(normal) => normal.deviation.powi(2),
            Self::Steps(steps) => steps.variance(),
        }
    }

    pub(super) fn density(&self, x: f64) -> f64 {
        match self {
            Self::Beta(beta) if (0.0..=1.0).contains(&x) => beta.density(x, 1.0 - x),
            Self::Beta(_) => 0.0,
            Self::Normal(normal) => normal.law.pdf(x),
            Self::Steps(steps) => steps.density(x),
        }
    }

    /// The density where distances from the ends have all their digits.
    pub(super) fn density_at(&self, place: Place) -> f64 {
        match self {
            Self::Beta(beta) => beta.density(place.from_lower, place.from_upper),
            _ => self.density(place.x),
        }
    }

    /// A number that the density is not below between two points.
    pub(super) fn least_density(&self, from: f64, to: f64) -> f64 {
        let at_ends = self.density(from).min(self.density(to));
        let least = match self {
            Self::Beta(Beta { a, b, .. }) if *a < 1.0 && *b < 1.0 => {
                // Convex: its least is where the derivative of its logarithm is 0.
                let lowest = (1.0 - a) / (2.0 - a - b);
                if from < 0.0 || to > 1.0 { at_ends } else { self.density(lowest.clamp(from, to)) }
            }
            // With one mode, or monotone.
            Self::Beta(_) | Self::Normal(_) => at_ends,
            Self::Steps(steps) => steps.least_density(from, to),
        };
        // A rounding or two less.
        least * (1.0 - 1e-13)
    }

    pub(super) fn cdf(&self, x: f64) -> f64 {
        match self {
            Self::Beta(beta) => beta.cdf(x),
            Self::Normal(normal) => normal.cdf(x),
            Self::Steps(steps) => steps.cdf(x),
        }
    }

    pub(super) fn cdf_below(&self, x: f64) -> f64 {
        match self {
            Self::Steps(steps) => steps.cdf_below(x),
            other => other.cdf(x),
        }
    }

    /// `int_{-inf}^x F`.
    pub(super) fn cdf_integral(&self, x: f64) -> f64 {
        match self {
            Self::Beta(_) if x <= 0.0 => 0.0,
            Self::Beta(Beta { a, b, .. }) if x >= 1.0 => x - a / (a + b),
            // x F(x) less int_0^x t dF.
            Self::Beta(beta @ Beta { a, b, .. }) => x * beta.cdf(x) - a / (a + b) * regularised(a + 1.0, *b, x),
            Self::Normal(normal) => {
                let z = (x - normal.mean) / normal.deviation;
                (x - normal.mean) * normal.cdf(x)
                    + normal.deviation.powi(2) * normal.law.pdf(x) * f64::from(z.is_finite())
            }
            Self::Steps(steps) => steps.cdf_integral(x),
        }
    }

    pub(super) fn ends(&self) -> [f64; 2] {
        /// Standard deviations beyond which nothing of a normal law is counted.
        const FAR: f64 = 12.0;
        match self {
            Self::Beta(_) => [0.0, 1.0],
            Self::Normal(normal) => [normal.mean - FAR * normal.deviation, normal.mean + FAR * normal.deviation],
            Self::Steps(steps) => steps.ends(),
        }
    }

    pub(super) fn atoms(&self) -> Vec<Atom> {
        match self {
            Self::Steps(steps) => steps.atoms(),
            _ => Vec::new(),
        }
    }

    /// Whether the density may be infinite at an end, so that a rule loses some of the mass there.
    pub(super) fn diverges(&self) -> bool {
        matches!(self, Self::Beta(Beta { a, b, .. }) if *a < 1.0 || *b < 1.0)
    }

    /// Points between which the density is smooth, and resolved by one rule; the ends first and last.
    pub(super) fn splits(&self) -> Vec<f64> {
        let [from, to] = self.ends();
        match self {
            Self::Beta(beta) => {
                let mirrored = Beta { a: beta.b, b: beta.a, ln_beta: beta.ln_beta };
                let inner = SPLITS.map(|u| if u <= 0.5 { beta.quantile(u) } else { 1.0 - mirrored.quantile(1.0 - u) });
                let mut all: Vec<f64> = inner.into_iter().chain([from, to]).collect();
                all.sort_by(f64::total_cmp);
                all.dedup();
                all
            }
            Self::Normal(normal) => (-8..=8).map(|k| normal.mean + 1.5 * f64::from(k) * normal.deviation).collect(),
            Self::Steps(steps) => steps.places().to_vec(),
        }
    }
}
