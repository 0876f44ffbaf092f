//! `reward-collapse compare`.

use std::collections::BTreeMap;
use std::path::Path;
#[cfg(feature = "figures")]
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::CliError;
use super::error::warn;
use super::output::{self, Format};
#[cfg(feature = "figures")]
use super::page::PageArguments;
use super::progress::ProgressDisplay;
use super::table::TableArguments;
use super::terms::TermsArguments;
use crate::compare::{Order, TableComparisonError, Target, TypeComparison};
use crate::design::DesignFile;
use crate::experiment::{Head, RewardTable};
#[cfg(feature = "figures")]
use crate::figure::{self, ComparisonPanel, FigureFiles, Page};
use crate::problem::Equilibrium;
use crate::solution::{Scope, largest_gap};
use crate::utility::{Concavity, parse};

/// The rewards of any reward model over the theory of its loss.
///
/// Each prompt is compared with the optimal rewards of its own number of responses, and all prompts of a type with the limit law. Responses are compared in the order of their ranks where there are ranks, and else in the order of their rewards.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  reward-collapse compare rewards.csv --utility \"log(x+0.1)\"\n  \
    reward-collapse compare scores.parquet --reward-column logit --sigmoid --utility \"logsigmoid(4x)\" --out figures\n  \
    reward-collapse compare runs/x_adaptive/rewards.csv --split train --utility open_ended=\"-1/(x+0.1)\" --utility closed_ended=x\n  \
    reward-collapse compare logits.jsonl.gz --utility \"logsigmoid(x)\" --support=-inf,inf --smoothing 0.1\n  \
    reward-collapse compare rewards.csv --design open_ended=beta.json --utility closed_ended=x")]
pub struct Arguments {
    #[command(flatten)]
    table: TableArguments,

    /// The utility that the model was trained on; TYPE=U for the prompts of one type, and then once for each.
    #[arg(long, short, value_name = "[TYPE=]U", required_unless_present = "design", allow_hyphen_values = true)]
    utility: Vec<String>,

    /// The loss that the model was trained on, as a file that `design` wrote; TYPE=FILE for the prompts of one type.
    #[arg(long, value_name = "[TYPE=]FILE")]
    design: Vec<String>,

    /// The rewards are logits z: compare 1 / (1 + exp(-z)).
    #[arg(long)]
    sigmoid: bool,

    #[command(flatten)]
    terms: TermsArguments,

    /// The form of the result.
    #[arg(long, value_enum, default_value_t = Format::Table, help_heading = "Output")]
    format: Format,

    /// Also draw the rewards over theory there, a panel for each type, with its numbers as CSV.
    #[cfg(feature = "figures")]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,

    #[cfg(feature = "figures")]
    #[command(flatten)]
    page: PageArguments,
}

/// The result as JSON.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    sigmoid: bool,
    rows: &'a [TypeComparison],
}

pub fn run(arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    #[cfg(feature = "figures")]
    let page = arguments.page.page_of(arguments.out.is_some(), "--out")?;
    #[cfg(feature = "figures")]
    if let Some(out) = &arguments.out
        && out.extension().is_some_and(|ending| ["csv", "json", "png", "svg", "pdf"].iter().any(|own| ending == *own))
    {
        let text = format!(
            "--out is a folder for the figure, and {} looks like a file; redirect the output for a table",
            out.display()
        );
        return Err(CliError::Input(text));
    }
    // A fault in a utility is told before a large file is read.
    let losses = Losses::parse(arguments)?;
    let progress = ProgressDisplay::new(quiet, None);
    progress.message("reading the rewards");
    let mut table = arguments.table.read()?;
    if arguments.sigmoid {
        table = table.map(|logit| Head::Sigmoid.reward(logit));
    }
    losses.check(&table)?;
    let mut rows = Vec::new();
    let mut targets = Vec::new();
    for (index, name) in table.types().iter().enumerate() {
        progress.message(format!("comparing {}", if name.is_empty() { "the prompts" } else { name }));
        let mut target = Target::new(losses.of(name)?.clone());
        rows.push(TypeComparison::of(&table, index, &mut target).map_err(|error| refuse(error, arguments))?);
        targets.push(target);
    }
    #[cfg(feature = "figures")]
    let files = arguments.out.as_ref().map(|out| draw(out, &page, &rows, targets)).transpose()?;
    drop(progress);
    rows.iter().for_each(|row| warn_of(row, quiet));
    let text = match arguments.format {
        Format::Table => text(&table, &rows),
        Format::Json => output::json(&Report { step: table.step(), sigmoid: arguments.sigmoid, rows: &rows })?,
        Format::Csv => csv(&rows)?,
    };
    output::print(&text)?;
    #[cfg(feature = "figures")]
    if let Some(files) = files
        && arguments.format == Format::Table
    {
        output::print(&files.all().map(|path| format!("{}\n", path.display())).collect::<String>())?;
    }
    Ok(())
}

#[cfg(feature = "figures")]
fn draw(out: &Path, page: &Page, rows: &[TypeComparison], targets: Vec<Target>) -> Result<FigureFiles, CliError> {
    let panel = |(row, mut target): (&TypeComparison, Target)| ComparisonPanel {
        row: row.clone(),
        support: target.problem().support(),
        limit: target.limit(),
    };
    let panels: Vec<ComparisonPanel> = rows.iter().zip(targets).map(panel).collect();
    Ok(figure::comparison(out, page, &panels)?)
}

/// What `--utility` and `--design` say.
struct Losses<'a> {
    common: Option<Equilibrium>,
    of_type: BTreeMap<&'a str, Equilibrium>,
}

impl<'a> Losses<'a> {
    fn parse(arguments: &'a Arguments) -> Result<Self, CliError> {
        let mut losses = Self { common: None, of_type: BTreeMap::new() };
        for text in &arguments.utility {
            let (name, utility) = named(text);
            losses.add(name, arguments.terms.problem(parse(utility)?, None)?)?;
        }
        for text in &arguments.design {
            // A path may contain an equals sign.
            let (name, path) = if Path::new(text).is_file() { (None, text.as_str()) } else { named(text) };
            let design = DesignFile::read(Path::new(path))?;
            losses.add(name, arguments.terms.problem(design.utility()?, Some(&design))?)?;
        }
        Ok(losses)
    }

    fn add(&mut self, name: Option<&'a str>, problem: Equilibrium) -> Result<(), CliError> {
        let before = match name {
            Some(name) => self.of_type.insert(name, problem),
            None => self.common.replace(problem),
        };
        match before {
            None => Ok(()),
            Some(_) => {
                let of = name.unwrap_or("all types");
                Err(CliError::Input(format!("--utility or --design is given twice for {of}")))
            }
        }
    }

    /// Every name is a type of the table.
    fn check(&self, table: &RewardTable) -> Result<(), CliError> {
        let unknown = self.of_type.keys().find(|name| !table.types().iter().any(|own| &**own == **name));
        match unknown {
            Some(name) => Err(CliError::Input(format!("{name}=..: there is no such type; {}", types(table)))),
            None => table.types().iter().try_for_each(|name| self.of(name).map(drop)),
        }
    }

    fn of(&self, name: &str) -> Result<&Equilibrium, CliError> {
        self.of_type.get(name).or(self.common.as_ref()).ok_or_else(|| {
            CliError::Input(match name {
                "" => "there are prompts without a type: give a --utility without TYPE= for them".to_owned(),
                _ => {
                    format!("no utility is given for the type `{name}`: add --utility {name}=U, or one without a type")
                }
            })
        })
    }
}

/// `TYPE=..`, or `..` for all types.
fn named(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, rest)) => (Some(name.trim()), rest.trim()),
        None => (None, text.trim()),
    }
}

fn types(table: &RewardTable) -> String {
    const SHOWN: usize = 10;
    let named = table.types().iter().filter(|name| !name.is_empty());
    let mut names: Vec<String> = named.take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return "the file has no types of prompts, or --type-column names their column".to_owned();
    }
    if table.types().len() > SHOWN {
        names.push("..".to_owned());
    }
    format!("the file has {}", names.join(", "))
}

fn refuse(error: TableComparisonError, arguments: &Arguments) -> CliError {
    match error {
        TableComparisonError::Solve(error) => error.into(),
        TableComparisonError::Outside { .. } if !arguments.sigmoid && arguments.terms.support_is_usual() => {
            CliError::Input(format!(
                "{error}: for logits of a model behind a sigmoid add --sigmoid, for raw rewards --support=-inf,inf"
            ))
        }
        error => CliError::input(&error),
    }
}

fn warn_of(row: &TypeComparison, quiet: bool) {
    let of = if row.prompt_type.is_empty() { String::new() } else { format!(" of the type `{}`", row.prompt_type) };
    if row.tied > 0 {
        let text = format!(
            "{} of {} prompts{of} have tied ranks; they are compared with the optimum of a ranking without ties",
            row.tied, row.prompts
        );
        warn(&text, quiet);
    }
    if row.single > 0 {
        warn(&format!("{} prompts{of} have a single response and are left out", row.single), quiet);
    }
}

fn text(table: &RewardTable, rows: &[TypeComparison]) -> String {
    let header = ["type", "prompts", "n", "mean |d|", "largest", "W1", "W1 limit", "compared with"];
    let number = |value: f64| format!("{value:.4}");
    let lines = rows.iter().map(|row| {
        vec![
            if row.prompt_type.is_empty() { "-".to_owned() } else { row.prompt_type.clone() },
            row.prompts.to_string(),
            row.n.to_string(),
            number(row.mean_abs_difference),
            number(row.largest),
            number(row.w1),
            row.w1_limit.map_or_else(|| "-".to_owned(), number),
            row.utility.clone(),
        ]
    });
    let mut text = output::columns(&header, lines);
    let orders: Vec<Order> = rows.iter().map(|row| row.order).collect();
    text.push_str(if orders.iter().all(|order| *order == Order::Rank) {
        "Responses are compared in the order of their ranks.\n"
    } else if orders.iter().all(|order| *order == Order::Reward) {
        "There are no ranks: responses are compared in the order of their rewards, which hides those in the wrong order.\n"
    } else {
        "Responses are compared in the order of their ranks, and of their rewards where a prompt has no ranks.\n"
    });
    if rows.iter().any(|row| row.shifted) {
        text.push_str("The optimum is one up to a shift: each prompt's rewards are shifted to its mean.\n");
    }
    if let Some(step) = table.step() {
        text.push_str(&format!("The rewards are those of step {step}.\n"));
    }
    for row in rows.iter().filter(|row| row.bound == Scope::Local) {
        let of = if row.prompt_type.is_empty() { String::new() } else { format!(" of the type `{}`", row.prompt_type) };
        text.push_str(&format!(
            "The optima{of} are the best from several starts, without a bound: the field is not concave.\n"
        ));
    }
    let certified = || rows.iter().filter(|row| row.bound != Scope::Local);
    if certified().next().is_some() {
        let whose = if certified().count() == rows.len() { "the optima" } else { "the other optima" };
        let gap = largest_gap(certified().map(|row| row.gap));
        let concavity = certified().map(|row| row.concavity).find(|concavity| *concavity == Concavity::Sampled);
        let bound = format!("No rewards do better than {whose} by more than {} a pair", output::bound(gap));
        let concavity = concavity.map_or_else(String::new, |how| format!(", concavity {}", output::concavity(how)));
        text.push_str(&format!("{bound}{concavity}.\n"));
    }
    text
}

fn csv(rows: &[TypeComparison]) -> Result<String, CliError> {
    let header = ["type", "prompts", "n", "mean_abs_difference", "largest", "w1", "w1_limit", "order", "utility"];
    let rows = rows.iter().map(|row| {
        let order = match row.order {
            Order::Rank => "rank",
            Order::Reward => "reward",
            Order::Mixed => "mixed",
        };
        let n = row.n.to_string();
        let measures = (row.mean_abs_difference, row.largest, row.w1, row.w1_limit);
        (&row.prompt_type, row.prompts, n, measures, order, &row.utility)
    });
    output::csv(&header, rows)
}
