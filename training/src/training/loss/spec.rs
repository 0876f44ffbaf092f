//! A loss as it is written.

use std::collections::BTreeMap;
use std::fmt;

use reward_collapse::experiment::{LossTerms, PromptType};
use serde::{Deserialize, Serialize};

/// A loss as a configuration writes it. In JSON it is a text where nothing but a utility is given, and else an object with `utility`,
/// or with a key for each type of prompt, and the terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct LossSpec {
    /// The utilities.
    pub utilities: Utilities,
    /// What all prompts share.
    pub terms: LossTerms,
}

/// The utilities of a loss: `x`, `log`, `adaptive`, or expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Utilities {
    /// One text for all prompts; `adaptive` still means another utility for each of the paper's types of prompt.
    Same(String),
    /// One for each type of prompt.
    ByType(BTreeMap<PromptType, String>),
}

impl From<&str> for LossSpec {
    fn from(text: &str) -> Self {
        Self { utilities: Utilities::Same(text.to_owned()), terms: LossTerms::default() }
    }
}

impl fmt::Display for LossSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.utilities {
            Utilities::Same(text) => f.write_str(text)?,
            Utilities::ByType(texts) => {
                let texts: Vec<String> =
                    texts.iter().map(|(prompt_type, text)| format!("{text} ({})", prompt_type.label())).collect();
                f.write_str(&texts.join(" and "))?;
            }
        }
        self.terms.fmt(f)
    }
}

/// The forms in files.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Same {
        utility: String,
        #[serde(flatten)]
        terms: LossTerms,
    },
    ByType {
        // What is no term is a type of prompt.
        #[serde(flatten)]
        terms: LossTerms,
        #[serde(flatten)]
        types: BTreeMap<PromptType, String>,
    },
}

impl From<Written> for LossSpec {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(text) => Self::from(text.as_str()),
            Written::Same { utility, terms } => Self { utilities: Utilities::Same(utility), terms },
            Written::ByType { terms, types } => Self { utilities: Utilities::ByType(types), terms },
        }
    }
}

impl From<LossSpec> for Written {
    fn from(LossSpec { utilities, terms }: LossSpec) -> Self {
        match utilities {
            Utilities::Same(text) if terms == LossTerms::default() => Self::Text(text),
            Utilities::Same(utility) => Self::Same { utility, terms },
            Utilities::ByType(types) => Self::ByType { terms, types },
        }
    }
}
