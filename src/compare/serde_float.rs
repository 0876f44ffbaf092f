//! Numbers that may be infinite or undefined, for serde: JSON has none of these, so they become words there.

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serializer};

/// A number, or one of the words that [`f64`] writes and reads.
#[derive(Deserialize)]
#[serde(untagged)]
enum Extended {
    Number(f64),
    Word(String),
}

pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.serialize_str(&value.to_string()) }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match Extended::deserialize(deserializer)? {
        Extended::Number(value) => Ok(value),
        Extended::Word(word) => word.parse().map_err(|_| D::Error::custom(format!("`{word}` is no number"))),
    }
}
