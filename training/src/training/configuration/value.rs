//! A value of YAML, as the released code would have taken it.

use std::fmt;

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
