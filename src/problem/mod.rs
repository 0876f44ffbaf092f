//! The finite problem (1): rewards for `n` ranked responses that maximise `S(r) = sum_{i<j} U(r_j - r_i)`.
//!
//! [`FreeRewards`] is the problem as it is written, in the `n` rewards, for any `argmin` solver and for checks.
//! [`FoldedRewards`] is the same problem with the symmetry `r_i + r_{n+1-i} = 1` used up: half the unknowns, a quarter of
//! the matrix. [`FastRewards`] is the folded problem with its sums in `O(n log n)` and an operator for a Hessian. These two are
//! what [`crate::solution`] solves for problem (1). [`Equilibrium`] is problem (7): rewards in any interval ([`Support`]), with a
//! [`Field`], smoothed labels and centring. All implement `argmin`'s `CostFunction` (`-S`), `Gradient` and `Hessian`.
//!
//! [`WeightedPairs`] is the problem for pairs that make no ranking: how often each item beat each other, as [`Preferences`] has it.

mod ascending;
mod equilibrium;
mod fast;
mod field;
mod folded;
mod free;
mod kernel;
mod positions;
pub(crate) mod preferences;
mod summation;
mod support;
mod weights;

pub use ascending::Ascending;
pub use equilibrium::{Balance, Equilibrium, EquilibriumError};
pub use fast::{ACCURACY, EquilibriumHessian, FastEquilibrium, FastRewards, Laplacian, RankLevels};
pub use field::{Field, FieldError};
pub use folded::{FoldedRewards, Forces};
pub use free::FreeRewards;
pub use positions::{Positions, PositionsError};
pub use preferences::{Comparison, Group, Groups, PairEvaluation, Preferences, PreferencesError, WeightedPairs};
pub(crate) use summation::two_sum;
pub use support::{Support, SupportError};
pub(crate) use weights::CLOSEST;

/// What the values and slopes of a utility may lose to underflow: a subnormal number has lost digits, and a factor of up to
/// 1e17 may have multiplied it since.
pub(crate) const UNDERFLOW: f64 = 1e-290;
