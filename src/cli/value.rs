//! Arguments that several commands share.

use crate::utility::{SharedUtility, Utility, decreasing_interval, parse};
use clap::Args;

use super::{CliError, error};

/// `--utility`.
#[derive(Debug, Args)]
pub struct UtilityArgument {
    /// An increasing concave expression in x, such as "log(x)", "-1/x", "logsigmoid(4x)" or "log(x+0.1)".
    #[arg(long, short, value_name = "U", allow_hyphen_values = true)]
    utility: String,
}

impl UtilityArgument {
    /// Reads the utility.
    pub fn read(&self) -> Result<SharedUtility, CliError> {
        Ok(parse(&self.utility)?)
    }
}

/// Warns of a utility that is let through although it turns down before x = 1; `gap` says what that means for the bound.
pub fn warn(utility: &dyn Utility, gap: &str, quiet: bool) {
    if !quiet && let Some((from, to)) = decreasing_interval(utility) {
        let text =
            format!("`{utility}` decreases on {from:.4} <= x <= {to}, which the paper's theorems exclude; {gap}");
        error::warn(&text, quiet);
    }
}

/// The finite certificate needs a concave utility only.
pub const FINITE_GAP: &str = "the gap holds all the same";

/// The bound for laws needs more: see the chapter on limit laws.
pub const LIMIT_GAP: &str = "the gap of the limit law need not be a bound";

/// A number of responses: `1000`, `1_000` or `1e3`.
pub fn responses(text: &str) -> Result<usize, String> {
    let plain = text.trim().replace('_', "");
    if let Ok(n) = plain.parse::<usize>() {
        return if n == 0 { Err("n must be at least 1".into()) } else { Ok(n) };
    }
    match plain.parse::<f64>() {
        Ok(n) if n >= 1.0 && n.fract() == 0.0 && n <= 1e15 => Ok(n as usize),
        _ => Err("n must be a whole number, 1 or more, such as 8 or 1e3".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::responses;

    #[test]
    fn numbers_of_responses() {
        assert_eq!(responses("8"), Ok(8));
        assert_eq!(responses("1e6"), Ok(1_000_000));
        assert_eq!(responses("10_000"), Ok(10_000));
        for bad in ["0", "-1", "2.5", "NaN", "inf", "", "1e300", "eight"] {
            assert!(responses(bad).is_err(), "{bad}");
        }
    }
}
