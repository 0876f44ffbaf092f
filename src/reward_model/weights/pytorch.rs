//! `pytorch_model.bin`: a state dictionary that `torch.save` wrote.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use tch::Tensor;

use super::{ModelError, Source};

/// The first bytes of a zip archive, which `torch.save` writes since PyTorch 1.6.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// The tensors of the file.
#[derive(Debug)]
pub struct StateDict {
    path: PathBuf,
    tensors: HashMap<String, Tensor>,
}

impl StateDict {
    /// Reads all of it.
    ///
    /// # Errors
    /// [`ModelError::Weights`] for a file that is truncated, or older than PyTorch 1.6.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let refuse = |reason: String| ModelError::Weights { path: path.into(), reason };
        let mut magic = [0; 4];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.map_err(|source| ModelError::Read { path: path.into(), source })?;
        if magic != ZIP {
            let reason = "it was written before PyTorch 1.6, or is no such file; load and save it with a newer one";
            return Err(refuse(reason.to_owned()));
        }
        let tensors = Tensor::loadz_multi(path).map_err(|error| refuse(ModelError::from(error).to_string()))?;
        Ok(Self { path: path.into(), tensors: tensors.into_iter().collect() })
    }
}

impl Source for StateDict {
    fn path(&self) -> &Path {
        &self.path
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.tensors.keys().any(|name| name.starts_with(prefix))
    }

    fn tensor(&self, name: &str) -> Result<Tensor, ModelError> {
        let tensor = self.tensors.get(name).map(Tensor::shallow_clone);
        tensor.ok_or_else(|| ModelError::MissingParameter { path: self.path.clone(), name: name.into() })
    }
}
