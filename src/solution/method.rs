//! Dense or fast, and what each needs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SolveError;
use crate::utility::Utility;

/// Responses up to which dense matrices are faster.
const DENSE_UP_TO: usize = 1000;

/// Bytes a response: positions and rewards, and what the fast method was seen to need beside them, rounded up.
pub(super) const MEMORY_OF_REWARDS: f64 = 40.0;
const MEMORY_OF_FAST_SUMS: f64 = 2000.0;

/// How sums over pairs are formed, and Newton's equation is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Every pair by itself, and a Cholesky factorisation ([`FoldedRewards`](crate::problem::FoldedRewards)): `O(n^3)` time, `O(n^2)` memory.
    Dense,
    /// Groups of pairs by interpolation ([`FastRewards`](crate::problem::FastRewards)), and GMRES: `O(n log n)` time, about 2
    /// kB a response.
    Fast,
}

impl Method {
    /// The faster one for `n` responses: dense up to 1000.
    pub fn for_responses(n: usize) -> Self {
        if n <= DENSE_UP_TO { Method::Dense } else { Method::Fast }
    }

    /// An estimate of the bytes that a solve takes.
    pub fn memory(self, n: usize) -> f64 {
        let m = (n / 2) as f64;
        match self {
            // The folded Hessian and its factor.
            Method::Dense => 2.0 * 8.0 * m * m + MEMORY_OF_REWARDS * n as f64,
            Method::Fast => MEMORY_OF_FAST_SUMS * n as f64,
        }
    }
}

/// How the errors of interpolation are known, which the gap of a solution by [`Method::Fast`] includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// There are none: every pair was summed by itself.
    #[default]
    None,
    /// By a bound, since `U'` is completely monotone ([`Utility::slope_is_completely_monotone`]).
    Bounded,
    /// By a measurement between the points of interpolation and at the ends of each interval, so that the gap rests on it.
    Measured,
}

impl Interpolation {
    /// That of a method for a utility.
    pub(super) fn of(method: Method, utility: &dyn Utility) -> Self {
        match method {
            Method::Dense => Self::None,
            Method::Fast if utility.slope_is_completely_monotone() => Self::Bounded,
            Method::Fast => Self::Measured,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Dense => "dense",
            Method::Fast => "fast",
        })
    }
}

/// Refuses an `n` for which the free memory would not do.
pub(super) fn check_memory(n: usize, needed: f64) -> Result<(), SolveError> {
    // Small problems fit anywhere, and asking the system takes longer than solving them.
    if n < 2000 {
        return Ok(());
    }
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let available = system.available_memory() as f64;
    const GIB: f64 = (1u64 << 30) as f64;
    // Where the system does not say, no machine has an exbibyte.
    if needed > if available > 0.0 { available } else { GIB * GIB } {
        return Err(SolveError::TooLarge { n, needed_gib: needed / GIB, available_gib: available / GIB });
    }
    Ok(())
}
