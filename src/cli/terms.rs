//! What problem (7) adds to a utility, for the commands that take it.

use std::path::Path;

use clap::Args;

use super::CliError;
use crate::design::DesignFile;
use crate::problem::{Equilibrium, EquilibriumError, Field, FieldError, Support};
use crate::utility::SharedUtility;

/// `--support`, `--field`, `--smoothing` and `--centering`.
#[derive(Debug, Args)]
pub struct TermsArguments {
    /// The interval of the rewards: 0,1 or 0,inf or -inf,inf or any other [default: 0,1; with --preferences -inf,inf].
    #[arg(long, value_name = "A,B", allow_hyphen_values = true, help_heading = "Beyond the paper's problem")]
    support: Option<Support>,

    /// A concave field V: twice its mean over the rewards is added to the mean utility of the pairs. An expression in x; or a CSV file with samples x,V, which
    /// a concave spline joins; or "potential(LAW; U)", see `design`.
    #[arg(long, value_name = "V", allow_hyphen_values = true, help_heading = "Beyond the paper's problem")]
    field: Option<String>,

    /// Let a field through that is not concave. Rewards are then the best from several starts, and the bound is over all laws where one is known, and else
    /// only local.
    #[arg(long, help_heading = "Beyond the paper's problem")]
    allow_nonconcave: bool,

    /// Label smoothing, or the share of flipped labels: U(x) becomes (1-Q) U(x) + Q U(-x), with Q from 0 to less than 1/2.
    #[arg(
        long,
        value_name = "Q",
        default_value_t = 0.0,
        allow_hyphen_values = true,
        help_heading = "Beyond the paper's problem"
    )]
    smoothing: f64,

    /// Each pair also pays C (r_i + r_j)^2, as with TRL's center_rewards_coefficient.
    #[arg(
        long,
        visible_alias = "centring",
        value_name = "C",
        default_value_t = 0.0,
        allow_hyphen_values = true,
        help_heading = "Beyond the paper's problem"
    )]
    centering: f64,
}

impl TermsArguments {
    /// Whether nothing is added to the paper's problem, not by a design either.
    pub fn are_those_of_the_paper(&self, design: Option<&DesignFile>) -> bool {
        if design.is_some_and(|design| design.field.is_some() || design.support != Support::UNIT.to_string()) {
            return false;
        }
        let Self { support, field, allow_nonconcave: _, smoothing, centering } = self;
        support.unwrap_or_default() == Support::UNIT && field.is_none() && *smoothing == 0.0 && *centering == 0.0
    }

    /// Whether the rewards are those of a sigmoid.
    pub fn support_is_usual(&self) -> bool {
        self.support.unwrap_or_default() == Support::UNIT
    }

    /// The support, or `default` where none was given.
    pub fn support(&self, default: Support) -> Support {
        self.support.unwrap_or(default)
    }

    /// Files that are read: samples of a field.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.field.iter().map(Path::new)
    }

    /// The field on `support`.
    pub fn field(&self, support: Support) -> Result<Option<Field>, CliError> {
        let Some(text) = self.field.as_deref() else { return Ok(None) };
        // A file of samples has a name that no expression has.
        let file = Path::new(text);
        let is_file = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) || file.is_file();
        Ok(Some(match (is_file, self.allow_nonconcave) {
            (true, false) => Field::read(file, support)?,
            (true, true) => Field::read_any(file, support)?,
            (false, false) => Field::parse(text, support)?,
            (false, true) => Field::parse_any(text, support)?,
        }))
    }

    /// The smoothing.
    pub fn smoothing(&self) -> f64 {
        self.smoothing
    }

    /// The centring coefficient.
    pub fn centering(&self) -> f64 {
        self.centering
    }

    /// The problem of a full ranking, with the field and the support of a design if there is one.
    pub fn problem(&self, utility: SharedUtility, design: Option<&DesignFile>) -> Result<Equilibrium, CliError> {
        if let Some(design) = design {
            if self.field.is_some() || self.support.is_some_and(|support| support.to_string() != design.support) {
                let reason = "--design has a field and a support of its own: leave out --field and --support";
                return Err(CliError::Input(reason.into()));
            }
            let problem =
                Equilibrium::new(utility, self.smoothing, design.support()?)?.with_centering(self.centering)?;
            return Ok(match design.problem()?.field() {
                Some(field) => problem.with_field(field.clone()),
                None => problem,
            });
        }
        let support = self.support(Support::UNIT);
        let problem = Equilibrium::new(utility, self.smoothing, support)?.with_centering(self.centering)?;
        Ok(match self.field(support)? {
            Some(field) => problem.with_field(field),
            None => problem,
        })
    }
}

impl From<EquilibriumError> for CliError {
    fn from(error: EquilibriumError) -> Self {
        CliError::input(&error)
    }
}

impl From<FieldError> for CliError {
    fn from(error: FieldError) -> Self {
        CliError::input(&error)
    }
}
