//! How a comparison with the limit law is written.

use crate::compare::{Convergence, ConvergenceRow, Measure, Trend};
use crate::utility::Concavity;
use serde::Serialize;

use super::CliError;
use super::output;

/// A row of JSON.
#[derive(Serialize)]
struct Row {
    n: usize,
    w1: f64,
    ks: f64,
    energy_difference: f64,
    mean_utility: f64,
    limit_mean_utility: f64,
    end_share: f64,
    atom: f64,
    gap: f64,
    method: String,
    iterations: u64,
    seconds: f64,
}

impl From<&ConvergenceRow> for Row {
    fn from(row: &ConvergenceRow) -> Self {
        Self {
            n: row.n,
            w1: row.w1,
            ks: row.ks,
            energy_difference: row.energy_difference,
            mean_utility: row.mean_utility,
            limit_mean_utility: row.limit_mean_utility,
            end_share: row.end_share,
            atom: row.atom,
            gap: row.gap,
            method: row.method.to_string(),
            iterations: row.iterations,
            seconds: row.seconds,
        }
    }
}

/// How one measure falls.
#[derive(Serialize)]
struct MeasuredRate {
    measure: &'static str,
    fitted_exponent: Option<f64>,
    fitted_constant: Option<f64>,
    predicted: String,
    drift: Option<f64>,
}

impl From<&Trend> for MeasuredRate {
    fn from(trend: &Trend) -> Self {
        Self {
            measure: trend.measure.name(),
            fitted_exponent: trend.fit.map(|fit| fit.exponent),
            fitted_constant: trend.fit.map(|fit| fit.constant),
            predicted: trend.predicted.to_string(),
            drift: trend.drift,
        }
    }
}

/// One utility as JSON.
#[derive(Serialize)]
pub struct Report {
    utility: String,
    limit: String,
    concavity: Concavity,
    rows: Vec<Row>,
    fitted_exponent: Option<f64>,
    fitted_constant: Option<f64>,
    predicted: String,
    rates: Vec<MeasuredRate>,
}

/// The limit law by name.
fn limit(result: &Convergence) -> String {
    result.closed_form.map_or_else(|| "numerical".into(), |form| form.to_string())
}

impl From<&Convergence> for Report {
    fn from(result: &Convergence) -> Self {
        let w1 = result.trend(Measure::Wasserstein1);
        let fit = w1.and_then(|trend| trend.fit);
        Self {
            utility: result.utility.clone(),
            limit: limit(result),
            concavity: result.concavity,
            rows: result.rows.iter().map(Row::from).collect(),
            fitted_exponent: fit.map(|fit| fit.exponent),
            fitted_constant: fit.map(|fit| fit.constant),
            predicted: w1.map_or_else(|| "unknown".into(), |trend| trend.predicted.to_string()),
            rates: result.trends.iter().map(MeasuredRate::from).collect(),
        }
    }
}

/// The table of one utility: facts, rates, and a row for each n.
pub fn table(result: &Convergence) -> String {
    let rows = result.rows.iter().map(|row| {
        vec![
            row.n.to_string(),
            format!("{:.4e}", row.w1),
            format!("{:.4e}", row.ks),
            output::scientific(row.energy_difference),
            output::number(row.mean_utility),
            output::number(row.limit_mean_utility),
            output::bound(row.gap),
            output::seconds(row.seconds),
        ]
    });
    let rates = result.trends.iter().map(|trend| rate(trend, result.rows.len()).to_vec());
    let header = ["n", "W1", "Kolmogorov", "energy difference", "mean utility", "its limit", "gap", "time"];
    format!(
        "{}\n{}\n{}",
        output::facts(&[
            ("utility", result.utility.clone()),
            ("limit law", limit(result)),
            ("concavity", output::concavity(result.concavity).into()),
        ]),
        output::columns(&RATES[1..], rates),
        output::columns(&header, rows)
    )
}

/// The rates of a study as a table.
pub fn rates_table(series: &[Convergence]) -> String {
    let rows = series.iter().flat_map(|result| {
        result.trends.iter().map(|trend| {
            let utility = [result.utility.clone()].into_iter();
            utility.chain(rate(trend, result.rows.len())).collect()
        })
    });
    output::columns(&RATES, rows)
}

const RATES: [&str; 5] = ["utility", "measure", "fitted", "predicted", "drift"];

/// Measure, fitted and predicted rate, and drift.
fn rate(trend: &Trend, sizes: usize) -> [String; 4] {
    let fitted = match trend.fit {
        Some(fit) => fit.to_string(),
        None if sizes < 2 => "needs two n or more".into(),
        None => "none: it is 0".into(),
    };
    let measure = match trend.measure {
        Measure::Wasserstein1 => "W1",
        Measure::Kolmogorov => "Kolmogorov",
        Measure::Energy => "energy difference",
        Measure::Ends => "|end share - atom|",
    };
    let drift = trend.drift.map_or_else(|| "-".into(), |drift| format!("{drift:.4}"));
    [measure.into(), fitted, trend.predicted.to_string(), drift]
}

/// The rates of a study as CSV.
pub fn rates_csv(series: &[Convergence]) -> Result<String, CliError> {
    let header = ["utility", "measure", "fitted_exponent", "fitted_constant", "predicted", "drift"];
    let rows = series.iter().flat_map(|result| {
        let rates = result.trends.iter().map(MeasuredRate::from);
        rates.map(|rate| {
            let MeasuredRate { measure, fitted_exponent, fitted_constant, predicted, drift } = rate;
            (&result.utility, measure, fitted_exponent, fitted_constant, predicted, drift)
        })
    });
    output::csv(&header, rows)
}
