//! How a simulation is written.

use crate::cli::{CliError, output};
use crate::simulate::{Batch, Head, Noise, Optimiser, Row, Simulation};
use serde::Serialize;

/// Ranks shown from each side when there are many.
const SHOWN: usize = 4;

/// A simulation as JSON.
#[derive(Serialize)]
struct Report<'a> {
    utility: &'a str,
    n: usize,
    prompts: usize,
    steps: u64,
    optimiser: Optimiser,
    learning_rate: f64,
    batch: String,
    head: Head,
    flip: f64,
    quality_gap: Option<f64>,
    noise: Noise,
    smoothing: f64,
    centering: f64,
    field: Option<String>,
    compared: Option<usize>,
    initial_spread: f64,
    seed: u64,
    optimum: Option<&'a [f64]>,
    optimum_w1: Option<f64>,
    rows: Vec<JsonRow<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    step: u64,
    distance: Option<f64>,
    w1_limit: Option<f64>,
    wrong_end: Option<f64>,
    deviation: f64,
    rewards: &'a [f64],
}

fn batch_name(batch: Batch) -> String {
    match batch {
        Batch::Full => "full".into(),
        Batch::Pairs(1) => "pairs".into(),
        Batch::Pairs(pairs) => pairs.to_string(),
    }
}

impl<'a> Report<'a> {
    /// With the options that settings do not tell apart.
    fn of(simulation: &'a Simulation, flip: f64, quality_gap: Option<f64>) -> Self {
        let settings = &simulation.settings;
        let row = |row: &'a Row| JsonRow {
            step: row.step,
            distance: row.distance,
            w1_limit: row.w1_limit,
            wrong_end: row.wrong_end,
            deviation: row.deviation,
            rewards: &row.rewards,
        };
        Self {
            utility: &simulation.utility,
            n: settings.n,
            prompts: settings.prompts,
            steps: settings.steps,
            optimiser: settings.optimiser,
            learning_rate: settings.learning_rate(),
            batch: batch_name(settings.batch),
            head: settings.head,
            flip,
            quality_gap,
            noise: settings.noise,
            smoothing: settings.smoothing,
            centering: settings.centering,
            field: settings.field.as_ref().map(ToString::to_string),
            compared: settings.compared,
            initial_spread: settings.initial_spread,
            seed: settings.seed,
            optimum: simulation.optimum.as_deref(),
            optimum_w1: simulation.optimum_w1,
            rows: simulation.rows.iter().map(row).collect(),
            seconds: simulation.seconds,
        }
    }
}

/// One utility is an object; of several there is a list.
pub(super) fn json(simulations: &[Simulation], flip: f64, quality_gap: Option<f64>) -> Result<String, CliError> {
    match simulations {
        [simulation] => output::json(&Report::of(simulation, flip, quality_gap)),
        several => {
            let reports: Vec<Report<'_>> = several.iter().map(|each| Report::of(each, flip, quality_gap)).collect();
            output::json(&reports)
        }
    }
}

/// A measure that is not known is an empty field. Where there are several utilities the first column tells which.
pub(super) fn csv(simulations: &[Simulation]) -> Result<String, CliError> {
    let is_mixture = simulations.len() > 1;
    let n = simulations.first().map_or(0, |simulation| simulation.settings.n);
    let mut header: Vec<String> = if is_mixture { vec!["utility".to_owned()] } else { Vec::new() };
    header.extend(["step", "distance", "w1_limit", "wrong_end", "deviation"].map(String::from));
    header.extend((1..=n).map(|rank| format!("reward_{rank}")));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let row = |simulation: &Simulation, row: &Row| {
        let measures = [row.distance, row.w1_limit, row.wrong_end, Some(row.deviation)];
        let rewards: Vec<Option<f64>> = measures.into_iter().chain(row.rewards.iter().copied().map(Some)).collect();
        let utility: Vec<String> = is_mixture.then(|| simulation.utility.clone()).into_iter().collect();
        (utility, row.step, rewards)
    };
    let rows = simulations.iter().flat_map(|each| each.rows.iter().map(move |at| (each, at)));
    output::csv(&header, rows.map(|(each, at)| row(each, at)))
}

/// Those of each utility below each other.
pub(super) fn table(simulations: &[Simulation]) -> String {
    simulations.iter().map(of_one).collect::<Vec<String>>().join("\n")
}

/// Facts, a row for each recorded step, and the optimum.
fn of_one(simulation: &Simulation) -> String {
    let settings = &simulation.settings;
    let mut facts = vec![
        ("utility", simulation.utility.clone()),
        ("prompts", format!("{} of {} responses", settings.prompts, settings.n)),
        (
            "optimiser",
            format!(
                "{}, learning rate {}, batch {}",
                if settings.optimiser == Optimiser::Sgd { "sgd" } else { "adam" },
                settings.learning_rate(),
                batch_name(settings.batch)
            ),
        ),
        ("head", if settings.head == Head::Sigmoid { "sigmoid" } else { "raw" }.into()),
        ("time", output::seconds(simulation.seconds)),
    ];
    if let Some(field) = &settings.field {
        facts.insert(1, ("field", field.to_string()));
    }
    let n = settings.n;
    let shown: Vec<Option<usize>> = if n <= 2 * SHOWN + 2 {
        (0..n).map(Some).collect()
    } else {
        (0..SHOWN).map(Some).chain([None]).chain((n - SHOWN..n).map(Some)).collect()
    };
    let mut header: Vec<String> = ["step", "distance", "W1 limit", "wrong end", "sd"].map(String::from).to_vec();
    header.extend(shown.iter().map(|rank| rank.map_or_else(|| "..".to_owned(), |rank| format!("r{}", rank + 1))));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let cells = |step: String, measures: [Option<f64>; 4], rewards: &[f64]| {
        let measures = measures.map(|measure| measure.map_or_else(|| "-".to_owned(), output::number));
        let of_rank =
            |rank: &Option<usize>| rank.map_or_else(|| "..".to_owned(), |rank| format!("{:.4}", rewards[rank]));
        [step].into_iter().chain(measures).chain(shown.iter().map(of_rank)).collect::<Vec<String>>()
    };
    let rows = simulation.rows.iter().map(|row| {
        let measures = [row.distance, row.w1_limit, row.wrong_end, Some(row.deviation)];
        cells(row.step.to_string(), measures, &row.rewards)
    });
    let optimum = simulation
        .optimum
        .iter()
        .map(|optimum| cells("optimum".into(), [None, simulation.optimum_w1, None, None], optimum));
    format!("{}\n{}", output::facts(&facts), output::columns(&header, rows.chain(optimum)))
}
