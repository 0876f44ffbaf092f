use std::fs;
use std::path::{Path, PathBuf};

use reward_collapse::cli::error::with_causes;
use reward_collapse::files::{FileAction, FileError};

use super::*;

fn training(step: u64) -> TrainingPoint {
    TrainingPoint {
        step,
        loss: 0.5,
        accuracy: 0.75,
        learning_rate: 1e-5,
        gradient_norm: 1.5,
        sequences_per_second: 100.0,
        tokens_per_second: 6400.0,
        seconds: step as f64,
    }
}

fn evaluation(step: u64) -> EvaluationPoint {
    EvaluationPoint { step, split: "test".into(), loss: 0.25, accuracy: 1.0 }
}

fn text(directory: &Path) -> String {
    fs::read_to_string(directory.join(METRICS_FILE)).expect("the file of lines")
}

/// The steps of its lines.
fn steps(directory: &Path) -> Vec<u64> {
    let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect(line);
    text(directory).lines().map(|line| value(line)["step"].as_u64().expect("a step")).collect()
}

fn event_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().contains("tfevents")).collect();
    files.sort();
    files
}

#[test]
fn a_point_is_a_line() {
    let directory = tempfile::tempdir().expect("a folder");
    let mut metrics = Metrics::create(directory.path()).expect("metrics");
    metrics.log_training(&training(10)).expect("a line");
    // It is there at once, without the writer being closed.
    assert_eq!(
        text(directory.path()),
        "{\"step\":10,\"loss\":0.5,\"accuracy\":0.75,\"learning_rate\":0.00001,\"gradient_norm\":1.5,\
         \"sequences_per_second\":100.0,\"tokens_per_second\":6400.0,\"seconds\":10.0}\n"
    );
    metrics.log_evaluation(&evaluation(10)).expect("a line");
    metrics.log_training(&TrainingPoint { loss: f64::NAN, ..training(20) }).expect("a line");
    let last = text(directory.path());
    assert!(last.contains("{\"step\":10,\"split\":\"test\",\"loss\":0.25,\"accuracy\":1.0}\n"), "{last}");
    assert!(last.contains("{\"step\":20,\"loss\":null,"), "{last}");
    assert_eq!(event_files(directory.path()).len(), 1);
}

#[test]
fn a_run_is_not_written_over() {
    let directory = tempfile::tempdir().expect("a folder");
    let mut metrics = Metrics::create(&directory.path().join("new")).expect("metrics");
    metrics.log_training(&training(1)).expect("a line");
    let busy = Metrics::resume(&directory.path().join("new"), 1).expect_err("it is in use");
    assert!(matches!(busy, MetricsError::Busy { .. }), "{busy}");
    drop(metrics);
    let exists = Metrics::create(&directory.path().join("new")).expect_err("it is there");
    assert!(matches!(exists, MetricsError::Exists { .. }), "{exists}");
    assert_eq!(steps(&directory.path().join("new")), [1]);
    fs::write(directory.path().join("file"), "").expect("a file");
    let error = Metrics::create(&directory.path().join("file")).expect_err("it is a file");
    assert!(matches!(&error, MetricsError::File(FileError { action: FileAction::Write, .. })), "{error:?}");
}

#[test]
fn a_run_goes_on_where_its_checkpoint_is() {
    let directory = tempfile::tempdir().expect("a folder");
    let directory = directory.path();
    let mut metrics = Metrics::create(directory).expect("metrics");
    for step in [10, 20, 30, 40] {
        metrics.log_training(&training(step)).expect("a line");
        metrics.log_evaluation(&evaluation(step)).expect("a line");
    }
    drop(metrics);
    let mut metrics = Metrics::resume(directory, 20).expect("metrics");
    assert_eq!(steps(directory), [10, 10, 20, 20]);
    metrics.log_training(&training(30)).expect("a line");
    assert_eq!(steps(directory), [10, 10, 20, 20, 30]);
    drop(metrics);
    // Each sitting has its event file, and later ones come later in the order of names.
    assert_eq!(event_files(directory).len(), 2);
    drop(Metrics::resume(directory, 100).expect("metrics"));
    assert_eq!(steps(directory), [10, 10, 20, 20, 30]);
    drop(Metrics::resume(directory, None).expect("metrics"));
    assert_eq!(text(directory), "");
    assert_eq!(event_files(directory).len(), 4);
    // A run that never wrote any may be taken up as well.
    let fresh = directory.join("fresh");
    Metrics::resume(&fresh, 5).expect("metrics").log_training(&training(6)).expect("a line");
    assert_eq!(steps(&fresh), [6]);
}

#[test]
fn what_a_killed_run_left_half_written_goes() {
    for torn in ["{\"step\":20,\"lo", "{\"step\":20}", "\0\0\0\0", "{\"step\":2\n", "\0\0\n"] {
        let directory = tempfile::tempdir().expect("a folder");
        let path = directory.path().join(METRICS_FILE);
        fs::write(&path, format!("{{\"step\":10}}\n{torn}")).expect("a file");
        let mut metrics = Metrics::resume(directory.path(), 50).expect(torn);
        metrics.log_training(&training(60)).expect("a line");
        assert_eq!(steps(directory.path()), [10, 60], "{torn:?}");
    }
}

#[test]
fn what_is_no_file_of_metrics_stays_as_it_is() {
    let directory = tempfile::tempdir().expect("a folder");
    let path = directory.path().join(METRICS_FILE);
    for content in ["a diary\nof a person\n", "{\"step\":1}\n{\"step\":-1}\n{\"step\":3}\n"] {
        fs::write(&path, content).expect("a file");
        let error = Metrics::resume(directory.path(), 9).expect_err(content).to_string();
        assert!(error.contains("metrics.jsonl, line "), "{error}");
        assert_eq!(text(directory.path()), content);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let directory = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink("/dev/full", directory.path().join(METRICS_FILE)).expect("a link");
    let mut metrics = Metrics::create(directory.path()).expect("metrics");
    let error = with_causes(&metrics.log_training(&training(1)).expect_err("no room"));
    assert!(error.contains("No space left"), "{error}");
}
