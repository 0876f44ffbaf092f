//! What is wrong with a run is said in one line, and nothing is lost for it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::runs::{Place, program, refused};
use reward_collapse_training::reward_model::weights::{self, SafetensorsFile};
use serde_json::{Value, json};
use tch::Tensor;

/// A configuration on a file of rankings, `rankings.jsonl`, to be given with `--data`.
fn on_file(place: &Place) -> PathBuf {
    let data = place.path("rankings.jsonl");
    let status = program().args(["dataset", "build", "--embedded", "40", "--out"]).arg(&data).output().unwrap().status;
    assert!(status.success());
    place.configure(&[("datasets", "")]);
    data
}

#[test]
fn the_output_of_another_run_is_left_alone() {
    let place = Place::new();
    place.configure(&[("loss", "log")]);
    place.trained("run", &[]);
    let before = place.everything("run");

    let error = place.refused("run", &[], 2);
    assert!(error.contains("holds a run already") && error.contains("--resume"), "{error}");

    place.configure(&[("loss", "x"), ("learning_rate", "1e-3")]);
    let error = place.refused("run", &["--resume"], 2);
    assert!(error.contains("loss was log, is x") && error.contains("learning_rate was 0.003, is 0.001"), "{error}");

    // The same numbers, other data.
    let data = on_file(&place);
    place.configure(&[("loss", "log")]);
    let error = place.refused("run", &["--resume", "--data", data.to_str().unwrap()], 2);
    assert!(error.contains("the data are others"), "{error}");
    assert!(place.everything("run") == before);
}

#[test]
fn a_longer_run_is_the_same_run() {
    let place = Place::new();
    place.configure(&[]);
    place.trained("run", &[]);
    let said = place.trained("run", &["--resume", "--max-steps", "7"]);
    assert!(said.contains("warning: max_steps was 6, is 7"), "{said}");
    assert!(place.path("run/checkpoint-7").is_dir());
}

#[test]
fn data_that_are_none_are_named_with_their_line() {
    let place = Place::new();
    let data = on_file(&place);
    let whole = fs::read_to_string(&data).unwrap();
    let broken = whole.split_inclusive('\n').enumerate();
    let broken: String = broken.map(|(place, line)| if place == 6 { "{\"question\": 7\n" } else { line }).collect();
    for (name, content, words) in [
        ("empty.jsonl", String::new(), ["empty.jsonl", "empty"]),
        ("broken.jsonl", broken, ["broken.jsonl", "line 7"]),
        ("short.jsonl", whole[..whole.find('\n').unwrap() + 1].to_owned(), ["short.jsonl", "1"]),
    ] {
        let path = place.write(name, content);
        let error = place.refused("run", &["--data", path.to_str().unwrap()], 2);
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
    let missing = place.path("missing.jsonl");
    let error = place.refused("run", &["--data", missing.to_str().unwrap()], 2);
    assert!(error.contains("missing.jsonl"), "{error}");
    place.configure(&[("datasets", "[alpaca]")]);
    let error = place.refused("run", &[], 2);
    assert!(error.contains("--data") && error.contains("dataset build"), "{error}");
    place.configure(&[("datasets", ""), ("use_scores", "true")]);
    let error = place.refused("run", &["--data", data.to_str().unwrap()], 2);
    assert!(error.contains("use_scores is true, but ranking 0"), "{error}");
    assert!(!place.path("run").exists());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let place = Place::new();
    for (settings, words) in [
        (&[("lerning_rate", "1e-3")][..], &["lerning_rate", "learning_rate"][..]),
        (&[("loss", "log(x)")], &["log(x)", "slope", "x + 0.1"]),
        (&[("loss", "x^2")], &["x^2"]),
        (&[("max_length", "3")], &["max_length"]),
        (&[("learning_rate", "1e30")], &["learning_rate", "1e30"]),
        (&[("model_name", "")], &["model_name"]),
    ] {
        place.configure(settings);
        let error = place.refused("run", &[], 2);
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
    let error = refused(program().arg("train").arg(place.path("nowhere.yml")), 2);
    assert!(error.contains("nowhere.yml"), "{error}");
    assert!(!place.path("run").exists());
}

/// A model to be damaged: the checkpoint of a short run, as `model`.
fn model(place: &Place) -> PathBuf {
    place.configure(&[("max_steps", "1"), ("save_steps", "1"), ("eval_at_start", "false")]);
    place.trained("first", &[]);
    let folder = place.path("model");
    fs::rename(place.path("first/checkpoint-1"), &folder).unwrap();
    place.configure(&[("model_name", folder.to_str().unwrap()), ("embedded", "{rows: 64}"), ("max_steps", "2")]);
    folder
}

/// The weights of a model, each as `change` makes it.
fn rewrite(folder: &std::path::Path, change: impl Fn(&str, Tensor) -> Option<Tensor>) {
    let path = folder.join("model.safetensors");
    let file = SafetensorsFile::open(&path).unwrap();
    let changed: Vec<(String, Tensor)> = file
        .names()
        .into_iter()
        .filter_map(|name| change(&name, file.tensor(&name).unwrap()).map(|tensor| (name, tensor)))
        .collect();
    weights::write(&path, changed.into_iter()).unwrap();
}

#[test]
fn models_that_are_none_are_refused() {
    let place = Place::new();
    let folder = model(&place);
    let said = place.trained("good", &[]);
    assert!(said.contains("warning: `embedded` has no effect"), "{said}");
    let (path, config) = (folder.join("model.safetensors"), folder.join("config.json"));
    let (whole, text) = (fs::read(&path).unwrap(), fs::read_to_string(&config).unwrap());
    let refuse = |words: &[&str]| {
        let error = place.refused("run", &[], 2);
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
    };

    for length in [0, 5, 40, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        refuse(&["model.safetensors"]);
    }
    fs::remove_file(&path).unwrap();
    refuse(&["neither model.safetensors nor pytorch_model.bin"]);
    fs::write(&path, &whole).unwrap();

    const QUERY: &str = "deberta.encoder.layer.1.attention.self.query_proj.weight";
    rewrite(&folder, |name, tensor| if name == QUERY { Some(tensor.narrow(0, 0, 30)) } else { Some(tensor) });
    refuse(&[QUERY, "[30, 32]", "[32, 32]"]);
    fs::write(&path, &whole).unwrap();
    rewrite(&folder, |name, tensor| (name != QUERY).then_some(tensor));
    refuse(&["lacks", QUERY]);
    fs::write(&path, &whole).unwrap();

    let mut bert: Value = serde_json::from_str(&text).unwrap();
    bert["model_type"] = json!("bert");
    fs::write(&config, bert.to_string()).unwrap();
    refuse(&["config.json", "bert"]);
    fs::write(&config, &text[..text.len() / 2]).unwrap();
    refuse(&["config.json"]);
    fs::write(&config, &text).unwrap();

    let tokenizer = folder.join("tokenizer.json");
    let content = fs::read(&tokenizer).unwrap();
    fs::write(&tokenizer, &content[..content.len() / 2]).unwrap();
    refuse(&["tokenizer.json"]);
    fs::remove_file(&tokenizer).unwrap();
    refuse(&["tokenizer.json", "spm.model"]);
    fs::write(&tokenizer, content).unwrap();

    fs::remove_file(&config).unwrap();
    refuse(&["model_name", "config.json"]);
    assert!(!place.path("run").exists());
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_with_its_state_saved() {
    let place = Place::new();
    let folder = model(&place);
    rewrite(&folder, |name, tensor| Some(if name == "classifier.bias" { tensor * f64::NAN } else { tensor }));
    for (run, at_start) in [("evaluated", "true"), ("trained", "false")] {
        place.configure(&[("model_name", folder.to_str().unwrap()), ("embedded", ""), ("eval_at_start", at_start)]);
        let error = place.refused(run, &[], 1);
        let checkpoint = place.path(&format!("{run}/checkpoint-0"));
        assert!(error.contains("the loss is not finite after 0 steps"), "{error}");
        assert!(error.contains(checkpoint.to_str().unwrap()), "{error}");
        assert!(SafetensorsFile::open(&checkpoint.join("model.safetensors")).is_ok());
        // No reward that is none is written down.
        let rewards = fs::read_to_string(place.path(&format!("{run}/rewards.csv"))).unwrap_or_default();
        assert!(!rewards.contains("NaN"), "{rewards}");
    }
}

#[test]
fn without_network_it_is_said_which_files_to_put_where() {
    let place = Place::new();
    place.configure(&[("model_name", "microsoft/deberta-v3-base"), ("embedded", "")]);
    let begun = Instant::now();
    for (name, value) in [("HF_ENDPOINT", "http://127.0.0.1:9"), ("HF_HUB_OFFLINE", "1")] {
        let mut command = place.command("run", &[]);
        let error = refused(command.env("HF_HOME", place.path("hub")).env(name, value), 2);
        for word in ["microsoft/deberta-v3-base", "config.json", "pytorch_model.bin", "spm.model", "folder"] {
            assert!(error.contains(word), "{error}");
        }
    }
    // Nobody waits minutes for a network that is not there.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(!place.path("run").exists());
}

/// A limit on the size of files does what a full disk does: writes fail.
#[test]
fn a_full_disk_ends_the_run_and_leaves_whole_what_is_there() {
    let place = Place::new();
    let data = on_file(&place);
    let data = data.to_str().unwrap();
    place.configure(&[("datasets", ""), ("max_steps", "4")]);
    place.trained("run", &["--data", data]);
    let before = place.everything("run/checkpoint-4");
    let limited = |run: &str, arguments: &[&str]| {
        let command = place.command(run, arguments);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "sh"]).arg(command.get_program());
        shell.args(command.get_args());
        refused(&mut shell, 2)
    };
    let error = limited("run", &["--resume", "--max-steps", "6", "--data", data]);
    assert!(error.contains("cannot write") && error.contains("model.safetensors"), "{error}");
    assert!(place.everything("run/checkpoint-4") == before);
    assert!(!place.path("run/checkpoint-6").exists());
    // With room again, the run goes on.
    place.trained("run", &["--resume", "--max-steps", "6", "--data", data]);
    assert!(place.path("run/checkpoint-6").is_dir());
}

#[test]
fn an_output_directory_that_cannot_be_is_an_error() {
    let place = Place::new();
    place.configure(&[]);
    place.write("file", "precious");
    let error = place.refused("file/run", &[], 2);
    assert!(error.contains("file/run"), "{error}");
    let error = place.refused("file", &[], 2);
    assert!(error.contains("file"), "{error}");
    assert_eq!(place.text("file"), "precious");
}

#[test]
fn only_a_trained_model_scores() {
    let place = Place::new();
    let data = on_file(&place);
    let folder = model(&place);
    let score = || {
        let mut command = program();
        command.args(["score", "--device", "cpu", "--checkpoint"]).arg(&folder).arg("--data").arg(&data);
        command
    };
    assert!(score().output().unwrap().status.success());
    rewrite(&folder, |name, tensor| (!name.starts_with("classifier")).then_some(tensor));
    let error = refused(&mut score(), 2);
    assert!(error.contains("classifier.weight"), "{error}");
    let error = refused(program().args(["score", "--checkpoint", "nowhere", "--data"]).arg(&data), 2);
    assert!(error.contains("nowhere"), "{error}");
}
