//! The law that the rewards of a problem tend to.

use super::{FreeLaw, FreeLawError};
use crate::problem::{Equilibrium, Field};
use crate::utility::OnLine;

impl FreeLaw {
    /// The law of `problem` as the number of responses grows.
    ///
    /// Centring is the field `-c x^2` where symmetry makes the mean 0: on a support that is symmetric about 0, without a field.
    ///
    /// # Errors
    /// [`FreeLawError::Centring`] elsewhere, and as [`FreeLaw::of`] and [`FreeLaw::smoothed`].
    pub fn of_problem(problem: &Equilibrium) -> Result<Self, FreeLawError> {
        let (support, centering) = (problem.support(), problem.centering());
        let of_centring = match (centering, problem.field()) {
            (0.0, _) => None,
            (c, None) if support.lower() == -support.upper() => Some(Field::parse(&format!("-{c}*x^2"), support)?),
            _ => return Err(FreeLawError::Centring),
        };
        let field = of_centring.as_ref().or(problem.field());
        match problem.smoothing() {
            0.0 => Self::of(problem.utility(), support, field),
            q => Self::smoothed(&OnLine::new(problem.utility().clone(), q)?, support, field),
        }
    }
}
