//! Reading `rewards.csv`: the rewards of each evaluation of a run.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;

use super::{ExperimentError, Prompts};

/// The columns of `rewards.csv`, in the order in which they are written.
pub(super) const COLUMNS: [&str; 6] = ["step", "split", "prompt", "open_ended", "response_index", "reward"];

/// The part of the data that a prompt belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Prompts trained on.
    Train,
    /// Prompts held out.
    Test,
}

impl Split {
    /// Both, in the order of figures.
    pub const BOTH: [Split; 2] = [Split::Train, Split::Test];

    /// The name used in CSV files.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The reward of one response at one evaluation: a row of `rewards.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct RewardRow {
    /// Optimiser steps taken.
    pub step: u64,
    /// The prompt's part of the data.
    pub split: Split,
    /// The prompt's number, or whatever else identifies it within its split.
    pub prompt: String,
    /// The prompt's type.
    pub prompts: Prompts,
    /// 1 for the worst response.
    pub index: usize,
    /// In [0, 1]. Training has single precision: what is written is the nearest `f32`.
    pub reward: f64,
}

/// Reads `rewards.csv` of a run with `responses` responses a prompt, all steps and splits, in the order of the file.
///
/// Columns may come in any order, and further ones are passed over. Responses may be numbered from 0 or from 1: the least
/// number in the file tells.
///
/// # Errors
/// [`ExperimentError::Read`] if there is no such file, and [`ExperimentError::Rewards`] with the line that is wrong; a file
/// without a row of the train split is wrong at its last line.
pub fn read_rewards(path: &Path, responses: usize) -> Result<Vec<RewardRow>, ExperimentError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|mut file| file.read_to_string(&mut text))
        .map_err(|source| ExperimentError::Read { path: path.to_owned(), source })?;
    parse(&text, responses).map_err(|(line, reason)| ExperimentError::Rewards { path: path.to_owned(), line, reason })
}

/// What is wrong, with its line.
type Fault = (u64, String);

fn parse(text: &str, responses: usize) -> Result<Vec<RewardRow>, Fault> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| fault(&error))?.clone();
    let mut columns = [0; COLUMNS.len()];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        *column = headers
            .iter()
            .position(|header| header == name)
            .ok_or_else(|| (1, format!("there is no column `{name}`; expected {}", COLUMNS.join(","))))?;
    }
    let mut rows = Vec::with_capacity(text.len() / 30);
    let mut numbering = Numbering { first: 1, last: responses, beyond: [None, None] };
    let mut last_line = 1;
    // One record for all rows: files have hundreds of thousands.
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| fault(&error))? {
        let line = record.position().map_or(last_line, csv::Position::line);
        if record.len() != headers.len() {
            return Err((line, format!("{} fields where the header has {}", record.len(), headers.len())));
        }
        let row = row(columns.map(|column| record.get(column).unwrap_or_default())).map_err(|reason| (line, reason))?;
        numbering.see(row.index, line);
        last_line = line;
        rows.push(row);
    }
    let first = numbering.first()?;
    rows.iter_mut().for_each(|row| row.index = row.index - first + 1);
    if rows.iter().all(|row| row.split != Split::Train) {
        return Err((last_line, "the file ends without a row of the `train` split".to_owned()));
    }
    Ok(rows)
}

fn fault(error: &csv::Error) -> Fault {
    (error.position().map_or(1, csv::Position::line), error.to_string())
}

fn row([step, split, prompt, open_ended, index, reward]: [&str; 6]) -> Result<RewardRow, String> {
    let split = match split {
        "train" => Split::Train,
        "test" => Split::Test,
        _ => return Err(format!("split is `{split}`, neither train nor test")),
    };
    let truth = |word: &str| open_ended.eq_ignore_ascii_case(word);
    let prompts = if truth("true") || truth("1") {
        Prompts::Open
    } else if truth("false") || truth("0") {
        Prompts::Closed
    } else {
        return Err(format!("open_ended is `{open_ended}`, neither true nor false"));
    };
    let value: f64 = reward.parse().map_err(|_| format!("reward `{reward}` is not a number"))?;
    if !(0.0..=1.0).contains(&value) {
        return Err(format!("reward {reward} is not between 0 and 1"));
    }
    Ok(RewardRow {
        step: step.parse().map_err(|_| format!("step `{step}` is not a whole number"))?,
        split,
        prompt: prompt.to_owned(),
        prompts,
        index: index.parse().map_err(|_| format!("response_index `{index}` is not a whole number"))?,
        reward: value,
    })
}

/// Whether responses are numbered from 0 or from 1, which only the whole file tells.
struct Numbering {
    first: usize,
    /// The number of responses.
    last: usize,
    /// The first number too large, and its line, if numbers begin at 0, and if they begin at 1.
    beyond: [Option<(usize, u64)>; 2],
}

impl Numbering {
    fn see(&mut self, index: usize, line: u64) {
        self.first = self.first.min(index);
        for (first, beyond) in self.beyond.iter_mut().enumerate() {
            if index >= self.last + first {
                beyond.get_or_insert((index, line));
            }
        }
    }

    /// The number of the worst response, if no number is beyond the last.
    fn first(&self) -> Result<usize, Fault> {
        match self.beyond.get(self.first).copied().flatten() {
            None => Ok(self.first),
            Some((index, line)) => {
                let (n, last) = (self.last, self.last + self.first - 1);
                Err((line, format!("response_index {index} is beyond the last of {n} responses, {last}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "step,split,prompt,open_ended,response_index,reward\n";

    #[test]
    fn every_step_and_split_is_read() {
        let text = format!("{HEADER}500,train,a b,true,0,0.9\n1000,test,7, True ,7,1e-3\n");
        let rows = parse(&text, 8).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].step, rows[0].split, rows[0].index, rows[0].reward), (500, Split::Train, 1, 0.9));
        assert_eq!(
            (rows[1].prompt.as_str(), rows[1].split, rows[1].index, rows[1].reward),
            ("7", Split::Test, 8, 1e-3)
        );
    }

    #[test]
    fn responses_may_be_numbered_from_one() {
        let text = format!("{HEADER}10,train,0,1,1,0.0\n10,train,0,1,8,1.0\n");
        let indices: Vec<usize> = parse(&text, 8).unwrap().iter().map(|row| row.index).collect();
        assert_eq!(indices, [1, 8]);
    }

    #[test]
    fn columns_are_known_by_name() {
        let text = "reward,more,response_index,open_ended,prompt,split,step\n0.25,?,3,false,9,train,40\n";
        let [row] = &parse(text, 8).unwrap()[..] else { unreachable!() };
        assert_eq!((row.step, row.prompts, row.index, row.reward), (40, Prompts::Closed, 3, 0.25));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let good = "10,train,0,true,1,0.5\n";
        for (bad, word) in [
            ("10,train,0,maybe,1,0.5\n", "open_ended"),
            ("10,train,0,true,1,NaN\n", "between"),
            ("10,train,0,true,1,1.5\n", "between"),
            ("10,train,0,true,1,half\n", "number"),
            ("ten,train,0,true,1,0.5\n", "step"),
            ("10,train,0,true,-1,0.5\n", "response_index"),
            ("10,train,0,true,9,0.5\n", "beyond the last of 8 responses, 8"),
            ("10,train,0,true,1\n", "fields"),
            ("10,dev,0,true,1,0.5\n", "neither train nor test"),
        ] {
            let (line, reason) = parse(&format!("{HEADER}{good}{bad}{good}"), 8).unwrap_err();
            assert_eq!(line, 3, "{bad}");
            assert!(reason.contains(word), "{reason}");
        }
        let (line, reason) = parse("step,split\n1,train\n", 8).unwrap_err();
        assert!(line == 1 && reason.contains("`prompt`"), "{reason}");
        let (line, reason) = parse(&format!("{HEADER}10,test,0,true,1,0.5\n"), 8).unwrap_err();
        assert!(line == 2 && reason.contains("train"), "{reason}");
        // From 0, the eighth is numbered 7.
        let (line, reason) =
            parse(&format!("{HEADER}{good}10,train,0,true,8,0.5\n10,train,0,true,0,0.5\n"), 8).unwrap_err();
        assert!(line == 3 && reason.contains("responses, 7"), "{reason}");
    }
}
