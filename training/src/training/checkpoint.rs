//! Checkpoints: `checkpoint-STEP/` in transformers' layout, with what it takes to go on.
//!
//! A checkpoint is written under a temporary name, brought to the disk and then renamed: a folder of its final name is whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tch::{Device, TchError, Tensor};

use super::TrainingError;
use super::configuration::Configuration;
use super::loss_scale::LossScale;
use super::optimiser::AdamW;
use crate::libtorch::no_grad;
use crate::reward_model::tokenizer::Tokenizer;
use crate::reward_model::weights::{self, SafetensorsFile};
use crate::reward_model::{Config, RewardModel};
use reward_collapse::experiment::Head;
use reward_collapse::files::{self, OnFile};

const PREFIX: &str = "checkpoint-";
const TEMPORARY: &str = ".checkpoint-";
const STATE: &str = "trainer_state.json";
const OPTIMISER: &str = "optimizer.safetensors";

/// Where a run is: with the model, the moments and the configuration's seeds, all that its next step depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Optimiser steps taken; the schedule, the order of the data and dropout follow from it.
    pub step: u64,
    /// The optimiser's own count, which leaves out steps whose gradient overflowed.
    pub optimiser_steps: i64,
    /// Prompts taken.
    pub prompts: u64,
    /// Time spent in training.
    pub seconds: f64,
    /// The scale of the loss.
    pub loss_scale: LossScale,
    /// Of the data, [`RankingFile::checksum`](crate::dataset::RankingFile::checksum).
    pub data_checksum: u32,
    /// The run's configuration.
    pub configuration: Configuration,
}

/// The checkpoints in a run's directory with their steps, newest first.
///
/// # Errors
/// [`TrainingError::File`] for a directory that cannot be listed.
pub fn list(directory: &Path) -> Result<Vec<(u64, PathBuf)>, TrainingError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.reading(directory)?,
    };
    let step = |path: &Path| path.file_name()?.to_str()?.strip_prefix(PREFIX)?.parse().ok();
    let mut found: Vec<(u64, PathBuf)> =
        entries.flatten().filter_map(|entry| Some((step(&entry.path())?, entry.path()))).collect();
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

/// The folder of a checkpoint.
pub fn folder(directory: &Path, step: u64) -> PathBuf {
    directory.join(format!("{PREFIX}{step}"))
}

/// Removes what a killed run left half-written. What cannot be removed does no harm.
pub fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let begins = |prefix: &str| name.to_string_lossy().starts_with(prefix);
        if begins(TEMPORARY) {
            let _ = fs::remove_dir_all(entry.path());
        } else if begins(files::TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What a checkpoint has, in memory of its own: training may go on while it is written.
#[derive(Debug)]
pub struct Snapshot {
    state: State,
    config: Value,
    tokenizer: Arc<Tokenizer>,
    values: Vec<(String, Tensor)>,
    moments: Vec<(String, Tensor)>,
}

impl Snapshot {
    /// Copies the model and the moments, 12 bytes a parameter, to the memory of the CPU.
    ///
    /// # Errors
    /// [`TrainingError::Model`] where there is no memory.
    pub fn take(
        state: State,
        model: &RewardModel,
        tokenizer: Arc<Tokenizer>,
        optimiser: &AdamW,
    ) -> Result<Self, TrainingError> {
        let parameters = model.parameters();
        let values = parameters.named().map(|(name, value)| Ok((name.to_owned(), copied(value)?)));
        let moments = optimiser.moments().into_iter().flat_map(|(moment, flat)| {
            let copy = move |(name, value): (&str, Tensor)| Ok((format!("{moment}.{name}"), copied(&value)?));
            parameters.views(flat).map(copy)
        });
        let values = values.collect::<Result<Vec<_>, TchError>>()?;
        let moments = moments.collect::<Result<Vec<_>, TchError>>()?;
        Ok(Self { state, config: described(model.config()), tokenizer, values, moments })
    }

    /// Writes the checkpoint into `directory` and returns its folder.
    ///
    /// # Errors
    /// [`TrainingError::File`], such as for a full disk; earlier checkpoints stay as they are.
    pub fn write(self, directory: &Path) -> Result<PathBuf, TrainingError> {
        let Self { state, config, tokenizer, values, moments } = self;
        write(directory, &state, &config, &tokenizer, values, moments)
    }
}

/// The same values on the CPU, in memory of their own.
fn copied(tensor: &Tensor) -> Result<Tensor, TchError> {
    no_grad(|| {
        let tensor = tensor.detach();
        if tensor.device() != Device::Cpu {
            return tensor.f_to_device(Device::Cpu);
        }
        let mut copy = tensor.f_empty_like()?;
        copy.f_copy_(&tensor)?;
        Ok(copy)
    })
}

fn write(
    directory: &Path,
    state: &State,
    config: &Value,
    tokenizer: &Tokenizer,
    values: Vec<(String, Tensor)>,
    moments: Vec<(String, Tensor)>,
) -> Result<PathBuf, TrainingError> {
    let folder = folder(directory, state.step);
    let temporary = tempfile::Builder::new()
        .prefix(&format!("{TEMPORARY}{}-", state.step))
        .tempdir_in(directory)
        .writing(directory)?;
    let within = |name: &str| temporary.path().join(name);
    let text = |name: &str, value: &Value| {
        let path = within(name);
        fs::write(&path, format!("{value:#}\n")).writing(&path)
    };
    text("config.json", config)?;
    for (name, content) in tokenizer.files() {
        let path = within(&name);
        fs::write(&path, content).writing(&path)?;
    }
    weights::write(&within("model.safetensors"), values.into_iter())?;
    weights::write(&within(OPTIMISER), moments.into_iter())?;
    text(STATE, &serde_json::to_value(state).writing(&within(STATE))?)?;
    settle(temporary.path()).writing(temporary.path())?;
    readable(temporary.path()).writing(temporary.path())?;

    // The same step again, after going on from an earlier one: the old folder leaves its name to the new one.
    let former = directory.join(format!("{TEMPORARY}{}-former", state.step));
    if folder.exists() {
        let _ = fs::remove_dir_all(&former);
        fs::rename(&folder, &former).writing(&folder)?;
    }
    let temporary = temporary.keep();
    fs::rename(&temporary, &folder).writing(&folder)?;
    File::open(directory).and_then(|file| file.sync_all()).writing(directory)?;
    let _ = fs::remove_dir_all(former);
    Ok(folder)
}

/// Brings the files of a folder, and the folder, to the disk.
fn settle(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(folder)?.sync_all()
}

/// A temporary folder is private by default; a checkpoint is for everyone whom the umask of its files admits.
fn readable(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let files = fs::metadata(folder.join(STATE))?.permissions().mode();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700 | (files & 0o066) | ((files & 0o044) >> 2)))?;
        for entry in fs::read_dir(folder)? {
            fs::set_permissions(entry?.path(), fs::Permissions::from_mode(files & 0o666))?;
        }
    }
    Ok(())
}

/// The configuration with what transformers wants to know besides.
fn described(config: &Config) -> Value {
    let mut value = serde_json::to_value(config).unwrap_or_default();
    let also = json!({
        "architectures": [config.class()],
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "problem_type": "regression",
        "dtype": "float32",
    });
    if let (Some(own), Value::Object(also)) = (value.as_object_mut(), also) {
        own.remove("torch_dtype");
        own.remove("num_labels");
        own.extend(also);
    }
    value
}

/// Reads where a checkpoint's run was.
///
/// # Errors
/// [`TrainingError::Checkpoint`].
pub fn state(folder: &Path) -> Result<State, TrainingError> {
    let path = folder.join(STATE);
    let refuse = |reason: String| TrainingError::Checkpoint { path: path.clone(), reason };
    let text = fs::read_to_string(&path).map_err(|error| refuse(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))
}

/// How the run that wrote a checkpoint makes rewards of logits; nothing for a model of another origin, which has no such file, or
/// one of another program.
pub fn head(folder: &Path) -> Option<Head> {
    let text = fs::read_to_string(folder.join(STATE)).ok()?;
    let state: State = serde_json::from_str(&text).ok()?;
    Some(state.configuration.loss.head())
}

/// Fills the optimiser's moments from a checkpoint of `model`.
///
/// # Errors
/// [`TrainingError::Model`] for moments that are missing or of another shape.
pub fn restore(folder: &Path, model: &RewardModel, optimiser: &mut AdamW, state: &State) -> Result<(), TrainingError> {
    let path = folder.join(OPTIMISER);
    let file = SafetensorsFile::open(&path)?;
    for (moment, flat) in optimiser.moments() {
        for (name, mut place) in model.parameters().views(flat) {
            let value: Tensor = file.tensor(&format!("{moment}.{name}"))?;
            if value.size() != place.size() {
                let reason = format!("{moment}.{name} has the shape {:?}", value.size());
                return Err(TrainingError::Checkpoint { path, reason });
            }
            no_grad(|| place.f_copy_(&value))?;
        }
    }
    optimiser.resume(state.optimiser_steps);
    Ok(())
}
