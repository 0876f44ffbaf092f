//! `benches/gpu/run.sh`, which checks and measures training on a GPU, without one.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::runs::program;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/gpu");

/// Whether the machine has what the script needs; what is missing is said.
fn ready() -> bool {
    let missing =
        ["python3", "timeout", "ldd"].into_iter().find(|name| Command::new(name).arg("--version").output().is_err());
    if let Some(name) = missing {
        eprintln!("not tested: there is no {name}");
    }
    missing.is_none() && Path::new(FOLDER).is_dir()
}

fn script(device: &str, parts: &str, results: &TempDir) -> Output {
    let program = program();
    let folder = Path::new(program.get_program()).parent().unwrap();
    let mut command = Command::new("sh");
    command.arg(Path::new(FOLDER).join("run.sh")).arg(folder).env("RESULTS", results.path());
    command.env("DEVICE", device).env("PARTS", parts).env_remove("SIZE").env_remove("LIMIT").output().unwrap()
}

#[test]
fn a_dry_run_passes() {
    if !ready() {
        return;
    }
    let results = TempDir::new().unwrap();
    let output = script("cpu", "device parity speed attention ranks resume", &results);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let names = ["device", "parity", "speed", "attention", "ranks", "resume"];
    assert!(lines.len() == names.len() && output.status.success(), "{text}");
    for (line, name) in lines.iter().zip(names) {
        assert!(line.starts_with(&format!("ok   {name}")), "{text}");
    }
    assert!(lines[0].contains("CPU") && lines[2].contains("tokens/s"), "{text}");
    assert!(lines[3].contains("sdpa") && lines[4].contains("2 ranks: rewards differ"), "{text}");
    assert_eq!(std::fs::read_to_string(results.path().join("lines.txt")).unwrap(), text);
}

#[test]
fn a_part_that_fails_says_why_and_does_not_end_the_others() {
    if !ready() || Path::new("/dev/nvidiactl").exists() {
        return;
    }
    let results = TempDir::new().unwrap();
    let output = script("cuda", "device nothing", &results);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 2 && output.status.code() == Some(1), "{text}");
    assert!(lines[0].starts_with("FAIL device") && lines[0].contains("there is no NVIDIA driver"), "{text}");
    assert!(lines[1].starts_with("FAIL nothing") && lines[1].contains("there is no such part"), "{text}");
}
