//! The embedded default: a DeBERTa-v3 small enough to be trained from scratch in minutes on two cores.

use serde_json::Value;

use super::TrainingError;
use super::configuration::{Configuration, EmbeddedOverrides};
use crate::dataset::Rankings;
use crate::reward_model::Config;
use crate::reward_model::deberta;
use crate::reward_model::layers::Activation;
use crate::reward_model::tokenizer::Tokenizer;

/// Prompts of the embedded corpus.
pub const ROWS: u64 = 4096;
/// Tokens of the tokeniser that is trained on the data.
const VOCABULARY: usize = 8192;
/// Rankings whose texts the tokeniser learns from.
const TEXTS: usize = 2048;

/// The tokeniser, learned from the questions and longest answers of the data.
///
/// # Errors
/// [`TrainingError::Tokenizer`] for texts without words or a vocabulary smaller than their alphabet.
pub fn tokenizer(rankings: &Rankings, configuration: &Configuration) -> Result<Tokenizer, TrainingError> {
    let mut texts = Vec::new();
    for index in rankings.splits(configuration.test_prompts)?.train.take(TEXTS) {
        let ranking = rankings.get(index)?;
        texts.push(ranking.question);
        texts.extend(ranking.answers.into_iter().next_back());
    }
    Ok(Tokenizer::train(texts.into_iter(), configuration.embedded.vocab_size.unwrap_or(VOCABULARY))?)
}

/// The architecture: two layers of width 128 with every option of DeBERTa-v3, for a vocabulary of `tokens`.
pub fn config(tokens: usize, padding: u32, overrides: &EmbeddedOverrides) -> Config {
    let or = |value: Option<usize>, default: usize| value.unwrap_or(default) as i64;
    let hidden_size = or(overrides.hidden_size, 128);
    let dropout = overrides.dropout.unwrap_or(0.0);
    let config = deberta::Config {
        model_type: "deberta-v2".to_owned(),
        vocab_size: tokens as i64,
        hidden_size,
        embedding_size: None,
        num_hidden_layers: or(overrides.num_hidden_layers, 2),
        num_attention_heads: or(overrides.num_attention_heads, 4),
        attention_head_size: None,
        intermediate_size: overrides.intermediate_size.map_or(2 * hidden_size, |size| size as i64),
        hidden_act: Activation::Gelu,
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
        max_position_embeddings: 512,
        type_vocab_size: 0,
        initializer_range: 0.02,
        layer_norm_eps: 1e-7,
        relative_attention: true,
        max_relative_positions: -1,
        position_buckets: 64,
        position_biased_input: false,
        pos_att_type: vec!["p2c".to_owned(), "c2p".to_owned()],
        share_att_key: true,
        norm_rel_ebd: "layer_norm".to_owned(),
        conv_kernel_size: 0,
        conv_act: Activation::Tanh,
        conv_groups: 1,
        pad_token_id: i64::from(padding),
        pooler_hidden_size: Some(hidden_size),
        pooler_dropout: 0.0,
        pooler_hidden_act: Activation::Gelu,
        cls_dropout: None,
        other: serde_json::Map::<String, Value>::new(),
    };
    config.into()
}
