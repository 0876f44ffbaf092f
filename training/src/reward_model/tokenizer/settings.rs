//! `tokenizer_config.json`: what a tokeniser's own file does not say.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokenizers::AddedToken;

/// The keys of `tokenizer_config.json` that have a part in encoding. Where one is missing, DeBERTa's own value holds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    pub do_lower_case: bool,
    pub split_by_punct: bool,
    bos_token: Option<Token>,
    eos_token: Option<Token>,
    unk_token: Option<Token>,
    sep_token: Option<Token>,
    pad_token: Option<Token>,
    cls_token: Option<Token>,
    mask_token: Option<Token>,
    /// Tokens beside the model's vocabulary, by their numbers.
    added_tokens_decoder: BTreeMap<u32, Token>,
}

/// A token as transformers writes it: its text, or with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Token {
    Text(String),
    Full {
        content: String,
        #[serde(default)]
        single_word: bool,
        #[serde(default)]
        lstrip: bool,
        #[serde(default)]
        rstrip: bool,
        normalized: Option<bool>,
        #[serde(default)]
        special: bool,
    },
}

impl Default for Settings {
    fn default() -> Self {
        let token = |text: &str| Some(Token::Text(text.to_owned()));
        Self {
            do_lower_case: false,
            split_by_punct: false,
            bos_token: token("[CLS]"),
            eos_token: token("[SEP]"),
            unk_token: token("[UNK]"),
            sep_token: token("[SEP]"),
            pad_token: token("[PAD]"),
            cls_token: token("[CLS]"),
            mask_token: token("[MASK]"),
            added_tokens_decoder: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The token at the beginning of a text.
    pub fn first(&self) -> &str {
        content(&self.cls_token, "[CLS]")
    }

    /// The token after each text.
    pub fn separator(&self) -> &str {
        content(&self.sep_token, "[SEP]")
    }

    /// The token that fills a batch up.
    pub fn padding(&self) -> &str {
        content(&self.pad_token, "[PAD]")
    }

    /// The tokens that transformers adds to a vocabulary, in its order; for one with a number, that number.
    pub fn added(&self) -> Vec<(Option<u32>, AddedToken)> {
        let numbered = self.added_tokens_decoder.iter().map(|(&id, token)| (Some(id), token.added(false, false)));
        let named = [
            (&self.bos_token, false),
            (&self.eos_token, false),
            // Alone among them, the unknown token is looked for in the normalised text.
            (&self.unk_token, true),
            (&self.sep_token, false),
            (&self.pad_token, false),
            (&self.cls_token, false),
            (&self.mask_token, false),
        ];
        let named = named
            .into_iter()
            .filter_map(|(token, normalized)| token.as_ref().map(|token| (None, token.added(normalized, true))));
        let mut added: Vec<(Option<u32>, AddedToken)> = Vec::new();
        for (id, token) in numbered.chain(named) {
            if added.iter().all(|(_, other)| other.content != token.content) {
                added.push((id, token));
            }
        }
        added
    }

    /// A `tokenizer_config.json` that makes transformers take `tokenizer.json` as it is, and pad with `padding`.
    ///
    /// The class is not `DebertaV2Tokenizer`: transformers 5 rebuilds that one's normalisation by its own rules, which are
    /// not those of the public models, and of the file reads the vocabulary alone.
    pub fn file(&self, padding: &str) -> String {
        let name = |token: &Option<Token>| token.as_ref().map_or(Value::Null, |token| token.content().into());
        let mut file = json!({
            "bos_token": name(&self.bos_token),
            "clean_up_tokenization_spaces": false,
            "cls_token": name(&self.cls_token),
            "do_lower_case": self.do_lower_case,
            "eos_token": name(&self.eos_token),
            "mask_token": name(&self.mask_token),
            "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
            "pad_token": padding,
            "sep_token": name(&self.sep_token),
            "split_by_punct": self.split_by_punct,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": name(&self.unk_token),
        });
        if let Some(entries) = file.as_object_mut() {
            entries.retain(|_, value| !value.is_null());
        }
        format!("{file:#}\n")
    }
}

impl Token {
    fn content(&self) -> &str {
        match self {
            Token::Text(content) | Token::Full { content, .. } => content,
        }
    }

    /// The token for the library; `normalized` and `special` hold where the file says nothing.
    fn added(&self, normalized: bool, special: bool) -> AddedToken {
        match self {
            Token::Text(content) => AddedToken::from(content.as_str(), special).normalized(normalized),
            Token::Full { content, single_word, lstrip, rstrip, normalized: own, special: own_special } => {
                AddedToken::from(content.as_str(), special || *own_special)
                    .single_word(*single_word)
                    .lstrip(*lstrip)
                    .rstrip(*rstrip)
                    .normalized(own.unwrap_or(normalized))
            }
        }
    }
}

fn content<'a>(token: &'a Option<Token>, default: &'a str) -> &'a str {
    token.as_ref().map_or(default, Token::content)
}
