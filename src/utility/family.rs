//! The registry of the families: what is recognised, tested and documented.
//!
//! A family is a file of its own with a type that implements [`Utility`](super::Utility) and a constant `FAMILY`. Listed in [`FAMILIES`], it is
//! recognised in what people type, and every test of families holds for it. A test fails for a file that is not listed.

use super::shape::Shape;
use super::{
    SharedUtility, UtilityError, exponential, inverse_power, linear, log, log_sigmoid, power, quadratic,
    smoothed_inverse, smoothed_log,
};

/// A family of utilities.
#[derive(Debug)]
pub struct Family {
    /// Its type.
    pub name: &'static str,
    /// Its formula, as tables of the documentation write it.
    pub formula: &'static str,
    /// Its member at a position of the range of its parameter, from 0 to 1: the ends are as extreme as tests go.
    pub member: fn(f64) -> Result<SharedUtility, UtilityError>,
    /// The member that a shape is a multiple of, up to a constant.
    pub(super) recognise: fn(Shape) -> Option<Member>,
}

/// `scale * base + shift`.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) base: SharedUtility,
    pub(super) scale: f64,
    pub(super) shift: f64,
}

impl Member {
    /// `None` for a factor that is not positive, and for parameters outside of the family's range.
    pub(super) fn of<U: super::Utility + 'static>(
        base: Result<U, UtilityError>,
        scale: f64,
        shift: f64,
    ) -> Option<Self> {
        let base = std::sync::Arc::new(base.ok()?);
        (scale > 0.0 && scale.is_finite() && shift.is_finite()).then_some(Self { base, scale, shift })
    }
}

/// All families, in the order of the documentation.
pub const FAMILIES: [Family; 9] = [
    linear::FAMILY,
    power::FAMILY,
    log::FAMILY,
    inverse_power::FAMILY,
    log_sigmoid::FAMILY,
    smoothed_log::FAMILY,
    smoothed_inverse::FAMILY,
    exponential::FAMILY,
    quadratic::FAMILY,
];

/// A position between two positive numbers, evenly in the logarithm.
pub(super) fn between(from: f64, to: f64, position: f64) -> f64 {
    from * (to / from).powf(position)
}
