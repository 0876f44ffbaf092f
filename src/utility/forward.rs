//! References and shared pointers to utilities are utilities.

use std::sync::Arc;

use super::{
    AffineParts, ClosedForm, Concavity, Derivative, Errors, FiniteClosedForm, Jet, Origin, Utility, UtilityError,
};

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        impl<U: Utility + ?Sized> Utility for $pointer {
            fn value(&self, x: f64) -> f64 {
                (**self).value(x)
            }

            fn slope(&self, x: f64) -> f64 {
                (**self).slope(x)
            }

            fn curvature(&self, x: f64) -> f64 {
                (**self).curvature(x)
            }

            fn jet(&self, x: f64) -> Jet {
                (**self).jet(x)
            }

            fn map(&self, derivative: Derivative, points: &mut [f64]) {
                (**self).map(derivative, points)
            }

            fn origin(&self) -> Origin {
                (**self).origin()
            }

            fn slope_at_zero(&self) -> f64 {
                (**self).slope_at_zero()
            }

            fn extended(&self, x: f64) -> Jet {
                (**self).extended(x)
            }

            fn extends_by_formula(&self) -> bool {
                (**self).extends_by_formula()
            }

            fn regular_part(&self, x: f64) -> f64 {
                (**self).regular_part(x)
            }

            fn is_linear(&self) -> bool {
                (**self).is_linear()
            }

            fn slope_is_completely_monotone(&self) -> bool {
                (**self).slope_is_completely_monotone()
            }

            fn closed_form(&self) -> Option<ClosedForm> {
                (**self).closed_form()
            }

            fn finite_closed_form(&self) -> Option<FiniteClosedForm> {
                (**self).finite_closed_form()
            }

            fn errors(&self, x: f64) -> Errors {
                (**self).errors(x)
            }

            fn concavity(&self) -> Concavity {
                (**self).concavity()
            }

            fn is_strictly_concave(&self) -> bool {
                (**self).is_strictly_concave()
            }

            fn affine(&self) -> Option<AffineParts<'_>> {
                (**self).affine()
            }

            fn refusal(&self) -> Option<UtilityError> {
                (**self).refusal()
            }
        }
    )+};
}

forward!(&U, Box<U>, Arc<U>);
