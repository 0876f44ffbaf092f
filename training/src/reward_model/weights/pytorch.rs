//! `pytorch_model.bin`: a state dictionary that `torch.save` wrote.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use reward_collapse::files::OnFile;
use tch::Tensor;
use zip::ZipArchive;

use super::pickle::{Pickle, Storage, View, cut};
use super::{ModelError, StoredTensors};

/// The first bytes of a zip archive, which `torch.save` writes since PyTorch 1.6.
const ZIP: [u8; 4] = *b"PK\x03\x04";
/// The first byte of a pickle: earlier files are several, one after the other, and then bytes.
const PICKLE: u8 = 0x80;
/// What the archive is called within itself, and the pickle there.
const PICKLED: &str = "data.pkl";

/// An open file; tensors are read from it one at a time.
#[derive(Debug)]
pub struct StateDict {
    path: PathBuf,
    views: HashMap<String, View>,
    storages: RefCell<Storages>,
}

/// Where the numbers are.
#[derive(Debug)]
enum Storages {
    /// They are in entries of an archive, whose names begin with the text.
    Zip(ZipArchive<BufReader<File>>, String),
    /// They are in a file, each storage from its own place on.
    Plain(BufReader<File>, HashMap<String, u64>),
}

impl StateDict {
    /// Reads what tensors there are.
    ///
    /// # Errors
    /// [`ModelError::File`], or [`ModelError::Weights`] for a file that is truncated or holds something else.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let mut file = File::open(path).reading(path)?;
        let mut first = Vec::new();
        Read::take(&mut file, ZIP.len() as u64).read_to_end(&mut first).reading(path)?;
        file.rewind().reading(path)?;
        let opened = match &first[..] {
            first if first == ZIP => open_zip(file),
            [PICKLE, ..] => open_plain(file),
            _ => Err("it is no file of torch.save".to_owned()),
        };
        let refuse = |reason| ModelError::Weights { path: path.into(), reason };
        let (views, storages) = opened.map_err(refuse)?;
        Ok(Self { path: path.into(), views, storages: RefCell::new(storages) })
    }
}

type Opened = (HashMap<String, View>, Storages);

fn open_zip(file: File) -> Result<Opened, String> {
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| format!("it is cut off or damaged, no whole zip archive: {error}"))?;
    let mut names = archive.file_names().filter_map(Result::ok);
    let name = names.find(|name| *name == PICKLED || name.ends_with(&format!("/{PICKLED}")));
    let name = name.ok_or("it is a zip archive without data.pkl")?.into_owned();
    drop(names);
    let folder = name[..name.len() - PICKLED.len()].to_owned();
    let entry = archive.by_name(&name).map_err(|error| error.to_string())?;
    let pickle = Pickle::read(&mut BufReader::new(entry))?;
    let views = pickle.tensors().ok_or("it holds something else than a state dictionary")?;
    Ok((views, Storages::Zip(archive, folder)))
}

/// A magic number, a version, facts about the system, the object, and the keys of its storages, each pickled; then for each
/// key the number of elements and the elements.
fn open_plain(file: File) -> Result<Opened, String> {
    let length = file.metadata().map_err(|error| cut(&error))?.len();
    let mut file = BufReader::new(file);
    for _ in ["magic number", "version", "system"] {
        Pickle::read(&mut file)?;
    }
    let pickle = Pickle::read(&mut file)?;
    let views = pickle.tensors().ok_or("it holds something else than a state dictionary")?;
    let keys = Pickle::read(&mut file)?.texts().ok_or("it has no list of storages")?;
    let storages: HashMap<&str, &Storage> =
        views.values().map(|view| (view.storage.key.as_str(), &view.storage)).collect();
    let mut places = HashMap::new();
    for key in keys {
        let mut elements = [0; 8];
        file.read_exact(&mut elements).map_err(|error| cut(&error))?;
        let place = file.stream_position().map_err(|error| cut(&error))?;
        // One that no tensor refers to has an unknown size, and what comes after it cannot be found.
        let storage = storages.get(key.as_str()).ok_or("it has storages of something else than tensors by name")?;
        if u64::from_le_bytes(elements) != storage.elements {
            return Err(format!("it is damaged: storage {key} has another size than its tensors say"));
        }
        let end = bytes(storage).and_then(|bytes| place.checked_add(bytes)).filter(|&end| end <= length);
        file.seek(SeekFrom::Start(end.ok_or("it is cut off")?)).map_err(|error| cut(&error))?;
        places.insert(key, place);
    }
    Ok((views, Storages::Plain(file, places)))
}

impl Storages {
    /// The bytes of a storage.
    fn read(&mut self, storage: &Storage) -> Result<Vec<u8>, String> {
        let wanted = bytes(storage).ok_or("a storage is larger than any memory")?;
        let mut content = Vec::new();
        match self {
            Self::Zip(archive, folder) => {
                let name = format!("{folder}data/{}", storage.key);
                let entry = archive.by_name(&name).map_err(|error| format!("{name}: {error}"))?;
                content.reserve_exact(wanted.min(entry.compressed_size()) as usize);
                entry.take(wanted).read_to_end(&mut content).map_err(|error| format!("{name}: {}", cut(&error)))?;
            }
            Self::Plain(file, places) => {
                let place = places.get(&storage.key).ok_or_else(|| format!("storage {} is missing", storage.key))?;
                file.seek(SeekFrom::Start(*place)).map_err(|error| cut(&error))?;
                file.take(wanted).read_to_end(&mut content).map_err(|error| cut(&error))?;
            }
        }
        if content.len() as u64 == wanted { Ok(content) } else { Err(format!("storage {} is cut off", storage.key)) }
    }
}

fn bytes(storage: &Storage) -> Option<u64> {
    storage.elements.checked_mul(storage.kind.elt_size_in_bytes() as u64)
}

/// Whether a view stays within its storage.
fn is_within(view: &View) -> bool {
    let View { storage, offset, shape, strides } = view;
    if shape.len() != strides.len() || *offset < 0 || shape.iter().chain(strides).any(|&number| number < 0) {
        return false;
    }
    let elements = shape.iter().try_fold(1, |product: i64, &size| product.checked_mul(size));
    let last = shape.iter().zip(strides).try_fold(*offset, |last, (&size, &stride)| {
        size.saturating_sub(1).max(0).checked_mul(stride).and_then(|far| last.checked_add(far))
    });
    match (elements, last) {
        (Some(0), _) => true,
        (Some(elements), Some(last)) => (last as u64) < storage.elements && elements as u64 <= storage.elements,
        _ => false,
    }
}

impl StoredTensors for StateDict {
    fn path(&self) -> &Path {
        &self.path
    }

    fn has(&self, name: &str) -> bool {
        self.views.contains_key(name)
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.views.keys().any(|name| name.starts_with(prefix))
    }

    fn tensor(&self, name: &str) -> Result<Tensor, ModelError> {
        let view = self.views.get(name);
        let view = view.ok_or_else(|| ModelError::MissingParameter { path: self.path.clone(), name: name.into() })?;
        let refuse = |reason| ModelError::Weights { path: self.path.clone(), reason };
        if !is_within(view) {
            return Err(refuse(format!("{name} is larger than what it lies in")));
        }
        let content = self.storages.borrow_mut().read(&view.storage);
        let content = content.map_err(|reason| refuse(format!("{name}: {reason}")))?;
        let whole = Tensor::f_from_data_size(&content, &[view.storage.elements as i64], view.storage.kind)?;
        Ok(whole.f_as_strided(&view.shape, &view.strides, view.offset)?.f_contiguous()?)
    }
}
