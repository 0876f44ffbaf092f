//! The weights `-U''(t) >= 0` of the graph Laplacian that is the Hessian of `-S`.

use super::kernel::PairKernel;
use crate::utility::{Derivative, Utility};

/// Distance at which `U''` stands in for `U''(0+)` where that is infinite although `U'(0+)` is not.
pub(crate) const CLOSEST: f64 = 1e-14;

/// `-U''(t)`.
pub(super) fn weight(utility: &dyn Utility, t: f64) -> f64 {
    let weight = -utility.curvature(t);
    if weight.is_finite() { weight } else { -utility.curvature(CLOSEST.max(t)) }
}

/// `-U''` at distances, in place.
pub(super) fn weights(kernel: &dyn PairKernel, t: &mut [f64]) {
    let closest = t.iter().any(|t| *t < CLOSEST).then(|| -kernel.at(CLOSEST).curvature);
    kernel.at_all(Derivative::Curvature, t);
    for t in t.iter_mut() {
        *t = -*t;
        if !t.is_finite() {
            *t = closest.unwrap_or(f64::MAX);
        }
    }
}
