//! Models of the public hub.

use std::path::{Path, PathBuf};

use hf_hub::Cache;
use hf_hub::api::sync::{ApiBuilder, ApiError};

use super::{FILES, shards};
use crate::reward_model::ModelError;

const CONFIG: &str = "config.json";
/// Files of which the first that exists is taken.
const TOKENIZERS: [&str; 2] = ["tokenizer.json", "spm.model"];
/// A file that may be absent.
const OPTIONAL: &str = "tokenizer_config.json";

/// Where a file of the model lies once it is had, or why it can't be had.
type Get<'a> = &'a dyn Fn(&str) -> Result<PathBuf, String>;

/// The folder of the model `name` (such as `microsoft/deberta-v3-base`) in the hub's local cache, where what is missing is
/// fetched first. The usual variables of the hub (`HF_HOME`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`) are respected.
///
/// # Errors
/// [`ModelError::Hub`], which says which files to put where when there is no network; [`ModelError::Index`] for an index of
/// shards that is malformed.
pub fn fetch(name: &str) -> Result<PathBuf, ModelError> {
    let refuse = |reason: &str| ModelError::Hub { name: name.to_owned(), reason: reason.to_owned() };
    let cached = Cache::from_env().model(name.to_owned());
    let kept = |file: &str| cached.get(file).ok_or_else(|| format!("{file} is not in the cache"));
    let missing = match complete(&kept)? {
        Ok(folder) => return Ok(folder),
        Err(missing) => missing,
    };
    if std::env::var("HF_HUB_OFFLINE").is_ok_and(|value| !["", "0"].contains(&value.as_str())) {
        return Err(refuse(&format!("HF_HUB_OFFLINE is set, and {missing}")));
    }
    let api = ApiBuilder::from_env().build().map_err(|error| refuse(&reason(&error)))?.model(name.to_owned());
    let got = |file: &str| api.get(file).map_err(|error| format!("{file}: {}", reason(&error)));
    let folder = complete(&got)?.map_err(|missing| refuse(&missing))?;
    // What it says has a default.
    let _ = got(OPTIONAL);
    Ok(folder)
}

/// Gets every file that a model needs, the shards that an index names among them. Returns their folder, or which file can't
/// be had.
///
/// # Errors
/// [`ModelError::Index`] for an index of shards that is malformed.
fn complete(get: Get) -> Result<Result<PathBuf, String>, ModelError> {
    let config = match get(CONFIG) {
        Ok(path) => path,
        Err(missing) => return Ok(Err(missing)),
    };
    let (weights, path) = match first(get, FILES.iter().map(|(file, ..)| *file)) {
        Ok(found) => found,
        Err(missing) => return Ok(Err(missing)),
    };
    if FILES.iter().any(|(file, _, is_index)| *is_index && *file == weights) {
        for shard in shards::names(&path)? {
            if let Err(missing) = get(&shard) {
                return Ok(Err(missing));
            }
        }
    }
    let folder = config.parent().map(Path::to_owned).ok_or("the cache has no such folder".to_owned());
    Ok(first(get, TOKENIZERS.into_iter()).and(folder))
}

/// The first file that can be had; else why the first of them can't.
fn first<'a>(get: Get, files: impl Iterator<Item = &'a str>) -> Result<(&'a str, PathBuf), String> {
    let mut failure = None;
    for file in files {
        match get(file) {
            Ok(path) => return Ok((file, path)),
            Err(reason) => _ = failure.get_or_insert(reason),
        }
    }
    Err(failure.unwrap_or_default())
}

/// One line of an error, without the address it happened at.
fn reason(error: &ApiError) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
