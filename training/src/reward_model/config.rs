//! `config.json`, of whichever architecture it describes.

use std::path::Path;

use reward_collapse::files::OnFile;
use serde::{Deserialize, Serialize};

use super::{ModelError, deberta};

/// The configuration of a model of any architecture that is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Config {
    /// DeBERTa-v2, and v3, which is the same architecture.
    DebertaV2(deberta::Config),
}

/// Reads the content of a `config.json`, or says what is wrong with it.
type Parse = fn(&str) -> Result<Config, String>;

/// The architectures by their `model_type`.
const KNOWN: [(&str, Parse); 1] = [("deberta-v2", |text| deberta::Config::parse(text).map(Config::DebertaV2))];

/// What every architecture has: as much as batches and estimates of memory go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Tokens in the vocabulary.
    pub vocab_size: i64,
    /// Segments that are told apart; 0 where none are.
    pub type_vocab_size: i64,
    /// Width of the hidden states.
    pub hidden_size: i64,
    /// Width of the feed-forward layers.
    pub intermediate_size: i64,
    /// Layers of the encoder.
    pub num_hidden_layers: i64,
    /// Attention heads of a layer.
    pub num_attention_heads: i64,
    /// Tokens of the longest sequence that the model takes; `None` where there is no limit.
    pub longest: Option<usize>,
}

impl Config {
    /// Reads `config.json` of the folder `directory`.
    ///
    /// # Errors
    /// [`ModelError::File`] where there is none, [`ModelError::Config`] where its architecture is not known, or its numbers
    /// do not fit together.
    pub fn read(directory: &Path) -> Result<Self, ModelError> {
        let path = directory.join("config.json");
        let text = std::fs::read_to_string(&path).reading(&path)?;
        Self::parse(&text).map_err(|reason| ModelError::Config { path, reason })
    }

    fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Kind {
            model_type: Option<String>,
        }
        let kind: Kind = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let known = KNOWN.map(|(name, _)| format!("`{name}`")).join(", ");
        let name = kind.model_type.ok_or_else(|| format!("there is no `model_type`; those that are known: {known}"))?;
        let Some((_, parse)) = KNOWN.iter().find(|(own, _)| *own == name) else {
            return Err(format!("model_type is `{name}`; those that are known: {known}"));
        };
        parse(text)
    }

    /// Whether the numbers fit together.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::DebertaV2(config) => config.check(),
        }
    }

    /// The class of transformers that opens the model.
    pub fn class(&self) -> &'static str {
        match self {
            Self::DebertaV2(_) => "DebertaV2ForSequenceClassification",
        }
    }

    /// The sizes that batches and estimates of memory go by.
    pub fn sizes(&self) -> Sizes {
        match self {
            Self::DebertaV2(config) => config.sizes(),
        }
    }

    /// The standard deviation of new weights.
    pub fn initializer_range(&self) -> f64 {
        match self {
            Self::DebertaV2(config) => config.initializer_range,
        }
    }

    /// Whether anything is dropped in training.
    pub fn has_dropout(&self) -> bool {
        match self {
            Self::DebertaV2(config) => config.has_dropout(),
        }
    }
}

impl From<deberta::Config> for Config {
    fn from(config: deberta::Config) -> Self {
        Self::DebertaV2(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_model_type_is_answered_with_those_that_are_known() {
        for (text, word) in [(r#"{"model_type": "bert"}"#, "model_type is `bert`"), ("{}", "there is no `model_type`")]
        {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(word) && error.contains("`deberta-v2`"), "{error}");
        }
    }
}
