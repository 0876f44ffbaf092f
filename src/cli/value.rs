//! Arguments that several commands share.

use std::path::{Path, PathBuf};

use crate::design::DesignFile;
use crate::utility::{SharedUtility, Utility, decreasing_interval, parse};
use clap::Args;

use super::{CliError, error};

/// `--utility`, or `--design`, whose utility and field are taken.
#[derive(Debug, Args)]
pub struct LossArguments {
    /// An increasing concave expression in x, such as "log(x)", "-1/x", "logsigmoid(4x)" or "log(x+0.1)".
    #[arg(long, short, value_name = "U", required_unless_present = "design", allow_hyphen_values = true)]
    utility: Option<String>,

    #[command(flatten)]
    pub design: DesignArgument,
}

/// `--design`.
#[derive(Debug, Args)]
pub struct DesignArgument {
    /// Take utility, field and support from a file that `design` wrote.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["utility"])]
    design: Option<PathBuf>,
}

impl DesignArgument {
    /// Its file, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.design.as_deref()
    }

    /// The design, where there is one.
    pub fn read(&self) -> Result<Option<DesignFile>, CliError> {
        Ok(self.design.as_deref().map(DesignFile::read).transpose()?)
    }
}

impl LossArguments {
    /// The utility, and the design that it comes from.
    pub fn read(&self) -> Result<(SharedUtility, Option<DesignFile>), CliError> {
        let design = self.design.read()?;
        let text = self.utility.as_deref().or(design.as_ref().map(DesignFile::utility_text));
        Ok((parse(text.unwrap_or_default())?, design))
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
    match whole(text) {
        Some(0) => Err("n must be at least 1".into()),
        Some(n) => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
        None => Err("n must be a whole number, 1 or more, such as 8 or 1e3".into()),
    }
}

/// How many of something: `1000`, `1_000` or `1e3`; which are allowed, the library says.
pub fn count(text: &str) -> Result<u64, String> {
    whole(text).ok_or_else(|| "it must be a whole number, such as 1000 or 1e3".into())
}

/// A number of points of a grid.
pub fn points(text: &str) -> Result<u32, String> {
    const MOST: u32 = 10_000_000;
    match whole(text).map(u32::try_from) {
        Some(Ok(points @ 2..=MOST)) => Ok(points),
        Some(_) => Err(format!("the number of points must be between 2 and {MOST}")),
        None => Err("the number of points must be a whole number, such as 201 or 1e3".into()),
    }
}

/// A whole number as people write it; one beyond all doubles and integers counts as the largest.
fn whole(text: &str) -> Option<u64> {
    let plain = text.trim().replace('_', "");
    plain.parse::<u64>().ok().or_else(|| match plain.parse::<f64>() {
        // The conversion of a large double saturates.
        Ok(n) if n >= 0.0 && n.fract() == 0.0 && n.is_finite() => Some(n as u64),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::responses;

    #[test]
    fn numbers_of_responses() {
        assert_eq!(responses("8"), Ok(8));
        assert_eq!(responses("1e6"), Ok(1_000_000));
        assert_eq!(responses("10_000"), Ok(10_000));
        assert_eq!(responses("1e16"), Ok(10_000_000_000_000_000));
        assert_eq!(responses("1e300"), Ok(usize::MAX));
        assert_eq!(super::points("1e3"), Ok(1000));
        assert!(["1", "1e8", "2.5"].into_iter().all(|bad| super::points(bad).is_err()));
        for bad in ["0", "-1", "2.5", "NaN", "inf", "", "eight"] {
            assert!(responses(bad).is_err(), "{bad}");
        }
    }
}
