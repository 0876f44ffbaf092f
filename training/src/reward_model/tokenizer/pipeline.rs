//! The steps around a vocabulary, as transformers puts them together.

use tokenizers::normalizers::replace::{Replace, ReplacePattern};
use tokenizers::normalizers::unicode::NFC;
use tokenizers::normalizers::{NormalizerWrapper, Sequence, Strip, utils::Lowercase};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::punctuation::Punctuation;
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer};

use super::settings::Settings;
use super::spm::SentencePiece;

/// Stands for a space inside a token.
const SPACE: char = '▁';

/// An `spm.model` as transformers' `DebertaV2TokenizerFast` has it in versions up to 4.57, which the public models were
/// published for. (Version 5 replaced the model's own rules for characters by NFC.)
pub(super) fn from_sentence_piece(model: SentencePiece, settings: &Settings) -> tokenizers::Result<Tokenizer> {
    let mut tokenizer = Tokenizer::new(model.unigram);
    let whole = model.whole.into_iter();
    tokenizer.add_tokens(whole.map(|(piece, special)| AddedToken::from(piece, special).normalized(false)))?;
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if settings.do_lower_case {
        steps.push(Lowercase.into());
    }
    steps.push(Strip::new(true, true).into());
    steps.extend(model.charsmap.map(NormalizerWrapper::from));
    steps.push(Replace::new(ReplacePattern::Regex(" {2,}".into()), " ")?.into());
    finish(tokenizer, steps, settings)
}

/// The steps of transformers 5, which need no rules of SentencePiece: whitespace to single spaces, and NFC. `tokenizer` has
/// the vocabulary.
pub(super) fn around_own_vocabulary(tokenizer: Tokenizer, settings: &Settings) -> tokenizers::Result<Tokenizer> {
    let whitespace = Replace::new(ReplacePattern::Regex(r"\s{2,}|[\n\r\t]".into()), " ")?;
    let steps = vec![whitespace.into(), NFC.into(), Strip::new(false, true).into()];
    finish(tokenizer, steps, settings)
}

/// Adds what both have in common: words, and the special tokens around a text.
fn finish(
    mut tokenizer: Tokenizer,
    normalizers: Vec<NormalizerWrapper>,
    settings: &Settings,
) -> tokenizers::Result<Tokenizer> {
    tokenizer.with_normalizer(Some(Sequence::new(normalizers)))?;
    let words = Metaspace::new(SPACE, PrependScheme::Always, true);
    let mut splits: Vec<PreTokenizerWrapper> = Vec::new();
    if settings.split_by_punct {
        splits.push(Punctuation::new(SplitDelimiterBehavior::Isolated).into());
    }
    splits.push(words.clone().into());
    tokenizer.with_pre_tokenizer(Some(PreTokenizers::new(splits)));
    tokenizer.with_decoder(Some(words));
    for (id, token) in settings.added() {
        let content = token.content.clone();
        tokenizer.add_tokens([token])?;
        if id.is_some_and(|id| tokenizer.token_to_id(&content) != Some(id)) {
            return Err(format!("tokenizer_config.json gives {content} another number than the vocabulary").into());
        }
    }
    let (first, separator) = (settings.first(), settings.separator());
    let number = |token: &str| tokenizer.token_to_id(token).ok_or_else(|| format!("the vocabulary has no {token}"));
    let special = vec![(first.to_owned(), number(first)?), (separator.to_owned(), number(separator)?)];
    let template = TemplateProcessing::builder()
        .try_single(format!("{first}:0 $A:0 {separator}:0"))?
        .try_pair(format!("{first}:0 $A:0 {separator}:0 $B:1 {separator}:1"))?
        .special_tokens(special)
        .build()
        .map_err(|error| error.to_string())?;
    tokenizer.with_post_processor(Some(template));
    Ok(tokenizer)
}
