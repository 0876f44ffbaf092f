//! Checkpoints in shards, and with the names of older ones; `training/scripts/shards.py` made the files, and transformers
//! reads them as the model that they are compared with here.

use std::fs;
use std::path::{Path, PathBuf};

use reward_collapse_training::reward_model::weights::{self, SafetensorsFile};
use reward_collapse_training::reward_model::{ModelError, RewardModel};
use serde_json::Value;
use tch::Device;
use tempfile::TempDir;

const INDEX: &str = "model.safetensors.index.json";
const SHARD: &str = "model-00002-of-00003.safetensors";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn load(folder: &Path) -> Result<RewardModel, ModelError> {
    let (model, fresh) = RewardModel::load(folder, 0, Device::Cpu, None)?;
    assert!(fresh.is_empty(), "{fresh:?}");
    Ok(model)
}

fn assert_whole(folder: &Path) {
    let (found, wanted) = (load(folder).unwrap(), load(&fixture("activations")).unwrap());
    for ((name, value), (_, wanted)) in found.parameters().named().zip(wanted.parameters().named()) {
        assert_eq!(*value, *wanted, "{name}");
    }
}

/// A copy of the fixture in shards.
fn copy() -> TempDir {
    let folder = TempDir::new().unwrap();
    for entry in fs::read_dir(fixture("shards/safetensors")).unwrap().flatten() {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

/// What is said of a copy whose index is changed.
fn refused(change: impl Fn(&mut Value)) -> String {
    let folder = copy();
    let path = folder.path().join(INDEX);
    let mut index: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut index);
    fs::write(&path, index.to_string()).unwrap();
    error(folder.path())
}

fn error(folder: &Path) -> String {
    let error = load(folder).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn shards_of_safetensors_are_read() {
    assert_whole(&fixture("shards/safetensors"));
}

#[test]
fn shards_of_an_old_checkpoint_are_read() {
    assert_whole(&fixture("shards/pytorch"));
}

#[test]
fn gamma_and_beta_are_the_weight_and_bias_of_a_normalisation() {
    let (source, folder) = (fixture("activations"), TempDir::new().unwrap());
    fs::copy(source.join("config.json"), folder.path().join("config.json")).unwrap();
    let file = SafetensorsFile::open(&source.join("model.safetensors")).unwrap();
    let old =
        |name: &str| name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    let renamed = file.names().into_iter().map(|name| (old(&name), file.tensor(&name).unwrap()));
    weights::write(&folder.path().join("model.safetensors"), renamed).unwrap();
    assert_whole(folder.path());
    // So are those of the bare encoder, which has no head.
    let bare = file.names().into_iter().filter(|name| name.starts_with("deberta."));
    let bare = bare.map(|name| (old(&name).replacen("deberta.", "", 1), file.tensor(&name).unwrap()));
    weights::write(&folder.path().join("model.safetensors"), bare).unwrap();
    let (_, fresh) = RewardModel::load(folder.path(), 0, Device::Cpu, None).unwrap();
    assert_eq!(fresh, ["pooler.dense.weight", "pooler.dense.bias", "classifier.weight", "classifier.bias"]);
}

#[test]
fn a_whole_file_goes_before_an_index() {
    let folder = copy();
    fs::copy(fixture("activations/model.safetensors"), folder.path().join("model.safetensors")).unwrap();
    fs::write(folder.path().join(INDEX), "{").unwrap();
    assert_whole(folder.path());
}

#[test]
fn a_shard_that_is_missing_or_damaged_is_named() {
    let folder = copy();
    let path = folder.path().join(SHARD);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(error(folder.path()).contains(SHARD));
    fs::remove_file(&path).unwrap();
    let error = error(folder.path());
    assert!(error.contains(INDEX) && error.contains(SHARD) && error.contains("missing"), "{error}");
}

#[test]
fn an_index_that_the_shards_do_not_agree_with_is_refused() {
    let error = refused(|index| index["weight_map"]["deberta.unknown"] = SHARD.into());
    assert!(error.contains(INDEX) && error.contains(SHARD) && error.contains("deberta.unknown"), "{error}");
    let error =
        refused(|index| _ = index["weight_map"].as_object_mut().unwrap().remove("deberta.encoder.conv.conv.bias"));
    assert!(error.contains("lacks the parameter deberta.encoder.conv.conv.bias"), "{error}");
}

#[test]
fn an_index_leads_to_no_other_folder() {
    for name in ["../model.safetensors", "/etc/hostname", "a/../../model.safetensors", ""] {
        let error = refused(|index| index["weight_map"]["classifier.bias"] = name.into());
        assert!(error.contains(INDEX) && error.contains("not a file within its folder"), "{name}: {error}");
    }
}

#[test]
fn an_index_that_is_none_is_refused() {
    for (index, word) in [
        (serde_json::json!({"metadata": {}}), "weight_map"),
        (serde_json::json!({"weight_map": {"classifier.bias": 7}}), "no index"),
        (serde_json::json!({"weight_map": {}}), "names no tensor"),
        (serde_json::json!([1, 2]), "no index"),
    ] {
        let error = refused(|old| *old = index.clone());
        assert!(error.contains(INDEX) && error.contains(word), "{error}");
    }
}
