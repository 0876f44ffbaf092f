//! `U(x) = x`.

use std::fmt;
use std::sync::Arc;

use super::family::{Family, Member};
use super::shape::Shape;
use super::{ClosedForm, Concavity, Errors, FiniteClosedForm, Origin, Utility};

/// `U(x) = x`: only the order counts, and the rewards polarise.
///
/// Limit law `(delta_0 + delta_1)/2`. The finite maximiser puts half of the responses at each end; for odd `n` the middle
/// reward is free, so the maximiser is not unique. The extension to `x < 0` is `x` itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Linear;

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "Linear",
    formula: "x",
    member: |_| Ok(Arc::new(Linear)),
    recognise: |shape| match shape {
        Shape::Polynomial([shift, scale, 0.0]) => Member::of(Ok(Linear), scale, shift),
        _ => None,
    },
};

impl fmt::Display for Linear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("x")
    }
}

impl Utility for Linear {
    fn value(&self, x: f64) -> f64 {
        x
    }

    fn slope(&self, _x: f64) -> f64 {
        1.0
    }

    fn curvature(&self, _x: f64) -> f64 {
        0.0
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(1.0)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn slope_is_completely_monotone(&self) -> bool {
        true
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        Some(ClosedForm::AtomsAndUniform { atom: 0.5 })
    }

    fn finite_closed_form(&self) -> Option<FiniteClosedForm> {
        Some(FiniteClosedForm::HalfAndHalf)
    }

    fn errors(&self, _x: f64) -> Errors {
        Errors { value: 0.0, slope: 0.0 }
    }

    fn concavity(&self) -> Concavity {
        Concavity::Proved
    }
}
