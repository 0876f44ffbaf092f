//! `scale * U(x) + shift`.

use std::fmt;

use super::{
    AffineParts, ClosedForm, Concavity, Derivative, Errors, FiniteClosedForm, Jet, Origin, SharedUtility, Utility,
    UtilityError,
};

/// `scale * U(x) + shift` with `scale > 0`: the same optimal rewards and the same limit law as `U`.
#[derive(Debug, Clone)]
pub struct Affine {
    base: SharedUtility,
    scale: f64,
    shift: f64,
    text: String,
}

impl Affine {
    /// `text` is what `Display` writes, and should read back as the same function.
    ///
    /// # Errors
    /// [`UtilityError::Parameter`] unless `scale > 0` and `shift` is finite.
    pub fn new(base: SharedUtility, scale: f64, shift: f64, text: impl Into<String>) -> Result<Self, UtilityError> {
        use super::error::parameter_in;
        let scale = parameter_in("a U(x) + c", "a", scale, "a > 0", |a| a > 0.0)?;
        let shift = parameter_in("a U(x) + c", "c", shift, "a finite c", |_| true)?;
        Ok(Self { base, scale, shift, text: text.into() })
    }
}

impl fmt::Display for Affine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Utility for Affine {
    fn value(&self, x: f64) -> f64 {
        self.scale * self.base.value(x) + self.shift
    }

    fn slope(&self, x: f64) -> f64 {
        self.scale * self.base.slope(x)
    }

    fn curvature(&self, x: f64) -> f64 {
        self.scale * self.base.curvature(x)
    }

    fn jet(&self, x: f64) -> Jet {
        self.transform(self.base.jet(x))
    }

    fn map(&self, derivative: Derivative, points: &mut [f64]) {
        self.base.map(derivative, points);
        let shift = if derivative == Derivative::Value { self.shift } else { 0.0 };
        points.iter_mut().for_each(|x| *x = self.scale * *x + shift);
    }

    fn origin(&self) -> Origin {
        match self.base.origin() {
            Origin::FiniteSlope(slope) => Origin::FiniteSlope(self.scale * slope),
            Origin::SlowSlope => Origin::SlowSlope,
            Origin::Power { gamma, scale } => Origin::Power { gamma, scale: self.scale * scale },
            Origin::Log { scale } => Origin::Log { scale: self.scale * scale },
            Origin::Pole { sigma, scale } => Origin::Pole { sigma, scale: self.scale * scale },
        }
    }

    fn extended(&self, x: f64) -> Jet {
        self.transform(self.base.extended(x))
    }

    fn extends_by_formula(&self) -> bool {
        self.base.extends_by_formula()
    }

    fn regular_part(&self, x: f64) -> f64 {
        self.scale * self.base.regular_part(x) + self.shift
    }

    fn is_linear(&self) -> bool {
        self.base.is_linear()
    }

    fn slope_is_completely_monotone(&self) -> bool {
        self.base.slope_is_completely_monotone()
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        self.base.closed_form()
    }

    fn finite_closed_form(&self) -> Option<FiniteClosedForm> {
        self.base.finite_closed_form()
    }

    /// What the shift cancels is an error of the value.
    fn errors(&self, x: f64) -> Errors {
        let base = self.base.errors(x);
        let jet = self.jet(x);
        let unit = 0.5 * f64::EPSILON;
        let scaled = jet.value - self.shift;
        Errors {
            value: self.scale * base.value + unit * (scaled.abs() + jet.value.abs()),
            slope: self.scale * base.slope + unit * jet.slope.abs(),
        }
    }

    fn concavity(&self) -> Concavity {
        self.base.concavity()
    }

    fn is_strictly_concave(&self) -> bool {
        self.base.is_strictly_concave()
    }

    fn affine(&self) -> Option<AffineParts<'_>> {
        Some(AffineParts { base: &self.base, scale: self.scale, shift: self.shift })
    }

    fn refusal(&self) -> Option<UtilityError> {
        self.base.refusal()
    }
}

impl Affine {
    fn transform(&self, jet: Jet) -> Jet {
        Jet {
            value: self.scale * jet.value + self.shift,
            slope: self.scale * jet.slope,
            curvature: self.scale * jet.curvature,
        }
    }
}
