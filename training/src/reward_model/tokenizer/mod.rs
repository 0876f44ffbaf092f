//! Texts as the numbers that a DeBERTa reads.
//!
//! A [`Tokenizer`] comes from a model's folder, or learns a small vocabulary from texts. It agrees token for token with
//! transformers' fast tokenisers, and writes files that transformers reads.

mod charsmap;
mod error;
mod lookalike;
mod pipeline;
mod settings;
mod special_tokens;
mod spm;
mod train;
mod word_cache;

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use reward_collapse::files::FileError;
use serde::Deserialize;

use crate::guard::guarded;
pub use error::TokenizerError;
use settings::Settings;
use special_tokens::{SpecialTokens, longest_first};
use word_cache::WordCache;

const TOKENIZER: &str = "tokenizer.json";
const SENTENCE_PIECE: &str = "spm.model";
const CONFIG: &str = "tokenizer_config.json";

/// A tokeniser: cuts a text into tokens of a vocabulary, and puts the model's special tokens around it.
///
/// It may be used by many threads at once.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    words: Option<WordCache>,
    around_one: SpecialTokens,
    around_two: SpecialTokens,
    padding: u32,
    files: Vec<(String, Vec<u8>)>,
}

/// A text, or a pair of texts, as a model reads it. Nothing is padded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// Numbers of tokens in the vocabulary.
    pub ids: Vec<u32>,
    /// For each token, 0 if it belongs to the first text and 1 if to the second.
    pub segments: Vec<u8>,
}

/// The part of `tokenizer.json` that says how it was padded when it was saved.
#[derive(Deserialize)]
struct Saved {
    padding: Option<SavedPadding>,
}

#[derive(Deserialize)]
struct SavedPadding {
    pad_token: String,
}

impl Tokenizer {
    /// Reads the tokeniser of a model's folder: `tokenizer.json` where there is one, and else `spm.model`, a unigram model of
    /// SentencePiece. `tokenizer_config.json` may name other special tokens, and for `spm.model` ask for lower case.
    ///
    /// An `spm.model` is taken as transformers up to 4.57 took it; a `tokenizer.json` as it is.
    ///
    /// # Errors
    /// [`TokenizerError::Missing`] if the folder has neither, [`TokenizerError::File`] and [`TokenizerError::Malformed`] for
    /// a file of it, and [`TokenizerError::NoToken`] if there is no token to pad with.
    pub fn load(directory: &Path) -> Result<Self, TokenizerError> {
        let config = directory.join(CONFIG);
        let settings: Option<Settings> = match read(&config)? {
            Some(content) => Some(
                serde_json::from_slice(&content)
                    .map_err(|error| TokenizerError::Malformed { path: config, reason: error.to_string() })?,
            ),
            None => None,
        };
        let path = directory.join(TOKENIZER);
        if let Some(content) = read(&path)? {
            return Self::from_json(path, content, settings);
        }
        let path = directory.join(SENTENCE_PIECE);
        match read(&path)? {
            Some(content) => Self::from_sentence_piece(path, content, &settings.unwrap_or_default()),
            None => {
                Err(TokenizerError::Missing { directory: directory.to_owned(), lookalike: lookalike::find(directory) })
            }
        }
    }

    /// Learns a vocabulary of about `vocabulary` tokens, and never more, from `texts`: a unigram model with DeBERTa's special
    /// tokens under DeBERTa's numbers (`[PAD]` 0, `[CLS]` 1, `[SEP]` 2, `[UNK]` 3, `[MASK]` last).
    ///
    /// The same texts, in any order, give the same files byte for byte, on any number of cores.
    ///
    /// # Errors
    /// [`TokenizerError::NoWords`] if the texts are empty, [`TokenizerError::VocabularyTooSmall`] if they have too many
    /// different characters, and [`TokenizerError::Library`] if the library fails.
    pub fn train(texts: impl Iterator<Item = String>, vocabulary: usize) -> Result<Self, TokenizerError> {
        let settings = Settings::default();
        let inner = train::train(texts, vocabulary, &settings)?;
        let json = guarded(|| inner.to_string(false)).map_err(TokenizerError::Library)?;
        Self::new(inner, &PathBuf::from(TOKENIZER), &settings, settings.padding(), vec![(TOKENIZER, json.into_bytes())])
    }

    fn from_json(path: PathBuf, content: Vec<u8>, settings: Option<Settings>) -> Result<Self, TokenizerError> {
        let malformed = |reason| TokenizerError::Malformed { path: path.clone(), reason };
        let mut inner = guarded(|| tokenizers::Tokenizer::from_bytes(&content)).map_err(malformed)?;
        let saved: Saved = serde_json::from_slice(&content).map_err(|error| malformed(error.to_string()))?;
        // How it once cut and padded texts is no part of what it is.
        guarded(|| inner.with_truncation(None).map(drop)).map_err(malformed)?;
        inner.with_padding(None);
        let padding = match (&settings, saved.padding) {
            (None, Some(padding)) => padding.pad_token,
            (settings, _) => settings.clone().unwrap_or_default().padding().to_owned(),
        };
        Self::new(inner, &path, &settings.unwrap_or_default(), &padding, vec![(TOKENIZER, content)])
    }

    fn from_sentence_piece(path: PathBuf, content: Vec<u8>, settings: &Settings) -> Result<Self, TokenizerError> {
        let malformed = |reason| TokenizerError::Malformed { path: path.clone(), reason };
        let model = spm::read(&content).map_err(malformed)?;
        let inner = guarded(|| pipeline::from_sentence_piece(model, settings)).map_err(malformed)?;
        let json = guarded(|| inner.to_string(false)).map_err(malformed)?;
        let files = vec![(TOKENIZER, json.into_bytes()), (SENTENCE_PIECE, content)];
        Self::new(inner, &path, settings, settings.padding(), files)
    }

    fn new(
        inner: tokenizers::Tokenizer,
        path: &Path,
        settings: &Settings,
        padding: &str,
        files: Vec<(&str, Vec<u8>)>,
    ) -> Result<Self, TokenizerError> {
        let number = inner.token_to_id(padding).ok_or_else(|| TokenizerError::NoToken {
            path: path.to_owned(),
            token: padding.to_owned(),
            role: "fills a batch up",
        })?;
        let mut files: Vec<(String, Vec<u8>)> =
            files.into_iter().map(|(name, content)| (name.to_owned(), content)).collect();
        files.push((CONFIG.to_owned(), settings.file(padding).into_bytes()));
        let around = |pair| {
            guarded(|| SpecialTokens::of(&inner, pair))
                .map_err(|reason| TokenizerError::Malformed { path: path.to_owned(), reason })
        };
        let (around_one, around_two) = (around(false)?, around(true)?);
        Ok(Self { words: WordCache::of(&inner), inner, around_one, around_two, padding: number, files })
    }

    /// Encodes a question and an answer as one input: `[CLS] question [SEP] answer [SEP]`, with at most `max_length` tokens.
    /// Of texts that are too long together the longer one is cut at its end, then both alike (`longest_first`).
    ///
    /// A special token that is written out in a text is that token, as in transformers.
    ///
    /// # Errors
    /// [`TokenizerError::MaxLength`] if `max_length` has no room for the special tokens, and [`TokenizerError::Library`] if
    /// the library fails, which a text alone does not bring about.
    pub fn encode_pair(&self, question: &str, answer: &str, max_length: usize) -> Result<Encoding, TokenizerError> {
        let room = room(&self.around_two, max_length)?;
        let (question, answer) = (self.ids(question)?, self.ids(answer)?);
        let (first, second) = longest_first(question.len(), answer.len(), room);
        Ok(self.around_two.put(&question[..first], &answer[..second]))
    }

    /// Encodes one text: `[CLS] text [SEP]`, cut at its end to at most `max_length` tokens.
    ///
    /// # Errors
    /// The errors of [`Tokenizer::encode_pair`].
    pub fn encode(&self, text: &str, max_length: usize) -> Result<Encoding, TokenizerError> {
        let room = room(&self.around_one, max_length)?;
        let ids = self.ids(text)?;
        Ok(self.around_one.put(&ids[..ids.len().min(room)], &[]))
    }

    /// The ids of a whole text, with nothing around it.
    fn ids(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encode = |text: &str| {
            let encoding = guarded(|| self.inner.encode_fast(text, false)).map_err(TokenizerError::Library)?;
            Ok(encoding.get_ids().to_vec())
        };
        match &self.words {
            Some(words) => words.ids(text, encode)?.map_or_else(|| encode(text), Ok),
            None => encode(text),
        }
    }

    /// The number of the token that fills a batch up.
    pub fn pad_id(&self) -> u32 {
        self.padding
    }

    /// How many tokens there are, those beside the model's own vocabulary included: all ids are below it, as long as no id
    /// is left out.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Names and contents of the files that a checkpoint's folder needs so that [`Tokenizer::load`] and transformers'
    /// `AutoTokenizer.from_pretrained` (versions 4 and 5) read this tokeniser from it and encode alike.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.files.clone()
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tokens, padding) = (self.vocabulary_size(), self.padding);
        f.debug_struct("Tokenizer").field("vocabulary_size", &tokens).field("pad_id", &padding).finish_non_exhaustive()
    }
}

/// How many tokens of a length are left to texts.
fn room(around: &SpecialTokens, max_length: usize) -> Result<usize, TokenizerError> {
    let least = around.len();
    max_length.checked_sub(least).ok_or(TokenizerError::MaxLength { max_length, least })
}

/// The content of a file, or `None` if there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, TokenizerError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::reading(path, source).into()),
    }
}
