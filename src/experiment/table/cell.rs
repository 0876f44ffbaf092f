//! What a row has in the columns that are read.

use std::borrow::Cow;

use serde_json::Value;

#[cfg(feature = "tables")]
use super::columns::Columns;
use super::columns::Slot;

/// One field of a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Cell<'a> {
    /// None, null or blank.
    #[default]
    Missing,
    Text(Cow<'a, str>),
    /// Neither null nor text.
    Value(Value),
}

/// The fields of a row, by [`Slot`].
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cells<'a>([Cell<'a>; Slot::ALL.len()]);

impl<'a> Cells<'a> {
    pub(super) fn get(&self, slot: Slot) -> &Cell<'a> {
        &self.0[slot as usize]
    }

    pub(super) fn set(&mut self, slot: Slot, cell: Cell<'a>) {
        self.0[slot as usize] = cell;
    }

    /// Puts a field wherever its name is wanted.
    #[cfg(feature = "tables")]
    pub(super) fn set_named(&mut self, columns: &Columns, name: &str, cell: &Cell<'a>) {
        for slot in Slot::ALL.into_iter().filter(|&slot| columns.name(slot) == name) {
            self.set(slot, cell.clone());
        }
    }

    /// The rows that a row with lists of rewards stands for: one for each response. `None` for a row of one reward.
    pub(super) fn unfolded(&self) -> Option<Result<Vec<Cells<'a>>, String>> {
        let Cell::Value(Value::Array(rewards)) = self.get(Slot::Reward) else { return None };
        let count = rewards.len();
        let mut rows = vec![self.clone(); count];
        for slot in [Slot::Reward, Slot::Rank, Slot::Response, Slot::ResponseIndex] {
            let values = match self.get(slot) {
                Cell::Missing => continue,
                Cell::Value(Value::Array(values)) if values.len() == count => values,
                Cell::Value(Value::Array(values)) => {
                    let length = values.len();
                    return Some(Err(format!("{count} rewards, but a list of {length} beside it")));
                }
                _ => return Some(Err(format!("{count} rewards, but no list of as many beside it"))),
            };
            for (row, value) in rows.iter_mut().zip(values) {
                row.set(slot, Cell::from(value.clone()));
            }
        }
        Some(Ok(rows))
    }
}

impl From<Value> for Cell<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Missing,
            Value::String(text) => Self::Text(text.into()),
            other => Self::Value(other),
        }
    }
}

impl<'a> Cell<'a> {
    /// A field of CSV.
    pub(super) fn of_text(text: &'a str) -> Self {
        if text.is_empty() { Self::Missing } else { Self::Text(text.into()) }
    }

    /// Its text: a number as it is written, a list or an object as JSON.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Missing => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Value(value) => Some(value.to_string().into()),
        }
    }

    /// Its value as a finite number; `None` where there is nothing.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, String> {
        let number = match self {
            Self::Missing => return Ok(None),
            Self::Text(text) => {
                text.trim().parse::<f64>().map_err(|_| format!("{name} `{}` is not a number", shortened(text)))?
            }
            Self::Value(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
            Self::Value(other) => return Err(format!("{name} `{}` is not a number", shortened(&other.to_string()))),
        };
        if number.is_finite() { Ok(Some(number)) } else { Err(format!("{name} is {number}, not a finite number")) }
    }

    /// Its value as a whole number from 0.
    pub(super) fn whole(&self, name: &str) -> Result<Option<u64>, String> {
        let wrong = |text: &str| format!("{name} `{}` is not a whole number from 0", shortened(text));
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) => text.trim().parse().map(Some).map_err(|_| wrong(text)),
            Self::Value(value) => value.as_u64().map(Some).ok_or_else(|| wrong(&value.to_string())),
        }
    }

    /// Its value as a truth value.
    pub(super) fn truth(&self, name: &str) -> Result<Option<bool>, String> {
        let text = match self {
            Self::Missing => return Ok(None),
            Self::Value(Value::Bool(truth)) => return Ok(Some(*truth)),
            other => other.text().unwrap_or_default().into_owned(),
        };
        let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
        if is("true") || is("1") {
            Ok(Some(true))
        } else if is("false") || is("0") {
            Ok(Some(false))
        } else {
            Err(format!("{name} is `{}`, neither true nor false", shortened(&text)))
        }
    }
}

/// Enough of a text to know it by.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
