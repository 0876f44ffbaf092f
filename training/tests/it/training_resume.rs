//! Runs that are interrupted, however rudely, end as if they had not been.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::process::Command;
use std::time::Duration;

use crate::runs::{Place, wait_for};

/// As many steps as leave time to interrupt them.
const STEPS: u64 = 40;
const LONG: [(&str, &str); 4] =
    [("max_steps", "40"), ("eval_steps", "10"), ("gradient_accumulation_steps", "8"), ("logging_steps", "1")];

/// Starts a run, sends it a signal once it has its first checkpoint, and goes on with it.
fn interrupted(signal: &str) {
    let place = Place::new();
    place.configure(&LONG);
    place.trained("whole", &[]);
    // On a busy machine a run may end before the signal arrives.
    for attempt in 0.. {
        let run = format!("run{attempt}");
        let mut child = place.start(&run, &[]);
        assert!(wait_for(&place.path(&format!("{run}/checkpoint-2")), &mut child));
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{status}");
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        if !sent.success() || said.starts_with("40 steps") {
            assert!(attempt < 20, "no run could be interrupted");
            continue;
        }
        assert!(said.starts_with("stopped after ") && said.contains("--resume goes on from there"), "{said}");
        let step: u64 = said.split(' ').nth(2).unwrap().parse().unwrap();
        assert!((2..STEPS).contains(&step) && said.contains(&format!("checkpoint-{step};")), "{said}");
        assert!(place.path(&format!("{run}/checkpoint-{step}/model.safetensors")).is_file());
        assert!(!place.path(&format!("{run}/checkpoint-{}", step + 1)).exists());
        let said = place.trained(&run, &["--resume"]);
        assert!(said.contains(&format!("going on after step {step}")), "{said}");
        place.assert_same(&run, "whole", STEPS);
        return;
    }
}

#[test]
fn ctrl_c_saves_and_the_run_goes_on() {
    interrupted("INT");
}

#[test]
fn so_does_being_terminated() {
    interrupted("TERM");
}

fn append(path: std::path::PathBuf, text: &str) {
    if let Ok(mut file) = OpenOptions::new().append(true).open(path) {
        file.write_all(text.as_bytes()).unwrap();
    }
}

#[test]
fn kills_at_any_moment_do_no_harm() {
    let place = Place::new();
    place.configure(&[&LONG[..], &[("save_steps", "1")]].concat());
    place.trained("whole", &[]);
    for kill in 0..8 {
        let mut child = place.start("run", &["--resume"]);
        // Now and then before its first step, else after one more, in the middle of whatever comes next.
        let next = match kill % 4 {
            0 => "run/run.json".to_owned(),
            _ => (1..).map(|step| format!("run/checkpoint-{step}")).find(|name| !place.path(name).exists()).unwrap(),
        };
        wait_for(&place.path(&next), &mut child);
        std::thread::sleep(Duration::from_millis(3 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        // What a checkpoint in the making leaves, and a line of which a part was written.
        let torn = place.path("run/.checkpoint-3-torn");
        fs::create_dir_all(&torn).unwrap();
        fs::write(torn.join("model.safetensors"), "half").unwrap();
        fs::write(place.path("run/.reward-collapse-torn"), "half").unwrap();
        append(place.path("run/metrics.jsonl"), "{\"step\":3,\"lo");
        append(place.path("run/rewards.csv"), "3,train,0,tr");
    }
    place.trained("run", &["--resume"]);
    place.assert_same("run", "whole", STEPS);
    let metrics = place.text("run/metrics.jsonl");
    let steps: Vec<u64> = metrics
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line.get("split").is_none())
        .map(|line| line["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, (1..=STEPS).collect::<Vec<_>>());
    for entry in fs::read_dir(place.path("run")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with('.'), "{name}");
    }
}

#[test]
fn a_truncated_checkpoint_is_passed_over() {
    let place = Place::new();
    place.configure(&[]);
    place.trained("whole", &[]);
    for file in ["model.safetensors", "optimizer.safetensors", "trainer_state.json", "tokenizer.json", "config.json"] {
        let run = file.replace('.', "-");
        place.trained(&run, &[]);
        let path = place.path(&format!("{run}/checkpoint-6/{file}"));
        let content = fs::read(&path).unwrap();
        fs::write(&path, &content[..content.len() / 2]).unwrap();
        let said = place.trained(&run, &["--resume"]);
        let warning = said.lines().find(|line| line.starts_with("warning: ")).unwrap();
        assert!(warning.contains(file) && warning.ends_with("going back to an earlier checkpoint"), "{said}");
        assert!(said.contains("going on after step 4"), "{said}");
        place.assert_same(&run, "whole", 6);
    }
}

/// A run with dropout, cut at step 4; longer runs are the same run where the schedule does not know how long it is.
#[test]
fn dropout_goes_on_as_if_nothing_had_happened() {
    let place = Place::new();
    let sizes =
        "{hidden_size: 32, num_attention_heads: 2, intermediate_size: 64, vocab_size: 512, rows: 64, dropout: 0.1}";
    place.configure(&[("embedded", sizes), ("scheduler", "constant"), ("warmup_ratio", "0"), ("eval_steps", "2")]);
    place.trained("whole", &[]);
    place.trained("run", &["--max-steps", "4"]);
    let said = place.trained("run", &["--resume"]);
    let warnings: Vec<&str> = said.lines().filter(|line| line.contains("max_steps")).collect();
    assert_eq!(warnings, ["warning: max_steps was 4, is 6: the schedule ends there now"]);
    place.assert_same("run", "whole", 6);
    // Dropout does something.
    place.configure(&[("scheduler", "constant"), ("warmup_ratio", "0"), ("eval_steps", "2")]);
    place.trained("other", &[]);
    assert_ne!(place.text("other/rewards.csv"), place.text("whole/rewards.csv"));
}

#[test]
fn a_finished_run_has_nothing_to_go_on_with() {
    let place = Place::new();
    place.configure(&[]);
    place.trained("run", &[]);
    let before = place.text("run/rewards.csv");
    place.trained("run", &["--resume"]);
    assert_eq!(place.text("run/rewards.csv"), before);
    // Without anything to resume, a run begins.
    place.trained("new", &["--resume"]);
    place.assert_same("new", "run", 6);
}
