//! Weights as `torch.save` writes them; `training/scripts/pytorch.py` made the files and says what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use reward_collapse_training::reward_model::{ModelError, RewardModel};
use tch::{Device, Kind};
use tempfile::TempDir;

const WEIGHTS: &str = "pytorch_model.bin";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn load(folder: &Path) -> Result<(RewardModel, Vec<String>), ModelError> {
    RewardModel::load(folder, 0, Device::Cpu, None)
}

/// The weights of the fixture, in half precision, are those of the model it was made of.
fn check(name: &str) -> Vec<String> {
    let (expected, _) = load(&fixture("deberta/p2c-own-keys")).unwrap();
    let (model, fresh) = load(&fixture("pytorch").join(name)).unwrap();
    let mut compared = 0;
    for ((name, value), (_, wanted)) in model.parameters().named().zip(expected.parameters().named()) {
        if !fresh.iter().any(|own| own == name) {
            assert_eq!(*value, wanted.to_kind(Kind::Half).to_kind(Kind::Float), "{name}");
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared}");
    fresh
}

/// A folder with the configuration and these bytes as weights.
fn folder(bytes: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::copy(fixture("pytorch/full/config.json"), folder.path().join("config.json")).unwrap();
    fs::write(folder.path().join(WEIGHTS), bytes).unwrap();
    folder
}

#[test]
fn a_state_dictionary_is_read() {
    assert!(check("full").is_empty());
}

#[test]
fn so_is_one_of_the_time_before_zip_archives() {
    assert!(check("legacy").is_empty());
}

#[test]
fn the_bare_encoder_gets_a_new_head() {
    let fresh = check("bare");
    assert_eq!(fresh, ["pooler.dense.weight", "pooler.dense.bias", "classifier.weight", "classifier.bias"]);
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    for name in ["full", "legacy"] {
        let whole = fs::read(fixture("pytorch").join(name).join(WEIGHTS)).unwrap();
        for length in (0..whole.len()).step_by(whole.len() / 97) {
            let error = load(folder(&whole[..length]).path()).unwrap_err();
            assert!(matches!(error, ModelError::Weights { .. }), "{name}, {length}: {error}");
        }
    }
}

#[test]
fn a_damaged_file_is_refused_or_read_and_never_brings_the_program_down() {
    for name in ["full", "legacy"] {
        let whole = fs::read(fixture("pytorch").join(name).join(WEIGHTS)).unwrap();
        // The pickle comes first, or nearly so.
        for place in (0..3000).step_by(37) {
            for value in [0, 0x28, 0x52, 0x85, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] = value;
                if let Err(error) = load(folder(&bytes).path()) {
                    assert!(!error.to_string().contains('\n'), "{name}, {place}: {error}");
                }
            }
        }
    }
}

#[test]
fn other_files_are_refused_with_the_reason() {
    for (bytes, word) in [
        (&b""[..], "no file of torch.save"),
        (b"version https://git-lfs.github.com/spec/v1\n", "no file of torch.save"),
        (b"\x80\x02K\x01.", "cut off"),
        (b"\x80\x02K\x01.K\x01.K\x01.K\x01.", "something else than a state dictionary"),
    ] {
        let error = load(folder(bytes).path()).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains(WEIGHTS), "{error}");
    }
    let mut list = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    list.start_file("archive/data.pkl", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut list, b"\x80\x02]q\x00.").unwrap();
    let bytes = list.finish().unwrap().into_inner();
    let error = load(folder(&bytes).path()).unwrap_err().to_string();
    assert!(error.contains("something else than a state dictionary"), "{error}");
}
