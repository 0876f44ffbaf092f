//! The interval that rewards are chosen from.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A closed interval, either end of which may be infinite.
///
/// ```
/// use reward_collapse::problem::Support;
/// let half_line: Support = "0,inf".parse()?;
/// assert_eq!((half_line.lower(), half_line.upper()), (0.0, f64::INFINITY));
/// assert_eq!(Support::default(), Support::UNIT);
/// # Ok::<(), reward_collapse::problem::SupportError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Support {
    lower: f64,
    upper: f64,
}

/// Why two numbers are no support.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the support `{text}` is no interval: write two numbers with a comma, the smaller first, such as 0,1 or 0,inf or -inf,inf"
)]
pub struct SupportError {
    /// What was written.
    pub text: String,
}

impl Support {
    /// `[0, 1]`, as in problem (1).
    pub const UNIT: Self = Self { lower: 0.0, upper: 1.0 };
    /// The whole line: raw logits.
    pub const LINE: Self = Self { lower: f64::NEG_INFINITY, upper: f64::INFINITY };

    /// The interval from `lower` to `upper`.
    ///
    /// # Errors
    /// [`SupportError`] unless `lower < upper`.
    pub fn new(lower: f64, upper: f64) -> Result<Self, SupportError> {
        // An infinite end lies on its own side.
        let is_interval = lower < upper && lower < f64::INFINITY && upper > f64::NEG_INFINITY;
        if is_interval { Ok(Self { lower, upper }) } else { Err(SupportError { text: format!("{lower},{upper}") }) }
    }

    /// Its lower end.
    pub fn lower(&self) -> f64 {
        self.lower
    }

    /// Its upper end.
    pub fn upper(&self) -> f64 {
        self.upper
    }

    /// Whether both ends are finite.
    pub fn is_bounded(&self) -> bool {
        self.lower.is_finite() && self.upper.is_finite()
    }
}

impl Default for Support {
    fn default() -> Self {
        Self::UNIT
    }
}

impl FromStr for Support {
    type Err = SupportError;

    fn from_str(text: &str) -> Result<Self, SupportError> {
        let wrong = || SupportError { text: text.to_owned() };
        let (lower, upper) = text.split_once(',').ok_or_else(wrong)?;
        let end = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
        Self::new(end(lower)?, end(upper)?).map_err(|_| wrong())
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.lower, self.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::Support;

    #[test]
    fn intervals_are_read_and_others_refused() {
        for (text, ends) in [
            ("0,1", (0.0, 1.0)),
            (" -2 , 3.5", (-2.0, 3.5)),
            ("-inf,inf", (f64::NEG_INFINITY, f64::INFINITY)),
            ("0,infinity", (0.0, f64::INFINITY)),
        ] {
            let support: Support = text.parse().unwrap();
            assert_eq!((support.lower(), support.upper()), ends);
            assert_eq!(support.to_string().parse::<Support>().unwrap(), support);
        }
        for text in ["", "0", "1,0", "0,0", "nan,1", "inf,inf", "-inf,-inf", "0;1", "0,1,2", "inf,0"] {
            assert!(text.parse::<Support>().is_err(), "{text}");
        }
    }
}
