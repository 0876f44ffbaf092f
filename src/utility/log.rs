//! `U(x) = log x`.

use std::fmt;
use std::sync::Arc;

use super::family::{Family, Member};
use super::shape::Shape;
use super::{ClosedForm, Concavity, FiniteClosedForm, Jet, Origin, Utility};

/// `U(x) = log x` (natural logarithm).
///
/// `U' = 1/x`, `U'' = -1/x^2`, `U'(0+) = inf`. Limit law `Beta(1/2, 1/2)`, the arcsine law; the finite maximiser is the
/// set of Gauss-Lobatto-Legendre nodes on [0, 1] (Fekete points; Stieltjes).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Log;

/// How this family is found, tested and listed.
pub(super) const FAMILY: Family = Family {
    name: "Log",
    formula: "log x",
    member: |_| Ok(Arc::new(Log)),
    recognise: |shape| match shape {
        Shape::Log { scale, offset: 0.0, shift } => Member::of(Ok(Log), scale, shift),
        _ => None,
    },
};

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("log(x)")
    }
}

impl Utility for Log {
    fn value(&self, x: f64) -> f64 {
        x.ln()
    }

    fn slope(&self, x: f64) -> f64 {
        1.0 / x
    }

    fn curvature(&self, x: f64) -> f64 {
        let inverse = 1.0 / x;
        -inverse * inverse
    }

    fn jet(&self, x: f64) -> Jet {
        let inverse = 1.0 / x;
        Jet { value: x.ln(), slope: inverse, curvature: -inverse * inverse }
    }

    fn origin(&self) -> Origin {
        Origin::Log { scale: 1.0 }
    }

    fn regular_part(&self, _x: f64) -> f64 {
        0.0
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        Some(ClosedForm::Beta { shape: 0.5 })
    }

    fn finite_closed_form(&self) -> Option<FiniteClosedForm> {
        Some(FiniteClosedForm::GaussLobatto)
    }

    fn concavity(&self) -> Concavity {
        Concavity::Proved
    }

    fn is_strictly_concave(&self) -> bool {
        true
    }

    fn slope_is_completely_monotone(&self) -> bool {
        true
    }
}
