//! What a file consists of.

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::super::{DatasetError, Preference, Ranking};

/// An instruction and a long answer to it, as in the LongForm data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The instruction.
    pub input: String,
    /// The answer.
    pub output: String,
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A row that a ranking is to be made of.
    Row(Row),
    /// A ranking already; it is sound.
    Ranking(Ranking),
    /// Answers that are chosen and rejected, scored or ranked.
    Preference(Preference),
}

/// Why an object is no record.
pub(super) enum Unfit {
    /// A field is missing.
    Column { column: &'static str, present: String },
    /// Anything else.
    Reason(String),
}

/// Whether the fields are those of a ranking rather than of a row.
pub(super) fn is_ranking(fields: &Map<String, Value>) -> bool {
    !Preference::is_one(fields) && (fields.contains_key("question") || fields.contains_key("answers"))
}

impl Record {
    /// Makes a record of an object's fields; those that mean nothing are passed over.
    pub(super) fn of(mut fields: Map<String, Value>) -> Result<Self, Unfit> {
        if is_ranking(&fields) {
            let ranking = serde_json::from_value(Value::Object(fields));
            let ranking: Ranking = ranking.map_err(|error| Unfit::Reason(error.to_string()))?;
            ranking.check().map_err(Unfit::Reason)?;
            return Ok(Self::Ranking(ranking));
        }
        if Preference::is_one(&fields) {
            return Preference::of(&fields).map(Self::Preference).map_err(Unfit::Reason);
        }
        let present = names(fields.keys().map(String::as_str));
        let mut text = |column: &'static str| match fields.remove(column) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(Unfit::Reason(format!("`{column}` is {}, not text", kind(&other)))),
            None => Err(Unfit::Column { column, present: present.clone() }),
        };
        Ok(Self::Row(Row { input: text("input")?, output: text("output")? }))
    }
}

impl Unfit {
    /// What is wrong, to be told with the line or row.
    pub fn reason(self) -> String {
        match self {
            Self::Column { column, present } => format!("there is no `{column}`; it has {present}"),
            Self::Reason(reason) => reason,
        }
    }
}

/// Names in backquotes.
pub(super) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Deserialises a list of objects, each given away before the next is read.
pub(super) struct Records<'a> {
    /// What is done with each.
    pub each: &'a mut dyn FnMut(Record) -> Result<(), DatasetError>,
    /// How many were begun.
    pub count: &'a mut u64,
    /// An error of `each`, in place of the deserialiser's.
    pub failure: &'a mut Option<DatasetError>,
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        loop {
            *self.count += 1;
            let Some(fields) = list.next_element::<Map<String, Value>>()? else { break };
            let record = Record::of(fields).map_err(|unfit| A::Error::custom(unfit.reason()))?;
            if let Err(error) = (self.each)(record) {
                *self.failure = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        *self.count -= 1;
        Ok(())
    }
}
