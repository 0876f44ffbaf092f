//! `run.json`: what a run trained.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ExperimentError, Loss, LossTerms, PromptType, UtilityPair};
use crate::files::{self, FileError};
use crate::utility::UtilityError;

/// The file's name in a run's directory.
pub const DESCRIPTION_FILE: &str = "run.json";

/// Responses to a prompt in the paper's experiment.
pub const RESPONSES: usize = 8;

/// What a run trained. Only `name` and `loss` are needed to compare its rewards with theory; in a file that lacks any of
/// the others they are read as 0 or as empty, and `responses` as [`RESPONSES`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDescription {
    /// The loss's name, such as `log`.
    pub name: String,
    /// The utilities.
    pub loss: LossDescription,
    /// The model's name.
    #[serde(default)]
    pub model: String,
    /// The number of its parameters.
    #[serde(default)]
    pub parameters: u64,
    /// Where the prompts come from.
    #[serde(default)]
    pub data: String,
    /// The largest number of responses to a prompt; prompts may have fewer.
    #[serde(default = "eight")]
    pub responses: usize,
    /// Optimiser steps planned.
    #[serde(default)]
    pub max_steps: u64,
    /// Prompts of one optimiser step.
    #[serde(default)]
    pub prompts_per_step: u64,
    /// The largest learning rate of the schedule.
    #[serde(default)]
    pub learning_rate: f64,
    /// The seed of every random number.
    #[serde(default)]
    pub seed: u64,
    /// Where it ran, such as `cpu`.
    #[serde(default)]
    pub device: String,
}

/// A loss as expressions: `utility` for all prompts, or a key for each type of prompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct LossDescription {
    /// The utilities for prompts of every type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utility: Option<PairDescription>,
    /// The utilities for each type of prompt.
    #[serde(flatten)]
    pub types: BTreeMap<PromptType, PairDescription>,
    /// What all prompts share; the paper's losses leave it out.
    #[serde(flatten)]
    pub terms: LossTerms,
}

/// The same with the terms first: what is no term is a type of prompt.
#[derive(Deserialize)]
struct Written {
    utility: Option<PairDescription>,
    #[serde(flatten)]
    terms: LossTerms,
    #[serde(flatten)]
    types: BTreeMap<PromptType, PairDescription>,
}

impl From<Written> for LossDescription {
    fn from(Written { utility, terms, types }: Written) -> Self {
        Self { utility, types, terms }
    }
}

/// A pair of utilities as expressions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairDescription {
    /// The expression as the paper names it.
    pub named: String,
    /// The expression as it was trained.
    pub trained: String,
    /// The field of a design.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

fn eight() -> usize {
    RESPONSES
}

impl From<&UtilityPair> for PairDescription {
    fn from(UtilityPair { named, trained, field }: &UtilityPair) -> Self {
        Self { named: named.to_string(), trained: trained.to_string(), field: field.clone() }
    }
}

impl From<&Loss> for RunDescription {
    /// The loss alone; everything else as in a file that lacks it.
    fn from(loss: &Loss) -> Self {
        Self {
            name: loss.name().to_owned(),
            loss: LossDescription {
                utility: loss.of_all().map(Into::into),
                types: loss.types().map(|(prompt_type, pair)| (prompt_type.clone(), pair.into())).collect(),
                terms: loss.terms().clone(),
            },
            model: String::new(),
            parameters: 0,
            data: String::new(),
            responses: RESPONSES,
            max_steps: 0,
            prompts_per_step: 0,
            learning_rate: 0.0,
            seed: 0,
            device: String::new(),
        }
    }
}

impl RunDescription {
    /// The same with the utility of all prompts written for each of `types`, those of the data: whoever reads the file sees
    /// what there is. A loss by type is left as it is, and so is one for types that have the name of another key.
    pub fn with_types(mut self, types: &[PromptType]) -> Self {
        let are_keys = !types.is_empty() && types.iter().all(|name| !LossTerms::KEYS.contains(&name.name()));
        if let Some(pair) = self.loss.utility.take_if(|_| are_keys) {
            self.loss.types = types.iter().map(|prompt_type| (prompt_type.clone(), pair.clone())).collect();
        }
        self
    }

    /// The loss that it describes.
    ///
    /// # Errors
    /// [`ExperimentError::NoUtility`] for a description without any, [`ExperimentError::SeveralUtilities`] for `utility` beside
    /// types, and [`ExperimentError::Utility`] for an expression that cannot be read.
    pub fn loss(&self) -> Result<Loss, ExperimentError> {
        let pair = |pair: &PairDescription| {
            let of_pair = UtilityPair::of(&pair.named, &pair.trained)?;
            Ok::<_, UtilityError>(UtilityPair { field: pair.field.clone(), ..of_pair })
        };
        let LossDescription { utility, types, terms } = &self.loss;
        let loss = match (utility, types.is_empty()) {
            (Some(utility), true) => Loss::same(&self.name, pair(utility)?),
            (None, false) => {
                let pairs = types.iter().map(|(prompt_type, of_type)| Ok((prompt_type.clone(), pair(of_type)?)));
                Loss::by_type(&self.name, pairs.collect::<Result<Vec<_>, UtilityError>>()?)
            }
            (None, true) => return Err(ExperimentError::NoUtility),
            (Some(_), false) => return Err(ExperimentError::SeveralUtilities),
        };
        Ok(loss.with(terms.clone())?)
    }

    /// Reads `run.json` in `directory`.
    ///
    /// # Errors
    /// [`ExperimentError::NoDescription`] if there is none, [`ExperimentError::File`] if it cannot be read, and
    /// [`ExperimentError::Description`] if it is malformed.
    pub fn read(directory: &Path) -> Result<Self, ExperimentError> {
        let path = directory.join(DESCRIPTION_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(ExperimentError::NoDescription { path, example: EXAMPLE.to_owned() });
            }
            Err(source) => return Err(FileError::reading(path, source).into()),
        };
        let malformed = |reason: String| ExperimentError::Description { path: path.clone(), reason };
        let description: Self = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        description.loss().map_err(|error| malformed(error.to_string()))?;
        if description.responses == 0 {
            return Err(malformed("`responses` is 0; a prompt has at least one".to_owned()));
        }
        Ok(description)
    }

    /// Writes `run.json` into `directory`, which must exist; the file appears whole or not at all.
    ///
    /// # Errors
    /// [`ExperimentError::File`].
    pub fn write(&self, directory: &Path) -> Result<(), ExperimentError> {
        let path = directory.join(DESCRIPTION_FILE);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| ExperimentError::Description { path: path.clone(), reason: error.to_string() })?;
        Ok(files::write(&path, (text + "\n").as_bytes())?)
    }
}

const EXAMPLE: &str = r#"{"name": "log", "loss": {"utility": {"named": "log(x)", "trained": "log(x+0.1)"}}}"#;
