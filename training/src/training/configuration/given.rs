//! A value as the type that its key wants.

use std::ops::RangeInclusive;

use super::choices::Choice;
use super::error::Problem;
use super::sources::{DataSource, ModelSource};
use super::value::Value;
use crate::reward_model::DeviceName;
use crate::training::loss::PairLoss;
use reward_collapse::experiment::Loss;

/// A key and its value.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub key: &'a str,
    pub value: &'a Value,
}

impl Given<'_> {
    pub fn wrong(self, allowed: &str) -> Problem {
        wrong(self.key, self.value, allowed)
    }

    pub fn number(self, range: RangeInclusive<f64>) -> Result<f64, Problem> {
        let number = self.value.number().filter(|number| range.contains(number));
        number.ok_or_else(|| self.wrong(&format!("a number from {} to {}", range.start(), range.end())))
    }

    pub fn integer<T: TryFrom<i128>>(self, range: RangeInclusive<i128>) -> Result<T, Problem> {
        let integer = self.value.integer().filter(|integer| range.contains(integer));
        let allowed = || self.wrong(&format!("an integer from {} to {}", range.start(), range.end()));
        integer.and_then(|integer| integer.try_into().ok()).ok_or_else(allowed)
    }

    pub fn flag(self) -> Result<bool, Problem> {
        self.value.flag().ok_or_else(|| self.wrong("true or false"))
    }

    pub fn text(self, allowed: &str) -> Result<String, Problem> {
        self.value.text().ok_or_else(|| self.wrong(allowed))
    }

    pub fn choice<T: Choice>(self) -> Result<T, Problem> {
        let text = self.value.text().unwrap_or_default();
        let found = T::WORDS.iter().find(|(word, _)| *word == text);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
            self.wrong(&words.join(", "))
        })
    }

    pub fn device(self) -> Result<DeviceName, Problem> {
        self.value.text().and_then(|text| text.parse().ok()).ok_or_else(|| self.wrong(DeviceName::ALLOWED))
    }

    pub fn model(self) -> Result<ModelSource, Problem> {
        self.value.text().and_then(|text| ModelSource::parse(&text)).ok_or_else(|| self.wrong(ModelSource::ALLOWED))
    }

    /// A loss that can be trained: a released name or an expression, and for one type of prompt no name of two utilities.
    pub fn loss(self, allowed: &str, of_one_type: bool) -> Result<String, Problem> {
        let text = self.text(allowed)?;
        let refused = |reason: &dyn std::error::Error| Problem::Loss {
            key: self.key.to_owned(),
            reason: reward_collapse::cli::error::with_causes(reason),
        };
        let loss = if of_one_type { Loss::by_prompt(&text, &text) } else { Loss::parse(&text) };
        let loss = loss.map_err(|error| refused(&error))?;
        PairLoss::new(&loss).map_err(|error| refused(&error))?;
        Ok(text)
    }

    /// A name that can be part of a file's.
    pub fn name(self) -> Result<String, Problem> {
        let usable =
            |name: &String| !name.starts_with('.') && !name.contains(['/', '\\']) && !name.contains(char::is_control);
        self.value.text().filter(usable).ok_or_else(|| self.wrong("a name without slashes that begins with no dot"))
    }

    /// A list, or the one element of it.
    pub fn datasets(self) -> Result<Vec<DataSource>, Problem> {
        let elements = match self.value {
            Value::List(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        let mut sources = Vec::new();
        for element in elements {
            match element.text().and_then(|text| DataSource::parse(&text)) {
                Some(source) if !sources.contains(&source) => sources.push(source),
                _ => return Err(self.wrong(DataSource::ALLOWED)),
            }
        }
        if sources.is_empty() { Err(self.wrong(DataSource::ALLOWED)) } else { Ok(sources) }
    }
}

/// That `key` may not have this value.
pub(super) fn wrong(key: &str, value: &Value, allowed: &str) -> Problem {
    Problem::Value { key: key.to_owned(), value: value.to_string(), allowed: allowed.to_owned() }
}
