//! `model.safetensors`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use reward_collapse::files::{FileError, OnFile};
use safetensors::tensor::Metadata;
use safetensors::{Dtype, View};
use tch::{Device, Kind, Tensor};

use super::{ModelError, StoredTensors};

/// The length of the header, as the file begins with it.
const PREFIX: u64 = 8;
/// No header is longer: the format's own limit.
const LONGEST_HEADER: u64 = 100_000_000;

/// An open file; tensors are read from it one at a time.
#[derive(Debug)]
pub struct SafetensorsFile {
    path: PathBuf,
    metadata: Metadata,
    /// Where the tensors' bytes begin.
    start: u64,
}

impl SafetensorsFile {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ModelError::File`], or [`ModelError::Weights`] for a file that is truncated or not of this format.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let refuse = |reason: String| ModelError::Weights { path: path.into(), reason };
        let mut file = File::open(path).reading(path)?;
        let length = file.metadata().reading(path)?.len();
        let mut prefix = [0; PREFIX as usize];
        if length < PREFIX {
            return Err(refuse("it is shorter than a header".to_owned()));
        }
        file.read_exact(&mut prefix).reading(path)?;
        let header = u64::from_le_bytes(prefix);
        if header > LONGEST_HEADER || header > length - PREFIX {
            return Err(refuse("its header is cut off, or it is not in the safetensors format".to_owned()));
        }
        let mut bytes = vec![0; header as usize];
        file.read_exact(&mut bytes).reading(path)?;
        let metadata: Metadata = serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
        let (start, data) = (PREFIX + header, metadata.data_len() as u64);
        if length != start + data {
            return Err(refuse(format!("it has {length} bytes, its header asks for {}", start + data)));
        }
        Ok(Self { path: path.into(), metadata, start })
    }

    /// The names in the file.
    pub fn names(&self) -> Vec<String> {
        self.metadata.tensors().into_keys().collect()
    }

    /// Reads the tensor `name`, on the CPU and in its own kind.
    ///
    /// # Errors
    /// [`ModelError::MissingParameter`], or what goes wrong in reading.
    pub fn tensor(&self, name: &str) -> Result<Tensor, ModelError> {
        let refuse = |reason: String| ModelError::Weights { path: self.path.clone(), reason };
        let info = self.metadata.info(name);
        let info = info.ok_or_else(|| ModelError::MissingParameter { path: self.path.clone(), name: name.into() })?;
        let kind = kind(info.dtype).ok_or_else(|| refuse(format!("{name} has the kind {:?}", info.dtype)))?;
        let (begin, end) = info.data_offsets;
        let mut bytes = vec![0; end - begin];
        let mut read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.start + begin as u64))?;
            file.read_exact(&mut bytes)
        };
        read().reading(&self.path)?;
        let shape: Vec<i64> = info.shape.iter().map(|&size| size as i64).collect();
        Ok(Tensor::f_from_data_size(&bytes, &shape, kind)?)
    }
}

impl StoredTensors for SafetensorsFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn has(&self, name: &str) -> bool {
        self.metadata.info(name).is_some()
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.metadata.tensors().keys().any(|name| name.starts_with(prefix))
    }

    fn tensor(&self, name: &str) -> Result<Tensor, ModelError> {
        Self::tensor(self, name)
    }
}

fn kind(dtype: Dtype) -> Option<Kind> {
    Some(match dtype {
        Dtype::F64 => Kind::Double,
        Dtype::F32 => Kind::Float,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::I64 => Kind::Int64,
        Dtype::I32 => Kind::Int,
        Dtype::U8 => Kind::Uint8,
        Dtype::BOOL => Kind::Bool,
        _ => return None,
    })
}

/// A tensor of single-precision numbers as bytes, copied only when its turn comes.
struct Bytes {
    tensor: Tensor,
    shape: Vec<usize>,
}

impl View for &Bytes {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let elements = self.tensor.numel();
        let mut bytes = vec![0; 4 * elements];
        self.tensor.to_device(Device::Cpu).contiguous().copy_data_u8(&mut bytes, elements);
        bytes.into()
    }

    fn data_len(&self) -> usize {
        4 * self.tensor.numel()
    }
}

/// Writes single-precision tensors to `path`, marked as PyTorch's for transformers.
///
/// # Errors
/// [`ModelError::File`].
pub fn write(path: &Path, tensors: impl Iterator<Item = (String, Tensor)>) -> Result<(), ModelError> {
    let bytes = |tensor: Tensor| {
        let shape = tensor.size().iter().map(|&size| size as usize).collect();
        Bytes { tensor, shape }
    };
    let tensors: Vec<(String, Bytes)> = tensors.map(|(name, tensor)| (name, bytes(tensor))).collect();
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let views = tensors.iter().map(|(name, bytes)| (name.as_str(), bytes));
    let written = safetensors::serialize_to_file(views, Some(metadata), path);
    written.map_err(|error| {
        let source = match error {
            safetensors::SafeTensorError::IoError(source) => source,
            other => std::io::Error::other(other),
        };
        FileError::writing(path, source).into()
    })
}
