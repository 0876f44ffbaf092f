//! Activations against transformers' ACT2FN: logits of a model that has the same one everywhere.
//!
//! `training/scripts/activations.py` made the numbers, and says what is in the files.

use std::fs;
use std::path::Path;

use reward_collapse_training::reward_model::layers::Activation;
use reward_collapse_training::reward_model::weights::SafetensorsFile;
use reward_collapse_training::reward_model::{RewardModel, Sequence};
use serde_json::Value;
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;

/// Of the largest logit.
const TOLERANCE: f64 = 1e-5;
const PLACES: [&str; 3] = ["hidden_act", "conv_act", "pooler_hidden_act"];

/// A copy of the fixture with the activation `name` everywhere.
fn with(name: &str) -> TempDir {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/activations");
    let folder = TempDir::new().unwrap();
    for file in ["model.safetensors", "expected.safetensors"] {
        fs::copy(fixture.join(file), folder.path().join(file)).unwrap();
    }
    let text = fs::read_to_string(fixture.join("config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    for place in PLACES {
        config[place] = name.into();
    }
    fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    folder
}

fn integers(tensor: &Tensor, row: i64) -> Vec<i64> {
    Vec::try_from(tensor.get(row).to_kind(Kind::Int64)).unwrap()
}

#[test]
fn every_activation_is_that_of_transformers() {
    for name in Activation::names() {
        let folder = with(name);
        let (model, fresh) = RewardModel::load(folder.path(), 0, Device::Cpu, None).unwrap();
        assert!(fresh.is_empty(), "{fresh:?}");
        let expected = SafetensorsFile::open(&folder.path().join("expected.safetensors")).unwrap();
        let (ids, mask) = (expected.tensor("input_ids").unwrap(), expected.tensor("attention_mask").unwrap());
        let rows: Vec<Vec<u32>> = (0..ids.size()[0])
            .map(|row| {
                let tokens = integers(&ids, row).into_iter().zip(integers(&mask, row));
                tokens.filter(|(_, real)| *real == 1).map(|(id, _)| id as u32).collect()
            })
            .collect();
        let segments = vec![0; ids.size()[1] as usize];
        let sequences: Vec<Sequence> =
            rows.iter().map(|ids| Sequence { ids, segments: &segments[..ids.len()] }).collect();
        let found = model.logits(&sequences, Kind::Float, 1 << 20).unwrap();
        for key in [name.to_owned(), format!("{name}.64")] {
            let wanted = Vec::<f64>::try_from(expected.tensor(&key).unwrap().to_kind(Kind::Double)).unwrap();
            let largest = wanted.iter().fold(0.0, |largest: f64, logit| largest.max(logit.abs()));
            assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!((found - wanted).abs() <= TOLERANCE * largest, "{key}: {found}, not {wanted}");
            }
        }
    }
}

#[test]
fn a_checkpoint_keeps_the_name_that_it_came_with() {
    for name in Activation::names() {
        let folder = with(name);
        let (model, _) = RewardModel::load(folder.path(), 0, Device::Cpu, None).unwrap();
        let written = serde_json::to_value(model.config()).unwrap();
        assert!(PLACES.iter().all(|place| written[place] == name), "{written}");
    }
}

#[test]
fn an_activation_that_is_not_supported_is_answered_with_those_that_are() {
    for name in ["prelu", "silo"] {
        let error = RewardModel::load(with(name).path(), 0, Device::Cpu, None).unwrap_err().to_string();
        assert!(error.contains("config.json") && error.contains(name) && error.contains("quick_gelu"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
