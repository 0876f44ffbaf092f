//! Losses whose rewards follow a law that a person asks for.
//!
//! Two ways lead from a target law `Q` to a loss. A *field* `V(x) = -int U(|x-y|) dQ(y)` beside any base utility `U` makes `Q` the limit law
//! exactly. A *utility* alone can do so for symmetric laws only, and not for all of these: the concave spline is found whose potential under
//! `Q` varies least.

mod achieved;
mod error;
mod file;
#[cfg(feature = "quadratic")]
mod programme;

use std::fmt;

pub use achieved::{Achieved, between_laws, residual_gap};
pub use error::DesignError;
pub use file::DesignFile;

use crate::compare::wasserstein1;
use crate::limit::FreeLaw;
#[cfg(feature = "quadratic")]
use crate::limit::LimitLaw;
use crate::problem::{Equilibrium, Field, Support};
#[cfg(feature = "quadratic")]
use crate::solution::solve;
use crate::solution::{Scope, solve_equilibrium};
use crate::target::{Potential, Target};
use crate::utility::{Concavity, SharedUtility};

/// How a loss is made to give a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesignMethod {
    /// A field beside a base utility.
    Field,
    /// A utility.
    Utility,
}

impl fmt::Display for DesignMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DesignMethod::Field => "field",
            DesignMethod::Utility => "utility",
        })
    }
}

/// A loss for a target law, and how near its rewards come.
#[derive(Debug, Clone)]
pub struct Design {
    /// The law that is wanted.
    pub target: Target,
    /// How the loss is made.
    pub method: DesignMethod,
    /// The utility of the loss: the base, or the one that was found.
    pub utility: SharedUtility,
    /// Its field.
    pub field: Option<Field>,
    /// The interval of the rewards.
    pub support: Support,
    /// How far the target's potential, with the field, is from constant: the largest less the least value at 400 points of the law's
    /// interval, over `U(width) - U(0)`.
    pub residual: f64,
    /// The limit law.
    pub achieved: Achieved,
    /// The Wasserstein-1 distance of the limit law from the target.
    pub w1_limit: f64,
    /// The optimal rewards of `n` responses, worst first.
    pub rewards: Vec<f64>,
    /// The Wasserstein-1 distance of these from the target.
    pub w1: f64,
    /// Their mean distance from the target's quantiles of `(i - 1/2)/n`.
    pub quantile_distance: f64,
    /// The bound on what other rewards gain, per pair.
    pub gap: f64,
    /// What it is over.
    pub bound: Scope,
    /// How it is known that utility and field are concave.
    pub concavity: Concavity,
}

/// What a design is made for, beside its target.
#[derive(Debug, Clone, Copy)]
pub struct DesignOptions {
    /// The interval of the rewards; [`Target::natural_support`] for none.
    pub support: Option<Support>,
    /// The number of responses.
    pub n: usize,
    /// Whether the field is the one for exactly so many: see [`Potential::new`].
    pub exact: bool,
}

impl Design {
    /// The base utility unless another is wanted, `log(x + 0.1)`.
    ///
    /// Its slope at 0 is finite, so that every law has a finite potential and the loss can be trained, also from pairs in the wrong order;
    /// and it is steep and strictly concave there, so that few responses spread evenly over the law.
    pub const BASE: &str = "log(x+0.1)";

    /// The design by a field beside `base`.
    ///
    /// # Errors
    /// [`DesignError`]: a potential that is infinite, a law that does not lie in the support, atoms inside the support, or a failed
    /// computation.
    pub fn by_field(target: Target, base: SharedUtility, options: DesignOptions) -> Result<Self, DesignError> {
        let DesignOptions { support, n, exact } = options;
        let support = fitting(&target, support)?;
        let plain = Potential::new(target.clone(), base.clone(), None)?;
        let residual = achieved::residual(&target, base.as_ref(), &|x| plain.jet(x).value);
        let limit_field = Field::from_potential(plain, support)?;
        let problem =
            |field: Field| Ok::<_, DesignError>(Equilibrium::new(base.clone(), 0.0, support)?.with_field(field));
        let achieved = match FreeLaw::of_problem(&problem(limit_field.clone())?) {
            Ok(law) => Achieved::Law(law),
            Err(reason) => {
                Achieved::Target { law: target.clone(), gap: 2.0 * residual.spread, reason: reason.to_string() }
            }
        };
        let field = if exact {
            Field::from_potential(Potential::new(target.clone(), base.clone(), Some(n))?, support)?
        } else {
            limit_field
        };
        let solution = solve_equilibrium(&problem(field.clone())?, n, None)?;
        Ok(Self {
            w1_limit: between_laws(&achieved, &target),
            w1: wasserstein1(&solution.rewards, &target)?,
            quantile_distance: to_quantiles(&solution.rewards, &target),
            target,
            method: DesignMethod::Field,
            utility: base,
            field: Some(field),
            support,
            residual: residual.relative,
            achieved,
            rewards: solution.rewards,
            gap: solution.gap,
            bound: solution.bound,
            concavity: solution.concavity,
        })
    }

    /// The design by a utility alone, for a law on [0, 1] that is its own mirror image.
    ///
    /// # Errors
    /// [`DesignError::Asymmetric`]; [`DesignError::Outside`]; a programme or a solve that fails.
    #[cfg(feature = "quadratic")]
    pub fn by_utility(target: Target, n: usize) -> Result<Self, DesignError> {
        let support = fitting(&target, Some(Support::UNIT))?;
        let asymmetry = target.asymmetry();
        if asymmetry > 1e-9 {
            return Err(DesignError::Asymmetric { target: target.to_string(), asymmetry });
        }
        let utility: SharedUtility = std::sync::Arc::new(programme::flattest(&target)?);
        let residual = achieved::residual(&target, utility.as_ref(), &|_| 0.0);
        // A utility that is all but a jump at 0 is found for laws that none gives.
        let out_of_reach = || DesignError::OutOfReach { target: target.to_string(), residual: residual.relative };
        let achieved = Achieved::Paper(LimitLaw::of(utility.as_ref()).map_err(|_| out_of_reach())?);
        let solution = solve(utility.as_ref(), n).map_err(|_| out_of_reach())?;
        Ok(Self {
            w1_limit: between_laws(&achieved, &target),
            w1: wasserstein1(&solution.rewards, &target)?,
            quantile_distance: to_quantiles(&solution.rewards, &target),
            target,
            method: DesignMethod::Utility,
            utility,
            field: None,
            support,
            residual: residual.relative,
            achieved,
            rewards: solution.rewards,
            gap: solution.gap,
            bound: Scope::Rewards,
            concavity: solution.concavity,
        })
    }

    /// What a file keeps of it.
    pub fn to_file(&self) -> DesignFile {
        DesignFile {
            target: self.target.to_string(),
            method: self.method,
            base: matches!(self.method, DesignMethod::Field).then(|| self.utility.to_string()),
            support: self.support.to_string(),
            field: self.field.as_ref().map(ToString::to_string),
            utility: matches!(self.method, DesignMethod::Utility).then(|| self.utility.to_string()),
        }
    }
}

/// The support, where the law lies in it and has its atoms at the ends only.
fn fitting(target: &Target, support: Option<Support>) -> Result<Support, DesignError> {
    let support = support.unwrap_or_else(|| target.natural_support());
    let [from, to] = target.ends();
    if from < support.lower() || to > support.upper() {
        let support = support.to_string();
        return Err(DesignError::Outside { target: target.to_string(), from, to, support });
    }
    let inner = target.atoms().into_iter().find(|atom| atom.at > support.lower() && atom.at < support.upper());
    match inner {
        Some(atom) => Err(DesignError::InnerAtom { target: target.to_string(), at: atom.at }),
        None => Ok(support),
    }
}

/// The mean distance of ascending rewards from the quantiles of `(i - 1/2)/n`.
pub fn to_quantiles(rewards: &[f64], target: &Target) -> f64 {
    let n = rewards.len() as f64;
    let distance = |(i, r): (usize, &f64)| (r - target.quantile((i as f64 + 0.5) / n)).abs();
    rewards.iter().enumerate().map(distance).sum::<f64>() / n
}
