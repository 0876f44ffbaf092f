//! What a run leaves in its output directory, and that it learns.

use std::collections::BTreeSet;
use std::process::Command;

use crate::runs::{Place, program};
use reward_collapse::experiment::{PromptType, Run, RunDescription, Split};
use reward_collapse_training::dataset::Rankings;
use reward_collapse_training::reward_model::tokenizer::{Encoding, Tokenizer};
use reward_collapse_training::reward_model::{RewardModel, Sequence};
use serde_json::Value;
use tch::{Device, Kind};

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn keys(line: &Value) -> Vec<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_run_leaves_what_it_promises() {
    let place = Place::new();
    let data = place.path("rankings.jsonl");
    let build = ["dataset", "build", "--embedded", "64", "--seed", "3", "--out"];
    output(program().args(build).arg(&data));
    place.configure(&[("loss", "log"), ("datasets", ""), ("max_length", "512"), ("name", "small")]);
    let said = place.trained("run", &["--data", data.to_str().unwrap()]);
    assert!(said.contains("small: ") && said.contains("2 prompts a step"), "{said}");

    // rewards.csv and run.json.
    let rewards = place.text("run/rewards.csv");
    assert!(rewards.starts_with("step,split,prompt,open_ended,response_index,reward\n0,train,0,"), "{rewards}");
    let run = Run::read(&place.path("run")).unwrap();
    let RunDescription { name, model, responses, max_steps, prompts_per_step, seed, .. } = &run.description;
    assert_eq!((name.as_str(), model.as_str(), *responses), ("small", "embedded", 8));
    assert_eq!((*max_steps, *prompts_per_step, *seed), (6, 2, 1));
    assert_eq!(run.description.loss.types[&PromptType::open_ended()].trained, "log(x+0.1)");
    let steps: BTreeSet<u64> = run.rewards.iter().map(|row| row.step).collect();
    assert_eq!(steps, BTreeSet::from([0, 3, 6]));
    for step in steps {
        let rows = |split| run.rewards.iter().filter(|row| row.step == step && row.split == split).count();
        assert_eq!((rows(Split::Train), rows(Split::Test)), (4 * 8, 16 * 8), "step {step}");
    }

    // metrics.jsonl.
    let lines: Vec<Value> =
        place.text("run/metrics.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (evaluations, training): (Vec<&Value>, Vec<&Value>) =
        lines.iter().partition(|line| line.get("split").is_some());
    let stamps = |lines: &[&Value]| lines.iter().map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((stamps(&evaluations), stamps(&training)), (vec![0, 0, 3, 3, 6, 6], vec![2, 4, 6]));
    assert!(evaluations.iter().all(|line| keys(line) == ["accuracy", "loss", "split", "step"]));
    for line in &training {
        let expected = [
            "accuracy",
            "gradient_norm",
            "learning_rate",
            "loss",
            "seconds",
            "sequences_per_second",
            "step",
            "tokens_per_second",
        ];
        assert_eq!(keys(line), expected);
        assert!(
            line.as_object().unwrap().values().all(|value| value.as_f64().unwrap() >= 0.0 || value == &line["loss"])
        );
    }
    let events = |name: &str| name.contains("tfevents");
    let names = std::fs::read_dir(place.path("run")).unwrap().map(|entry| entry.unwrap().file_name());
    let names: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| events(name)).count(), 1, "{names:?}");
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");

    // Checkpoints, and what they give.
    for step in [2, 4, 6] {
        let folder = place.path(&format!("run/checkpoint-{step}"));
        for file in
            ["config.json", "model.safetensors", "optimizer.safetensors", "tokenizer.json", "trainer_state.json"]
        {
            assert!(folder.join(file).is_file(), "{step}: {file}");
        }
    }
    let checkpoint = place.path("run/checkpoint-6");
    let score = |format: &str| {
        let mut command = program();
        command.args(["score", "--device", "cpu", "--format", format, "--checkpoint"]).arg(&checkpoint);
        output(command.arg("--data").arg(&data))
    };
    let json: Vec<Value> = serde_json::from_str(&score("json")).unwrap();
    assert_eq!(json.len(), 64 * 8);
    let mut compared = 0;
    for row in run.rewards.iter().filter(|row| row.step == 6) {
        let prompt: u64 = row.prompt.parse().unwrap();
        let same = |scored: &&Value| scored["prompt"] == prompt && scored["response_index"] == row.index;
        let scored = json.iter().find(same).unwrap();
        assert_eq!(scored["type"], row.prompt_type.name());
        assert_eq!(scored["rank"], 9.0 - row.index as f64);
        assert!((scored["reward"].as_f64().unwrap() - row.reward).abs() < 1e-6, "{scored} {row:?}");
        compared += 1;
    }
    assert_eq!(compared, 20 * 8);
    let csv = score("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["prompt", "type", "response", "rank", "logit", "reward"]);
    for (record, row) in reader.records().map(Result::unwrap).zip(&json) {
        assert_eq!(record[0], row["prompt"].to_string());
        assert_eq!(record[5].parse::<f64>().unwrap(), row["reward"].as_f64().unwrap());
        assert_eq!((&record[1], &record[2]), (row["type"].as_str().unwrap(), row["response"].as_str().unwrap()));
    }
    // What it writes is a table that `compare` and `diagnose` read.
    let path = place.path("scores.csv");
    std::fs::write(&path, &csv).unwrap();
    let table = reward_collapse::experiment::RewardTable::read(&path, &Default::default()).unwrap();
    assert_eq!((table.len(), table.prompt(0).unwrap().ranks.unwrap()[7]), (64, 1.0));

    // The checkpoint is a model like any other.
    let (model, fresh) = RewardModel::load(&checkpoint, 0, Device::Cpu, None).unwrap();
    let tokenizer = Tokenizer::load(&checkpoint).unwrap();
    assert!(fresh.is_empty());
    let ranking = Rankings::open(&data, 0).unwrap().get(11).unwrap();
    let encodings: Vec<Encoding> =
        ranking.answers.iter().map(|answer| tokenizer.encode_pair(&ranking.question, answer, 512).unwrap()).collect();
    let sequences: Vec<Sequence> =
        encodings.iter().map(|encoding| Sequence { ids: &encoding.ids, segments: &encoding.segments }).collect();
    let logits = model.logits(&sequences, Kind::Float, 1 << 20).unwrap();
    for (logit, scored) in logits.iter().zip(&json[11 * 8..]) {
        assert!((logit - scored["logit"].as_f64().unwrap()).abs() < 1e-5);
    }
}

#[test]
fn every_loss_falls() {
    let map = "{open_ended: -1/(x+0.2), closed_ended: x}";
    for loss in ["x", "log", "x_inv", "logsigmoid", "adaptive", "1-exp(-4x)", map] {
        let place = Place::new();
        place.configure(&[
            ("loss", loss),
            ("max_steps", "30"),
            ("eval_steps", "30"),
            ("save_steps", "30"),
            ("learning_rate", "1e-2"),
            ("gradient_accumulation_steps", "4"),
        ]);
        place.trained("run", &[]);
        let text = place.text("run/metrics.jsonl");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let losses: Vec<f64> =
            lines.filter(|line| line["split"] == "train").map(|line| line["loss"].as_f64().unwrap()).collect();
        let [before, after] = losses[..] else { panic!("{losses:?}") };
        assert!(after < before - 0.02 * before.abs().max(1.0), "{loss}: {before} {after}");
    }
}
