//! Designs on disk.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{DesignError, DesignMethod};
use crate::files::OnFile;
use crate::problem::{Equilibrium, Field, Support};
use crate::utility::{SharedUtility, parse};

/// What a file keeps of a design: texts from which utility and field are made again, to the same bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignFile {
    /// The law that was asked for.
    pub target: String,
    /// How the loss was made.
    pub method: DesignMethod,
    /// The base utility of a field.
    #[serde(default)]
    pub base: Option<String>,
    /// The interval of the rewards.
    pub support: String,
    /// The field, such as `potential(beta(2,5); log(x+0.1))`.
    #[serde(default)]
    pub field: Option<String>,
    /// The utility that was found.
    #[serde(default)]
    pub utility: Option<String>,
}

impl DesignFile {
    /// Reads the file that the command `design` writes as JSON.
    ///
    /// # Errors
    /// [`DesignError::File`], and [`DesignError::Malformed`] with the line.
    pub fn read(path: &Path) -> Result<Self, DesignError> {
        let text = std::fs::read_to_string(path).reading(path)?;
        let malformed = |reason: String| DesignError::Malformed { path: path.to_owned(), reason };
        let file: Self = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        match (&file.base, &file.field, &file.utility) {
            (Some(_), Some(_), None) | (None, None, Some(_)) => Ok(file),
            _ => Err(malformed("it needs `base` and `field`, or `utility`".to_owned())),
        }
    }

    /// The text of its utility.
    pub fn utility_text(&self) -> &str {
        self.utility.as_deref().or(self.base.as_deref()).unwrap_or_default()
    }

    /// Its utility.
    ///
    /// # Errors
    /// [`DesignError::Utility`].
    pub fn utility(&self) -> Result<SharedUtility, DesignError> {
        Ok(parse(self.utility_text())?)
    }

    /// Its support.
    ///
    /// # Errors
    /// [`DesignError::Support`].
    pub fn support(&self) -> Result<Support, DesignError> {
        Ok(self.support.parse()?)
    }

    /// The problem that its rewards solve.
    ///
    /// # Errors
    /// [`DesignError`] for texts that are no utility, support or field.
    pub fn problem(&self) -> Result<Equilibrium, DesignError> {
        let support = self.support()?;
        let problem = Equilibrium::new(self.utility()?, 0.0, support)?;
        Ok(match &self.field {
            Some(field) => problem.with_field(Field::parse_any(field, support)?),
            None => problem,
        })
    }
}
