//! The experiment without training: losses, the files of a run, distances from theory, and the figure drawn from them.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use reward_collapse::compare::{Learned, Optimum, Prediction, SamplingError, wasserstein1_between};
use reward_collapse::experiment::{
    ExperimentError, Head, Loss, LossTerms, PromptType, REWARDS_FILE, RewardRow, RunDescription, Split, TypeColumn,
    UtilityPair, append_rewards, read_rewards,
};
use reward_collapse::figure::{Cases, CollapseData, CurveSource, FigureError, Page, Width, experiment};
use reward_collapse::files::{FileAction, FileError};
use reward_collapse::utility::parse;
use tempfile::TempDir;

use crate::support::page::{check_page, check_page_of, rows, texts};

/// Rewards of an evaluation: prompts spread evenly by `noise` about those of the utilities trained.
fn rewards(loss: &Loss, step: u64, noise: f64) -> Vec<RewardRow> {
    let mut rows = Vec::new();
    for prompt_type in PromptType::RELEASED {
        let optimum = Optimum::compute(&loss.of(&prompt_type).unwrap().trained, 8).unwrap();
        for (split, count) in [(Split::Train, 21), (Split::Test, 5)] {
            for prompt in 0..count {
                let shift = noise * (2.0 * f64::from(prompt) / f64::from(count - 1) - 1.0);
                rows.extend(optimum.rewards.iter().zip(1..).map(|(&reward, index)| RewardRow {
                    step,
                    split,
                    prompt: format!("{}-{prompt}", prompt_type.name()),
                    prompt_type: prompt_type.clone(),
                    index,
                    reward: (0.98 * reward + 0.01 + 0.4 * shift).clamp(0.0, 1.0),
                }));
            }
        }
    }
    rows
}

fn write_run(folder: &Path, loss: &Loss) {
    fs::create_dir_all(folder).unwrap();
    let description = RunDescription {
        model: "a small model".to_owned(),
        parameters: 600_000,
        data: "generated".to_owned(),
        ..RunDescription::from(loss)
    };
    description.write(folder).unwrap();
    for (step, noise) in [(0, 0.12), (100, 0.1), (400, 0.02)] {
        append_rewards(&folder.join(REWARDS_FILE), &rewards(loss, step, noise), TypeColumn::OpenEnded).unwrap();
    }
}

fn row(index: usize, prompt_type: PromptType, prompt: u32, reward: f64) -> RewardRow {
    RewardRow { step: 10, split: Split::Train, prompt: prompt.to_string(), prompt_type, index, reward }
}

#[test]
fn descriptions_are_read_as_they_were_written() {
    let folder = TempDir::new().unwrap();
    let description = RunDescription { learning_rate: 1e-5, seed: 3, ..(&Loss::parse("adaptive").unwrap()).into() };
    description.write(folder.path()).unwrap();
    let read = RunDescription::read(folder.path()).unwrap();
    assert_eq!(read, description);
    assert_eq!(read.loss().unwrap(), Loss::parse("adaptive").unwrap());
    let missing = folder.path().join("missing");
    let error = description.write(&missing).unwrap_err();
    assert!(matches!(&error, ExperimentError::File(FileError { action: FileAction::Write, .. })), "{error:?}");
}

#[test]
fn a_description_needs_its_name_and_its_loss_alone() {
    let folder = TempDir::new().unwrap();
    let pair = r#"{"named": "log(x)", "trained": "log(x+0.1)"}"#;
    let text = format!(r#"{{"name": "log", "loss": {{"open_ended": {pair}, "closed_ended": {pair}}}}}"#);
    fs::write(folder.path().join("run.json"), text).unwrap();
    let read = RunDescription::read(folder.path()).unwrap();
    let log = Loss::parse("log").unwrap();
    assert_eq!(read, RunDescription::from(&log).with_types(&PromptType::RELEASED));
    assert!(PromptType::RELEASED.iter().all(|of| read.loss().unwrap().of(of) == log.of(of)));
    fs::write(folder.path().join("run.json"), format!(r#"{{"name": "log", "loss": {{"utility": {pair}}}}}"#)).unwrap();
    assert_eq!(RunDescription::read(folder.path()).unwrap().loss().unwrap(), log);

    for (text, word) in [
        (r#"{"name": "log"}"#, "loss"),
        (r#"{"name": "log", "loss": {"head": "raw"}}"#, "needs `utility`"),
        (r#"{"name": "log", "loss": {"exam": "x"}}"#, "PairDescription"),
        (
            r#"{"name": "a", "loss": {"utility": {"named": "x", "trained": "x"}, "exam": {"named": "x", "trained": "x"}}}"#,
            "leave out one or the other",
        ),
        ("{\n\"name\": ", "line 2"),
        ("{\r\n\"name\": ", "line 2"),
        (
            r#"{"name": "a", "loss": {"open_ended": {"named": "x^2", "trained": "x"}, "closed_ended": {"named": "x", "trained": "x"}}}"#,
            "concave",
        ),
        (
            r#"{"name": "a", "responses": 0, "loss": {"open_ended": {"named": "x", "trained": "x"}, "closed_ended": {"named": "x", "trained": "x"}}}"#,
            "responses",
        ),
    ] {
        fs::write(folder.path().join("run.json"), text).unwrap();
        let error = RunDescription::read(folder.path()).unwrap_err();
        assert!(matches!(error, ExperimentError::Description { .. }), "{error:?}");
        assert!(error.to_string().contains("run.json") && error.to_string().contains(word), "{error}");
    }
}

#[test]
fn malformed_rewards_are_told_with_their_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(REWARDS_FILE);
    let rows = [(1, 0.25), (2, 0.75)].map(|(index, reward)| row(index, PromptType::open_ended(), 0, reward));
    append_rewards(&path, &rows, TypeColumn::OpenEnded).unwrap();
    assert_eq!(read_rewards(&path, 2, Head::Sigmoid).unwrap().len(), 2);
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}10,train,0,true,2")).unwrap();
    let error = read_rewards(&path, 2, Head::Sigmoid).unwrap_err();
    assert!(matches!(error, ExperimentError::Rewards { line: 4, .. }), "{error:?}");
    assert!(error.to_string().contains("rewards.csv, line 4: 5 fields"), "{error}");
    // Two responses where three are numbered.
    let error = read_rewards(&path, 1, Head::Sigmoid).unwrap_err();
    assert!(matches!(error, ExperimentError::Rewards { .. }), "{error:?}");
}

#[test]
fn samples_are_compared_whatever_their_sizes() {
    let w1 = |one: &[f64], other: &[f64]| wasserstein1_between(one, other).unwrap();
    assert_eq!(w1(&[0.0, 1.0], &[0.0, 1.0]), 0.0);
    assert_eq!(w1(&[0.0, 0.5, 0.5, 1.0], &[0.0, 1.0]), 0.25);
    assert_eq!(w1(&[0.25], &[0.0, 0.5]), 0.25);
    assert!((w1(&[0.1, 0.2, 0.3], &[0.2, 0.3, 0.4]) - 0.1).abs() < 1e-15);
    assert!(wasserstein1_between(&[], &[0.5]).is_err());
    assert!(wasserstein1_between(&[0.5], &[0.5, 0.25]).is_err());
}

#[test]
fn distances_have_hand_computed_values() {
    // Under U = x two responses have 0 and 1; two prompts gave 0.1, 0.8 and 0.3, 1.
    let rows = [(1, 0, 0.1), (2, 0, 0.8), (1, 1, 0.3), (2, 1, 1.0)];
    let rows: Vec<RewardRow> =
        rows.into_iter().map(|(i, prompt, r)| row(i, PromptType::closed_ended(), prompt, r)).collect();
    let [learned] = &Learned::all(&rows)[..] else { panic!() };
    assert_eq!(
        (learned.step, learned.split, learned.prompt_type.clone()),
        (10, Split::Train, PromptType::closed_ended())
    );
    assert_eq!(learned.rewards, [0.1, 0.3, 0.8, 1.0]);
    let optimum = Optimum::compute(&parse("x").unwrap(), 2).unwrap();
    let distance = learned.distance(Prediction::Trained, &optimum).unwrap();
    let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    close(distance.mad, 0.15); // |0.2 - 0|, |0.9 - 1|
    close(distance.max_abs_difference, 0.2);
    close(distance.mean_deviation, 0.1);
    // By rank: 0.1 and 0.3 to 0, 0.8 and 1 to 1. The limit has the same two atoms.
    close(distance.w1_finite, 0.15);
    close(distance.w1_limit.unwrap(), 0.15);
    assert_eq!((distance.count, distance.utility.as_str()), (2, "x"));
    assert_eq!(learned.shares(4, [0.0, 1.0]), [0.25, 0.25, 0.0, 0.5]);

    // Against the uniform law: int |F - x| over [0, 0.1], [0.1, 0.3], [0.3, 0.8], [0.8, 1].
    let optimum = Optimum::compute(&parse("-1/x").unwrap(), 2).unwrap();
    let distance = learned.distance(Prediction::Named, &optimum).unwrap();
    close(distance.w1_limit.unwrap(), 0.005 + (0.01125 + 0.00125) + (0.02 + 0.045) + 0.03);
}

#[test]
fn the_middle_reward_of_a_linear_utility_is_free() {
    let optimum = Optimum::compute(&parse("x").unwrap(), 3).unwrap();
    for middle in [0.0, 0.3, 1.0] {
        let rows: Vec<RewardRow> =
            [0.0, middle, 1.0].into_iter().zip(1..).map(|(r, i)| row(i, PromptType::open_ended(), 0, r)).collect();
        let distance = Learned::all(&rows)[0].distance(Prediction::Trained, &optimum).unwrap();
        assert_eq!((distance.mad, distance.w1_finite), (0.0, 0.0), "{middle}");
        assert_eq!(SamplingError::of(&Learned::all(&rows)[0], 99, 0), None);
    }
    // For an even number there is no such freedom: four of eight are 0.
    let optimum = Optimum::compute(&parse("x").unwrap(), 8).unwrap();
    assert_eq!(optimum.rewards, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(optimum.nearest(0.5), optimum.rewards);
}

#[test]
fn the_figure_shows_every_released_configuration() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for name in Loss::RELEASED {
        write_run(&runs.path().join(name), &Loss::parse(name).unwrap());
    }
    let [figure] = &experiment(out.path(), &Page::default(), runs.path()).unwrap()[..] else { panic!() };
    assert_eq!(figure.name, "experiment");
    check_page(&figure.files);
    check_page(&figure.histogram);
    let texts = texts(&figure.files);
    for label in [
        "(a) x: U(x) = x",
        "(b) log: U(x) = log x, trained as log(x+0.1)",
        "(e) adaptive: open-ended U(x) = −1/x, trained as −1/(x+0.1); closed-ended U(x) = x",
        "step 100",
        "step 400",
        "held-out prompts",
        "a small model (600 thousand parameters)",
        "reward",
        "response",
    ] {
        assert!(texts.contains(label), "{label} is missing from {texts}");
    }
    assert!(!texts.contains("step 0"), "{texts}");
    // Runs, steps, splits, types of prompt, and responses, theories or bins.
    let tables: Vec<Vec<Vec<String>>> =
        figure.files.csv.iter().chain(&figure.histogram.csv).map(|path| rows(path)).collect();
    assert_eq!(tables.iter().map(Vec::len).collect::<Vec<_>>(), [5 * 3 * 2 * 2 * 8, 5 * 3 * 2 * 2 * 2, 5 * 2 * 20]);
    for column in 4..9 {
        let total: f64 = tables[2].iter().map(|row| row[column].parse::<f64>().unwrap()).sum();
        assert!((total - 10.0).abs() < 1e-4, "shares of column {column} add up to {total} for ten histograms");
    }
    // At the last step the rewards lie 0.98 r + 0.01 about those of the utility trained.
    let log =
        figure.distances.iter().filter(|row| row.run == "log" && row.is_last && row.distance.split == Split::Train);
    let found: Vec<(Prediction, f64)> = log.map(|row| (row.distance.theory, row.distance.mad)).collect();
    assert_eq!(found.len(), 4);
    for pair in found.chunks(2) {
        assert!(pair[0].0 == Prediction::Named && pair[1].1 < pair[0].1, "{found:?}");
    }
    // Each distance lies in its interval, which the table tells too.
    for (row, listed) in figure.distances.iter().zip(&tables[1]) {
        let intervals = row.intervals.unwrap();
        let ends = [intervals.mad, intervals.max_abs_difference];
        for ([low, high], value) in ends.into_iter().zip([row.distance.mad, row.distance.max_abs_difference]) {
            assert!(0.0 <= low && low <= value && value < high && high - low < 0.2, "{row:?}");
        }
        let found: Vec<f64> = listed[12..].iter().map(|number| number.parse().unwrap()).collect();
        assert!(found.iter().zip(ends.concat()).all(|(found, end)| (found - end).abs() < 1e-6), "{found:?}");
    }
    assert!(texts.contains("± what another sample"), "{texts}");
}

#[test]
fn unusual_runs_are_drawn_too() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // Two runs of one name, five responses numbered from 0, no held-out prompts, a single evaluation, and a long name.
    write_run(&runs.path().join("first"), &Loss::parse("1-exp(-4x)").unwrap());
    write_run(&runs.path().join("second"), &Loss::parse("1-exp(-4x)").unwrap());
    let odd = runs.path().join("odd");
    fs::create_dir(&odd).unwrap();
    let [open, closed] = PromptType::RELEASED;
    let loss = Loss::parse_by_type([(&open, "x"), (&closed, "log(x) + 0.25x - 0.125x^2 + sqrt(x)")]).unwrap();
    RunDescription { responses: 5, ..RunDescription::from(&loss) }.write(&odd).unwrap();
    let mut text = "step,split,prompt,open_ended,response_index,reward\n".to_owned();
    for prompt in 0..4 {
        for (i, reward) in [0.0, 0.02, 0.3, 0.97, 1.0].into_iter().enumerate() {
            text.push_str(&format!("7,train,<{prompt}>,{},{i},{reward}\n", prompt % 2));
        }
    }
    fs::write(odd.join(REWARDS_FILE), text).unwrap();
    let figures = experiment(out.path(), &Page::default(), runs.path()).unwrap();
    check_page(&figures[0].files);
    check_page(&figures[0].histogram);
    let texts = texts(&figures[0].files);
    for label in ["(a) first:", "(c) second:", "no earlier step", "no rewards", "…"] {
        assert!(texts.contains(label), "{label} is missing from {texts}");
    }
    assert!(!texts.contains("NaN") && !texts.contains("inf"), "{texts}");
    let narrow = Page { width: Width::COLUMN, caption: true, ..Page::default() };
    let [figure] = &experiment(out.path(), &narrow, runs.path()).unwrap()[..] else { panic!() };
    check_page_of(&figure.files, &narrow);
    check_page_of(&figure.histogram, &narrow);
    // One run by itself.
    let [figure] = &experiment(out.path(), &Page::default(), &odd).unwrap()[..] else { panic!() };
    check_page(&figure.files);
    check_page(&figure.histogram);
    assert_eq!(figure.distances.len(), 4);
}

#[test]
fn further_groups_have_figures_of_their_own() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write_run(&runs.path().join("base/x_adaptive"), &Loss::parse("adaptive").unwrap());
    write_run(&runs.path().join("embedded/log"), &Loss::parse("log").unwrap());
    let figures = experiment(out.path(), &Page::default(), runs.path()).unwrap();
    let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(names, ["experiment", "experiment_base"]);
    assert_eq!(figures[0].distances[0].run, "log");
    assert!(out.path().join("experiment_base_distances.csv").exists());
}

#[test]
fn the_collapse_figure_finds_runs_by_folder_and_by_description() {
    let runs = TempDir::new().unwrap();
    write_run(&runs.path().join("x_adaptive"), &Loss::parse("adaptive").unwrap());
    write_run(&runs.path().join("second-seed"), &Loss::parse("log").unwrap());
    write_run(&runs.path().join("x"), &Loss::parse("x").unwrap());
    fs::remove_file(runs.path().join("x/run.json")).unwrap();
    // Its folder says -1/x, and its description something else.
    write_run(&runs.path().join("x_inv"), &Loss::parse("logsigmoid").unwrap());
    let data = CollapseData::compute(&Cases::collapse(), Some(runs.path())).unwrap();
    let found: Vec<&str> =
        data.panels.iter().filter(|panel| !panel.run.is_empty()).map(|panel| panel.key.as_str()).collect();
    assert_eq!(found, ["x", "log", "adaptive"]);
    let log = data.distance("log", CurveSource::Run, None).unwrap();
    assert!(log.trained < log.named, "{log:?}");
}

#[test]
fn a_run_without_its_files_is_an_error_that_says_what_to_do() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let error = experiment(out.path(), &Page::default(), runs.path()).unwrap_err();
    assert!(matches!(error, FigureError::NoRuns { .. }), "{error:?}");
    assert!(error.to_string().contains("rewards.csv and run.json"), "{error}");
    let error = experiment(out.path(), &Page::default(), &runs.path().join("nowhere")).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");

    write_run(&runs.path().join("log"), &Loss::parse("log").unwrap());
    fs::remove_file(runs.path().join("log/run.json")).unwrap();
    let error = experiment(out.path(), &Page::default(), runs.path()).unwrap_err();
    assert!(matches!(&error, FigureError::Experiment(ExperimentError::NoDescription { .. })), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("run.json") && text.contains("training writes it") && text.contains("\"trained\""), "{text}");
    assert!(fs::read_dir(&out).unwrap().next().is_none());

    // The example in the message would do.
    let example = &text[text.find("{\"name\"").unwrap()..];
    fs::write(runs.path().join("log/run.json"), example).unwrap();
    assert_eq!(experiment(out.path(), &Page::default(), runs.path()).unwrap().len(), 1);
}

fn program(arguments: &[&str], directory: &Path) -> std::process::Output {
    Command::cargo_bin("reward-collapse").unwrap().args(arguments).current_dir(directory).output().unwrap()
}

#[test]
fn the_program_prints_distances_and_files() {
    let place = TempDir::new().unwrap();
    let out = program(&["figure", "experiment"], place.path());
    assert_eq!(out.status.code(), Some(2));
    let complaint = String::from_utf8(out.stderr).unwrap();
    assert!(complaint.contains("figures/experiment") && complaint.contains("--runs"), "{complaint}");

    write_run(&place.path().join("figures/experiment/embedded/log"), &Loss::parse("log").unwrap());
    let out = program(&["figure", "experiment"], place.path());
    assert!(out.status.success(), "{out:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("W1") && text.contains("log(x+0.1)") && text.contains("experiment_distances.csv"), "{text}");

    let out = program(&["figure", "experiment", "--format", "json", "--out", "drawn"], place.path());
    let listed: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(listed[0]["figure"], "experiment");
    let distances = listed[0]["distances"].as_array().unwrap();
    assert_eq!(distances.len(), 3 * 2 * 2 * 2);
    assert_eq!(distances[0]["prompts"], "open_ended");
    assert!(distances.iter().all(|row| row["w1_limit"].is_number() && row["mad"].is_number()));

    let out = program(&["figure", "distributions", "--runs", "figures"], place.path());
    assert_eq!(out.status.code(), Some(2));
    let complaint = String::from_utf8(out.stderr).unwrap();
    assert!(complaint.contains("`figure collapse` and `figure experiment`"), "{complaint}");
}

/// Each prompt at its own optimum: half of them with two responses and half with four.
fn mixed_run(folder: &Path, loss: &Loss) {
    let mut text = "step,split,prompt,open_ended,response_index,reward\n".to_owned();
    for prompt in 0..40 {
        let prompt_type = &PromptType::RELEASED[prompt / 2 % 2];
        let optimum = Optimum::compute(&loss.of(prompt_type).unwrap().trained, [2, 4][prompt % 2]).unwrap();
        for (reward, index) in optimum.rewards.iter().zip(1..) {
            text.push_str(&format!("10,train,{prompt},{},{index},{reward}\n", prompt_type.is_open_ended()));
        }
    }
    fs::create_dir_all(folder).unwrap();
    RunDescription { responses: 4, ..RunDescription::from(loss) }.write(folder).unwrap();
    fs::write(folder.join(REWARDS_FILE), text).unwrap();
}

#[test]
fn each_prompt_is_compared_with_the_optimum_of_its_own_number_of_responses() {
    for name in ["x", "log", "adaptive"] {
        let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        mixed_run(runs.path(), &Loss::parse(name).unwrap());
        let [figure] = &experiment(out.path(), &Page::default(), runs.path()).unwrap()[..] else { panic!() };
        check_page(&figure.files);
        check_page(&figure.histogram);
        let found: Vec<(PromptType, usize, usize)> = figure
            .distances
            .iter()
            .filter(|row| row.distance.theory == Prediction::Trained)
            .map(|row| {
                let distance = &row.distance;
                assert!(distance.mad < 1e-15 && distance.max_abs_difference < 1e-15, "{distance:?}");
                assert!(distance.w1_finite < 1e-15 && distance.mean_deviation < 1e-15, "{distance:?}");
                (distance.prompt_type.clone(), distance.n, distance.count)
            })
            .collect();
        let [open, closed] = PromptType::RELEASED;
        assert_eq!(found, [(open.clone(), 2, 10), (open, 4, 10), (closed.clone(), 2, 10), (closed, 4, 10)]);
        let page = texts(&figure.files);
        assert!(page.contains("each prompt’s own number of responses, n = 2 to 4,"), "{page}");
        assert!(page.contains("(i − ½) / n") && !page.contains("response 1"), "{page}");

        // Means by response are of prompts with as many responses, and the last column tells how many.
        let means = rows(&figure.files.csv[0]);
        assert_eq!(means.len(), 2 * (2 + 4));
        for row in &means {
            assert_eq!((row[7].as_str(), &row[5]), ("10", &row[9]), "{row:?}");
            assert!(row[10] == "2" || row[10] == "4", "{row:?}");
        }
        // Both histograms are of the same rewards: of each type a third in prompts of two responses.
        for bin in rows(&figure.histogram.csv[0]) {
            assert_eq!(bin[4], bin[6], "{bin:?}");
        }
    }
}

/// Under U = x two responses have 0 and 1, and four have 0, 0, 1 and 1.
#[test]
fn the_program_finds_no_distance_between_prompts_and_their_own_optima() {
    let place = TempDir::new().unwrap();
    mixed_run(&place.path().join("runs"), &Loss::parse("x").unwrap());
    let arguments = ["figure", "experiment", "--runs", "runs", "--out", "drawn"];
    let table = String::from_utf8(program(&arguments, place.path()).stdout).unwrap();
    let line = table.lines().nth(2).unwrap();
    let fields: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(
        fields[..10],
        ["x", "10", "train", "open_ended", "2", "both", "x", "0.0000", "0.0000", "0.0000"],
        "{table}"
    );
    let out = program(&[&arguments[..], &["--format", "json"]].concat(), place.path());
    let listed: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let distances = listed[0]["distances"].as_array().unwrap();
    assert_eq!(distances.len(), 2 * 2 * 2);
    assert!(distances.iter().all(|row| row["mad"] == 0.0 && (row["n"] == 2 || row["n"] == 4)), "{distances:?}");
}

#[test]
fn the_collapse_figure_wants_runs_of_eight_responses() {
    let runs = TempDir::new().unwrap();
    mixed_run(&runs.path().join("x"), &Loss::parse("x").unwrap());
    assert!(matches!(CollapseData::compute(&Cases::collapse(), Some(runs.path())), Err(FigureError::NoRuns { .. })));
    // Said to have up to eight, it still has no prompt of eight.
    let description = RunDescription::from(&Loss::parse("x").unwrap());
    description.write(&runs.path().join("x")).unwrap();
    assert!(matches!(CollapseData::compute(&Cases::collapse(), Some(runs.path())), Err(FigureError::NoRuns { .. })));
    write_run(&runs.path().join("x-again"), &Loss::parse("x").unwrap());
    let data = CollapseData::compute(&Cases::collapse(), Some(runs.path())).unwrap();
    assert_eq!(data.panels[0].run.iter().map(|learned| learned.n).collect::<Vec<_>>(), [8, 8]);
}

#[test]
fn a_reward_twice_or_missing_is_told_with_its_line_by_the_program() {
    let place = TempDir::new().unwrap();
    let header = "step,split,prompt,open_ended,response_index,reward";
    let loss = Loss::parse("x").unwrap();
    for (fault, words) in [
        (["10,train,0,true,1,0.5", "10,train,0,true,1,0.25"], "rewards.csv, line 3: response_index 1 of prompt `0`"),
        (
            ["10,train,0,true,1,0.5", "10,train,0,true,3,0.25"],
            "rewards.csv, line 3: prompt `0` at step 10 ends without",
        ),
        (["10,train,0,true,1,half", "10,train,0,true,2,0.25"], "rewards.csv, line 2: reward `half`"),
    ] {
        let folder = place.path().join("runs");
        fs::create_dir_all(&folder).unwrap();
        RunDescription::from(&loss).write(&folder).unwrap();
        for end in ["\n", "\r\n"] {
            fs::write(folder.join(REWARDS_FILE), [header, fault[0], fault[1], ""].join(end)).unwrap();
            let out = program(&["figure", "experiment", "--runs", "runs"], place.path());
            let complaint = String::from_utf8(out.stderr).unwrap();
            assert_eq!(out.status.code(), Some(2), "{complaint}");
            assert!(complaint.contains(words) && complaint.lines().count() == 1, "{complaint}");
        }
    }
}

/// Types of any name have a row of their own, over the theory of their own utility.
#[test]
fn types_of_any_name_are_drawn_over_their_own_theory() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let types = ["creative", "exam", "chat"].map(|name| name.parse::<PromptType>().unwrap());
    let utilities = ["-1/(x+0.1)", "x", "log(x+0.1)"];
    let loss = Loss::parse_by_type(types.iter().zip(utilities)).unwrap();
    let mut rows = Vec::new();
    for (prompt_type, n) in types.iter().zip([4, 6, 4]) {
        let optimum = Optimum::compute(&loss.of(prompt_type).unwrap().trained, n).unwrap();
        for step in [0, 10] {
            for (prompt, (&reward, index)) in
                (0..3).flat_map(|p| optimum.rewards.iter().zip(1..).map(move |at| (p, at)))
            {
                let prompt_type = prompt_type.clone();
                rows.push(RewardRow {
                    step,
                    prompt: format!("{prompt_type}{prompt}"),
                    ..row(index, prompt_type, 0, reward)
                });
            }
        }
    }
    rows.sort_by_key(|row| row.step);
    append_rewards(&runs.path().join(REWARDS_FILE), &rows, TypeColumn::of(&types)).unwrap();
    RunDescription { responses: 6, ..RunDescription::from(&loss) }.write(runs.path()).unwrap();
    let [figure] = &experiment(out.path(), &Page::default(), runs.path()).unwrap()[..] else { panic!() };
    check_page(&figure.files);
    check_page(&figure.histogram);
    let page = texts(&figure.files);
    for label in ["chat: U(x)", "creative: U(x)", "(c) ", "exam: U(x) = x"] {
        assert!(page.contains(label), "{label}: {page}");
    }
    assert!(!page.contains("ended"), "{page}");
    assert_eq!(figure.distances.len(), 3 * 2 * 2);
    assert!(figure.distances.iter().all(|row| row.distance.mad < 1e-7), "{:?}", figure.distances);
    let bins = crate::support::page::rows(&figure.histogram.csv[0]);
    assert_eq!((bins.len(), bins[0][1].as_str(), bins[59][1].as_str()), (60, "chat", "exam"));

    // A loss that lacks one of them is no theory of it.
    let loss = Loss::parse_by_type([(&types[0], "x"), (&types[1], "x")]).unwrap();
    RunDescription { responses: 6, ..RunDescription::from(&loss) }.write(runs.path()).unwrap();
    let error = experiment(out.path(), &Page::default(), runs.path()).unwrap_err().to_string();
    assert!(error.contains("`chat`") && error.contains("`creative`, `exam`"), "{error}");
    // One utility for all prompts is one for each type.
    RunDescription { responses: 6, ..RunDescription::from(&Loss::parse("x").unwrap()) }.write(runs.path()).unwrap();
    let [figure] = &experiment(out.path(), &Page::default(), runs.path()).unwrap()[..] else { panic!() };
    assert!(texts(&figure.files).contains("chat: U(x) = x"));
}

/// Prompts at their optimum, each shifted by a number of its own, under a loss with terms.
fn shifted_run(folder: &Path, name: &str, utility: &str, terms: LossTerms, shift: f64) {
    let pair = UtilityPair::parse(utility).unwrap();
    let optimum = Optimum::with_terms(&pair.trained, &terms, 8).unwrap();
    let loss = Loss::same(name, pair).with(terms).unwrap();
    let mut rows = Vec::new();
    for (step, spread) in [(0, 0.5), (10, 1.0)] {
        for prompt in 0..6 {
            let shift = shift * (f64::from(prompt) - 2.5);
            let prompt_type = PromptType::from_uniform(prompt % 2 == 0);
            rows.extend(optimum.rewards.iter().zip(1..).map(|(&reward, index)| RewardRow {
                step,
                ..row(index, prompt_type.clone(), prompt as u32, spread * reward + shift)
            }));
        }
    }
    fs::create_dir_all(folder).unwrap();
    append_rewards(&folder.join(REWARDS_FILE), &rows, TypeColumn::OpenEnded).unwrap();
    RunDescription::from(&loss).write(folder).unwrap();
}

#[test]
fn losses_with_terms_are_drawn_over_their_own_theory_and_scale() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let raw = LossTerms { head: Head::Raw, ..LossTerms::default() };
    let at = |name: &str| runs.path().join(name);
    let write = |name: &str, utility: &str, terms: LossTerms, shift: f64| {
        shifted_run(&at(name), name, utility, terms, shift);
    };
    // Only differences count: a shift of each prompt is no distance.
    write("smoothed", "logsigmoid(x)", LossTerms { smoothing: 0.1, ..raw.clone() }, 0.4);
    // With centring and with a field the level counts.
    write("centred", "logsigmoid(x)", LossTerms { centering: 0.1, ..raw.clone() }, 0.0);
    write("level", "logsigmoid(x)", LossTerms { centering: 0.1, ..raw.clone() }, 0.2);
    write("held", "log", LossTerms { field: Some("-0.2x^2".to_owned()), ..raw.clone() }, 0.0);
    write("pulled", "x", LossTerms { field: Some("0.1*log(x)+0.2*log(1-x)".to_owned()), ..LossTerms::default() }, 0.0);
    let [figure] = &experiment(out.path(), &Page::default(), runs.path()).unwrap()[..] else { panic!() };
    check_page(&figure.files);
    check_page(&figure.histogram);
    let last: Vec<_> = figure.distances.iter().filter(|row| row.is_last).map(|row| (&row.run, &row.distance)).collect();
    assert_eq!(last.len(), 5 * 2 * 2);
    for (run, distance) in last.into_iter().filter(|(_, distance)| distance.theory == Prediction::Trained) {
        if run == "level" {
            // Each type has three of the six shifts -0.5, -0.3, .., 0.5: their mean is 0.1 or -0.1.
            assert!((distance.mad - 0.1).abs() < 1e-6, "{distance:?}");
            continue;
        }
        assert!(distance.mad < 1e-6 && distance.w1_finite < 1e-6, "{run}: {distance:?}");
        let limit = distance.w1_limit.unwrap();
        assert!(limit > 1e-3 && limit < 0.5, "{run}: {limit}");
    }
    let page = texts(&figure.files) + &texts(&figure.histogram);
    for words in
        ["smoothed: U(x) = log sigmoid(x), raw, smoothing 0.1", "count for smoothed:", "the scale of rewards", "−2"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let header = fs::read_to_string(&figure.files.csv[0]).unwrap();
    assert!(header.lines().next().unwrap().ends_with(",centred"), "{header}");
    for row in rows(&figure.files.csv[0]) {
        assert_eq!(row[10] == "true", row[0] == "smoothed", "{row:?}");
    }
    // The shares of a histogram are those of all rewards, whatever their scale.
    let bins = rows(&figure.histogram.csv[0]);
    for column in [4, 6, 8] {
        let total: f64 =
            bins.iter().filter(|bin| bin[0] == "smoothed").map(|bin| bin[column].parse::<f64>().unwrap()).sum();
        assert!((total - 2.0).abs() < 1e-4, "{column}: {total}");
    }
    // Raw logits that nothing holds have no optimum.
    let loose = Loss::parse("logsigmoid(x)").unwrap().with(raw).unwrap();
    RunDescription::from(&loose).write(&at("level")).unwrap();
    let error = experiment(out.path(), &Page::default(), runs.path()).unwrap_err();
    assert!(matches!(error, FigureError::NoTheory { .. }) && error.to_string().contains("level: "), "{error}");
}

/// The runs that are kept: a model that was trained on raw logits is within 0.05 of theory.
#[test]
fn the_kept_runs_on_raw_logits_are_near_their_theory() {
    let out = TempDir::new().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures/raw");
    let [figure] = &experiment(out.path(), &Page::default(), &kept).unwrap()[..] else { panic!() };
    let last: Vec<_> =
        figure.distances.iter().filter(|row| row.is_last && row.distance.split == Split::Train).collect();
    assert_eq!(last.len(), 2 * 2 * 2);
    assert!(last.iter().all(|row| row.distance.mad < 0.05 && row.theories_agree), "{last:?}");
}

/// What `make reproduce` prints of a run that was trained.
#[cfg(unix)]
#[test]
fn a_run_is_measured_against_the_kept_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = |name: &str| root.join("figures/experiment/embedded").join(name).join(REWARDS_FILE);
    let run = |one: &Path, other: &Path| {
        std::process::Command::new(root.join("scripts/run-distance.sh")).args([one, other]).output().unwrap()
    };
    let same = run(&kept("log"), &kept("log"));
    let told = String::from_utf8(same.stdout).unwrap();
    assert!(told.contains("4096 rewards at step 1000 are 0.0000") && told.contains("0.0000 at most"), "{told}");

    let last = |name: &str| {
        let rows = reward_collapse::experiment::read_rewards(&kept(name), 8, Head::Sigmoid).unwrap();
        let step = rows.iter().map(|row| row.step).max();
        rows.into_iter().filter(|row| Some(row.step) == step).collect::<Vec<_>>()
    };
    let pairs = last("log").into_iter().zip(last("x_inv"));
    let differences: Vec<f64> = pairs
        .map(|(one, other)| {
            assert_eq!((one.split, &one.prompt, one.index), (other.split, &other.prompt, other.index));
            (one.reward - other.reward).abs()
        })
        .collect();
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    let largest = differences.iter().copied().fold(0.0, f64::max);
    let told = String::from_utf8(run(&kept("log"), &kept("x_inv")).stdout).unwrap();
    assert!(told.contains(&format!("{mean:.4}")) && told.contains(&format!("{largest:.4} at most")), "{told}");
    assert_eq!(run(&kept("log"), &root.join("nowhere")).status.code(), Some(2));
}
