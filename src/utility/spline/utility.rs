//! A spline as a utility.

use std::fmt;

use super::super::{Concavity, Errors, Jet, Origin, Utility, UtilityError};
use super::{Spline, SplineError};

/// A utility that is a [`Spline`] from 0 to its last knot: concave and increasing by the signs of its coefficients. Beyond the last knot
/// it goes on along its tangent.
///
/// ```
/// use reward_collapse::utility::{Utility, parse};
/// let utility = parse("spline(0, 2; 0:-1, 1:-1)")?;
/// assert_eq!((utility.value(1.0), utility.slope_at_zero()), (1.5, 2.0));
/// assert!(parse("spline(0, 2; 0:-1, 1:1)").is_err()); // convex
/// # Ok::<(), reward_collapse::utility::UtilityError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SplineUtility(Spline);

impl SplineUtility {
    /// The utility that `spline` is.
    ///
    /// # Errors
    /// [`UtilityError::Syntax`] unless it begins at 0 and reaches 1; [`UtilityError::NotConcave`] and [`UtilityError::NotIncreasing`].
    pub fn new(spline: Spline) -> Result<Self, UtilityError> {
        let [from, to] = spline.ends();
        if from != 0.0 || to < 1.0 {
            let reason =
                format!("a utility begins at x = 0 and reaches x = 1, and this spline goes from {from} to {to}");
            return Err(UtilityError::Syntax { expression: short(&spline), reason });
        }
        if let Err((from, to)) = spline.concavity() {
            let worst = spline.largest_curvature(from, to).to_string();
            let (from, to) = (from.to_string(), to.to_string());
            return Err(UtilityError::NotConcave { utility: short(&spline), from, to, worst });
        }
        let (last, error) = (spline.jet(to).slope, spline.errors(to).slope);
        if spline.jet(0.0).slope <= 0.0 || last < -error {
            let (from, to) = ("0".to_owned(), to.to_string());
            return Err(UtilityError::NotIncreasing { utility: short(&spline), from, to, worst: last.to_string() });
        }
        Ok(Self(spline))
    }

    /// Reads what `Display` writes.
    pub(in crate::utility) fn parse(text: &str) -> Result<Self, UtilityError> {
        let syntax = |error: SplineError| UtilityError::Syntax { expression: shorten(text), reason: error.to_string() };
        Self::new(text.parse().map_err(syntax)?)
    }

    /// The spline.
    pub fn spline(&self) -> &Spline {
        &self.0
    }
}

fn shorten(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    if start.len() < text.len() { start + "..." } else { start }
}

fn short(spline: &Spline) -> String {
    shorten(&spline.to_string())
}

impl fmt::Display for SplineUtility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Utility for SplineUtility {
    fn value(&self, x: f64) -> f64 {
        self.0.jet(x).value
    }

    fn slope(&self, x: f64) -> f64 {
        self.0.jet(x).slope
    }

    fn curvature(&self, x: f64) -> f64 {
        self.0.jet(x).curvature
    }

    fn jet(&self, x: f64) -> Jet {
        self.0.jet(x)
    }

    fn origin(&self) -> Origin {
        Origin::FiniteSlope(self.0.jet(0.0).slope)
    }

    fn errors(&self, x: f64) -> Errors {
        self.0.errors(x)
    }

    fn is_linear(&self) -> bool {
        let [from, to] = self.0.ends();
        self.0.largest_curvature(from, to) == 0.0 && self.0.jet(from).slope == self.0.jet(to).slope
    }

    fn concavity(&self) -> Concavity {
        Concavity::Proved
    }

    /// Where the curvature is 0 on a whole piece it is not.
    fn is_strictly_concave(&self) -> bool {
        self.0.is_strictly_concave()
    }
}
