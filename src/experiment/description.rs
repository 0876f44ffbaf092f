//! `run.json`: what a run trained.

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

/// A loss as expressions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossDescription {
    /// The utilities for open-ended prompts.
    pub open_ended: PairDescription,
    /// The utilities for closed-ended prompts.
    pub closed_ended: PairDescription,
    /// What all prompts share; the paper's losses leave it out.
    #[serde(flatten)]
    pub terms: LossTerms,
}

/// A pair of utilities as expressions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairDescription {
    /// The expression as the paper names it.
    pub named: String,
    /// The expression as it was trained.
    pub trained: String,
}

fn eight() -> usize {
    RESPONSES
}

impl From<&Loss> for RunDescription {
    /// The loss alone; everything else as in a file that lacks it.
    fn from(loss: &Loss) -> Self {
        let pair = |prompt_type| {
            let UtilityPair { named, trained } = loss.of(prompt_type);
            PairDescription { named: named.to_string(), trained: trained.to_string() }
        };
        Self {
            name: loss.name().to_owned(),
            loss: LossDescription {
                open_ended: pair(PromptType::Open),
                closed_ended: pair(PromptType::Closed),
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
    /// The loss that it describes.
    ///
    /// # Errors
    /// [`UtilityError`] for an expression that cannot be read.
    pub fn loss(&self) -> Result<Loss, UtilityError> {
        let pair = |pair: &PairDescription| UtilityPair::of(&pair.named, &pair.trained);
        Loss::new(&self.name, pair(&self.loss.open_ended)?, pair(&self.loss.closed_ended)?)
            .with(self.loss.terms.clone())
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

const EXAMPLE: &str = r#"{"name": "log", "loss": {"open_ended": {"named": "log(x)", "trained": "log(x+0.1)"}, "closed_ended": {"named": "log(x)", "trained": "log(x+0.1)"}}}"#;
