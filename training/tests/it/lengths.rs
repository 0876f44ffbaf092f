//! How long texts may be for a model with absolute positions, for `score` and for `train`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::runs::{Place, program, refused};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};

use reward_collapse_training::reward_model::weights::{self, SafetensorsFile};

/// Fewer tokens than a text of the embedded corpus has.
const LIMIT: i64 = 40;

/// A model of [`LIMIT`] absolute positions, and data whose texts are longer.
fn model(place: &Place) -> (PathBuf, PathBuf) {
    let data = place.path("rankings.jsonl");
    assert!(
        program().args(["dataset", "build", "--embedded", "40", "--out"]).arg(&data).output().unwrap().status.success()
    );
    place.configure(&[("max_steps", "1"), ("save_steps", "1"), ("eval_at_start", "false")]);
    place.trained("first", &[]);
    let folder = place.path("first/checkpoint-1");
    let (path, config) = (folder.join("model.safetensors"), folder.join("config.json"));
    let file = SafetensorsFile::open(&path).unwrap();
    let mut tensors: Vec<(String, Tensor)> =
        file.names().into_iter().map(|name| (name.clone(), file.tensor(&name).unwrap())).collect();
    let width = file.tensor("deberta.embeddings.word_embeddings.weight").unwrap().size()[1];
    tensors.push((
        "deberta.embeddings.position_embeddings.weight".to_owned(),
        Tensor::zeros([LIMIT, width], (Kind::Float, Device::Cpu)),
    ));
    weights::write(&path, tensors.into_iter()).unwrap();
    let mut described: Value = serde_json::from_str(&fs::read_to_string(&config).unwrap()).unwrap();
    described["position_biased_input"] = json!(true);
    described["max_position_embeddings"] = json!(LIMIT);
    // As many rows of relative positions as before.
    described["max_relative_positions"] = json!(512);
    fs::write(&config, described.to_string()).unwrap();
    (folder, data)
}

#[test]
fn texts_are_cut_to_what_the_model_takes_and_more_is_refused() {
    let place = Place::new();
    let (folder, data) = model(&place);
    let score = |length: &[&str]| -> Command {
        let mut command = program();
        command.args(["score", "--device", "cpu", "--checkpoint"]).arg(&folder).arg("--data").arg(&data).args(length);
        command
    };
    let scored = |length: &[&str]| {
        let output = score(length).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        (output.stdout, said)
    };
    let (rewards, said) = scored(&[]);
    assert_eq!(said, "warning: texts are cut to 40 tokens, not to 512: the model takes no more\n");
    let (same, said) = scored(&["--max-length", "40"]);
    assert!(said.is_empty() && same == rewards, "{said}");
    let error = refused(&mut score(&["--max-length", "41"]), 2);
    assert!(error.contains("41") && error.contains("at most 40"), "{error}");

    let (folder, data) = (folder.to_str().unwrap(), data.to_str().unwrap());
    let train = |run: &str, length: &str| {
        place.configure(&[("model_name", folder), ("embedded", ""), ("datasets", ""), ("max_length", length)]);
        place.command(run, &["--data", data])
    };
    let output = train("usual", "").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("warning: texts are cut to 40 tokens, not to 440").count(), 1, "{said}");
    let error = refused(&mut train("long", "41"), 2);
    assert!(error.contains("41") && error.contains("at most 40"), "{error}");
    assert!(!place.path("long").exists());
}

/// Transformers sets no limit on relative positions: those beyond their range are those at its end.
#[test]
fn a_model_of_relative_positions_takes_any_length() {
    let place = Place::new();
    let data = place.path("rankings.jsonl");
    assert!(
        program().args(["dataset", "build", "--embedded", "40", "--out"]).arg(&data).output().unwrap().status.success()
    );
    place.configure(&[("max_steps", "1"), ("save_steps", "1"), ("eval_at_start", "false")]);
    place.trained("first", &[]);
    let mut command = program();
    command.args(["score", "--device", "cpu", "--max-length", "4000", "--data"]).arg(&data);
    let output = command.arg("--checkpoint").arg(place.path("first/checkpoint-1")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
