//! `reward-collapse solve --preferences`.

use std::path::PathBuf;

use clap::Args;

use super::CliError;
use super::output::{self, Format, OutputArguments};
use super::terms::TermsArguments;
use crate::problem::{Preferences, PreferencesError, Support};
use crate::solution::{FitError, FitOptions, PreferenceFit, Unique, fit_preferences};
use crate::utility::{OnLine, parse};

/// Items shown from each side when there are many.
const SHOWN: usize = 12;

/// `--preferences`, and what goes with it.
#[derive(Debug, Args)]
pub struct PreferenceArguments {
    /// Fit rewards to comparisons instead: a CSV file with the columns winner,loser[,count][,margin][,tie]. The utility is logsigmoid(x), the
    /// Bradley-Terry fit, unless given.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["n", "method"])]
    pub preferences: Option<PathBuf>,

    /// With --preferences: the standard error of each reward, from the inverse Hessian; up to 3000 items.
    #[arg(long, requires = "preferences")]
    pub standard_errors: bool,
}

/// Fits the rewards and writes them; without a `utility`, logsigmoid(x).
pub fn run(
    arguments: &PreferenceArguments,
    terms: &TermsArguments,
    file: &std::path::Path,
    utility: Option<&str>,
    output: &OutputArguments,
) -> Result<(), CliError> {
    output.check_beside(std::iter::once(file).chain(terms.files()))?;
    if terms.centering() != 0.0 {
        let reason = "--centering is for full rankings; --field \"-0.01x^2\" centres the rewards of --preferences";
        return Err(CliError::Input(reason.into()));
    }
    let support = terms.support(Support::LINE);
    let options = FitOptions {
        utility: OnLine::new(parse(utility.unwrap_or("logsigmoid(x)"))?, terms.smoothing())?,
        field: terms.field(support)?,
        support,
        standard_errors: arguments.standard_errors,
        max_iterations: None,
        observer: None,
    };
    let preferences = Preferences::read(file)?;
    let fit = fit_preferences(&preferences, &options)?;
    let text = match output.format() {
        Format::Table => table(&fit),
        Format::Json => output::json(&fit)?,
        Format::Csv => csv(&fit)?,
    };
    output.write(&text)
}

fn csv(fit: &PreferenceFit) -> Result<String, CliError> {
    let rewards = fit.items.iter().zip(&fit.rewards);
    match &fit.standard_errors {
        None => output::csv(&["item", "reward"], rewards),
        Some(errors) => {
            let rows = rewards.zip(errors).map(|((item, reward), error)| (item, reward, error));
            output::csv(&["item", "reward", "standard_error"], rows)
        }
    }
}

fn table(fit: &PreferenceFit) -> String {
    let n = fit.items.len();
    let mut facts = vec![("utility", fit.utility.clone())];
    facts.extend(fit.field.clone().map(|field| ("field", field)));
    facts.extend([
        ("support", fit.support.clone()),
        ("items", n.to_string()),
        ("comparisons", format!("{}", fit.comparisons)),
        ("objective", format!("{} a comparison", output::number(fit.objective))),
        ("gap", format!("{} a comparison: no other rewards are better by more than this", output::bound(fit.gap))),
        ("concavity", output::concavity(fit.concavity).into()),
        (
            "unique",
            match fit.unique {
                Unique::Yes => "yes",
                Unique::UpToShift => "up to a shift",
                Unique::No => "no: other rewards may do as well",
            }
            .into(),
        ),
        ("solved in", format!("{} ({})", output::seconds(fit.seconds), output::count(fit.iterations, "iteration"))),
    ]);
    let mut header = vec!["item", "reward"];
    header.extend(fit.standard_errors.as_ref().map(|_| "standard error"));
    let row = |i: usize| {
        let mut row = vec![fit.items[i].clone(), output::number(fit.rewards[i])];
        row.extend(fit.standard_errors.as_ref().map(|errors| output::number(errors[i])));
        row
    };
    let rows: Vec<Vec<String>> = if n <= 2 * SHOWN + 2 {
        (0..n).map(row).collect()
    } else {
        let dots = vec!["..".to_owned(); header.len()];
        (0..SHOWN).map(row).chain([dots]).chain((n - SHOWN..n).map(row)).collect()
    };
    format!("{}\n{}", output::facts(&facts), output::columns(&header, rows))
}

impl From<PreferencesError> for CliError {
    fn from(error: PreferencesError) -> Self {
        CliError::input(&error)
    }
}

impl From<FitError> for CliError {
    fn from(error: FitError) -> Self {
        match error {
            FitError::NotConverged(_) | FitError::LinearAlgebra(_) | FitError::Singular => CliError::failure(&error),
            FitError::Disconnected(_)
            | FitError::NotStronglyConnected(_)
            | FitError::SlopeAtInfinity { .. }
            | FitError::FieldDoesNotBound { .. } => CliError::Input(format!("{error}: add --field \"-0.01x^2\"")),
            _ => CliError::input(&error),
        }
    }
}
