//! `config.json` of a DeBERTa-v2 or v3 checkpoint.

use std::path::{Path, PathBuf};

use reward_collapse::files::OnFile;
use serde::{Deserialize, Deserializer, Serialize};

use crate::reward_model::ModelError;

/// The architecture, by the names and with the defaults that transformers gives them; keys that do not bear on the
/// reward are ignored on reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// `deberta-v2`, for v3 checkpoints too.
    pub model_type: String,
    /// Rows of the word embedding.
    pub vocab_size: i64,
    /// Width of the hidden states.
    pub hidden_size: i64,
    /// Width of the embeddings, where it is not `hidden_size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_size: Option<i64>,
    /// Layers of the encoder.
    pub num_hidden_layers: i64,
    /// Attention heads.
    pub num_attention_heads: i64,
    /// Width of a head, where it is not `hidden_size / num_attention_heads`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention_head_size: Option<i64>,
    /// Width of the feed-forward layer.
    pub intermediate_size: i64,
    /// Its activation.
    #[serde(default = "gelu")]
    pub hidden_act: Activation,
    /// Dropout of hidden states in training.
    #[serde(default = "tenth")]
    pub hidden_dropout_prob: f64,
    /// Dropout of attention probabilities in training.
    #[serde(default = "tenth")]
    pub attention_probs_dropout_prob: f64,
    /// The longest sequence that absolute positions reach; the log buckets' last distance too.
    #[serde(default = "longest")]
    pub max_position_embeddings: i64,
    /// Segment embeddings; 0 for none.
    #[serde(default)]
    pub type_vocab_size: i64,
    /// Standard deviation of new weights.
    #[serde(default = "two_hundredths")]
    pub initializer_range: f64,
    /// Added to variances.
    #[serde(default = "layer_norm_eps")]
    pub layer_norm_eps: f64,
    /// Whether attention sees relative positions.
    #[serde(default)]
    pub relative_attention: bool,
    /// Their range; below 1 it is `max_position_embeddings`.
    #[serde(default = "minus_one")]
    pub max_relative_positions: i64,
    /// Log buckets on each side; below 1 for none.
    #[serde(default = "minus_one")]
    pub position_buckets: i64,
    /// Whether absolute positions are added to the embeddings.
    #[serde(default = "yes")]
    pub position_biased_input: bool,
    /// `c2p` (content to position), `p2c` (position to content), or both.
    #[serde(default, deserialize_with = "attention_types")]
    pub pos_att_type: Vec<String>,
    /// Whether positions share the projections of the content.
    #[serde(default)]
    pub share_att_key: bool,
    /// `layer_norm` where the relative embedding is normalised.
    #[serde(default = "none")]
    pub norm_rel_ebd: String,
    /// Kernel of the convolution beside the first layer; 0 for none.
    #[serde(default)]
    pub conv_kernel_size: i64,
    /// Its activation.
    #[serde(default = "tanh")]
    pub conv_act: Activation,
    /// Its groups.
    #[serde(default = "one")]
    pub conv_groups: i64,
    /// The padding token.
    #[serde(default)]
    pub pad_token_id: i64,
    /// Width of the pooled state, where it is not `hidden_size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooler_hidden_size: Option<i64>,
    /// Dropout before the pooler.
    #[serde(default)]
    pub pooler_dropout: f64,
    /// Its activation.
    #[serde(default = "gelu")]
    pub pooler_hidden_act: Activation,
    /// Dropout before the classifier, where it is not `hidden_dropout_prob`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cls_dropout: Option<f64>,
    /// Every other key of the file, kept for whoever reads the model next.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// An activation function, by its name in transformers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x Phi(x)`, exactly.
    Gelu,
    /// The same by a hyperbolic tangent.
    #[serde(alias = "gelu_pytorch_tanh")]
    GeluNew,
    /// `tanh x`.
    Tanh,
    /// `max(x, 0)`.
    Relu,
    /// `x`.
    #[serde(alias = "linear")]
    Identity,
}

fn attention_types<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    // Older files have `p2c|c2p`, newer ones a list.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Types {
        Text(String),
        List(Vec<String>),
        Null(()),
    }
    Ok(match Types::deserialize(deserializer)? {
        Types::Text(text) => text.to_lowercase().split('|').map(|part| part.trim().to_owned()).collect(),
        Types::List(list) => list,
        Types::Null(()) => Vec::new(),
    })
}

fn gelu() -> Activation {
    Activation::Gelu
}
fn tanh() -> Activation {
    Activation::Tanh
}
fn tenth() -> f64 {
    0.1
}
fn two_hundredths() -> f64 {
    0.02
}
fn layer_norm_eps() -> f64 {
    1e-7
}
fn longest() -> i64 {
    512
}
fn minus_one() -> i64 {
    -1
}
fn one() -> i64 {
    1
}
fn yes() -> bool {
    true
}
fn none() -> String {
    "none".to_owned()
}

impl Config {
    /// Reads `config.json` of the folder `directory`.
    ///
    /// # Errors
    /// [`ModelError::File`] where there is none, [`ModelError::Config`] where it is not of a DeBERTa-v2 or v3, or its numbers
    /// do not fit together.
    pub fn read(directory: &Path) -> Result<Self, ModelError> {
        let path = directory.join("config.json");
        let text = std::fs::read_to_string(&path).reading(&path)?;
        Self::parse(&text, &path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ModelError> {
        let refuse = |reason: String| ModelError::Config { path: PathBuf::from(path), reason };
        #[derive(Deserialize)]
        struct Kind {
            model_type: Option<String>,
        }
        let kind: Kind = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
        match kind.model_type.as_deref() {
            Some("deberta-v2") => {}
            Some(other) => {
                return Err(refuse(format!("model_type is `{other}`; only `deberta-v2` (DeBERTa-v2 and v3) is known")));
            }
            None => return Err(refuse("there is no `model_type`; expected `deberta-v2`".to_owned())),
        }
        let config: Self = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
        config.check().map_err(refuse)?;
        Ok(config)
    }

    /// Whether the numbers fit together; else what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let positive = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("embedding_size", self.embedding_size()),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("attention_head_size", self.head_size()),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
            ("pooler_hidden_size", self.pooler_size()),
            ("conv_groups", self.conv_groups),
        ];
        // Sizes whose products could overflow belong to no model.
        if let Some((name, value)) = positive.into_iter().find(|(_, value)| !(1..1 << 24).contains(value)) {
            return Err(format!("{name} is {value}; it must be positive and below 2^24"));
        }
        if self.hidden_size % self.num_attention_heads != 0 {
            return Err(format!(
                "hidden_size {} is not a multiple of num_attention_heads {}",
                self.hidden_size, self.num_attention_heads
            ));
        }
        if self.heads_size() != self.hidden_size {
            return Err(format!(
                "{} heads of width {} do not make hidden_size {}",
                self.num_attention_heads,
                self.head_size(),
                self.hidden_size
            ));
        }
        if self.conv_kernel_size < 0 || (self.conv_kernel_size > 0 && self.conv_kernel_size % 2 == 0) {
            return Err(format!("conv_kernel_size is {}; it must be 0 or odd", self.conv_kernel_size));
        }
        if self.hidden_size % self.conv_groups != 0 {
            return Err(format!("conv_groups {} does not divide hidden_size", self.conv_groups));
        }
        if self.type_vocab_size < 0 || self.pad_token_id < 0 || self.pad_token_id >= self.vocab_size {
            return Err("type_vocab_size or pad_token_id is out of range".to_owned());
        }
        if let Some(unknown) = self.pos_att_type.iter().find(|kind| !["c2p", "p2c"].contains(&kind.as_str())) {
            return Err(format!("pos_att_type `{unknown}` is unknown; expected c2p or p2c"));
        }
        if self.position_buckets == 1 || (self.position_buckets > 0 && self.relative_range() < 2) {
            return Err("position_buckets leaves no room for log buckets".to_owned());
        }
        let rates = [
            self.hidden_dropout_prob,
            self.attention_probs_dropout_prob,
            self.pooler_dropout,
            self.classifier_dropout(),
        ];
        if rates.iter().any(|rate| !(0.0..1.0).contains(rate)) {
            return Err("a dropout is not in [0, 1)".to_owned());
        }
        Ok(())
    }

    /// Width of the embeddings.
    pub fn embedding_size(&self) -> i64 {
        self.embedding_size.unwrap_or(self.hidden_size)
    }

    /// Width of an attention head.
    pub fn head_size(&self) -> i64 {
        self.attention_head_size.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// Width of all heads together.
    pub fn heads_size(&self) -> i64 {
        self.head_size() * self.num_attention_heads
    }

    /// Width of the pooled state.
    pub fn pooler_size(&self) -> i64 {
        self.pooler_hidden_size.unwrap_or(self.hidden_size)
    }

    /// Dropout before the classifier.
    pub fn classifier_dropout(&self) -> f64 {
        self.cls_dropout.unwrap_or(self.hidden_dropout_prob)
    }

    /// The furthest relative position told apart.
    pub fn relative_range(&self) -> i64 {
        if self.max_relative_positions < 1 { self.max_position_embeddings } else { self.max_relative_positions }
    }

    /// Relative positions on each side, after bucketing: half the rows of `rel_embeddings`.
    pub fn attention_span(&self) -> i64 {
        if self.position_buckets > 0 { self.position_buckets } else { self.relative_range() }
    }

    /// Whether content attends to position.
    pub fn content_to_position(&self) -> bool {
        self.relative_attention && self.pos_att_type.iter().any(|kind| kind == "c2p")
    }

    /// Whether position attends to content.
    pub fn position_to_content(&self) -> bool {
        self.relative_attention && self.pos_att_type.iter().any(|kind| kind == "p2c")
    }

    /// Whether the relative embedding is normalised.
    pub fn normalises_positions(&self) -> bool {
        self.norm_rel_ebd.to_lowercase().split('|').any(|part| part.trim() == "layer_norm")
    }

    /// Scores are divided by the root of the head's width times this, the number of terms that make a score.
    pub fn score_terms(&self) -> i64 {
        1 + ["c2p", "p2c"].iter().filter(|kind| self.pos_att_type.iter().any(|own| own == *kind)).count() as i64
    }
}
