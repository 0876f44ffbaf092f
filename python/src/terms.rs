//! What problem (7) adds to a utility.

use pyo3::prelude::*;
use reward_collapse::problem::{Equilibrium, Field, Support};
use reward_collapse::solution::Scope;
use reward_collapse::utility::SharedUtility;

use crate::errors::Raise;

/// Field, support, smoothing and centring, as they were given.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The interval of the rewards.
    pub support: Support,
    /// The field.
    pub field: Option<Field>,
    /// The smoothing.
    pub smoothing: f64,
    /// The centring coefficient.
    pub centering: f64,
}

impl Terms {
    /// From the arguments of a Python function.
    pub fn new(support: (f64, f64), field: Option<&str>, smoothing: f64, centering: f64) -> PyResult<Self> {
        let support = Support::new(support.0, support.1).map_err(Raise::raise)?;
        let field = field.map(|text| field_of(text, support)).transpose()?;
        Ok(Self { support, field, smoothing, centering })
    }

    /// Whether nothing is added to the paper's problem.
    pub fn are_those_of_the_paper(&self) -> bool {
        let Self { support, field, smoothing, centering } = self;
        *support == Support::UNIT && field.is_none() && *smoothing == 0.0 && *centering == 0.0
    }

    /// The problem of a full ranking.
    pub fn problem(&self, utility: SharedUtility) -> PyResult<Equilibrium> {
        let problem = Equilibrium::new(utility, self.smoothing, self.support)
            .and_then(|problem| problem.with_centering(self.centering))
            .map_err(Raise::raise)?;
        Ok(match &self.field {
            Some(field) => problem.with_field(field.clone()),
            None => problem,
        })
    }
}

/// A field, which has to be concave unless it is the potential of a law: with that, the objective is concave in the law of the rewards.
pub fn field_of(text: &str, support: Support) -> PyResult<Field> {
    if text.trim_start().starts_with("potential(") {
        Field::parse_any(text, support).map_err(Raise::raise)
    } else {
        Field::parse(text, support).map_err(Raise::raise)
    }
}

/// What a gap is a bound over, in the words of the program's JSON.
pub fn scope(bound: Scope) -> &'static str {
    match bound {
        Scope::Rewards => "global in r",
        Scope::Laws => "over all laws",
        Scope::Local => "local",
    }
}
