//! Studies of convergence: what is kept, what is computed again, and what a failure leaves behind.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reward_collapse::compare::{Convergence, ConvergenceRow, Measure};
use reward_collapse::figure::{Page, asymptotics};
use reward_collapse::study::{Event, Outcome, Shard, Store, Study, StudyError, run};
use reward_collapse::utility::parse;
use tempfile::TempDir;

const UTILITIES: [&str; 4] = ["log(x)", "-1/x", "logsigmoid(4x)", "x^0.5"];
const SIZES: [usize; 3] = [5, 11, 24];

fn studies() -> Vec<Study> {
    UTILITIES.map(|text| Study { utility: parse(text).unwrap(), sizes: SIZES.to_vec() }).to_vec()
}

/// Runs a shard on what `directory` has; returns the outcome and the points begun.
fn resume(directory: &Path, shard: Shard) -> (Outcome, Vec<(String, usize)>) {
    let mut store = Store::open(directory, shard).unwrap();
    let mut begun = Vec::new();
    let outcome = run(&studies(), shard, &mut store, &mut |event| {
        match event {
            Event::Starting { utility, n, .. } => begun.push((utility.to_owned(), n)),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    });
    (outcome.unwrap(), begun)
}

/// Everything but the times, which no second run repeats.
fn untimed(series: &[Convergence]) -> Vec<Convergence> {
    let mut series = series.to_vec();
    series.iter_mut().flat_map(|series| &mut series.rows).for_each(|row| row.seconds = 0.0);
    series
}

fn points_file(directory: &TempDir) -> PathBuf {
    directory.path().join("points.jsonl")
}

#[test]
fn a_finished_study_is_read_back_bit_by_bit() {
    let directory = TempDir::new().unwrap();
    let results = directory.path().join("made/if/missing");
    let (computed, begun) = resume(&results, Shard::WHOLE);
    assert_eq!((begun.len(), computed.total, computed.failed, computed.unsaved), (12, 12, 0, 0));
    assert!(begun.is_sorted_by_key(|point| point.1), "smallest first: {begun:?}");
    let (kept, begun) = resume(&results, Shard::WHOLE);
    assert!(begun.is_empty(), "{begun:?}");
    assert_eq!(kept.series, computed.series);

    let mut memory = Store::in_memory();
    let in_memory = run(&studies(), Shard::WHOLE, &mut memory, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(untimed(&in_memory.series), untimed(&kept.series));
}

#[test]
fn infinite_and_undefined_numbers_are_kept() {
    let directory = TempDir::new().unwrap();
    let study = [Study { utility: parse("-1/x").unwrap(), sizes: vec![1] }];
    for _ in 0..2 {
        let mut store = Store::open(directory.path(), Shard::WHOLE).unwrap();
        run(&study, Shard::WHOLE, &mut store, &mut |_| ControlFlow::Continue(())).unwrap();
        let row = store.get("-1/x", 1).unwrap();
        assert_eq!(row.limit_mean_utility, f64::NEG_INFINITY);
        assert!(row.mean_utility.is_nan() && row.energy_difference.is_nan());
    }
}

#[test]
fn a_stopped_study_goes_on_where_it_stopped() {
    let directory = TempDir::new().unwrap();
    let (whole, _) = resume(directory.path(), Shard::WHOLE);
    let path = points_file(&directory);
    let text = fs::read_to_string(&path).unwrap();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();

    // Killed in the middle of a line: it is cut off, and the point computed again.
    fs::write(&path, &text[..ends[6] + 40]).unwrap();
    let store = Store::open(directory.path(), Shard::WHOLE).unwrap();
    assert_eq!(store.warnings().len(), 1);
    assert!(store.warnings()[0].contains("points.jsonl") && store.warnings()[0].contains("torn"));
    drop(store);
    let (resumed, begun) = resume(directory.path(), Shard::WHOLE);
    assert_eq!(begun.len(), 12 - 7);
    assert_eq!(untimed(&resumed.series), untimed(&whole.series));
    let mended = fs::read_to_string(&path).unwrap();
    assert!(mended.starts_with(&text[..=ends[6]]) && mended.lines().count() == 12, "{mended}");

    // Stopped between a point and the end of its line: nothing is lost.
    fs::write(&path, &text[..ends[6]]).unwrap();
    let (_, begun) = resume(directory.path(), Shard::WHOLE);
    assert_eq!(begun.len(), 12 - 7);
    let (_, begun) = resume(directory.path(), Shard::WHOLE);
    assert!(begun.is_empty());
}

#[test]
fn a_malformed_line_is_named() {
    let directory = TempDir::new().unwrap();
    resume(directory.path(), Shard::WHOLE);
    let path = points_file(&directory);
    let text = fs::read_to_string(&path).unwrap();
    for (wrong, words) in [("{\"utility\":\"log(x)\",\"n\":5}", "missing field"), ("five", "expected"), ("", "EOF")] {
        for end in ["\n", "\r\n"] {
            let mut lines: Vec<&str> = text.lines().collect();
            fs::write(&path, lines.join(end) + end).unwrap();
            assert!(Store::open(directory.path(), Shard::WHOLE).unwrap().warnings().is_empty());
            lines[2] = wrong;
            fs::write(&path, lines.join(end) + end).unwrap();
            let error = Store::open(directory.path(), Shard::WHOLE).unwrap_err();
            assert!(matches!(error, StudyError::Point { line: 3, .. }), "{error:?}");
            let message = error.to_string();
            assert!(message.contains("points.jsonl, line 3") && message.contains(words), "{message}");
        }
    }
}

#[test]
fn shards_merge_into_the_whole() {
    let (apart, whole) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (at_once, _) = resume(whole.path(), Shard::WHOLE);
    let mut all_begun = Vec::new();
    for index in 1..=3 {
        let (part, begun) = resume(apart.path(), Shard::new(index, 3).unwrap());
        assert_eq!((part.total, begun.len()), (4, 4));
        assert_eq!(part.series.iter().map(|series| series.rows.len()).sum::<usize>(), 4);
        all_begun.extend(begun);
    }
    all_begun.sort();
    all_begun.dedup();
    assert_eq!(all_begun.len(), 12);
    let names: Vec<String> = (1..=3).map(|index| format!("points-{index}-of-3.jsonl")).collect();
    assert!(names.iter().all(|name| apart.path().join(name).exists()));

    let (merged, begun) = resume(apart.path(), Shard::WHOLE);
    assert!(begun.is_empty(), "{begun:?}");
    assert_eq!(untimed(&merged.series), untimed(&at_once.series));
    let figures = [(apart.path(), &merged), (whole.path(), &at_once)]
        .map(|(out, outcome)| asymptotics(out, &Page::default(), &outcome.series).unwrap());
    for (one, other) in figures[0].csv.iter().zip(&figures[1].csv) {
        assert_eq!(fs::read_to_string(one).unwrap(), fs::read_to_string(other).unwrap());
    }
    let svg = |i: usize| fs::read_to_string(figures[i].svg.as_ref().unwrap()).unwrap();
    assert_eq!(svg(0), svg(1));
}

#[test]
fn the_last_of_several_points_counts() {
    let directory = TempDir::new().unwrap();
    resume(directory.path(), Shard::WHOLE);
    let text = fs::read_to_string(points_file(&directory)).unwrap();
    let with_w1 = |w1: f64| {
        let mut point: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        point["w1"] = w1.into();
        format!("{point}\n")
    };
    let w1 = || Store::open(directory.path(), Shard::WHOLE).unwrap().get("log(x)", 5).unwrap().w1;
    fs::write(points_file(&directory), text.clone() + &with_w1(2.0) + &with_w1(3.0)).unwrap();
    assert_eq!(w1(), 3.0);
    // By name this file comes before points.jsonl, and the next after it.
    fs::write(directory.path().join("points-1-of-2.jsonl"), with_w1(4.0)).unwrap();
    assert_eq!(w1(), 3.0);
    fs::write(directory.path().join("points2.jsonl"), with_w1(5.0)).unwrap();
    assert_eq!(w1(), 5.0);
    fs::write(directory.path().join("points2.jsonl.old"), "no point").unwrap();
    fs::write(directory.path().join("notes.jsonl"), "no point").unwrap();
    assert_eq!(w1(), 5.0);
}

#[test]
fn a_file_has_one_writer() {
    let directory = TempDir::new().unwrap();
    let mut first = Store::open(directory.path(), Shard::WHOLE).unwrap();
    first.prepare().unwrap();
    let mut second = Store::open(directory.path(), Shard::WHOLE).unwrap();
    assert!(matches!(second.prepare(), Err(StudyError::Busy { .. })));
    drop(first);
    second.prepare().unwrap();
}

/// The program on a study of two utilities, with further arguments.
fn program(results: &Path, arguments: &[&str]) -> Output {
    let file = results.parent().unwrap().join("study.toml");
    fs::write(&file, "utilities = ['log(x)', 'log(x+0.1)']\nn = [9, 16, 30, 50]\n").unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("reward-collapse"));
    command.arg("asymptotics").arg("--study").arg(file).arg("--results").arg(results).args(arguments);
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_program_runs_a_study_in_every_format() {
    let directory = TempDir::new().unwrap();
    let results = directory.path().join("results");
    let csv = program(&results, &["--format", "csv"]);
    assert!(csv.status.success() && csv.stderr.is_empty(), "{}", stderr(&csv));
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(csv.starts_with("utility,measure,fitted_exponent,fitted_constant,predicted,drift\nlog(x),w1,-1."), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 3 + 4, "the smoothed logarithm has atoms: {csv}");
    let before = fs::read_to_string(results.join("points.jsonl")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&program(&results, &["--format", "json"]).stdout).unwrap();
    assert_eq!(json[1]["utility"], "log(x+0.1)");
    assert_eq!(json[1]["rows"].as_array().unwrap().len(), 4);
    assert_eq!(json[1]["rates"][3]["measure"], "end_share");
    assert_eq!(json[1]["rates"][3]["predicted"], "at most 1 / (2n)");
    let table = String::from_utf8(program(&results, &["--n", "9,16"]).stdout).unwrap();
    assert!(table.contains("|end share - atom|"), "{table}");
    assert_eq!(fs::read_to_string(results.join("points.jsonl")).unwrap(), before);
    // A part shows its own points, which are there already.
    let part = program(&results, &["--shard", "2/8", "--format", "csv"]);
    assert_eq!(String::from_utf8(part.stdout).unwrap().lines().count(), 1 + 4);
    assert!(!results.join("points-2-of-8.jsonl").exists());

    let fresh = program(&results, &["--fresh", "--format", "csv"]);
    assert!(fresh.status.success() && stderr(&fresh).contains("points.jsonl.1"), "{}", stderr(&fresh));
    assert_eq!(fs::read_to_string(results.join("points.jsonl.1")).unwrap(), before);
    assert_eq!(fs::read_to_string(results.join("points.jsonl")).unwrap().lines().count(), 8);
}

#[test]
fn a_point_that_fails_stops_no_other() {
    let directory = TempDir::new().unwrap();
    let results = directory.path().join("results");
    let output = program(&results, &["--n", "9,1e12,16", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("error: `log(x)`, n = 1000000000000: ") && lines[0].contains("GiB"), "{text}");
    assert_eq!(lines[2], "error: 2 of 6 points could not be computed");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1 + 3 + 4);
    assert_eq!(fs::read_to_string(results.join("points.jsonl")).unwrap().lines().count(), 4);
}

#[test]
fn what_cannot_be_kept_is_refused_before_the_work() {
    let directory = TempDir::new().unwrap();
    let results = directory.path().join("results");
    fs::write(&results, "a file").unwrap();
    let output = program(&results, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && stderr(&output).lines().count() == 1, "{}", stderr(&output));
    for shard in ["0/4", "5/4", "x", "-1/4"] {
        let output = program(&results, &["--shard", shard]);
        assert_eq!(output.status.code(), Some(2), "{shard}");
        let text = stderr(&output);
        assert!(text.contains("1 <= I <= K") && text.lines().count() == 1, "{text}");
    }
}

/// Points are lost by none of: a disk that is full from the start, and one that fills up within a line.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_no_finished_point() {
    let directory = TempDir::new().unwrap();
    let results = directory.path().join("results");
    fs::create_dir(&results).unwrap();
    let shard = program(&results, &["--shard", "1/2"]);
    assert!(shard.status.success(), "{}", stderr(&shard));
    std::os::unix::fs::symlink("/dev/full", results.join("points.jsonl")).unwrap();
    let output = program(&results, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("No space left on device") && text.contains("points.jsonl"), "{text}");
    assert!(text.ends_with("4 finished points could not be kept\n"), "{text}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!([0, 1].iter().all(|i| json[i]["rows"].as_array().unwrap().len() == 4), "they are shown all the same");

    // A file may grow to 512 or 1024 bytes, by the shell: room for a line or three, and for a part of the next.
    fs::remove_file(results.join("points.jsonl")).unwrap();
    let program = assert_cmd::cargo::cargo_bin("reward-collapse");
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
    let study = directory.path().join("study.toml");
    let mut command = Command::new("sh");
    command.args(["-c", limited, "sh"]).arg(&program).args(["asymptotics", "--study"]).arg(&study);
    let output = command.arg("--results").arg(&results).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let kept = fs::read_to_string(results.join("points.jsonl")).unwrap();
    assert!(kept.ends_with('\n') && (1..4).contains(&kept.lines().count()), "{kept}");

    // With room again, only what was not kept is computed.
    let mut command = Command::new(&program);
    command.args(["asymptotics", "--study"]).arg(&study).arg("--results").arg(&results);
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let all = fs::read_to_string(results.join("points.jsonl")).unwrap();
    assert!(all.starts_with(&kept) && all.lines().count() == 4, "{all}");
}

#[test]
fn a_figure_is_drawn_from_kept_points() {
    let directory = TempDir::new().unwrap();
    let results = directory.path().join("results");
    assert!(program(&results, &[]).status.success());
    let before = fs::read_to_string(results.join("points.jsonl")).unwrap();
    // A point that no solver would find shows where the figure takes it from.
    let mut point: serde_json::Value = serde_json::from_str(before.lines().next().unwrap()).unwrap();
    point["w1"] = 0.125.into();
    fs::write(results.join("points.jsonl"), format!("{before}{point}\n")).unwrap();
    let draw = |arguments: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("reward-collapse"));
        command.args(["figure", "asymptotics", "--study"]).arg(directory.path().join("study.toml"));
        let output = command.arg("--out").arg(directory.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        fs::read_to_string(directory.path().join("asymptotics.csv")).unwrap()
    };
    let kept = draw(&["--results", results.to_str().unwrap()]);
    assert!(kept.contains("log(x),9,1.250000000e-1,"), "{kept}");
    assert_eq!(kept.lines().count(), 1 + 8);
    let passing = draw(&["--n", "9,12"]);
    assert!(!passing.contains("1.250000000e-1"), "{passing}");
    // Other sizes are kept where a directory is named.
    draw(&["--n", "9,12", "--results", results.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(results.join("points.jsonl")).unwrap().lines().count(), 9 + 2);
}

#[test]
fn measures_are_those_of_the_rows() {
    let row = ConvergenceRow {
        n: 4,
        w1: 0.1,
        ks: 0.2,
        energy_difference: 0.3,
        mean_utility: 0.8,
        limit_mean_utility: 0.5,
        end_share: 0.25,
        atom: 0.375,
        gap: 0.0,
        method: reward_collapse::solution::Method::Dense,
        iterations: 1,
        seconds: 0.0,
    };
    assert_eq!(Measure::ALL.map(|measure| measure.of(&row)), [0.1, 0.2, 0.3, 0.125]);
}

#[test]
fn an_observer_may_stop_a_study_and_loses_nothing() {
    let mut store = Store::in_memory();
    let mut begun = 0;
    let outcome = run(&studies(), Shard::WHOLE, &mut store, &mut |event| match event {
        Event::Starting { .. } if begun == 2 => ControlFlow::Break(()),
        _ => {
            begun += 1;
            ControlFlow::Continue(())
        }
    })
    .unwrap();
    assert!(outcome.interrupted);
    assert_eq!(outcome.series.iter().map(|series| series.rows.len()).sum::<usize>(), 2);
    let whole = run(&studies(), Shard::WHOLE, &mut store, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(!whole.interrupted);
    assert_eq!(whole.series.iter().map(|series| series.rows.len()).sum::<usize>(), whole.total);
}
