//! Models of the hub, from its local cache, which is laid out as the hub's own library lays it out.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::runs::{Place, refused};
use reward_collapse_training::reward_model::RewardModel;
use tch::Device;

const NAME: &str = "someone/sharded";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const SHARD: &str = "model-00002-of-00003.safetensors";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A cache with the files of a model in shards: blobs, and a snapshot that links to them.
fn cache(place: &Place) -> PathBuf {
    let model = place.path("hub").join("hub/models--someone--sharded");
    let (blobs, snapshot) = (model.join("blobs"), model.join("snapshots").join(COMMIT));
    for folder in [&blobs, &snapshot, &model.join("refs")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(model.join("refs/main"), COMMIT).unwrap();
    let shards = fs::read_dir(fixture("shards/safetensors")).unwrap().flatten().map(|entry| entry.path());
    for path in shards.chain([fixture("tokenizer/deberta/spm.model")]) {
        let name = path.file_name().unwrap();
        fs::copy(&path, blobs.join(name)).unwrap();
        symlink(Path::new("../../blobs").join(name), snapshot.join(name)).unwrap();
    }
    snapshot
}

#[test]
fn shards_of_the_hub_are_read_and_one_that_is_missing_is_named() {
    let place = Place::new();
    let snapshot = cache(&place);
    let (_, fresh) = RewardModel::load(&snapshot, 0, Device::Cpu, None).unwrap();
    assert!(fresh.is_empty(), "{fresh:?}");
    place.configure(&[("model_name", NAME), ("embedded", ""), ("datasets", "[embedded]"), ("max_steps", "1")]);
    let refusal = |run: &str| {
        let mut command = place.command(run, &[]);
        refused(command.env("HF_HOME", place.path("hub")).env("HF_HUB_OFFLINE", "1"), 2)
    };
    // The model is found. It has fewer tokens than this tokeniser, which is said once both are there.
    let error = refusal("whole");
    assert!(error.contains("they do not belong together"), "{error}");
    fs::remove_file(snapshot.join(SHARD)).unwrap();
    let error = refusal("torn");
    assert!(error.contains(NAME) && error.contains(SHARD) && error.contains("HF_HUB_OFFLINE"), "{error}");
}
