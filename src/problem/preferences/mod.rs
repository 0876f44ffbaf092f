//! Weighted pairs: how often one item beat another.

mod connectivity;
mod error;
mod objective;
mod read;
mod rounding;

use std::path::Path;

use rayon::prelude::*;

pub(crate) use connectivity::Sets;
pub use connectivity::{Group, Groups};
pub use error::PreferencesError;
pub use objective::{PairEvaluation, WeightedPairs};
pub(crate) use rounding::{Bounded, BoundedGradient};

use super::summation::Accurate;

/// Some wins of one item over another, all with the same margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The index of the item that won.
    pub winner: u32,
    /// The index of the item that lost.
    pub loser: u32,
    /// `w`: how often; above 0 and finite, and half of a tie for each of two items.
    pub count: f64,
    /// `m`: the utility of each is `U(r_winner - r_loser - m)`.
    pub margin: f64,
}

/// Items, and how often each beat each other: the data of problem (7).
///
/// Comparisons of the same ordered pair with the same margin are one, and they are sorted by winner, loser and margin.
///
/// ```
/// use reward_collapse::problem::{Comparison, Preferences};
/// let items = vec!["tea".to_owned(), "coffee".to_owned()];
/// let won = Comparison { winner: 0, loser: 1, count: 3.0, margin: 0.0 };
/// let lost = Comparison { winner: 1, loser: 0, count: 1.0, margin: 0.0 };
/// let preferences = Preferences::new(items, vec![won, lost, won])?;
/// assert_eq!((preferences.total(), preferences.comparisons()[0].count), (7.0, 6.0));
/// # Ok::<(), reward_collapse::problem::PreferencesError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    items: Vec<String>,
    comparisons: Vec<Comparison>,
    total: f64,
}

impl Preferences {
    /// Comparisons of `items`. Those with a count of 0 are left out; their items stay.
    ///
    /// # Errors
    /// [`PreferencesError::Comparison`] for an item against itself or one that there is not, for a count that is negative or not
    /// finite and for a margin that is not finite; [`PreferencesError::NoComparison`] if none is left.
    pub fn new(items: Vec<String>, comparisons: Vec<Comparison>) -> Result<Self, PreferencesError> {
        for (index, comparison) in comparisons.iter().enumerate() {
            let wrong = |reason: &str| Err(PreferencesError::Comparison { index, reason: reason.to_owned() });
            let Comparison { winner, loser, count, margin } = *comparison;
            if winner.max(loser) as usize >= items.len() {
                return wrong("there is no such item");
            }
            if winner == loser {
                return wrong("an item against itself");
            }
            if !(count >= 0.0 && count.is_finite()) {
                return wrong("its count is negative or not finite");
            }
            if !margin.is_finite() {
                return wrong("its margin is not finite");
            }
        }
        Self::merged(items, comparisons).ok_or(PreferencesError::NoComparison)
    }

    /// Reads a CSV file with the columns `winner,loser[,count][,margin][,tie]`.
    ///
    /// A first row of names from that list, in any order and with both items, is a header. Without one, columns are winner, loser,
    /// count and margin, as far as there are any. The count is 1 and the margin 0 unless given. Items are any text. A tie (`true` or `1` in
    /// the column `tie`) is half a win for each; so are two rows with half the count.
    ///
    /// # Errors
    /// [`PreferencesError`]: a file that can't be read or has no comparison, or the line that is wrong and why.
    pub fn read(path: &Path) -> Result<Self, PreferencesError> {
        read::read(path)
    }

    /// `None` if no count is above 0.
    fn merged(items: Vec<String>, mut comparisons: Vec<Comparison>) -> Option<Self> {
        comparisons.retain(|comparison| comparison.count > 0.0);
        // Stable: counts add up in the order in which they came.
        comparisons.par_sort_by(|a, b| {
            let of = |c: &Comparison| (u64::from(c.winner) << 32) | u64::from(c.loser);
            of(a).cmp(&of(b)).then_with(|| a.margin.total_cmp(&b.margin))
        });
        comparisons.dedup_by(|next, kept| {
            let same = (next.winner, next.loser) == (kept.winner, kept.loser) && next.margin == kept.margin;
            if same {
                kept.count += next.count;
            }
            same
        });
        let mut total = Accurate::default();
        comparisons.iter().for_each(|comparison| total.add(comparison.count));
        let total = total.value();
        (total > 0.0 && total.is_finite()).then_some(Self { items, comparisons, total })
    }

    /// The names of the items, in the order of their indices: that of their first appearance in a file.
    pub fn items(&self) -> &[String] {
        &self.items
    }

    /// The comparisons, sorted by winner, loser and margin.
    pub fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    /// `W`, the sum of the counts.
    pub fn total(&self) -> f64 {
        self.total
    }
}
