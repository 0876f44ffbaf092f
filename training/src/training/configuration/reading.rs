//! YAML, handed over key by key, so that whatever is wrong has its line.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::Problem;
use super::value::Value;

/// Takes the keys and values of a document. A key of an inner mapping is `outer.inner`.
pub(super) trait Receiver {
    /// Whether there may be such a key.
    fn key(&mut self, path: &str) -> Result<(), Problem>;
    /// Whether it may have this value. For a mapping, its keys follow.
    fn value(&mut self, path: &str, value: Value) -> Result<(), Problem>;
}

/// The reader's time grows with the square of the number of brackets within each other; no configuration has as many.
const MOST_BRACKETS: usize = 1000;

/// Hands what is in `text` to `receiver`; the first problem, with its line, ends it.
pub(super) fn read(text: &str, receiver: &mut dyn Receiver) -> Result<(), (Option<usize>, Problem)> {
    if text.matches(['[', '{']).count() > MOST_BRACKETS {
        return Err((None, Problem::NotYaml { reason: format!("it has more than {MOST_BRACKETS} brackets") }));
    }
    let mut reading = Reading { receiver, problem: None };
    let root = Node { path: Some(""), reading: &mut reading };
    match root.deserialize(serde_yaml_ng::Deserializer::from_str(text)) {
        Ok(_) => Ok(()),
        Err(error) => {
            let line = error.location().map(|location| location.line());
            match reading.problem {
                Some(problem @ (Problem::Empty | Problem::NotAMapping { .. })) => Err((None, problem)),
                Some(problem) => Err((line, problem)),
                None => Err((line, Problem::NotYaml { reason: error.to_string() })),
            }
        }
    }
}

struct Reading<'a> {
    receiver: &'a mut dyn Receiver,
    /// The problem itself: the error of the YAML reader, which knows the line, carries only text.
    problem: Option<Problem>,
}

impl Reading<'_> {
    fn check<T, E: Error>(&mut self, result: Result<T, Problem>) -> Result<T, E> {
        result.map_err(|problem| {
            let error = E::custom(&problem);
            self.problem = Some(problem);
            error
        })
    }
}

/// A value that is handed over under `path`, or only returned if it is an element of a list.
struct Node<'a, 'r> {
    path: Option<&'a str>,
    reading: &'a mut Reading<'r>,
}

impl Node<'_, '_> {
    fn give<E: Error>(self, value: Value) -> Result<Value, E> {
        let result = match (self.path, value) {
            (None, value) => return Ok(value),
            (Some(""), Value::Mapping) => Ok(()),
            (Some(""), Value::Null) => Err(Problem::Empty),
            (Some(""), value) => Err(Problem::NotAMapping { found: value.to_string() }),
            (Some(path), value) => self.reading.receiver.value(path, value),
        };
        self.reading.check(result).map(|()| Value::Mapping)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value without a tag")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.give(Value::Null)
    }

    // An empty document.
    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.give(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.give(Value::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.give(Value::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.give(Value::Integer(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Value, E> {
        self.give(Value::Integer(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Value, E> {
        self.give(i128::try_from(value).map_or(Value::Number(value as f64), Value::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.give(Value::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.give(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Node { path: None, reading: &mut *self.reading })? {
            values.push(value);
        }
        self.give(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Node { path, reading } = self;
        let Some(outer) = path else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Mapping);
        };
        Node { path, reading: &mut *reading }.give(Value::Mapping)?;
        while let Some(path) = map.next_key_seed(Key { outer, reading: &mut *reading })? {
            map.next_value_seed(Node { path: Some(&path), reading: &mut *reading })?;
        }
        Ok(Value::Mapping)
    }
}

/// A key of the mapping at `outer`.
struct Key<'a, 'r> {
    outer: &'a str,
    reading: &'a mut Reading<'r>,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, '_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        let path = if self.outer.is_empty() { key.to_owned() } else { format!("{}.{key}", self.outer) };
        let result = self.reading.receiver.key(&path);
        self.reading.check(result).map(|()| path)
    }
}
