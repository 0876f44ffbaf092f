//! A loss as it is written.

use std::fmt;

use reward_collapse::experiment::LossTerms;
use serde::{Deserialize, Serialize};

/// A loss as a configuration writes it. In JSON it is a text where nothing but a utility is given, and else an object with `utility`,
/// or with `open_ended` and `closed_ended`, and the terms.
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
    /// One text for all prompts; `adaptive` still means another utility for each type of prompt.
    Same(String),
    /// One for each type of prompt.
    ByPrompt {
        /// That of open-ended prompts.
        open_ended: String,
        /// That of closed-ended prompts.
        closed_ended: String,
    },
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
            Utilities::ByPrompt { open_ended, closed_ended } => {
                write!(f, "{open_ended} (open-ended) and {closed_ended} (closed-ended)")?;
            }
        }
        self.terms.fmt(f)
    }
}

/// The three forms in files.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Same {
        utility: String,
        #[serde(flatten)]
        terms: LossTerms,
    },
    ByPrompt {
        open_ended: String,
        closed_ended: String,
        #[serde(flatten)]
        terms: LossTerms,
    },
}

impl From<Written> for LossSpec {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(text) => Self::from(text.as_str()),
            Written::Same { utility, terms } => Self { utilities: Utilities::Same(utility), terms },
            Written::ByPrompt { open_ended, closed_ended, terms } => {
                Self { utilities: Utilities::ByPrompt { open_ended, closed_ended }, terms }
            }
        }
    }
}

impl From<LossSpec> for Written {
    fn from(LossSpec { utilities, terms }: LossSpec) -> Self {
        match utilities {
            Utilities::Same(text) if terms == LossTerms::default() => Self::Text(text),
            Utilities::Same(utility) => Self::Same { utility, terms },
            Utilities::ByPrompt { open_ended, closed_ended } => Self::ByPrompt { open_ended, closed_ended, terms },
        }
    }
}
