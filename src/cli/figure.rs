//! `reward-collapse figure`.

use std::path::{Path, PathBuf};

use crate::compare::Prediction;
use crate::experiment::{
    ExperimentError, Loss, PromptType, PromptTypeError, RewardTable, Run, RunDescription, TableOptions, find_runs,
};
use crate::figure::{self, BradleyTerryCases, Cases, FigureError, FigureFiles, RunDistance};
use crate::study::Shard;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::CliError;
use super::output::{self, Format};
use super::page::PageArguments;
use super::progress::ProgressDisplay;
use super::study::{Plan, RESULTS, studies};
use super::value::responses;

/// Where the experiment's runs are kept.
const RUNS: &str = "figures/experiment";

/// Where those of raw logits are.
const RAW_RUNS: &str = "figures/raw";

/// The figures there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Rewards of eight responses: theory as named, theory as trained, published curves.
    Collapse,
    /// Optimal rewards for n = 1000 over their limit laws.
    Distributions,
    /// Distances from the limit law against n, drawn from a study's kept points; computes and keeps what is missing.
    Asymptotics,
    /// What training runs learned over theory, early and late, with the distances between the two.
    Experiment,
    /// Raw logits under the Bradley-Terry loss with label smoothing or centring: optimal rewards, their limit laws, and what models learned.
    BradleyTerry,
    /// All of them; the experiment where there are runs.
    All,
}

/// Draw figures, with their captions as text and their numbers as CSV beside them.
///
/// Existing figures of the same name are replaced once the new ones are complete.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse figure all --out figures\n  \
    reward-collapse figure distributions --utility \"log(x)\" --n 200 --width 3.25in --image pdf --out my-paper\n  \
    reward-collapse figure bradley-terry --smoothing 0.02,0.1\n  \
    reward-collapse figure experiment --runs figures/experiment/embedded\n  \
    reward-collapse figure asymptotics --utility \"log(x)\" --utility \"x^0.9\" --n 16,64,256,1024,4000")]
pub struct Arguments {
    /// Which figure.
    #[arg(value_enum)]
    figure: Figure,

    /// The directory to write to; it is made if it is missing.
    #[arg(long, value_name = "DIR", default_value = "figures")]
    out: PathBuf,

    #[command(flatten)]
    page: PageArguments,

    /// experiment: a run (rewards.csv and run.json), a directory with a folder for each, or a file of rewards as `score` and others write it [default: figures/experiment]; collapse: draw those of x, log, x_inv and adaptive too [default: none]; bradley-terry: runs on raw logits [default: figures/raw].
    #[arg(long, value_name = "DIR|FILE")]
    runs: Option<PathBuf>,

    /// asymptotics: a study in the form of simulations/asymptotics.toml, in place of that one.
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,

    /// A utility to draw in place of the figure's own; may be given several times. collapse: also a released name, such as log. experiment, where --runs is a file: the utility that was trained, or TYPE=U for each type of prompt.
    #[arg(long, short, value_name = "U", allow_hyphen_values = true)]
    utility: Vec<String>,

    /// The number of responses in place of the figure's own. asymptotics: several, separated by commas.
    #[arg(long, short, value_name = "N,N,..", value_delimiter = ',', value_parser = responses)]
    n: Vec<usize>,

    /// bradley-terry: values of label smoothing in place of 0.05, 0.1 and 0.2; with --centering alone, none.
    #[arg(long, value_name = "Q,Q,..", value_delimiter = ',')]
    smoothing: Vec<f64>,

    /// bradley-terry: values of the centring term in place of 0.01 and 0.1; with --smoothing alone, none.
    #[arg(long, value_name = "C,C,..", value_delimiter = ',', visible_alias = "centring")]
    centering: Vec<f64>,

    /// asymptotics: the directory that keeps finished points [default: figures/asymptotics, and none with --utility or --n].
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,

    /// The form in which the files written are listed; table and json also have the distances of the experiment.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Serialize)]
struct Written {
    figure: String,
    #[serde(flatten)]
    files: FigureFiles,
    /// Of the experiment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    distances: Vec<RunDistance>,
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    arguments.check()?;
    let wanted = |figure: Figure| arguments.figure == figure || arguments.figure == Figure::All;
    let progress = ProgressDisplay::new(quiet, None);
    let tell = |text: &str| progress.message(text);
    let plan = plan(arguments)?;
    let mut verdict = Ok(());
    let out = &arguments.out;
    let page = arguments.page.page();
    let mut written = Vec::new();
    let mut add = |figure: &str, files: FigureFiles, distances: Vec<RunDistance>| {
        written.push(Written { figure: figure.into(), files, distances });
    };
    let runs = arguments.runs()?;
    if wanted(Figure::Collapse) {
        let cases = Cases::collapse().with(&arguments.utility, arguments.one_n()?);
        let files = match figure::collapse(out, &page, &cases, runs.as_deref()) {
            // Runs of other losses alone have their own figure among all.
            Err(FigureError::NoRuns { .. }) if arguments.figure == Figure::All => {
                figure::collapse(out, &page, &cases, None)?
            }
            files => files?,
        };
        add("collapse", files, Vec::new());
    }
    if wanted(Figure::Experiment)
        && let Some(runs) = &runs
    {
        let drawn = if runs.is_file() {
            vec![figure::experiment_of(out, &page, arguments.run_of(runs)?)?]
        } else {
            figure::experiment(out, &page, runs)?
        };
        for drawn in drawn {
            add(&drawn.name, drawn.files, drawn.distances);
            add(&format!("{}_histogram", drawn.name), drawn.histogram, Vec::new());
        }
    }
    if wanted(Figure::BradleyTerry) {
        let kept = Path::new(RAW_RUNS);
        let runs = match &arguments.runs {
            Some(runs) if arguments.figure == Figure::BradleyTerry => Some(runs.as_path()),
            _ => kept.is_dir().then_some(kept),
        };
        add("bradley-terry", figure::bradley_terry(out, &page, &arguments.bradley_terry()?, runs, &tell)?, Vec::new());
    }
    if wanted(Figure::Distributions) {
        let cases = Cases::distributions().with(&arguments.utility, arguments.one_n()?);
        add("distributions", figure::distributions(out, &page, &cases, &tell)?, Vec::new());
    }
    drop(progress);
    if wanted(Figure::Asymptotics) {
        let outcome = plan.run(quiet)?;
        add("asymptotics", figure::asymptotics(out, &page, &outcome.series)?, Vec::new());
        verdict = plan.verdict(&outcome);
    }
    output::print(&listing(&written, arguments.format)?)?;
    verdict
}

impl Arguments {
    /// Refuses options of another figure than the one asked for.
    fn check(&self) -> Result<(), CliError> {
        let takes = |figures: &[Figure], given: bool, option: &str| {
            if given && self.figure != Figure::All && !figures.contains(&self.figure) {
                let names: Vec<String> = figures
                    .iter()
                    .filter_map(|figure| Some(format!("`figure {}`", figure.to_possible_value()?.get_name())))
                    .collect();
                return Err(CliError::Input(format!("{option} is for {}; leave it out here", names.join(" and "))));
            }
            Ok(())
        };
        let of_a_file = self.figure == Figure::Experiment && self.runs.as_deref().is_some_and(Path::is_file);
        let theory = [Figure::Collapse, Figure::Distributions, Figure::Asymptotics, Figure::BradleyTerry];
        takes(&theory, !self.utility.is_empty() && !of_a_file, "--utility")?;
        takes(&theory, !self.n.is_empty(), "--n")?;
        takes(&[Figure::BradleyTerry], !self.smoothing.is_empty(), "--smoothing")?;
        takes(&[Figure::BradleyTerry], !self.centering.is_empty(), "--centering")?;
        let of_one =
            !self.utility.is_empty() || !self.n.is_empty() || !self.smoothing.is_empty() || !self.centering.is_empty();
        if self.figure == Figure::All && of_one {
            let text = "--utility, --n, --smoothing and --centering are for one figure: name it in place of `all`";
            return Err(CliError::Input(text.into()));
        }
        takes(&[Figure::Asymptotics], self.study.is_some(), "--study")?;
        takes(&[Figure::Asymptotics], self.results.is_some(), "--results")?;
        takes(&[Figure::Collapse, Figure::Experiment, Figure::BradleyTerry], self.runs.is_some(), "--runs")
    }

    /// The number of responses of a figure that has one.
    fn one_n(&self) -> Result<Option<usize>, CliError> {
        match self.n.as_slice() {
            [] => Ok(None),
            [n] => Ok(Some(*n)),
            _ => Err(CliError::Input("several numbers of responses are for `figure asymptotics`: give one".into())),
        }
    }

    fn bradley_terry(&self) -> Result<BradleyTerryCases, CliError> {
        let usual = BradleyTerryCases::default();
        let terms_are_usual = self.smoothing.is_empty() && self.centering.is_empty();
        Ok(BradleyTerryCases {
            utilities: if self.utility.is_empty() { usual.utilities } else { self.utility.clone() },
            smoothing: if terms_are_usual { usual.smoothing } else { self.smoothing.clone() },
            centering: if terms_are_usual { usual.centering } else { self.centering.clone() },
            n: self.one_n()?.unwrap_or(usual.n),
        })
    }

    /// The rewards of any model in a file, as a run: of the loss that `--utility` tells, or the `run.json` beside the file.
    fn run_of(&self, path: &Path) -> Result<Run, CliError> {
        let table = RewardTable::read(path, &TableOptions::default())?;
        let by_type = self.utility.iter().filter_map(|text| text.split_once('='));
        let by_type: Vec<(&str, &str)> = by_type.collect();
        let description = match self.utility.as_slice() {
            [] => RunDescription::read(path.parent().unwrap_or(Path::new("."))).map_err(|error| match error {
                ExperimentError::NoDescription { .. } => CliError::Input(format!(
                    "give the loss of {} by --utility U or --utility TYPE=U, or put a run.json beside it",
                    path.display()
                )),
                error => CliError::input(&error),
            })?,
            [one] if by_type.is_empty() => RunDescription::from(&Loss::parse(one)?),
            several if by_type.len() == several.len() => {
                let parsed = by_type.iter().map(|(name, utility)| Ok((name.parse()?, *utility)));
                let parsed = parsed.collect::<Result<Vec<(PromptType, &str)>, PromptTypeError>>();
                let parsed = parsed.map_err(|error| CliError::input(&error))?;
                let pairs = parsed.iter().map(|(prompt_type, utility)| (prompt_type, *utility));
                RunDescription::from(&Loss::parse_by_type(pairs)?)
            }
            _ => return Err(CliError::Input("give one --utility U for all prompts, or each with its TYPE=".into())),
        };
        let run = Run::of_table(&table, path, description).map_err(|error| CliError::input(&error))?;
        match run.rewards.iter().find(|row| !(0.0..=1.0).contains(&row.reward)) {
            Some(row) => Err(CliError::Input(format!(
                "{} has the reward {}, outside [0, 1]; raw rewards are for `compare`",
                path.display(),
                row.reward
            ))),
            None => Ok(run),
        }
    }

    /// The directory of runs: as given, or the kept runs where the figure of the experiment is wanted. Without any, that
    /// figure is left out of all figures, and an error by itself.
    fn runs(&self) -> Result<Option<PathBuf>, CliError> {
        if self.runs.is_some() || ![Figure::Experiment, Figure::All].contains(&self.figure) {
            return Ok(self.runs.clone());
        }
        let kept = Path::new(RUNS);
        let found = kept.is_dir() && !find_runs(kept).map_err(FigureError::from)?.is_empty();
        match self.figure {
            _ if found => Ok(Some(kept.to_owned())),
            Figure::All => Ok(None),
            _ => Err(CliError::Input(format!(
                "there are no runs in {RUNS}: say by --runs where they are, or make one with `reward-collapse train`"
            ))),
        }
    }
}

/// The files written, after what the figure of the experiment found.
fn listing(written: &[Written], format: Format) -> Result<String, CliError> {
    let files = |w: &Written| w.files.all().cloned().collect::<Vec<PathBuf>>();
    match format {
        Format::Table => {
            let paths: String = written.iter().flat_map(files).map(|path| format!("{}\n", path.display())).collect();
            let tables = written.iter().filter(|w| !w.distances.is_empty()).map(|w| distances(&w.distances) + "\n");
            Ok(tables.chain([paths]).collect())
        }
        Format::Json => output::json(&written),
        Format::Csv => {
            let rows = written.iter().flat_map(|w| files(w).into_iter().map(|path| (w.figure.clone(), path)));
            output::csv(&["figure", "file"], rows)
        }
    }
}

/// Distances at the last step of each run; one line where both theories are the same.
fn distances(rows: &[RunDistance]) -> String {
    let header = [
        "run",
        "step",
        "split",
        "prompts",
        "n",
        "theory",
        "U",
        "mean |d|",
        "max |d|",
        "W1",
        "W1 limit",
        "sd",
        "count",
        "mean |d|, 95 %",
        "max |d|, 95 %",
    ];
    let last = rows.iter().filter(|row| row.is_last);
    let lines = last.filter(|row| !row.theories_agree || row.distance.theory == Prediction::Trained).map(|row| {
        let distance = &row.distance;
        let number = |value: f64| format!("{value:.4}");
        let interval = |ends: Option<[f64; 2]>| match ends {
            Some([low, high]) => format!("{low:.4}..{high:.4}"),
            None => "-".to_owned(),
        };
        vec![
            row.run.clone(),
            distance.step.to_string(),
            distance.split.to_string(),
            distance.prompt_type.name().to_owned(),
            distance.n.to_string(),
            if row.theories_agree { "both".to_owned() } else { distance.theory.to_string() },
            distance.utility.clone(),
            number(distance.mad),
            number(distance.max_abs_difference),
            number(distance.w1_finite),
            distance.w1_limit.map_or_else(|| "-".to_owned(), number),
            number(distance.mean_deviation),
            distance.count.to_string(),
            interval(row.intervals.map(|of| of.mad)),
            interval(row.intervals.map(|of| of.max_abs_difference)),
        ]
    });
    output::columns(&header, lines)
}

/// The study of the asymptotics figure. Other utilities or sizes are a passing look: their points are not kept unasked.
fn plan(arguments: &Arguments) -> Result<Plan, CliError> {
    // With another figure they are of that.
    let (utilities, sizes) = match arguments.figure {
        Figure::Asymptotics => (arguments.utility.as_slice(), arguments.n.as_slice()),
        _ => (&[][..], &[][..]),
    };
    let as_defined = utilities.is_empty() && sizes.is_empty();
    Ok(Plan {
        studies: studies(arguments.study.as_deref(), utilities, sizes)?,
        results: arguments.results.clone().or_else(|| as_defined.then(|| RESULTS.into())),
        shard: Shard::WHOLE,
        fresh: false,
    })
}
