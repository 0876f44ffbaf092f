//! How far a computed law is from the best, and how that is known.

use super::FreeLawError;
use crate::problem::Field;
use crate::utility::{Concavity, Curve, Utility, UtilityError};

/// `E(P)` and the bound on what another law gains.
pub(super) struct Certificate {
    pub(super) energy: f64,
    pub(super) gap: f64,
}

impl Certificate {
    /// From `Phi` at the points of the law's rule, and elsewhere; `utility` is `U_q`.
    pub(super) fn new(
        rule: &[(f64, f64)],
        potential: &[f64],
        elsewhere: &[(f64, f64)],
        field: Option<&Field>,
        utility: &dyn Fn(f64) -> f64,
        ends: [f64; 2],
    ) -> Self {
        let v = |x: f64| field.map_or(0.0, |field| field.jet(x).value);
        let (mut level, mut from_field) = (0.0, 0.0);
        let (mut highest, mut largest) = (f64::NEG_INFINITY, utility(ends[1] - ends[0]).abs());
        for (&(x, mass), phi) in rule.iter().zip(potential) {
            level += mass * (phi + v(x));
            from_field += mass * v(x);
            highest = highest.max(phi + v(x));
            largest = largest.max(phi.abs()).max(v(x).abs());
        }
        for &(x, phi) in elsewhere {
            highest = highest.max(phi + v(x));
        }
        let rounding = 4.0 * f64::EPSILON * largest;
        Self { energy: level + from_field, gap: 2.0 * (highest - level).max(0.0) + rounding }
    }

    /// Refuses a potential that is not flat to a part in a million of `unit`.
    pub(super) fn checked(self, name: &str, unit: f64) -> Result<Self, FreeLawError> {
        const LOOSEST: f64 = 1e-6;
        if self.gap <= LOOSEST * unit {
            return Ok(self);
        }
        let reason = format!("its potential still varies by {:.1e}", 0.5 * self.gap);
        Err(FreeLawError::NotConverged { utility: name.to_owned(), reason })
    }
}

/// What is known of the utility is known up to `x = 1`.
pub(super) fn concavity(utility: &dyn Utility, field: Option<&Field>, length: f64) -> Concavity {
    const CLOSEST: f64 = 1e-150;
    let beyond = || {
        let curve = Curve::parse(&utility.to_string())?;
        Ok::<_, UtilityError>(curve.concavity(CLOSEST, length).unwrap_or(Concavity::Sampled))
    };
    let own = match utility.concavity() {
        Concavity::Proved if length > 1.0 => beyond().unwrap_or(Concavity::Sampled),
        known => known,
    };
    own.and(field.map_or(Concavity::Proved, Field::concavity))
}
