//! A value of YAML, as the released code would have taken it, and as the type that its key wants.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;

use clap::ValueEnum;

use super::error::Problem;
use super::sources::{DataSource, ModelSource};
use crate::reward_model::DeviceName;
use crate::training::loss::{LossError, LossSpec, RankingLoss, Utilities};
use reward_collapse::cli::error::with_causes;
use reward_collapse::design::DesignFile;
use reward_collapse::experiment::{LossTerms, PromptType, UtilityPair};

/// A scalar, or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Integer(i128),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    /// Of a mapping only that it is one; its keys come one by one.
    Mapping,
}

impl Value {
    /// The number that `float()` of Python makes of it, unless it is infinite or none.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            Self::Text(text) => without_underscores(text)?.parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
    }

    /// The integer that `int()` of Python makes of it, but nothing that would have to be rounded.
    pub fn integer(&self) -> Option<i128> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Number(value) => whole(*value),
            Self::Text(text) => {
                let text = without_underscores(text)?;
                text.parse().ok().or_else(|| whole(text.parse().ok()?))
            }
            _ => None,
        }
    }

    /// The truth value, with the words of YAML 1.1, which the released code reads.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(value) => Some(*value),
            Self::Integer(value @ (0 | 1)) => Some(*value == 1),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => Some(true),
                "false" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text, which may not be empty; an integer is text where a name is wanted.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Self::Integer(value) => Some(value.to_string()),
            _ => None,
        }
    }
}

/// `1_000` is a thousand.
fn without_underscores(text: &str) -> Option<String> {
    let text = text.trim();
    let inside = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    inside.then(|| text.replace('_', ""))
}

/// A number without a fraction; beyond 2^53 not every integer is a number.
fn whole(value: f64) -> Option<i128> {
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i128)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Flag(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            // As short as it can be, which for tiny numbers is not without an exponent.
            Self::Number(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "`{text}`"),
            Self::List(values) => {
                let values: Vec<String> = values.iter().take(8).map(ToString::to_string).collect();
                write!(f, "the list [{}]", values.join(", "))
            }
            Self::Mapping => f.write_str("a mapping"),
        }
    }
}

/// A key and its value.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// With the keys of the mappings that it is in: `loss.head`.
    pub key: &'a str,
    pub value: &'a Value,
}

impl Given<'_> {
    pub fn wrong(self, allowed: &str) -> Problem {
        let Self { key, value } = self;
        Problem::Value { key: key.to_owned(), value: value.to_string(), allowed: allowed.to_owned() }
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

    /// One of a few words.
    pub fn word<T: ValueEnum>(self) -> Result<T, Problem> {
        let found = self.value.text().and_then(|text| T::from_str(&text, false).ok());
        found.ok_or_else(|| {
            let words = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let words: Vec<String> = words.map(|word| word.get_name().to_owned()).collect();
            self.wrong(&words.join(", "))
        })
    }

    pub fn device(self) -> Result<DeviceName, Problem> {
        self.value.text().and_then(|text| text.parse().ok()).ok_or_else(|| self.wrong(DeviceName::ALLOWED))
    }

    pub fn model(self) -> Result<ModelSource, Problem> {
        self.value.text().and_then(|text| ModelSource::parse(&text)).ok_or_else(|| self.wrong(ModelSource::ALLOWED))
    }

    /// A loss of all prompts that can be trained: a released name or an expression.
    pub fn loss(self) -> Result<RankingLoss, Problem> {
        let text = self.text(super::LOSS)?;
        RankingLoss::parse(&text).map_err(|error| self.no_loss(&error))
    }

    /// A utility for one type of prompt that can be trained, which is no name of two utilities.
    pub fn utility(self, prompt_type: &PromptType) -> Result<String, Problem> {
        let text = self.text("a utility")?;
        let utilities = Utilities::ByType([(prompt_type.clone(), text.clone())].into());
        let loss = RankingLoss::new(LossSpec { utilities, terms: LossTerms::default() });
        loss.map(|_| text).map_err(|error| self.no_loss(&error))
    }

    /// The text of a design's utility and field, from the file that the command `design` wrote.
    pub fn design(self) -> Result<String, Problem> {
        let file = self.text("a file that `reward-collapse design` wrote")?;
        let read = DesignFile::read(Path::new(&file)).and_then(|design| {
            // What is no field is found here.
            design.problem().map(|_| UtilityPair::text_of_design(&design))
        });
        read.map_err(|error| Problem::Loss { key: self.key.to_owned(), reason: with_causes(&error) })
    }

    pub fn no_loss(self, error: &LossError) -> Problem {
        Problem::Loss { key: self.key.to_owned(), reason: with_causes(error) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn numbers_come_in_many_forms() {
        for (value, number) in [
            (Value::Integer(8), 8.0),
            (Value::Number(1e-5), 1e-5),
            (text("1e-5"), 1e-5),
            (text(" 8 "), 8.0),
            (text("1_000"), 1000.0),
        ] {
            assert_eq!(value.number(), Some(number), "{value}");
        }
        for value in [text("inf"), text("nan"), Value::Number(f64::NAN), text("eight"), text("_1"), Value::Flag(true)] {
            assert_eq!(value.number(), None, "{value}");
        }
    }

    #[test]
    fn integers_are_never_rounded() {
        assert_eq!(text("8").integer(), Some(8));
        assert_eq!(text("1_000").integer(), Some(1000));
        assert_eq!(Value::Number(500.0).integer(), Some(500));
        assert_eq!(text("5e2").integer(), Some(500));
        for value in [Value::Number(0.5), Value::Number(1e300), text("0.5"), Value::Null, Value::Mapping] {
            assert_eq!(value.integer(), None, "{value}");
        }
    }

    #[test]
    fn truth_has_many_words() {
        for word in ["True", "yes", "ON"] {
            assert_eq!(text(word).flag(), Some(true));
        }
        assert_eq!(Value::Integer(0).flag(), Some(false));
        assert_eq!(Value::Integer(2).flag(), None);
        assert_eq!(text("maybe").flag(), None);
    }
}
