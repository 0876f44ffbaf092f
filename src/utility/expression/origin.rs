//! How an expression leaves `x = 0+`.

use crate::utility::{Jet, Origin, round_significant};

/// Distances at which the behaviour at 0 is read off, nearest first: at the nearest where rounding inside the expression
/// has not yet destroyed the derivatives.
const PROBES: [f64; 10] = [1e-120, 1e-90, 1e-60, 1e-40, 1e-25, 1e-16, 1e-12, 1e-9, 1e-7, 1e-5];

/// Finds `q` with `U'(x) ~ x^-q` as `x -> 0+`, and the factor.
///
/// `q` is read off twice, from two slopes and from the elasticity `-x U''/U'`; only a probe at which both agree is believed.
pub(super) fn find_origin(slope_at_zero: f64, jet: impl Fn(f64) -> Jet) -> Origin {
    if slope_at_zero.is_finite() {
        return Origin::FiniteSlope(slope_at_zero);
    }
    for x in PROBES {
        let (near, far) = (jet(x), jet(16.0 * x).slope);
        let q = (near.slope / far).ln() / 16f64.ln();
        let elasticity = -x * near.curvature / near.slope;
        if !(near.slope.is_finite() && far > 0.0 && (q - elasticity).abs() <= 1e-6 * (1.0 + q.abs())) {
            continue;
        }
        // An exponent such as 0.5 carries a rounding error, or at a far probe what other terms add.
        let rounded = round_significant(elasticity, 6);
        let doubt = 10.0 * (q - elasticity).abs().max(1e-13);
        let q = if (rounded - elasticity).abs() <= doubt { rounded } else { elasticity };
        if q.abs() < 1e-4 {
            // Finite where 0/0 hides it; otherwise a slope that grows slower than any power, such as x - x log x.
            let converged = (near.slope - far).abs() <= 1e-6 * near.slope.abs();
            return if converged { Origin::FiniteSlope(near.slope) } else { Origin::SlowSlope };
        }
        let factor = near.slope * x.powf(q);
        return if (q - 1.0).abs() < 1e-9 {
            Origin::Log { scale: factor }
        } else if q < 1.0 {
            Origin::Power { gamma: 1.0 - q, scale: factor / (1.0 - q) }
        } else {
            Origin::Pole { sigma: q - 1.0, scale: factor / (q - 1.0) }
        };
    }
    Origin::SlowSlope
}
