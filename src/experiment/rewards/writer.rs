//! Writing `rewards.csv` as a run goes on.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use super::{COLUMNS, OPEN_ENDED, RewardRow, TypeColumn};
use crate::experiment::ExperimentError;
use crate::files::{Journal, line_at, past_line_ends};

/// Appends the rows of one evaluation to a `rewards.csv`, under a header if the file is new or empty. `column` is what tells
/// the type of a prompt, the same at each call: [`TypeColumn::of`] all types that may come.
///
/// Responses are numbered from 1. Rewards are written as `f32` with as many digits as it takes to read the same `f32`
/// again. All rows go out in one piece, and to the disk before this returns. A last line that was torn by a crash is cut
/// off before.
///
/// # Errors
/// [`ExperimentError::File`], [`ExperimentError::Busy`] if another run is writing there, and [`ExperimentError::TypeColumn`]
/// for a type that the column cannot tell.
pub fn append_rewards(path: &Path, rows: &[RewardRow], column: TypeColumn) -> Result<(), ExperimentError> {
    let mut journal = Journal::open(path)?;
    let mut text = if journal.end() == 0 { header(column) } else { String::new() };
    for row in rows {
        let Some(value) = column.value(&row.prompt_type) else {
            return Err(ExperimentError::TypeColumn { path: path.to_owned(), prompt_type: row.prompt_type.clone() });
        };
        push(&mut text, row, value);
    }
    Ok(journal.append_synced(text.as_bytes())?)
}

/// Cuts off the rows after `last_step` from a `rewards.csv` that [`append_rewards`] wrote, which are its last ones, and a
/// last line that was torn by a crash: what a run does that goes on from a checkpoint. The cut is made in one step. Without
/// such a file there is nothing to do.
///
/// # Errors
/// [`ExperimentError::File`], [`ExperimentError::Busy`], and [`ExperimentError::Rewards`] for a line that does not begin
/// with a step.
pub fn keep_rewards(path: &Path, last_step: u64) -> Result<(), ExperimentError> {
    if !path.exists() {
        return Ok(());
    }
    let mut journal = Journal::open(path)?;
    let text = journal.read()?;
    let end = end_of(&text, last_step).map_err(|(line, reason)| ExperimentError::Rewards {
        path: path.to_owned(),
        line,
        reason,
    })?;
    Ok(journal.truncate(end as u64)?)
}

/// Where the rows up to `last_step` end, or the line that has no step, with the reason.
fn end_of(text: &[u8], last_step: u64) -> Result<usize, (u64, String)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
    let mut record = csv::ByteRecord::new();
    loop {
        let at = reader.position().byte();
        let wrong = |reason| (line_at(text, at), reason);
        if !reader.read_byte_record(&mut record).map_err(|error| wrong(error.to_string()))? {
            return Ok(text.len());
        }
        let at = record.position().map_or(at, csv::Position::byte);
        let step = String::from_utf8_lossy(record.get(0).unwrap_or_default());
        match step.parse::<u64>() {
            Ok(step) if step > last_step => return Ok(past_line_ends(text, at)),
            Ok(_) => {}
            Err(_) => return Err((line_at(text, at), format!("step `{step}` is not a whole number"))),
        }
    }
}

fn header(column: TypeColumn) -> String {
    let mut names = COLUMNS;
    names[OPEN_ENDED] = column.name();
    names.join(",") + "\n"
}

fn push(text: &mut String, row: &RewardRow, prompt_type: &str) {
    let RewardRow { step, split, prompt, index, reward, .. } = row;
    let [prompt, prompt_type] = [prompt, prompt_type].map(quoted);
    // Writing to a string does not fail. `{:?}` is the shortest form that reads back, with an exponent where it is shorter.
    let _ = writeln!(text, "{step},{split},{prompt},{prompt_type},{index},{:?}", *reward as f32);
}

/// A field of CSV, in quotation marks where it needs them.
fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::experiment::{Head, PromptType, REWARDS_FILE, Split, read_rewards};

    fn row(step: u64, prompt: &str, index: usize, reward: f32) -> RewardRow {
        let prompt_type = PromptType::from_uniform(step.is_multiple_of(2));
        RewardRow {
            step,
            split: Split::Train,
            prompt: prompt.to_owned(),
            prompt_type,
            index,
            reward: f64::from(reward),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(REWARDS_FILE);
        let rewards = [0.0, f32::MIN_POSITIVE, 1e-20, 0.1, 1.0 / 3.0, 1.0 - f32::EPSILON / 2.0, 1.0];
        let rows: Vec<RewardRow> = rewards.into_iter().zip(1..).map(|(r, i)| row(1, "a, \"b\"\nc", i, r)).collect();
        append_rewards(&path, &rows[..3], TypeColumn::OpenEnded).unwrap();
        append_rewards(&path, &rows[3..], TypeColumn::OpenEnded).unwrap();
        let read = read_rewards(&path, 8, Head::Sigmoid).unwrap();
        assert_eq!(read.len(), rows.len());
        for (read, written) in read.iter().zip(&rows) {
            assert_eq!(read.reward as f32, written.reward as f32);
            assert_eq!(RewardRow { reward: written.reward, ..read.clone() }, *written);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("step,split,prompt,open_ended,response_index,reward\n1,train,"), "{text}");
    }

    #[test]
    fn types_of_any_name_are_written_and_read_again() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(REWARDS_FILE);
        let types = ["exam", "open_ended", "vers, \"libres\""].map(|name| name.parse::<PromptType>().unwrap());
        let rows: Vec<RewardRow> = types
            .iter()
            .map(|prompt_type| RewardRow { prompt_type: prompt_type.clone(), ..row(1, prompt_type.name(), 1, 0.5) })
            .collect();
        assert!(matches!(
            append_rewards(&path, &rows, TypeColumn::OpenEnded),
            Err(ExperimentError::TypeColumn { prompt_type, .. }) if prompt_type == types[0]
        ));
        assert_eq!(TypeColumn::of(&types), TypeColumn::Type);
        append_rewards(&path, &rows, TypeColumn::of(&types)).unwrap();
        assert_eq!(read_rewards(&path, 8, Head::Sigmoid).unwrap(), rows);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("step,split,prompt,type,response_index,reward\n1,train,exam,exam,1,0.5\n"), "{text}");
    }

    #[test]
    fn a_run_that_goes_on_forgets_what_came_after_its_checkpoint() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(REWARDS_FILE);
        keep_rewards(&path, 3).unwrap();
        assert!(!path.exists());
        let rows: Vec<RewardRow> = (1..=4).map(|step| row(step, "0", 1, 0.5)).collect();
        append_rewards(&path, &rows, TypeColumn::OpenEnded).unwrap();
        let mut torn = std::fs::read_to_string(&path).unwrap();
        torn.push_str("5,train,0,tr");
        std::fs::write(&path, torn).unwrap();
        keep_rewards(&path, 3).unwrap();
        let steps: Vec<u64> = read_rewards(&path, 8, Head::Sigmoid).unwrap().iter().map(|row| row.step).collect();
        assert_eq!(steps, [1, 2, 3]);
        // Whatever ends the lines, and whatever is in a prompt's name.
        let text = "step,split,prompt,open_ended,response_index,reward\r\n1,train,\"a\r\nb\",true,1,0.5\r\n";
        std::fs::write(&path, format!("{text}4,train,0,true,1,0.5\r\n")).unwrap();
        keep_rewards(&path, 3).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::write(&path, "step\nthree,train\n").unwrap();
        assert!(matches!(keep_rewards(&path, 3), Err(ExperimentError::Rewards { line: 2, .. })));
    }
    #[test]
    fn a_torn_line_is_cut_off_before_more_is_added() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(REWARDS_FILE);
        for torn in ["st", "step,split,prompt,open_ended,response_index,reward\n1,train,0,true,1,0."] {
            std::fs::write(&path, torn).unwrap();
            append_rewards(&path, &[row(2, "0", 1, 0.25)], TypeColumn::OpenEnded).unwrap();
            let text = "step,split,prompt,open_ended,response_index,reward\n2,train,0,true,1,0.25\n";
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
