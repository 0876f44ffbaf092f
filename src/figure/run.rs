//! What a training run wrote: `rewards.csv`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{FigureError, Prompts};

const COLUMNS: [&str; 6] = ["step", "split", "prompt", "open_ended", "response_index", "reward"];

/// The rewards of one response over the prompts of a type, at a run's last step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunPoint {
    /// The prompts averaged over.
    pub prompts: Prompts,
    /// 1 for the worst response.
    pub index: usize,
    /// The mean reward.
    pub mean: f64,
    /// The standard deviation over prompts.
    pub deviation: f64,
    /// The number of prompts.
    pub count: usize,
}

/// A run's train split at the last step for which it has rewards.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// That step.
    pub step: u64,
    /// Open-ended prompts first, each type in ascending order of responses.
    pub points: Vec<RunPoint>,
}

struct Row {
    step: u64,
    split: String,
    prompts: Prompts,
    index: usize,
    reward: f64,
}

impl RunSummary {
    /// Reads `rewards.csv` of a run with `n` responses a prompt. Responses may be numbered from 0 or from 1: the least
    /// number in the file tells.
    ///
    /// # Errors
    /// [`FigureError::Read`] if there is no such file, and [`FigureError::Rewards`] with the line that is wrong.
    pub fn read(path: &Path, n: usize) -> Result<Self, FigureError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| FigureError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, n).map_err(|(line, reason)| FigureError::Rewards { path: path.to_owned(), line, reason })
    }

    fn parse(text: &str, n: usize) -> Result<Self, (u64, String)> {
        let rows = rows(text)?;
        let train = |row: &&(u64, Row)| row.1.split == "train";
        let last_line = rows.last().map_or(1, |(line, _)| *line);
        let step = rows
            .iter()
            .filter(train)
            .map(|(_, row)| row.step)
            .max()
            .ok_or_else(|| (last_line, "the file ends without a row of the `train` split".to_owned()))?;
        let first = usize::from(rows.iter().all(|(_, row)| row.index > 0)); // So no index is less.
        let mut rewards: BTreeMap<(Prompts, usize), Vec<f64>> = BTreeMap::new();
        for (line, row) in rows.iter().filter(train).filter(|(_, row)| row.step == step) {
            let index = (row.index - first).saturating_add(1);
            if index > n {
                let last = n - 1 + first;
                return Err((
                    *line,
                    format!("response_index {} is beyond the last of {n} responses, {last}", row.index),
                ));
            }
            rewards.entry((row.prompts, index)).or_default().push(row.reward);
        }
        let points = rewards.into_iter().map(|((prompts, index), rewards)| point(prompts, index, &rewards)).collect();
        Ok(Self { step, points })
    }
}

/// The runs found under a directory that has a folder for each configuration.
pub(super) fn find(runs: &Path, folders: &[&str], n: usize) -> Result<Option<RunSummary>, FigureError> {
    for folder in folders {
        let path = runs.join(folder).join("rewards.csv");
        if path.exists() {
            return RunSummary::read(&path, n).map(Some);
        }
    }
    Ok(None)
}

fn rows(text: &str) -> Result<Vec<(u64, Row)>, (u64, String)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| (1, error.to_string()))?.clone();
    let mut columns = [0; COLUMNS.len()];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        *column = headers
            .iter()
            .position(|header| header == name)
            .ok_or_else(|| (1, format!("there is no column `{name}`; expected {}", COLUMNS.join(","))))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| (error.position().map_or(1, csv::Position::line), error.to_string()))?;
        let line = record.position().map_or(1, csv::Position::line);
        if record.len() != headers.len() {
            return Err((line, format!("{} fields where the header has {}", record.len(), headers.len())));
        }
        let fields = columns.map(|column| record.get(column).unwrap_or_default());
        rows.push((line, row(fields).map_err(|reason| (line, reason))?));
    }
    Ok(rows)
}

fn row([step, split, _prompt, open_ended, index, reward]: [&str; 6]) -> Result<Row, String> {
    let prompts = match open_ended.to_ascii_lowercase().as_str() {
        "true" | "1" => Prompts::Open,
        "false" | "0" => Prompts::Closed,
        _ => return Err(format!("open_ended is `{open_ended}`, neither true nor false")),
    };
    let value: f64 = reward.parse().map_err(|_| format!("reward `{reward}` is not a number"))?;
    if !(0.0..=1.0).contains(&value) {
        return Err(format!("reward {reward} is not between 0 and 1"));
    }
    Ok(Row {
        step: step.parse().map_err(|_| format!("step `{step}` is not a whole number"))?,
        split: split.to_owned(),
        prompts,
        index: index.parse().map_err(|_| format!("response_index `{index}` is not a whole number"))?,
        reward: value,
    })
}

fn point(prompts: Prompts, index: usize, rewards: &[f64]) -> RunPoint {
    let count = rewards.len();
    let mean = rewards.iter().sum::<f64>() / count as f64;
    let variance = rewards.iter().map(|reward| (reward - mean).powi(2)).sum::<f64>() / count as f64;
    RunPoint { prompts, index, mean, deviation: variance.sqrt(), count }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "step,split,prompt,open_ended,response_index,reward\n";

    #[test]
    fn the_last_train_step_is_averaged_by_prompt_type() {
        let text = format!(
            "{HEADER}500,train,0,true,0,0.9\n1000,train,0,true,0,0.2\n1000,train,1,True,0,0.4\n\
             1000,train,2,false,1,1.0\n1500,test,3,true,0,0.7\n"
        );
        let summary = RunSummary::parse(&text, 8).unwrap();
        assert_eq!(summary.step, 1000);
        assert_eq!(summary.points.len(), 2);
        let [open, closed] = summary.points[..] else { unreachable!() };
        assert_eq!((open.prompts, open.index, open.count), (Prompts::Open, 1, 2));
        assert!((open.mean - 0.3).abs() < 1e-12 && (open.deviation - 0.1).abs() < 1e-12);
        assert_eq!((closed.prompts, closed.index, closed.mean), (Prompts::Closed, 2, 1.0));
    }

    #[test]
    fn responses_may_be_numbered_from_one() {
        let text = format!("{HEADER}10,train,0,1,1,0.0\n10,train,0,1,8,1.0\n");
        let indices: Vec<usize> = RunSummary::parse(&text, 8).unwrap().points.iter().map(|point| point.index).collect();
        assert_eq!(indices, [1, 8]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let good = "10,train,0,true,1,0.5\n";
        for (bad, line, word) in [
            ("10,train,0,maybe,1,0.5\n", 3, "open_ended"),
            ("10,train,0,true,1,NaN\n", 3, "between"),
            ("10,train,0,true,1,1.5\n", 3, "between"),
            ("10,train,0,true,1,half\n", 3, "number"),
            ("ten,train,0,true,1,0.5\n", 3, "step"),
            ("10,train,0,true,-1,0.5\n", 3, "response_index"),
            ("10,train,0,true,9,0.5\n", 3, "beyond"),
            ("10,train,0,true,1\n", 3, "fields"),
        ] {
            let (found, reason) = RunSummary::parse(&format!("{HEADER}{good}{bad}{good}"), 8).unwrap_err();
            assert_eq!(found, line, "{bad}");
            assert!(reason.contains(word), "{reason}");
        }
        let (line, reason) = RunSummary::parse("step,split\n1,train\n", 8).unwrap_err();
        assert!(line == 1 && reason.contains("`prompt`"), "{reason}");
        let (line, reason) = RunSummary::parse(&format!("{HEADER}10,test,0,true,1,0.5\n"), 8).unwrap_err();
        assert!(line == 2 && reason.contains("train"), "{reason}");
    }
}
