//! Reading `rewards.csv`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::{COLUMNS, OPEN_ENDED, RewardRow, Split, TypeColumn};
use crate::experiment::{ExperimentError, Head, PromptType};
use crate::files::{OnFile, line_at};

/// Reads `rewards.csv`, all steps and splits, in the order of the file. No prompt may have more than `responses` responses;
/// `None` allows any number. Behind a sigmoid rewards lie between 0 and 1; raw ones are any finite numbers.
///
/// Columns may come in any order, and further ones are passed over. The type of a prompt is told by `open_ended` or, in a file
/// without that, by `type`. Responses may be numbered from 0 or from 1: the least
/// number in the file tells. Prompts may differ in their number of responses, but each has those from the first to its last.
///
/// # Errors
/// [`ExperimentError::File`] if there is no such file, and [`ExperimentError::Rewards`] with the line that is wrong. A
/// response that is there twice is wrong at its second line, a prompt that lacks a response at its last line, and a file
/// without a row of the train split at its last line.
pub fn read_rewards(
    path: &Path,
    responses: impl Into<Option<usize>>,
    head: Head,
) -> Result<Vec<RewardRow>, ExperimentError> {
    let text = fs::read_to_string(path).reading(path)?;
    parse(&text, responses.into(), head).map_err(|(line, reason)| ExperimentError::Rewards {
        path: path.to_owned(),
        line,
        reason,
    })
}

/// The rows, or what is wrong with its line.
fn parse(text: &str, responses: impl Into<Option<usize>>, head: Head) -> Result<Vec<RewardRow>, (u64, String)> {
    rows(text, responses.into(), head).map_err(|(offset, reason)| (line_at(text.as_bytes(), offset), reason))
}

/// What is wrong, and where its record is taken up, in bytes.
type Fault = (u64, String);

fn rows(text: &str, responses: Option<usize>, head: Head) -> Result<Vec<RewardRow>, Fault> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| fault(&error))?.clone();
    let place = |name: &str| headers.iter().position(|header| header == name);
    let type_column = if place(COLUMNS[OPEN_ENDED]).is_none() && place(TypeColumn::Type.name()).is_some() {
        TypeColumn::Type
    } else {
        TypeColumn::OpenEnded
    };
    let mut columns = [0; COLUMNS.len()];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        let name = if name == COLUMNS[OPEN_ENDED] { type_column.name() } else { name };
        *column =
            place(name).ok_or_else(|| (0, format!("there is no column `{name}`; expected {}", COLUMNS.join(","))))?;
    }
    let mut types = Types { column: type_column, known: HashMap::new() };
    let mut rows: Vec<RewardRow> = Vec::with_capacity(text.len() / 30);
    let mut numbering = Numbering { first: 1, last: responses, beyond: [None, None] };
    let mut evaluated = Evaluated { column: type_column, ..Evaluated::default() };
    let mut last = 0;
    // One record for all rows: files have hundreds of thousands.
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| fault(&error))? {
        let offset = record.position().map_or(last, csv::Position::byte);
        if record.len() != headers.len() {
            return Err((offset, format!("{} fields where the header has {}", record.len(), headers.len())));
        }
        let row = row(columns.map(|column| record.get(column).unwrap_or_default()), head, &mut types)
            .map_err(|reason| (offset, reason))?;
        numbering.see(row.index, offset);
        evaluated.see(&row, offset)?;
        last = offset;
        rows.push(row);
    }
    let first = numbering.first()?;
    evaluated.check(first, text)?;
    rows.iter_mut().for_each(|row| row.index = row.index - first + 1);
    if rows.iter().all(|row| row.split != Split::Train) {
        return Err((last, "the file ends without a row of the `train` split".to_owned()));
    }
    Ok(rows)
}

fn fault(error: &csv::Error) -> Fault {
    (error.position().map_or(0, csv::Position::byte), error.to_string())
}

/// The types of a file, each parsed once: rows of a type share its name.
struct Types {
    column: TypeColumn,
    known: HashMap<String, PromptType>,
}

impl Types {
    fn of(&mut self, value: &str) -> Result<PromptType, String> {
        if let Some(known) = self.known.get(value) {
            return Ok(known.clone());
        }
        let parsed = self.column.parse(value)?;
        self.known.insert(value.to_owned(), parsed.clone());
        Ok(parsed)
    }
}

fn row(
    [step, split, prompt, prompt_type, index, reward]: [&str; 6],
    head: Head,
    types: &mut Types,
) -> Result<RewardRow, String> {
    let split = match split {
        "train" => Split::Train,
        "test" => Split::Test,
        _ => return Err(format!("split is `{split}`, neither train nor test")),
    };
    let prompt_type = types.of(prompt_type)?;
    let value: f64 = reward.parse().map_err(|_| format!("reward `{reward}` is not a number"))?;
    if head == Head::Sigmoid && !(0.0..=1.0).contains(&value) {
        return Err(format!("reward {reward} is not between 0 and 1"));
    }
    if !value.is_finite() {
        return Err(format!("reward {reward} is not a finite number"));
    }
    Ok(RewardRow {
        step: step.parse().map_err(|_| format!("step `{step}` is not a whole number"))?,
        split,
        prompt: prompt.to_owned(),
        prompt_type,
        index: index.parse().map_err(|_| format!("response_index `{index}` is not a whole number"))?,
        reward: value,
    })
}

/// Whether responses are numbered from 0 or from 1, which only the whole file tells.
struct Numbering {
    first: usize,
    /// The largest number of responses.
    last: Option<usize>,
    /// The first number too large, and where it is, if numbers begin at 0, and if they begin at 1.
    beyond: [Option<(usize, u64)>; 2],
}

impl Numbering {
    fn see(&mut self, index: usize, offset: u64) {
        self.first = self.first.min(index);
        let Some(last) = self.last else { return };
        for (first, beyond) in self.beyond.iter_mut().enumerate() {
            if index >= last.saturating_add(first) {
                beyond.get_or_insert((index, offset));
            }
        }
    }

    /// The number of the worst response, if no number is beyond the last.
    fn first(&self) -> Result<usize, Fault> {
        match (self.beyond.get(self.first).copied().flatten(), self.last) {
            (Some((index, offset)), Some(n)) => {
                let last = n + self.first - 1;
                Err((
                    offset,
                    format!(
                        "response_index {index} is beyond the last of {n} responses, {last}; `responses` in run.json is \
                         their largest number"
                    ),
                ))
            }
            _ => Ok(self.first),
        }
    }
}

/// The responses of each prompt at each evaluation, to see that all are there, and each of them once.
#[derive(Default)]
struct Evaluated {
    column: TypeColumn,
    places: HashMap<(u64, Split, String), usize>,
    prompts: Vec<Responses>,
    /// Of the row before, whose prompt is as a rule that of the next.
    current: usize,
}

/// The responses of a prompt at one evaluation.
struct Responses {
    step: u64,
    split: Split,
    prompt: String,
    prompt_type: PromptType,
    /// Each number with where it is.
    found: Vec<(usize, u64)>,
}

impl Evaluated {
    fn see(&mut self, row: &RewardRow, offset: u64) -> Result<(), Fault> {
        let is_of = |at: &Responses| (at.step, at.split, &at.prompt) == (row.step, row.split, &row.prompt);
        if !self.prompts.get(self.current).is_some_and(is_of) {
            self.current = *self.places.entry((row.step, row.split, row.prompt.clone())).or_insert(self.prompts.len());
            if self.current == self.prompts.len() {
                let RewardRow { step, split, ref prompt_type, .. } = *row;
                self.prompts.push(Responses {
                    step,
                    split,
                    prompt: row.prompt.clone(),
                    prompt_type: prompt_type.clone(),
                    found: Vec::new(),
                });
            }
        }
        let responses = &mut self.prompts[self.current];
        if responses.prompt_type != row.prompt_type {
            let prompt = &row.prompt;
            let column = self.column.name();
            return Err((offset, format!("{column} is another than in the rows of prompt `{prompt}` before")));
        }
        responses.found.push((row.index, offset));
        Ok(())
    }

    /// Each prompt must have its responses from number `first` on, each once.
    fn check(&mut self, first: usize, text: &str) -> Result<(), Fault> {
        for Responses { step, prompt, found, .. } in &mut self.prompts {
            let end = found.last().map_or(0, |&(_, offset)| offset);
            found.sort_unstable();
            if let Some(twice) = found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let [(index, before), (_, again)] = [twice[0], twice[1]];
                let before = line_at(text.as_bytes(), before);
                let reason =
                    format!("response_index {index} of prompt `{prompt}` at step {step} is in line {before} already");
                return Err((again, reason));
            }
            if let Some((missing, _)) = (first..).zip(&*found).find(|(expected, (index, _))| expected != index) {
                let reason = format!("prompt `{prompt}` at step {step} ends without response_index {missing}");
                return Err((end, reason));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "step,split,prompt,open_ended,response_index,reward\n";

    #[test]
    fn every_step_and_split_is_read() {
        let text = format!("{HEADER}500,train,a b,true,0,0.9\n1000,test,7, True ,0,0\n1000,test,7, True ,1,1e-3\n");
        let rows = parse(&text, 8, Head::Sigmoid).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!((rows[0].step, rows[0].split, rows[0].index, rows[0].reward), (500, Split::Train, 1, 0.9));
        assert_eq!(
            (rows[2].prompt.as_str(), rows[2].split, rows[2].index, rows[2].reward),
            ("7", Split::Test, 2, 1e-3)
        );
    }

    #[test]
    fn responses_may_be_numbered_from_one() {
        for (first, last) in [(1, 8), (0, 7)] {
            let text: String = (first..=last).rev().map(|index| format!("10,train,0,1,{index},0.5\n")).collect();
            let indices: Vec<usize> =
                parse(&format!("{HEADER}{text}"), 8, Head::Sigmoid).unwrap().iter().map(|row| row.index).collect();
            assert_eq!(indices, [8, 7, 6, 5, 4, 3, 2, 1]);
        }
    }

    #[test]
    fn columns_are_known_by_name() {
        let text = "reward,more,response_index,open_ended,prompt,split,step\n0.5,?,1,false,9,train,40\n\
                    0.25,?,2,false,9,train,40\n";
        let [_, row] = &parse(text, 8, Head::Sigmoid).unwrap()[..] else { unreachable!() };
        assert_eq!(
            (row.step, row.prompt_type.clone(), row.index, row.reward),
            (40, PromptType::closed_ended(), 2, 0.25)
        );
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
            let (line, reason) = parse(&format!("{HEADER}{good}{bad}{good}"), 8, Head::Sigmoid).unwrap_err();
            assert_eq!(line, 3, "{bad}");
            assert!(reason.contains(word), "{reason}");
        }
        let (line, reason) = parse("step,split\n1,train\n", 8, Head::Sigmoid).unwrap_err();
        assert!(line == 1 && reason.contains("`prompt`"), "{reason}");
        let (line, reason) = parse(&format!("{HEADER}10,test,0,true,1,0.5\n"), 8, Head::Sigmoid).unwrap_err();
        assert!(line == 2 && reason.contains("train"), "{reason}");
        // From 0, the eighth is numbered 7.
        let (line, reason) =
            parse(&format!("{HEADER}{good}10,train,0,true,8,0.5\n10,train,0,true,0,0.5\n"), 8, Head::Sigmoid)
                .unwrap_err();
        assert!(line == 3 && reason.contains("responses, 7"), "{reason}");
    }
    /// The rows of a prompt at step 10, by response.
    fn prompt(prompt: &str, indices: &[usize]) -> String {
        indices.iter().map(|index| format!("10,train,{prompt},true,{index},0.5\n")).collect()
    }

    #[test]
    fn prompts_may_have_any_number_of_responses() {
        let text = format!("{HEADER}{}{}{}", prompt("a", &[1, 2]), prompt("b", &[1, 2, 3, 4]), prompt("c", &[1]));
        assert_eq!(parse(&text, 4, Head::Sigmoid).unwrap().len(), 7);
        assert_eq!(parse(&text, None, Head::Sigmoid).unwrap().len(), 7);
        let (line, reason) = parse(&text, 3, Head::Sigmoid).unwrap_err();
        assert!(line == 7 && reason.contains("beyond the last of 3 responses"), "{reason}");
    }

    #[test]
    fn a_row_twice_and_a_missing_response_are_told_with_their_line() {
        for (rows, line, words) in [
            (prompt("a", &[1, 2, 2]), 4, "response_index 2 of prompt `a` at step 10 is in line 3 already"),
            (prompt("a", &[1, 2]) + &prompt("b", &[1]) + &prompt("a", &[1]), 5, "is in line 2 already"),
            (prompt("a", &[1, 3]), 3, "prompt `a` at step 10 ends without response_index 2"),
            (prompt("a", &[0, 1]) + &prompt("b", &[1, 2]) + &prompt("c", &[0]), 5, "prompt `b`"),
            (prompt("a", &[4, 2, 1]) + &prompt("b", &[1]), 4, "response_index 3"),
            // The missing one is at another step, and in another split.
            (prompt("a", &[1, 3]) + "20,train,a,true,2,0.5\n10,test,a,true,2,0.5\n", 3, "response_index 2"),
            (prompt("a", &[1]) + "10,train,a,false,2,0.5\n", 3, "open_ended"),
        ] {
            let (found, reason) = parse(&format!("{HEADER}{rows}"), 8, Head::Sigmoid).unwrap_err();
            assert!(found == line && reason.contains(words), "{rows}: line {found}: {reason}");
        }
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        let bad = "10,train,0,true,1,half\n";
        let mark = '\u{feff}';
        for end in ["\n", "\r\n", "\r"] {
            for (text, line) in [
                (format!("{HEADER}{bad}"), 2),
                (format!("{mark}{HEADER}{bad}"), 2),
                (format!("{HEADER}\n\n{bad}"), 4),
                (format!("{HEADER}{}{bad}", prompt("a", &[1, 2, 3])), 5),
                (format!("{HEADER}{}", prompt("a", &[1, 1])), 3),
                (format!("{HEADER}{}\n", prompt("a", &[1, 3])), 3),
                (format!("{HEADER}10,test,0,true,1,0.5\n\n\n"), 2),
                (format!("{HEADER}10,train,\"a\nb\",true,1,0.5\n{bad}"), 4),
                ("\n\nstep,split\n".to_owned(), 3),
            ] {
                let text = text.replace('\n', end);
                assert_eq!(parse(&text, 8, Head::Sigmoid).unwrap_err().0, line, "{text:?}");
            }
        }
    }
}
