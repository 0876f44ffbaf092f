//! Why rewards were not fitted to weighted pairs.

use thiserror::Error;

use super::PreferenceFit;
use crate::problem::{Group, Groups};
use crate::utility::UtilityError;

/// Groups that an error names.
const NAMED: usize = 4;

/// Why no rewards were fitted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FitError {
    /// The graph of comparisons is in pieces, and nothing else ties the rewards of one to those of another.
    #[error("no best rewards exist: no comparison connects these groups: {}; a field such as -0.01x^2 gives finite rewards", groups(&.0.separate))]
    Disconnected(Box<Groups>),
    /// Rewards can grow without bound, for some items never lose to the others.
    #[error("no best rewards exist: these items never lose to the others: {}; and these never win against the others: {}; a field such as -0.01x^2 gives finite rewards", groups(&.0.never_lose), groups(&.0.never_win))]
    NotStronglyConnected(Box<Groups>),
    /// `V` does not fall towards an infinite end of the support.
    #[error(
        "no best rewards exist: the field `{field}` does not fall towards {towards}; on an unbounded support it has to, as -0.01x^2 does"
    )]
    FieldDoesNotBound {
        /// The field.
        field: String,
        /// `inf` or `-inf`.
        towards: &'static str,
    },
    /// `U'` does not tend to 0 at infinity, and nothing else bounds the rewards.
    #[error(
        "no best rewards need exist: the slope of `{utility}` is still {slope:.3e} far away; a bounded support, or a field such as -0.01x^2, gives finite rewards"
    )]
    SlopeAtInfinity {
        /// The utility.
        utility: String,
        /// The slope far away.
        slope: f64,
    },
    /// The utility lies outside the theory.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// The utility is convex at a difference that rewards may have.
    #[error("the utility `{utility}` is not concave on {from} <= x <= {to}, and differences of rewards may lie there")]
    NotConcave {
        /// The utility.
        utility: String,
        /// Where the interval begins.
        from: f64,
        /// Where it ends.
        to: f64,
    },
    /// The certificate did not reach the tolerance.
    #[error("the fit of {} items did not converge: the gap is {:.1e} after {} iterations", .0.items.len(), .0.gap, .0.iterations)]
    NotConverged(Box<PreferenceFit>),
    /// Standard errors need a dense matrix.
    #[error("standard errors need a dense {items} x {items} matrix, and {most} items are the most; leave them out")]
    TooManyItems {
        /// The number of items.
        items: usize,
        /// The largest number.
        most: usize,
    },
    /// Standard errors are those of a maximum inside the support.
    #[error("{items} rewards lie at an end of the support: they have no standard errors; use a wider support")]
    AtEnds {
        /// How many.
        items: usize,
    },
    /// The rewards have no standard errors: some can be moved at no cost.
    #[error("the Hessian is singular: some rewards can be moved at no cost, and have no standard errors")]
    Singular,
    /// The observer stopped it.
    #[error("the fit was stopped")]
    Cancelled,
    /// The linear algebra failed.
    #[error("standard errors: {0}")]
    LinearAlgebra(String),
}

fn groups(groups: &[Group]) -> String {
    let mut text: Vec<String> = groups.iter().take(NAMED).map(|group| format!("{{{group}}}")).collect();
    if groups.len() > NAMED {
        text.push(format!("and {} groups more", groups.len() - NAMED));
    }
    text.join(", ")
}
