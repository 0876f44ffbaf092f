//! Weights in files: `model.safetensors` or `pytorch_model.bin`, whole or in shards, in transformers' names.

mod hub;
mod pickle;
mod pytorch;
mod safetensors;
mod shards;

use std::path::Path;

use tch::Tensor;

use super::ModelError;
use super::parameters::{Declaration, Parameters, Part};
use crate::libtorch::no_grad;

pub use hub::fetch;
pub use safetensors::{SafetensorsFile, write};
use shards::Shards;

/// Tensors by name, read one at a time.
trait StoredTensors {
    /// Where they lie.
    fn path(&self) -> &Path;
    /// Whether there is a tensor of this name.
    fn has(&self, name: &str) -> bool;
    /// Whether any name begins so.
    fn has_prefix(&self, prefix: &str) -> bool;
    /// Reads one that is there.
    fn tensor(&self, name: &str) -> Result<Tensor, ModelError>;
}

/// The formats of a file of weights.
#[derive(Debug, Clone, Copy)]
enum Format {
    Safetensors,
    Pytorch,
}

/// The files that weights may begin with, each an index or not, in the order in which transformers looks for them.
const FILES: [(&str, Format, bool); 4] = [
    ("model.safetensors", Format::Safetensors, false),
    ("model.safetensors.index.json", Format::Safetensors, true),
    ("pytorch_model.bin", Format::Pytorch, false),
    ("pytorch_model.bin.index.json", Format::Pytorch, true),
];

impl Format {
    fn open(self, path: &Path) -> Result<Box<dyn StoredTensors>, ModelError> {
        Ok(match self {
            Self::Safetensors => Box::new(SafetensorsFile::open(path)?),
            Self::Pytorch => Box::new(pytorch::StateDict::open(path)?),
        })
    }
}

/// Fills `parameters` from the weights in `directory`, and returns the names of those of the head that the file lacks.
pub(super) fn load(directory: &Path, parameters: &mut Parameters) -> Result<Vec<String>, ModelError> {
    let stored = open(directory)?;
    let stored = stored.as_ref();
    let mut fresh = Vec::new();
    // A file of the bare encoder has no prefix.
    let prefix = parameters.declarations().encoder_prefix();
    let absent = if stored.has_prefix(prefix) { "" } else { prefix };
    for (declaration, leaf) in parameters.declarations().iter().zip(parameters.leaves()) {
        let Some(name) = name_in(stored, declaration, absent) else {
            if declaration.part != Part::Head {
                let name = without(&declaration.name, absent).to_owned();
                return Err(ModelError::MissingParameter { path: stored.path().into(), name });
            }
            fresh.push(declaration.name.clone());
            continue;
        };
        let value = stored.tensor(&name)?;
        if value.size() != leaf.size() {
            return Err(ModelError::Shape {
                path: stored.path().into(),
                name,
                found: value.size(),
                expected: leaf.size(),
            });
        }
        no_grad(|| leaf.shallow_clone().f_copy_(&value))?;
    }
    Ok(fresh)
}

/// What a parameter is called in a file, under its name of today or of the past.
fn name_in(stored: &dyn StoredTensors, declaration: &Declaration, absent: &str) -> Option<String> {
    let names = [Some(declaration.name.clone()), declaration.legacy_name()];
    let mut names = names.iter().flatten().map(|name| without(name, absent));
    names.find(|name| stored.has(name)).map(str::to_owned)
}

fn without<'a>(name: &'a str, absent: &str) -> &'a str {
    name.strip_prefix(absent).unwrap_or(name)
}

fn open(directory: &Path) -> Result<Box<dyn StoredTensors>, ModelError> {
    for (name, format, is_index) in FILES {
        let path = directory.join(name);
        if path.exists() {
            return if is_index { Ok(Box::new(Shards::open(&path, format)?)) } else { format.open(&path) };
        }
    }
    Err(ModelError::NoWeights { path: directory.into() })
}
