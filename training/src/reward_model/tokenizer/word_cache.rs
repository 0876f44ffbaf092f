//! A shortcut: text that consists of words is encoded word by word, and what a word gave is kept.
//!
//! The library follows every character of a text through every step to know where a token came from, which nothing here
//! asks. A text may be cut at a single space between two visible ASCII characters where no step looks across such a space:
//! for tokenisers of DeBERTa's kind that holds unless a special token is found, so a text that has one goes to the library
//! in one piece.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::{PoisonError, RwLock};

use serde_json::Value;
use tokenizers::models::ModelWrapper;
use tokenizers::{NormalizedString, Normalizer, Tokenizer};

/// Characters that neither combine with a space nor vanish, by themselves.
const VISIBLE: RangeInclusive<u8> = b'!'..=b'~';

/// The length of the longest word that is kept: longer ones are rarely met again.
const LONGEST_KEPT: usize = 48;
const MOST_KEPT: usize = 1 << 18;

/// The words met so far, with the ids of each.
#[derive(Default)]
pub(super) struct WordCache {
    known: RwLock<HashMap<Box<str>, Box<[u32]>>>,
    added: HashSet<u32>,
}

impl WordCache {
    /// `None` unless all steps of `tokenizer` are known to work on words by themselves.
    pub fn of(tokenizer: &Tokenizer) -> Option<Self> {
        let added = tokenizer.get_added_tokens_decoder();
        let plain = added.values().all(|token| {
            let apart = !token.lstrip && !token.rstrip && !token.single_word;
            apart && !token.content.is_empty() && !token.content.contains(char::is_whitespace)
        });
        let local = plain
            && matches!(tokenizer.get_model(), ModelWrapper::Unigram(_))
            && normalises_locally(tokenizer)
            && splits_at_spaces(tokenizer);
        local.then(|| Self { known: RwLock::default(), added: added.keys().copied().collect() })
    }

    /// The ids of `text` without anything around it, or `None` if it must be encoded in one piece. `encode` encodes one.
    ///
    /// # Errors
    /// The errors of `encode`.
    pub fn ids<E>(&self, text: &str, encode: impl Fn(&str) -> Result<Vec<u32>, E>) -> Result<Option<Vec<u32>>, E> {
        let mut ids = Vec::with_capacity(text.len() / 4);
        let mut known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        for word in cut(text) {
            if let Some(kept) = known.get(word) {
                ids.extend_from_slice(kept);
                continue;
            }
            drop(known);
            let own = encode(word)?;
            if own.iter().any(|id| self.added.contains(id)) {
                return Ok(None);
            }
            ids.extend_from_slice(&own);
            if word.len() <= LONGEST_KEPT {
                let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
                if all.len() < MOST_KEPT {
                    all.insert(word.into(), own.into());
                }
            }
            known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        }
        Ok(Some(ids))
    }
}

/// `text` cut at each single space between two visible characters, without these spaces.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let bytes = text.as_bytes();
        let space = bytes
            .windows(3)
            .position(|three| three[1] == b' ' && VISIBLE.contains(&three[0]) && VISIBLE.contains(&three[2]));
        let (word, after) = match space {
            Some(before) => (text.get(..=before)?, text.get(before + 2..)),
            None => (text, None),
        };
        rest = after;
        Some(word)
    })
}

/// The step itself, or the steps of a sequence, as the library writes them.
fn steps(step: Value, list: &str) -> Vec<Value> {
    match step.get(list) {
        Some(Value::Array(steps)) => steps.clone(),
        _ => vec![step],
    }
}

fn normalises_locally(tokenizer: &Tokenizer) -> bool {
    let Some(normalizer) = tokenizer.get_normalizer() else { return false };
    let Ok(written) = serde_json::to_value(normalizer) else { return false };
    let local = steps(written, "normalizers").iter().all(|step| match step["type"].as_str() {
        Some("Lowercase" | "NFC" | "Strip" | "Precompiled") => true,
        Some("Replace") => {
            step["content"] == " " && matches!(step["pattern"]["Regex"].as_str(), Some(" {2,}" | r"\s{2,}|[\n\r\t]"))
        }
        _ => false,
    });
    // A model's own rules may do anything to a character.
    local
        && VISIBLE.map(char::from).all(|character| {
            let mut text = NormalizedString::from(character.to_string());
            let done = super::guarded(|| normalizer.normalize(&mut text)).is_ok();
            done && !text.get().is_empty() && text.get().bytes().all(|byte| VISIBLE.contains(&byte))
        })
}

fn splits_at_spaces(tokenizer: &Tokenizer) -> bool {
    let Some(splits) = tokenizer.get_pre_tokenizer() else { return false };
    let Ok(written) = serde_json::to_value(splits) else { return false };
    let expected = serde_json::json!(
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}
    );
    steps(written, "pretokenizers") == [expected]
}
