//! Tiny training runs through the command line.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take before a test gives up, on however busy a machine.
pub const PATIENCE: Duration = Duration::from_secs(300);

const SIZES: &str = "{hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64, vocab_size: 512, \
                     rows: 64}";

/// A directory for configurations, data and runs.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// A configuration `run.yml` of 6 steps on the embedded corpus, with `settings` in place of its own; an empty one is left
    /// out.
    pub fn configure(&self, settings: &[(&str, &str)]) -> PathBuf {
        let mut all = BTreeMap::from([
            ("model_name", "embedded"),
            ("datasets", "[embedded]"),
            ("loss", "adaptive"),
            ("embedded", SIZES),
            ("learning_rate", "3e-3"),
            ("max_steps", "6"),
            ("eval_steps", "3"),
            ("save_steps", "2"),
            ("logging_steps", "2"),
            ("eval_prompts", "4"),
            ("per_device_train_batch_size", "1"),
            ("gradient_accumulation_steps", "2"),
            ("threads", "2"),
            ("seed", "1"),
        ]);
        all.extend(settings.iter().copied());
        let lines = all.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}: {value}\n"));
        self.write("run.yml", lines.collect::<String>())
    }

    /// `train run.yml --device cpu` with its output in `run`, and `arguments` besides.
    pub fn command(&self, run: &str, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg("train").arg(self.path("run.yml")).arg("--output-dir").arg(self.path(run));
        command.args(["--device", "cpu"]).args(arguments);
        command
    }

    pub fn train(&self, run: &str, arguments: &[&str]) -> Output {
        self.command(run, arguments).output().unwrap()
    }

    /// The same, which must succeed; what it says on standard error.
    pub fn trained(&self, run: &str, arguments: &[&str]) -> String {
        let output = self.train(run, arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        text
    }

    /// The same, which must fail with `status` and one line on standard error.
    pub fn refused(&self, run: &str, arguments: &[&str], status: i32) -> String {
        refused(&mut self.command(run, arguments), status)
    }

    /// The same, running.
    pub fn start(&self, run: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(run, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// All files below `run` with their content.
    pub fn everything(&self, run: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        fn walk(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => walk(&path, files),
                    path => _ = files.insert(path.clone(), fs::read(path).unwrap()),
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(&self.path(run), &mut files);
        files
    }

    /// That two runs of `steps` steps gave the same rewards and the same last checkpoint, bit for bit.
    pub fn assert_same(&self, one: &str, other: &str, steps: u64) {
        assert_eq!(self.text(&format!("{one}/rewards.csv")), self.text(&format!("{other}/rewards.csv")));
        for file in ["model.safetensors", "optimizer.safetensors", "tokenizer.json", "config.json"] {
            let read = |run: &str| self.read(&format!("{run}/checkpoint-{steps}/{file}"));
            assert!(read(one) == read(other), "{file} of {one} and {other}");
        }
    }
}

pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_reward-collapse-training"))
}

/// The one line of standard error of a command that fails with `status`.
pub fn refused(command: &mut Command, status: i32) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(errors.len() == 1 && text.ends_with(&format!("{}\n", errors[0])), "{text}");
    assert!(text.lines().all(|line| !line.contains("panicked")), "{text}");
    errors[0].to_owned()
}

/// Waits until `path` is there, or until the process has ended; whether it is there.
pub fn wait_for(path: &Path, child: &mut Child) -> bool {
    let begun = Instant::now();
    while !path.exists() {
        if child.try_wait().unwrap().is_some() {
            return path.exists();
        }
        assert!(begun.elapsed() < PATIENCE, "{} does not appear", path.display());
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}
