//! Writing `rewards.csv` as a run goes on.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::rewards::COLUMNS;
use super::{ExperimentError, Prompts, RewardRow};
use crate::files;

/// The file's name in a run's directory.
pub const REWARDS_FILE: &str = "rewards.csv";

/// Appends the rows of one evaluation to a `rewards.csv`, under a header if the file is new or empty.
///
/// Responses are numbered from 1. Rewards are written as `f32` with as many digits as it takes to read the same `f32`
/// again. All rows go out in one piece, and to the disk before this returns.
///
/// # Errors
/// [`ExperimentError::Write`].
pub fn append_rewards(path: &Path, rows: &[RewardRow]) -> Result<(), ExperimentError> {
    let failed = |source| ExperimentError::Write { path: path.to_owned(), source };
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    let is_new = file.metadata().map_err(failed)?.len() == 0;
    let mut text = if is_new { header() } else { String::new() };
    for row in rows {
        push(&mut text, row);
    }
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_data().map_err(failed)
}

/// Drops the rows after `last_step` from a `rewards.csv` that [`append_rewards`] wrote, and a last line that was torn by a
/// crash: what a run does that goes on from a checkpoint. The file is replaced in one step; without one there is nothing
/// to do.
///
/// # Errors
/// [`ExperimentError::Read`], [`ExperimentError::Write`], and [`ExperimentError::Rewards`] for a line that does not begin
/// with a step.
pub fn keep_rewards(path: &Path, last_step: u64) -> Result<(), ExperimentError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(ExperimentError::Read { path: path.to_owned(), source }),
    };
    let mut kept = String::with_capacity(text.len());
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        if !line.ends_with('\n') {
            break;
        }
        let step = line.split(',').next().unwrap_or_default();
        let keep = number == 1
            || step.parse::<u64>().map(|step| step <= last_step).map_err(|_| ExperimentError::Rewards {
                path: path.to_owned(),
                line: number,
                reason: format!("step `{}` is not a whole number", step.trim_end()),
            })?;
        if keep {
            kept.push_str(line);
        }
    }
    if kept == text {
        return Ok(());
    }
    files::write(path, kept.as_bytes()).map_err(|source| ExperimentError::Write { path: path.to_owned(), source })
}

fn header() -> String {
    COLUMNS.join(",") + "\n"
}

fn push(text: &mut String, row: &RewardRow) {
    let RewardRow { step, split, prompt, prompts, index, reward } = row;
    let open = *prompts == Prompts::Open;
    let quoted = prompt.contains([',', '"', '\n', '\r']).then(|| format!("\"{}\"", prompt.replace('"', "\"\"")));
    let prompt = quoted.as_deref().unwrap_or(prompt);
    // Writing to a string does not fail. `{:?}` is the shortest form that reads back, with an exponent where it is shorter.
    let _ = writeln!(text, "{step},{split},{prompt},{open},{index},{:?}", *reward as f32);
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::experiment::{Split, read_rewards};

    fn row(step: u64, prompt: &str, index: usize, reward: f32) -> RewardRow {
        let prompts = if step.is_multiple_of(2) { Prompts::Open } else { Prompts::Closed };
        RewardRow { step, split: Split::Train, prompt: prompt.to_owned(), prompts, index, reward: f64::from(reward) }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(REWARDS_FILE);
        let rewards = [0.0, f32::MIN_POSITIVE, 1e-20, 0.1, 1.0 / 3.0, 1.0 - f32::EPSILON / 2.0, 1.0];
        let rows: Vec<RewardRow> = rewards.into_iter().zip(1..).map(|(r, i)| row(i as u64, "a, \"b\"", i, r)).collect();
        append_rewards(&path, &rows[..3]).unwrap();
        append_rewards(&path, &rows[3..]).unwrap();
        let read = read_rewards(&path, 8).unwrap();
        assert_eq!(read.len(), rows.len());
        for (read, written) in read.iter().zip(&rows) {
            assert_eq!(read.reward as f32, written.reward as f32);
            assert_eq!(RewardRow { reward: written.reward, ..read.clone() }, *written);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("step,split,prompt,open_ended,response_index,reward\n1,train,"), "{text}");
    }

    #[test]
    fn a_run_that_goes_on_forgets_what_came_after_its_checkpoint() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(REWARDS_FILE);
        keep_rewards(&path, 3).unwrap();
        assert!(!path.exists());
        let rows: Vec<RewardRow> = (1..=4).map(|step| row(step, "0", 1, 0.5)).collect();
        append_rewards(&path, &rows).unwrap();
        let mut torn = std::fs::read_to_string(&path).unwrap();
        torn.push_str("5,train,0,tr");
        std::fs::write(&path, torn).unwrap();
        keep_rewards(&path, 3).unwrap();
        let steps: Vec<u64> = read_rewards(&path, 8).unwrap().iter().map(|row| row.step).collect();
        assert_eq!(steps, [1, 2, 3]);
        std::fs::write(&path, "step\nthree,train\n").unwrap();
        assert!(matches!(keep_rewards(&path, 3), Err(ExperimentError::Rewards { line: 2, .. })));
    }
}
