//! A vocabulary learned from texts.

use std::collections::{BTreeMap, BTreeSet};

use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use tokenizers::{AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Tokenizer};

use super::error::TokenizerError;
use super::pipeline;
use super::settings::Settings;
use crate::guard::guarded;

/// The first tokens, under DeBERTa's numbers.
const SPECIAL: [&str; 4] = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"];
const UNKNOWN: usize = 3;

/// Longer words are learned in parts: the likelihood of a very long one is not a number, and no piece is as long.
const LONGEST_WORD: usize = 64;

/// Learns a unigram model with at most `vocabulary` tokens, `[MASK]` included. See [`super::Tokenizer::train`].
///
/// # Errors
/// The errors of [`super::Tokenizer::train`].
pub(super) fn train(
    texts: impl Iterator<Item = String>,
    vocabulary: usize,
    settings: &Settings,
) -> Result<Tokenizer, TokenizerError> {
    let mut words = count_words(texts, settings)?;
    let characters: BTreeSet<char> = words.keys().flat_map(|word| word.chars()).collect();
    if characters.is_empty() {
        return Err(TokenizerError::NoWords);
    }
    let least = SPECIAL.len() + characters.len() + 1;
    if vocabulary < least {
        return Err(TokenizerError::VocabularyTooSmall { vocabulary, least });
    }
    // A character that is a word keeps its place in the model. The library puts the others back in an order that differs from
    // run to run.
    for character in characters {
        *words.entry(character.to_string()).or_default() += 1;
    }
    let mut trainer = UnigramTrainer::default();
    trainer.show_progress = false;
    trainer.vocab_size = u32::try_from(vocabulary - 1).unwrap_or(u32::MAX);
    trainer.special_tokens = SPECIAL.iter().map(|&token| AddedToken::from(token, true)).collect();
    trainer.unk_token = Some(SPECIAL[UNKNOWN].to_owned());
    // The library adds up in parts, one for each thread, and sums depend on how they are parted.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.map_err(|error| TokenizerError::Library(error.to_string()))?;
    let trained = one.install(|| {
        guarded(|| {
            let mut model = Unigram::default();
            trainer.do_train(words.into_iter().collect(), &mut model)?;
            Ok(model)
        })
    });
    let tokenizer = trained.and_then(|model| guarded(|| assemble(&model, settings)));
    tokenizer.map_err(TokenizerError::Library)
}

/// How often each word occurs, as the tokeniser will see it.
fn count_words(
    texts: impl Iterator<Item = String>,
    settings: &Settings,
) -> Result<BTreeMap<String, u32>, TokenizerError> {
    let empty = guarded(|| assemble(&Unigram::default(), settings)).map_err(TokenizerError::Library)?;
    let mut words: BTreeMap<String, u32> = BTreeMap::new();
    for text in texts {
        let mut cut = PreTokenizedString::from(text.as_str());
        let result = guarded(|| {
            if let Some(normalizer) = empty.get_normalizer() {
                cut.normalize(|part| tokenizers::Normalizer::normalize(normalizer, part))?;
            }
            empty.get_pre_tokenizer().map_or(Ok(()), |splits| splits.pre_tokenize(&mut cut))
        });
        result.map_err(TokenizerError::Library)?;
        for (word, _, _) in cut.get_splits(OffsetReferential::Normalized, OffsetType::None) {
            let mut rest = word;
            while !rest.is_empty() {
                let end = rest.char_indices().nth(LONGEST_WORD).map_or(rest.len(), |(end, _)| end);
                let (part, after) = rest.split_at(end);
                let count = words.entry(part.to_owned()).or_default();
                *count = count.saturating_add(1);
                rest = after;
            }
        }
    }
    Ok(words)
}

/// The tokeniser of a trained model, whose pieces are put in an order that is the same in every run: by score, then by text.
fn assemble(model: &Unigram, settings: &Settings) -> tokenizers::Result<Tokenizer> {
    let special = SPECIAL.iter().map(|&token| (token.to_owned(), 0.0));
    let mut pieces: Vec<(String, f64)> =
        model.iter().filter(|(piece, _)| !SPECIAL.contains(&piece.as_str())).cloned().collect();
    pieces.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.cmp(b)));
    let model = Unigram::from(special.chain(pieces).collect(), Some(UNKNOWN), false)?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.add_tokens(SPECIAL.iter().map(|&token| AddedToken::from(token, true).normalized(false)))?;
    pipeline::around_own_vocabulary(tokenizer, settings)
}
