//! Models of the public hub.

use std::path::PathBuf;

use hf_hub::Cache;
use hf_hub::api::sync::{ApiBuilder, ApiError};

use crate::reward_model::ModelError;

/// Files of which the first that exists is taken.
const WANTED: [&[&str]; 3] =
    [&["config.json"], &["model.safetensors", "pytorch_model.bin"], &["tokenizer.json", "spm.model"]];
/// A file that may be absent.
const OPTIONAL: &str = "tokenizer_config.json";

/// The folder of the model `name` (such as `microsoft/deberta-v3-base`) in the hub's local cache, where what is missing is
/// fetched first. The usual variables of the hub (`HF_HOME`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`) are respected.
///
/// # Errors
/// [`ModelError::Hub`], which says which files to put where when there is no network.
pub fn fetch(name: &str) -> Result<PathBuf, ModelError> {
    let cached = Cache::from_env().model(name.to_owned());
    let local = |alternatives: &[&str]| alternatives.iter().find_map(|file| cached.get(file));
    if WANTED.iter().all(|alternatives| local(alternatives).is_some()) {
        return folder(name, local(WANTED[0]));
    }
    if std::env::var("HF_HUB_OFFLINE").is_ok_and(|value| !["", "0"].contains(&value.as_str())) {
        return refuse(name, "HF_HUB_OFFLINE is set, and the files are not in the cache");
    }
    let api = ApiBuilder::from_env().build().or_else(|error| refuse(name, &reason(&error)))?.model(name.to_owned());
    let mut first = None;
    for alternatives in WANTED {
        let mut outcome = Err(String::new());
        for file in alternatives {
            outcome = api.get(file).map_err(|error| format!("{file}: {}", reason(&error)));
            if outcome.is_ok() {
                break;
            }
        }
        let path = outcome.or_else(|text| refuse(name, &text))?;
        first.get_or_insert(path);
    }
    // What it says has a default.
    let _ = api.get(OPTIONAL);
    folder(name, first)
}

fn folder(name: &str, file: Option<PathBuf>) -> Result<PathBuf, ModelError> {
    match file.as_deref().and_then(std::path::Path::parent) {
        Some(folder) => Ok(folder.to_owned()),
        None => refuse(name, "the cache has no such folder"),
    }
}

fn refuse<T>(name: &str, reason: &str) -> Result<T, ModelError> {
    Err(ModelError::Hub { name: name.to_owned(), reason: reason.to_owned() })
}

/// One line of an error, without the address it happened at.
fn reason(error: &ApiError) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
