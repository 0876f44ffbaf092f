//! Types of prompts, by name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A type of prompt: those of one type have one utility, and so one optimum. The paper's experiment has two, open-ended and
/// closed-ended prompts; any other name is a type of its own.
///
/// The two come first in their order, then the others by name. A clone costs next to nothing.
///
/// ```
/// use reward_collapse::experiment::PromptType;
/// let creative: PromptType = "creative".parse()?;
/// assert!(PromptType::open_ended() < PromptType::closed_ended() && PromptType::closed_ended() < creative);
/// assert_eq!("open-ended".parse::<PromptType>()?, PromptType::open_ended());
/// # Ok::<(), reward_collapse::experiment::PromptTypeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PromptType(Name);

/// The first two are never among the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    Open,
    Closed,
    Other(Arc<str>),
}

/// Why a text is no name of a type of prompt.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PromptTypeError {
    /// Nothing but blanks.
    #[error("the name of a type of prompt is blank")]
    Blank,
    /// A line break or another control character.
    #[error("the name of a type of prompt has a line break or another control character: {name:?}")]
    Control {
        /// The name.
        name: String,
    },
}

const OPEN: &str = "open_ended";
const CLOSED: &str = "closed_ended";

impl PromptType {
    /// The types of the paper's experiment, in the order of legends.
    pub const RELEASED: [PromptType; 2] = [PromptType::open_ended(), PromptType::closed_ended()];

    /// Prompts for which a graded scale of rewards is wanted.
    pub const fn open_ended() -> Self {
        Self(Name::Open)
    }

    /// Prompts with a right and a wrong answer.
    pub const fn closed_ended() -> Self {
        Self(Name::Closed)
    }

    /// The type of prompts that are of no particular one, `all`.
    pub fn untyped() -> Self {
        Self(Name::Other("all".into()))
    }

    /// The name used in files: `open_ended`, `closed_ended`, or its own.
    pub fn name(&self) -> &str {
        match &self.0 {
            Name::Open => OPEN,
            Name::Closed => CLOSED,
            Name::Other(name) => name,
        }
    }

    /// The name for people: `open-ended`, `closed-ended`, or its own.
    pub fn label(&self) -> &str {
        match &self.0 {
            Name::Open => "open-ended",
            Name::Closed => "closed-ended",
            Name::Other(name) => name,
        }
    }

    /// Of a prompt whose ranking file has `uniform: true`, which marks open-ended prompts, or `false`.
    pub fn from_uniform(uniform: bool) -> Self {
        if uniform { Self::open_ended() } else { Self::closed_ended() }
    }

    /// What ranking files call `uniform`, and `rewards.csv` `open_ended`; `None` for a type that the paper's experiment does
    /// not have.
    pub fn uniform(&self) -> Option<bool> {
        match self.0 {
            Name::Open => Some(true),
            Name::Closed => Some(false),
            Name::Other(_) => None,
        }
    }

    /// Whether it is the paper's open-ended type.
    pub fn is_open_ended(&self) -> bool {
        self.uniform() == Some(true)
    }

    /// Whether the paper's experiment has it.
    pub fn is_released(&self) -> bool {
        self.uniform().is_some()
    }

    /// The names of types for people, each in backquotes.
    pub fn listed<'a>(types: impl IntoIterator<Item = &'a PromptType>) -> String {
        let names: Vec<String> = types.into_iter().map(|prompt_type| format!("`{prompt_type}`")).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

impl FromStr for PromptType {
    type Err = PromptTypeError;

    /// Blanks around a name do not count; `open-ended` and `Open ended` are `open_ended`, and likewise for `closed_ended`.
    fn from_str(text: &str) -> Result<Self, PromptTypeError> {
        let name = text.trim();
        if name.is_empty() {
            return Err(PromptTypeError::Blank);
        }
        if name.contains(char::is_control) {
            return Err(PromptTypeError::Control { name: name.to_owned() });
        }
        Ok(match name.to_ascii_lowercase().replace(['-', ' '], "_").as_str() {
            OPEN => Self::open_ended(),
            CLOSED => Self::closed_ended(),
            _ => Self(Name::Other(name.into())),
        })
    }
}

impl TryFrom<String> for PromptType {
    type Error = PromptTypeError;

    fn try_from(name: String) -> Result<Self, PromptTypeError> {
        name.parse()
    }
}

impl From<PromptType> for String {
    fn from(prompt_type: PromptType) -> Self {
        prompt_type.name().to_owned()
    }
}

/// [`PromptType::name`].
impl fmt::Display for PromptType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_names_come_first() {
        let parsed = |name: &str| name.parse::<PromptType>().unwrap();
        let mut types = ["exam", "closed-ended", "a", " Open_Ended "].map(parsed);
        types.sort();
        assert_eq!(types.each_ref().map(PromptType::name), ["open_ended", "closed_ended", "a", "exam"]);
        assert_eq!(types.each_ref().map(PromptType::label), ["open-ended", "closed-ended", "a", "exam"]);
        assert_eq!(types.each_ref().map(PromptType::uniform), [Some(true), Some(false), None, None]);
        assert_eq!("  ".parse::<PromptType>(), Err(PromptTypeError::Blank));
        assert!(matches!("a\nb".parse::<PromptType>(), Err(PromptTypeError::Control { .. })));
    }

    #[test]
    fn in_files_it_is_its_name() {
        for name in ["open_ended", "closed_ended", "règles, \"d'or\""] {
            let written = serde_json::to_string(&name.parse::<PromptType>().unwrap()).unwrap();
            assert_eq!(written, serde_json::to_string(name).unwrap());
            assert_eq!(serde_json::from_str::<PromptType>(&written).unwrap().name(), name);
        }
        assert!(serde_json::from_str::<PromptType>("\"\"").is_err());
    }
}
