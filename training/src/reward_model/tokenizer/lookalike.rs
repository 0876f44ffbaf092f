//! A tokeniser under another name.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{SENTENCE_PIECE, TOKENIZER, spm};

/// Larger files are not looked into: no tokeniser is as large.
const LARGEST: u64 = 256 << 20;

/// The parts of a `tokenizer.json` that no other file has.
#[derive(Deserialize)]
struct TokenizerFile {
    #[serde(rename = "model")]
    _model: IgnoredAny,
    #[serde(rename = "added_tokens")]
    _added_tokens: IgnoredAny,
}

/// The first file of a folder, by name, that is a tokeniser by its content, and the name that it should have.
pub(super) fn find(directory: &Path) -> Option<(String, &'static str)> {
    let mut entries: Vec<_> = fs::read_dir(directory).ok()?.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    entries.into_iter().find_map(|entry| {
        let path = entry.path();
        let name = entry.file_name().into_string().ok()?;
        let kind = path.extension()?.to_str()?;
        let metadata = fs::metadata(&path).ok()?;
        if !["model", "spm", "json"].contains(&kind) || !metadata.is_file() || metadata.len() > LARGEST {
            return None;
        }
        let content = fs::read(&path).ok()?;
        let wanted = match kind {
            "json" => serde_json::from_slice::<TokenizerFile>(&content).ok().map(|_| TOKENIZER)?,
            _ => spm::read(&content).ok().map(|_| SENTENCE_PIECE)?,
        };
        Some((name, wanted))
    })
}
