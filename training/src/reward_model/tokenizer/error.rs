//! What can be wrong with a tokeniser.

use std::path::PathBuf;

use reward_collapse::files::FileError;
use thiserror::Error;

/// Why there is no tokeniser, or a text was not encoded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// A folder has no tokeniser.
    #[error("{} has no tokeniser: put tokenizer.json or spm.model there{}", directory.display(), renaming(lookalike))]
    Missing {
        /// The folder.
        directory: PathBuf,
        /// A file that is one by its content, and the name that it should have.
        lookalike: Option<(String, &'static str)>,
    },
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not what its name says.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A vocabulary lacks a token that every batch needs.
    #[error("the vocabulary of {} has no token {token}, which {role}", path.display())]
    NoToken {
        /// The file of the vocabulary.
        path: PathBuf,
        /// The token.
        token: String,
        /// What it is for.
        role: &'static str,
    },
    /// A length leaves no room for the tokens that go around a text.
    #[error("a maximal length of {max_length} is too short: {least} tokens go around the text")]
    MaxLength {
        /// The length, in tokens.
        max_length: usize,
        /// The least length that can be asked for.
        least: usize,
    },
    /// A vocabulary cannot hold all characters of the texts.
    #[error("a vocabulary of {vocabulary} is too small: these texts need at least {least}, a token for each character")]
    VocabularyTooSmall {
        /// The size asked for.
        vocabulary: usize,
        /// The least size.
        least: usize,
    },
    /// There was nothing to learn a vocabulary from.
    #[error("the texts to learn a vocabulary from have no words")]
    NoWords,
    /// The tokenisers' library failed.
    #[error("the tokeniser failed: {0}")]
    Library(String),
}

fn renaming(lookalike: &Option<(String, &'static str)>) -> String {
    match lookalike {
        Some((name, wanted)) => format!("; {name} looks like one: name it {wanted}"),
        None => String::new(),
    }
}
