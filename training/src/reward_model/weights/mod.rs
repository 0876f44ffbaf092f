//! Weights in files: `model.safetensors` or `pytorch_model.bin`, in transformers' names.

mod hub;
mod pickle;
mod pytorch;
mod safetensors;

use std::path::{Path, PathBuf};

use tch::Tensor;

use super::ModelError;
use super::deberta::Parameters;

pub use hub::fetch;
pub use safetensors::{SafetensorsFile, write};

/// Parameters by name, read one at a time.
trait Source {
    /// Where they lie.
    fn path(&self) -> &Path;
    /// Whether there is a parameter of this name.
    fn has(&self, name: &str) -> bool;
    /// Whether any name begins so.
    fn has_prefix(&self, prefix: &str) -> bool;
    /// Reads one that is there.
    fn tensor(&self, name: &str) -> Result<Tensor, ModelError>;
}

/// Fills `parameters` from the weights in `directory`, and returns the names of those of the head that the file lacks.
pub(super) fn load(directory: &Path, parameters: &mut Parameters) -> Result<Vec<String>, ModelError> {
    let source = open(directory)?;
    let source = source.as_ref();
    let mut fresh = Vec::new();
    // A file of the bare encoder has no prefix.
    let bare = !source.has_prefix("deberta.");
    for (name, leaf) in parameters.named() {
        let stored = if bare { name.strip_prefix("deberta.").unwrap_or(name) } else { name };
        if !source.has(stored) {
            if name.starts_with("deberta.") {
                return Err(ModelError::MissingParameter { path: source.path().into(), name: stored.into() });
            }
            fresh.push(name.to_owned());
            continue;
        }
        let value = source.tensor(stored)?;
        if value.size() != leaf.size() {
            return Err(ModelError::Shape {
                path: source.path().into(),
                name: stored.into(),
                found: value.size(),
                expected: leaf.size(),
            });
        }
        tch::no_grad(|| leaf.shallow_clone().f_copy_(&value))?;
    }
    Ok(fresh)
}

fn open(directory: &Path) -> Result<Box<dyn Source>, ModelError> {
    let file = |name: &str| -> Option<PathBuf> { Some(directory.join(name)).filter(|path| path.exists()) };
    if let Some(path) = file("model.safetensors") {
        return Ok(Box::new(SafetensorsFile::open(&path)?));
    }
    match file("pytorch_model.bin") {
        Some(path) => Ok(Box::new(pytorch::StateDict::open(&path)?)),
        None => Err(ModelError::NoWeights { path: directory.into() }),
    }
}
