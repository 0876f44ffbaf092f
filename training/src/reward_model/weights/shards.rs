//! A checkpoint in several files, and the index that says which has what.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use reward_collapse::files::OnFile;
use serde::Deserialize;
use tch::Tensor;

use super::{Format, ModelError, StoredTensors};

/// The index as `save_pretrained` writes it. What else it says, such as the total size, has no part in reading.
#[derive(Deserialize)]
struct Index {
    /// The shard of each tensor.
    weight_map: BTreeMap<String, String>,
}

/// All shards of a checkpoint, open.
pub(super) struct Shards {
    index: PathBuf,
    shards: Vec<Box<dyn StoredTensors>>,
    /// The place in `shards` of each tensor's shard.
    places: HashMap<String, usize>,
}

/// The file names of the shards that an index names, each once.
///
/// # Errors
/// [`ModelError::Index`] for an index that is malformed or names a file outside its folder.
pub(super) fn names(index: &Path) -> Result<Vec<String>, ModelError> {
    Ok(distinct(&read(index)?))
}

fn distinct(index: &Index) -> Vec<String> {
    let mut names: Vec<String> = index.weight_map.values().cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn read(path: &Path) -> Result<Index, ModelError> {
    let refuse = |reason: String| ModelError::Index { path: path.into(), reason };
    let content = std::fs::read(path).reading(path)?;
    let index: Index = serde_json::from_slice(&content)
        .map_err(|error| refuse(format!("it is no index of a checkpoint's shards: {error}")))?;
    if index.weight_map.is_empty() {
        return Err(refuse("its weight_map names no tensor".to_owned()));
    }
    match index.weight_map.values().find(|name| !is_within(name)) {
        Some(name) => Err(refuse(format!("it names the shard {name:?}, which is not a file within its folder"))),
        None => Ok(index),
    }
}

/// Whether the name leads to a file below the folder, however the folder is called.
fn is_within(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

impl Shards {
    /// Opens every shard, and looks whether it has what the index says.
    ///
    /// # Errors
    /// [`ModelError::Index`] where index and shards do not agree, and what goes wrong in opening a shard.
    pub fn open(path: &Path, format: Format) -> Result<Self, ModelError> {
        let refuse = |reason: String| ModelError::Index { path: path.into(), reason };
        let directory = path.parent().unwrap_or(Path::new("."));
        let index = read(path)?;
        let names = distinct(&index);
        let mut shards = Vec::with_capacity(names.len());
        for name in &names {
            let shard = directory.join(name);
            if !shard.exists() {
                return Err(refuse(format!("it names the shard {name}, which is missing; put it beside the index")));
            }
            shards.push(format.open(&shard)?);
        }
        let mut places = HashMap::new();
        for (tensor, name) in index.weight_map {
            let place = names.binary_search(&name).ok().filter(|&place| shards[place].has(&tensor));
            let place = place.ok_or_else(|| refuse(format!("it says that {name} has {tensor}, which it lacks")))?;
            places.insert(tensor, place);
        }
        Ok(Self { index: path.into(), shards, places })
    }
}

impl StoredTensors for Shards {
    fn path(&self) -> &Path {
        &self.index
    }

    fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.places.keys().any(|name| name.starts_with(prefix))
    }

    fn tensor(&self, name: &str) -> Result<Tensor, ModelError> {
        match self.places.get(name) {
            Some(&place) => self.shards[place].tensor(name),
            None => Err(ModelError::MissingParameter { path: self.index.clone(), name: name.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn only_names_below_the_folder_are_followed() {
        assert!(is_within("model-00001-of-00002.safetensors") && is_within("shards/one.bin"));
        for name in ["", "/etc/passwd", "../model.safetensors", "shards/../../model.bin", "./x"] {
            assert!(!is_within(name), "{name}");
        }
    }
}
