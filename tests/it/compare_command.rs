//! Rewards of any model over theory: the library and the command.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use reward_collapse::compare::{Order, Target, TypeComparison, wasserstein1};
use reward_collapse::experiment::{RewardTable, TableBuilder, TableRow};
use reward_collapse::limit::LimitLaw;
use reward_collapse::problem::{Equilibrium, Support};
use reward_collapse::solution::{solve, solve_equilibrium};
use reward_collapse::utility::parse;
use serde_json::Value;
use tempfile::TempDir;

fn target(utility: &str) -> Target {
    Target::new(Equilibrium::new(parse(utility).unwrap(), 0.0, Support::UNIT).unwrap())
}

fn table(prompts: &[Vec<f64>], are_ranked: bool) -> RewardTable {
    let mut builder = TableBuilder::default();
    for (prompt, rewards) in prompts.iter().enumerate() {
        let name = prompt.to_string();
        for (reward, place) in rewards.iter().zip(0..) {
            let rank = are_ranked.then_some(rewards.len() as f64 - f64::from(place));
            builder.push(TableRow { prompt: &name, reward: *reward, rank, ..TableRow::default() }).unwrap();
        }
    }
    builder.finish().unwrap().unwrap()
}

#[test]
fn each_prompt_is_at_its_own_optimum() {
    for utility in ["log(x)", "-1/(x+0.1)", "x", "logsigmoid(4x)"] {
        let u = parse(utility).unwrap();
        let prompts: Vec<Vec<f64>> = [2, 4, 7, 2].iter().map(|&n| solve(&u, n).unwrap().rewards).collect();
        for are_ranked in [true, false] {
            let found = TypeComparison::of(&table(&prompts, are_ranked), 0, &mut target(utility)).unwrap();
            assert_eq!((found.mean_abs_difference, found.largest, found.w1), (0.0, 0.0, 0.0), "{utility}");
            assert_eq!((found.prompts, found.n.all()), (4, &[2, 4, 7][..]));
            assert_eq!(found.order, if are_ranked { Order::Rank } else { Order::Reward });
        }
    }
}

#[test]
fn differences_are_those_by_hand() {
    // Optima of x for 2 and 4 responses: 0, 1 and 0, 0, 1, 1.
    let prompts = [vec![0.25, 1.0], vec![0.0, 0.5, 0.25, 1.0]];
    let found = TypeComparison::of(&table(&prompts, true), 0, &mut target("x")).unwrap();
    assert!((found.mean_abs_difference - (0.25 + 0.5 + 0.75) / 6.0).abs() < 1e-15);
    assert_eq!((found.largest, found.largest_prompt.as_str()), (0.75, "1"));
    // All rewards 0, .25, .25, .5, 1, 1 against 0, 0, 0, 1, 1, 1.
    assert!((found.w1 - (0.25 + 0.25 + 0.5) / 6.0).abs() < 1e-15);
    let law = LimitLaw::of(&parse("x").unwrap()).unwrap();
    let pooled = [0.0, 0.25, 0.25, 0.5, 1.0, 1.0];
    assert!((found.w1_limit.unwrap() - wasserstein1(&pooled, &law).unwrap()).abs() < 1e-15);
    // By reward the responses in the wrong order are not seen.
    let found = TypeComparison::of(&table(&prompts, false), 0, &mut target("x")).unwrap();
    assert!((found.mean_abs_difference - (0.25 + 0.25 + 0.5) / 6.0).abs() < 1e-15);
    // With an odd number the middle reward may be anything under x.
    let found =
        TypeComparison::of(&table(&[vec![0.0, 0.3, 1.0], vec![0.0, 0.9, 1.0]], true), 0, &mut target("x")).unwrap();
    assert_eq!((found.mean_abs_difference, found.w1), (0.0, 0.0));
}

#[test]
fn raw_rewards_are_compared_up_to_a_shift() {
    let problem = Equilibrium::new(parse("logsigmoid(x)").unwrap(), 0.1, Support::LINE).unwrap();
    let best = solve_equilibrium(&problem, 8, None).unwrap().rewards;
    let prompts: Vec<Vec<f64>> =
        [-3.0, 0.5, 40.0].iter().map(|shift| best.iter().map(|reward| reward + shift).collect()).collect();
    let found = TypeComparison::of(&table(&prompts, true), 0, &mut Target::new(problem.clone())).unwrap();
    assert!(found.shifted && found.largest < 1e-13 && found.w1 < 1e-13, "{found:?}");
    assert!(found.w1_limit.unwrap() < 0.2);
    // With centring the mean counts.
    let centred = problem.with_centering(0.01).unwrap();
    let found = TypeComparison::of(&table(&prompts, true), 0, &mut Target::new(centred)).unwrap();
    assert!(!found.shifted && found.largest > 30.0);
}

fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reward-collapse")).arg("compare").args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = compare(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    let output = compare(arguments);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: ") && text.trim_end().lines().count() == 1, "{text}");
    text
}

fn write(path: &Path, rows: impl Iterator<Item = (String, &'static str, f64)>) {
    let mut text = "prompt,type,reward\n".to_owned();
    for (prompt, prompt_type, reward) in rows {
        writeln!(text, "{prompt},{prompt_type},{reward:?}").unwrap();
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn each_type_has_its_own_utility() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("rewards.csv");
    let (open, exam) = (parse("-1/(x+0.1)").unwrap(), parse("x").unwrap());
    let of = |u, n, name| solve(u, n).unwrap().rewards.into_iter().map(move |reward| (format!("{n}"), name, reward));
    write(&path, of(&open, 8, "open").chain(of(&exam, 8, "exam")).chain(of(&exam, 4, "exam")));
    let path = path.to_str().unwrap();
    let out = directory.path().join("figures");
    let report = json(&[path, "--utility", "open=-1/(x+0.1)", "--utility", "exam=x", "--out", out.to_str().unwrap()]);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["type"].as_str().unwrap()).collect::<Vec<_>>(), ["open", "exam"]);
    for row in rows {
        assert!(row["mean_abs_difference"].as_f64().unwrap() < 1e-15 && row["w1"].as_f64().unwrap() < 1e-15, "{row}");
        assert!(row["w1_limit"].as_f64().unwrap() < 0.2 && row["largest"].as_f64().unwrap() < 1e-15);
    }
    assert_eq!((&rows[0]["n"], &rows[1]["n"]), (&8.into(), &vec![4, 8].into()));
    assert_eq!((&rows[0]["prompts"], &rows[1]["prompts"]), (&1.into(), &2.into()));
    for name in ["comparison.svg", "comparison.png", "comparison.txt", "comparison.csv"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    // The names of columns; logits through a sigmoid.
    let report = json(&[path, "-u", "x", "--by", "prompt", "--prompt-column", "type"]);
    assert_eq!(report["rows"].as_array().unwrap().len(), 2);
    let report = json(&[path, "-u", "x", "--sigmoid"]);
    assert!(report["rows"][0]["largest"].as_f64().unwrap() >= 0.5);

    let error = refusal(&[path, "--utility", "open=x"]);
    assert!(error.contains("no utility is given for the type `exam`"), "{error}");
    let error = refusal(&[path, "--utility", "x", "--utility", "closed=x"]);
    assert!(error.contains("no such type") && error.contains("`open`, `exam`"), "{error}");
    let error = refusal(&[path, "--utility", "x", "--utility", "log(x)"]);
    assert!(error.contains("twice for all types"), "{error}");
    assert!(refusal(&[path, "--utility", "x^2"]).contains("x^2"));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("logits.csv");
    let name = path.to_str().unwrap();
    write(&path, [0.5, -2.0].into_iter().map(|reward| ("why?".to_owned(), "", reward)));
    let error = refusal(&[name, "--utility", "x"]);
    assert!(error.contains("prompt `why?` has the reward -2") && error.contains("--sigmoid"), "{error}");
    // Better raw rewards can always be found.
    assert!(refusal(&[name, "--utility", "logsigmoid(x)", "--support=-inf,inf"]).contains("no "));
    write(&path, [("a".to_owned(), "", 0.5), ("b".to_owned(), "", 0.5)].into_iter());
    assert!(refusal(&[name, "--utility", "x"]).contains("has two responses"));
    std::fs::write(&path, "prompt,reward\na,0.5\na,inf\n").unwrap();
    assert!(refusal(&[name, "--utility", "x"]).contains("line 3: reward is inf"));
    assert!(refusal(&["/nowhere", "--utility", "x"]).contains("/nowhere"));
}

#[test]
fn the_figure_of_the_experiment_reads_what_score_writes() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("scores.csv");
    let text =
        "prompt,type,response,rank,logit,reward\n0,open,x,2,-1,0.25\n0,open,y,1,1,1\n1,exam,x,2,-9,0\n1,exam,y,1,9,1\n";
    std::fs::write(&path, text).unwrap();
    let figure = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reward-collapse"));
        command.args(["figure", "experiment", "--format", "json", "--runs"]).arg(&path).arg("--out");
        command.arg(directory.path().join("figures")).args(arguments).output().unwrap()
    };
    let output = figure(&["--utility", "open=log", "--utility", "exam=x"]);
    assert!(output.status.success(), "{output:?}");
    let drawn: Value = serde_json::from_slice(&output.stdout).unwrap();
    let distances = drawn[0]["distances"].as_array().unwrap();
    let mad = |prompt_type: &str| {
        let of_type = distances.iter().find(|distance| distance["prompts"] == prompt_type).unwrap();
        of_type["mad"].as_f64().unwrap()
    };
    assert_eq!((mad("open"), mad("exam")), (0.125, 0.0));
    let output = figure(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--utility U"), "{output:?}");
}

/// Rewards of problems with a field that is not concave have a bound over all laws, or none, and never one of 0.
#[test]
fn designs_are_compared_with_their_own_optimum_and_bound() {
    let directory = TempDir::new().unwrap();
    let (path, design) = (directory.path().join("rewards.csv"), directory.path().join("beta=2,5.json"));
    let (name, design) = (path.to_str().unwrap(), design.to_str().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_reward-collapse"));
    command.args(["design", "--target", "beta(2,5)", "--n", "8", "--format", "json", "--out"]).arg(design);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&std::fs::read(design).unwrap()).unwrap();
    let optimum = made["rewards"].as_array().unwrap().iter().map(|reward| reward.as_f64().unwrap());
    let exam = solve(&parse("x").unwrap(), 8).unwrap().rewards;
    let rows = optimum.map(|r| ("1".into(), "open", r)).chain(exam.into_iter().map(|r| ("2".into(), "exam", r)));
    write(&path, rows);

    let open = format!("open={design}");
    let report = json(&[name, "--design", &open, "--utility", "exam=x"]);
    let rows = report["rows"].as_array().unwrap();
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap();
    assert!(rows.iter().all(|row| number(row, "largest") < 1e-6), "{report}");
    assert_eq!((&rows[0]["bound"], &rows[1]["bound"]), (&"over all laws".into(), &"global in r".into()));
    assert!((number(&rows[0], "gap") - made["gap"].as_f64().unwrap()).abs() < 1e-12, "{report}");
    assert!(refusal(&[name, "--design", &open, "--utility", "open=x"]).contains("twice for open"));
    assert!(refusal(&[name, "--design", name, "--utility", "exam=x"]).contains(name));

    let two_wells = ["--utility", "logsigmoid(x)", "--support=-inf,inf", "--field", "3x^2-x^4", "--allow-nonconcave"];
    let report = json(&[&[name][..], &two_wells].concat());
    assert!(report["rows"].as_array().unwrap().iter().all(|row| row["gap"].is_null() && row["bound"] == "local"));
    let output = compare(&[&[name][..], &two_wells].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("without a bound") && !text.contains("No rewards do better"), "{text}");
}

/// The runs of the chapter on designs, as they are kept.
#[test]
fn trained_designs_are_at_their_optima() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let design = |prompts: &str, name: &str| format!("{prompts}={}/simulations/design/{name}.json", root.display());
    let runs = [("two_laws", "beta", "two_heaps"), ("uniform_and_beta", "uniform", "beta")];
    for (run, open, closed) in runs {
        let rewards = root.join("figures/designed").join(run).join("rewards.csv");
        let losses = [design("open_ended", open), design("closed_ended", closed)];
        for (split, most) in [("train", [0.01, 0.01]), ("test", [0.01, 0.05])] {
            let report =
                json(&[rewards.to_str().unwrap(), "--split", split, "--design", &losses[0], "--design", &losses[1]]);
            for row in report["rows"].as_array().unwrap() {
                let size = &row["sizes"][0];
                let numbers = |name: &str| -> Vec<f64> {
                    size[name].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
                };
                let differences = numbers("means").into_iter().zip(numbers("optimum")).map(|(a, b)| (a - b).abs());
                let largest = differences.fold(0.0, f64::max);
                assert!(size["prompts"].as_u64().unwrap() > 100 && row["n"] == 8);
                let most = most[usize::from(row["type"] == "closed_ended")];
                assert!(largest <= most, "{run} {split} {}: {largest}", row["type"]);
            }
        }
    }
}
