//! Where models and data come from.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a model or its tokeniser comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelSource {
    /// The small default, made from scratch.
    Embedded,
    /// A local directory with a `config.json`.
    Directory(PathBuf),
    /// A name on the Hugging Face hub, such as `microsoft/deberta-v3-base`.
    Hub(String),
}

impl ModelSource {
    /// What can be written in its place.
    pub(super) const ALLOWED: &'static str = "`embedded`, a directory with a model's `config.json`, or a name on the \
                                              Hugging Face hub such as `microsoft/deberta-v3-base`";

    /// What `text` stands for: a directory that exists goes before a name on the hub.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let path = Path::new(text);
        if text == "embedded" {
            Some(Self::Embedded)
        } else if path.is_dir() {
            path.join("config.json").is_file().then(|| Self::Directory(path.to_owned()))
        } else {
            is_hub_name(text).then(|| Self::Hub(text.to_owned()))
        }
    }
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::Hub(name) => f.write_str(name),
        }
    }
}

/// One or two parts of letters, digits, `-`, `_` and dots, none of which begins with a dot.
fn is_hub_name(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    text.split('/').count() <= 2 && text.split('/').all(part)
}

/// Where prompts and their ranked answers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataSource {
    /// `embedded`: the synthetic corpus that the program makes.
    Embedded,
    /// `alpaca`, as the released code calls the ranking data made from LongForm: the file that is given with `--data`.
    LongForm,
    /// A file of ranking data.
    File(PathBuf),
}

impl DataSource {
    /// What can be written in its place.
    pub(super) const ALLOWED: &'static str =
        "a list of `embedded`, `alpaca` (the LongForm ranking data, given with --data) and paths to files, each once";

    /// What `text` stands for. A bare word may only be a file that exists: it is more likely another data set's name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "embedded" => Some(Self::Embedded),
            "alpaca" => Some(Self::LongForm),
            "" => None,
            path if path.contains(['/', '\\', '.']) || Path::new(path).is_file() => Some(Self::File(path.into())),
            _ => None,
        }
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::LongForm => f.write_str("alpaca"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
