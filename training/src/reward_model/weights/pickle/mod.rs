//! The part of Python's pickle format that state dictionaries are written in: values, never code.
//!
//! Values live in one list and refer to each other by their place there, so that nothing is ever taken apart recursively.

mod input;
mod machine;

use std::collections::HashMap;
use std::io::{self, BufRead};

use tch::Kind;

use machine::Machine;

/// A storage: numbers in a file, to which tensors refer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Its name in the file.
    pub key: String,
    /// The kind of its numbers.
    pub kind: Kind,
    /// How many there are.
    pub elements: u64,
}

/// A tensor: a view into a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The storage.
    pub storage: Storage,
    /// Where it begins there, in elements.
    pub offset: i64,
    /// Its shape.
    pub shape: Vec<i64>,
    /// How far it is from one element to the next, by dimension.
    pub strides: Vec<i64>,
}

/// A value, as far as state dictionaries need them.
#[derive(Debug, Clone)]
enum Value {
    Integer(i64),
    Text(String),
    Sequence(Vec<usize>),
    Dictionary(Vec<(usize, usize)>),
    Global(String),
    Storage(Storage),
    View(View),
    /// Anything else.
    Other,
}

/// What a pickle held.
#[derive(Debug)]
pub struct Pickle {
    values: Vec<Value>,
    top: usize,
}

impl Pickle {
    /// Reads one pickle, up to its end and no further.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn read(reader: &mut impl BufRead) -> Result<Self, String> {
        let (values, top) = Machine::new(reader).run()?;
        Ok(Self { values, top })
    }

    /// The tensors of a dictionary by name, where it is one; what else is in it is passed over.
    pub fn tensors(&self) -> Option<HashMap<String, View>> {
        let Some(Value::Dictionary(pairs)) = self.values.get(self.top) else { return None };
        let named = pairs.iter().filter_map(|&(key, value)| match (&self.values[key], &self.values[value]) {
            (Value::Text(name), Value::View(view)) => Some((name.clone(), view.clone())),
            _ => None,
        });
        Some(named.collect())
    }

    /// The texts of a list, where it is one of texts.
    pub fn texts(&self) -> Option<Vec<String>> {
        let Some(Value::Sequence(places)) = self.values.get(self.top) else { return None };
        let text = |&place: &usize| match &self.values[place] {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        places.iter().map(text).collect()
    }
}

/// An error of reading, for people.
pub fn cut(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => error.to_string(),
    }
}

fn kind(global: &str) -> Option<Kind> {
    Some(match global.strip_prefix("torch.")?.strip_suffix("Storage")? {
        "Double" => Kind::Double,
        "Float" => Kind::Float,
        "Half" => Kind::Half,
        "BFloat16" => Kind::BFloat16,
        "Long" => Kind::Int64,
        "Int" => Kind::Int,
        "Short" => Kind::Int16,
        "Char" => Kind::Int8,
        "Byte" => Kind::Uint8,
        "Bool" => Kind::Bool,
        _ => return None,
    })
}
