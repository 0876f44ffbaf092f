//! The diagnosis of rewards: its tests against formulas written out, its fits against rewards of known losses, and the command.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reward_collapse::diagnosis::{
    Diagnosis, DiagnosisError, FitScale, Options, Scale, Shift, Subject, Verdict, diagnose,
};
use reward_collapse::experiment::{RewardTable, TableBuilder, TableRow};
use reward_collapse::problem::{Equilibrium, Support};
use reward_collapse::solution::{solve, solve_equilibrium};
use reward_collapse::utility::parse;
use serde_json::Value;
use tempfile::TempDir;

/// Prompts with their types and rewards, worst response first; with ranks or without.
fn table(prompts: &[(&str, Vec<f64>)], are_ranked: bool) -> RewardTable {
    let mut builder = TableBuilder::default();
    for (prompt, (prompt_type, rewards)) in prompts.iter().enumerate() {
        let name = prompt.to_string();
        for (i, &reward) in rewards.iter().enumerate() {
            let rank = are_ranked.then_some((rewards.len() - i) as f64);
            builder.push(TableRow { prompt: &name, prompt_type, reward, rank, response: None }).unwrap();
        }
    }
    builder.finish().unwrap().unwrap()
}

/// Without theory, which these tests do not look at.
fn quick() -> Options {
    Options { theory: false, permutations: 199, resamples: 199, shift: Shift::Keep, ..Options::default() }
}

fn found(prompts: &[(&str, Vec<f64>)], are_ranked: bool, options: &Options) -> Diagnosis {
    diagnose(&table(prompts, are_ranked), options).unwrap()
}

/// So many prompts of types a and b in turn, from a law of a prompt's number and random numbers.
fn prompts(count: usize, mut law: impl FnMut(usize, &mut ChaCha8Rng) -> Vec<f64>) -> Vec<(&'static str, Vec<f64>)> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    (0..count).map(|prompt| (["a", "b"][prompt % 2], law(prompt, &mut random))).collect()
}

fn noisy(rewards: &[f64], random: &mut ChaCha8Rng) -> Vec<f64> {
    rewards.iter().map(|reward| (reward + 0.04 * (random.random::<f64>() - 0.5)).clamp(0.0, 1.0)).collect()
}

#[test]
fn the_statistic_between_types_is_that_of_cramer_and_von_mises() {
    let rows = prompts(14, |_, random| (0..3).map(|_| random.random()).collect());
    let sorted = |name: &str| -> Vec<Vec<f64>> {
        let of = rows.iter().filter(|(own, _)| *own == name);
        of.map(|(_, rewards)| {
            let mut rewards = rewards.clone();
            rewards.sort_by(f64::total_cmp);
            rewards
        })
        .collect()
    };
    let (a, b) = (sorted("a"), sorted("b"));
    let pooled: Vec<f64> = a.iter().chain(&b).flatten().copied().collect();
    let law = |of: &[Vec<f64>], i: usize, z: f64| {
        of.iter().filter(|rewards| rewards[i] <= z).count() as f64 / of.len() as f64
    };
    let (mut statistic, mut effect) = (0.0, 0.0);
    for i in 0..3 {
        let squares: f64 = pooled.iter().map(|&z| (law(&a, i, z) - law(&b, i, z)).powi(2)).sum();
        // 7 prompts of each: 7 * 7 / (7 + 7) = 3.5.
        statistic += 3.5 * squares / pooled.len() as f64 / 3.0;
        let column = |of: &[Vec<f64>]| {
            let mut column: Vec<f64> = of.iter().map(|rewards| rewards[i]).collect();
            column.sort_by(f64::total_cmp);
            column
        };
        let apart = column(&a).iter().zip(column(&b)).map(|(x, y)| (x - y).abs()).sum::<f64>() / 7.0;
        effect += apart / 3.0;
    }
    let diagnosis = found(&rows, false, &quick());
    let test = &diagnosis.tests[0];
    assert!((test.statistic - statistic).abs() < 1e-12 * statistic, "{} {statistic}", test.statistic);
    assert!((test.effect - effect).abs() < 1e-12, "{} {effect}", test.effect);
    assert!(diagnosis.resolution < 1e-15 && test.prompts == 14);
}

#[test]
fn a_p_value_is_the_share_of_all_assignments() {
    // Of the 20 ways to choose three of six, only the given one and its mirror image separate the types.
    let rows: Vec<(&str, Vec<f64>)> =
        (0..6).map(|p| (if p < 3 { "a" } else { "b" }, vec![0.01 * p as f64, 0.5 + 0.01 * p as f64])).collect();
    let options = Options { permutations: 9999, ..quick() };
    let p = found(&rows, false, &options).tests[0].p_value;
    assert!((p - 0.1).abs() < 0.012, "{p}");
}

#[test]
fn tests_reject_as_often_as_they_say() {
    // Of 400 p-values of a test at the level 0.05, 20 are expected; more than 36 have a probability of 0.0004.
    let most = 36;
    for (name, are_ranked, law) in [
        (
            "draws",
            false,
            (|_, random| (0..4).map(|_| random.random::<f64>()).collect()) as fn(usize, &mut ChaCha8Rng) -> Vec<f64>,
        ),
        ("ties", true, |_, random| (0..4).map(|_| f64::from(random.random_range(0..3u32)) / 2.0).collect()),
        ("heavy tails", true, |_, random| {
            (0..4).map(|_| (random.random::<f64>() - 0.5) / random.random::<f64>()).collect()
        }),
        ("collapsed", true, |_, random| noisy(&[0.1, 0.3, 0.7, 0.9], random)),
        ("n differs", true, |prompt, random| (0..2 + prompt % 3).map(|_| random.random::<f64>()).collect()),
    ] {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let mut alarms = [0; 3];
        for seed in 0..400 {
            let rows: Vec<(&str, Vec<f64>)> =
                (0..20).map(|prompt| (["a", "b"][prompt / 10], law(prompt, &mut random))).collect();
            let options = Options { permutations: 99, resamples: 99, bins: 32, seed, ..quick() };
            let diagnosis = found(&rows, are_ranked, &options);
            assert_eq!(diagnosis.tests.len(), 3, "{name}");
            diagnosis
                .tests
                .iter()
                .zip(&mut alarms)
                .for_each(|(test, alarms)| *alarms += i32::from(test.p_value <= 0.05));
        }
        assert!(alarms.iter().all(|&count| count <= most), "{name}: {alarms:?}");
        // And not much less often, where nothing is conservative.
        assert!(alarms.iter().sum::<i32>() > 25, "{name}: {alarms:?}");
    }
}

#[test]
fn verdicts_are_those_of_how_rewards_came_about() {
    let optimum = solve(&parse("log(x+0.1)").unwrap(), 8).unwrap().rewards;
    let ends = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let verdict = |rows: &[(&str, Vec<f64>)], are_ranked| {
        let diagnosis = found(rows, are_ranked, &quick());
        (diagnosis.verdict, diagnosis.why)
    };
    let alike = prompts(100, |_, random| noisy(&optimum, random));
    assert_eq!(verdict(&alike, true).0, Verdict::Collapsed);
    let by_type = prompts(100, |prompt, random| noisy(if prompt % 2 == 0 { &optimum } else { &ends }, random));
    let (found, why) = verdict(&by_type, true);
    assert!(found == Verdict::PromptDependent && why.contains("`a` and `b`"), "{why}");
    // Two kinds of prompts that have no type: ranks show it. Without them no test can, and no collapse may be claimed.
    let one_type = |rows: &[(&str, Vec<f64>)]| -> Vec<(&'static str, Vec<f64>)> {
        rows.iter().map(|(_, rewards)| ("", rewards.clone())).collect()
    };
    assert_eq!(verdict(&one_type(&by_type), true).0, Verdict::PromptDependent);
    assert_ne!(verdict(&one_type(&by_type), false).0, Verdict::Collapsed);
    assert_eq!(verdict(&one_type(&alike), false).0, Verdict::Collapsed);
    // A collapsed model that puts its rewards in the wrong order has no other rewards.
    let swapped = prompts(100, |prompt, random| {
        let mut rewards = noisy(&optimum, random);
        rewards.swap(prompt % 7, prompt % 7 + 1);
        rewards
    });
    assert_eq!(verdict(&swapped, true).0, Verdict::Collapsed);
    // Types may be alike while prompts are not: rewards that are drawn at random.
    let drawn = prompts(3000, |_, random| (0..4).map(|_| random.random()).collect());
    let (found, why) = verdict(&drawn, true);
    assert!(found == Verdict::Undecided && why.contains("repeat"), "{why}");
    // A model that does not rank yet, few prompts with much noise, and types that share no number of responses.
    let flat = prompts(100, |_, random| (0..8).map(|_| 0.5 + 0.01 * random.random::<f64>()).collect());
    let (found, why) = verdict(&flat, true);
    assert!(found == Verdict::Undecided && why.contains("does not rank yet"), "{why}");
    let few = prompts(20, |_, random| (0..4).map(|_| random.random()).collect());
    assert_eq!(verdict(&few, true).0, Verdict::Undecided);
    let apart = prompts(20, |prompt, random| (0..3 + prompt % 2).map(|_| random.random()).collect());
    let (found, why) = verdict(&apart, true);
    assert!(found == Verdict::Undecided && why.contains("nothing to compare"), "{why}");
}

#[test]
fn the_loss_of_exact_rewards_is_found() {
    let options = Options { permutations: 99, resamples: 99, ..Options::default() };
    let u = parse("logsigmoid(3.8x)").unwrap();
    let rows = prompts(12, |prompt, _| solve(&u, [5, 8, 12][prompt % 3]).unwrap().rewards);
    let diagnosis = found(&rows, true, &options);
    let best = &diagnosis.fits[0];
    assert_eq!((best.utility.as_str(), best.scale), ("logsigmoid(3.8x)", FitScale::Unit));
    assert!(best.distance < 1e-3 && best.distance_of_prompts < 1e-3 && best.largest < 3e-3, "{best:?}");
    let path = diagnosis.types[0].path.as_ref().unwrap();
    assert!(path.share > 0.99 && path.n == 5 && path.distance < 1e-3, "{path:?}");
    // With other utilities far away.
    let other = diagnosis.fits.iter().find(|fit| fit.utility == "-1/x").unwrap();
    assert!(!other.as_good_as_best && other.distance > 0.02);
    // Laid over a utility that is given.
    let given = Options { utility: Some("x".into()), ..options.clone() };
    let given = found(&rows, true, &given).given.unwrap();
    assert!(given.utility == "x" && given.distance > 0.1, "{given:?}");

    // Raw logits of two losses, each prompt with a shift of its own.
    let utility = parse("logsigmoid(x)").unwrap();
    let line = |smoothing, centering| {
        let problem = Equilibrium::new(utility.clone(), smoothing, Support::LINE).unwrap();
        solve_equilibrium(&problem.with_centering(centering).unwrap(), 8, None).unwrap().rewards
    };
    for (smoothing, centering, name) in [(0.1, 0.0, "smoothing"), (0.0, 0.03, "centering")] {
        let optimum = line(smoothing, centering);
        let rows = prompts(12, |_, random| {
            let shift = 10.0 * random.random::<f64>();
            optimum.iter().map(|reward| reward + shift).collect()
        });
        let diagnosis = found(&rows, true, &options);
        assert!(diagnosis.scale == Scale::Line && diagnosis.shift_removed);
        let best = &diagnosis.fits[0];
        assert!(best.utility.contains(name) && best.distance < 1e-3, "{best:?}");
        let parameter = best.parameter.unwrap();
        assert!((parameter / smoothing.max(centering) - 1.0).abs() < 0.02, "{parameter}");
        assert_eq!(diagnosis.verdict, Verdict::Collapsed);
    }
}

/// Of losses that cannot be told apart, that without a parameter is named, and no other loss where they can.
#[test]
fn the_simplest_of_losses_that_fit_as_well_comes_first() {
    let options = Options { permutations: 99, resamples: 99, ..Options::default() };
    for (text, family) in
        [("x", "x"), ("log(x)", "log(x)"), ("log(x+0.05)", "log(x+eps)"), ("-1/(x+0.5)", "-1/(x+eps)")]
    {
        let optimum = solve(&parse(text).unwrap(), 8).unwrap().rewards;
        let rows = prompts(60, |_, random| {
            optimum.iter().map(|reward| (reward + 0.004 * (random.random::<f64>() - 0.5)).clamp(0.0, 1.0)).collect()
        });
        let fits = found(&rows, true, &options).fits;
        let best = &fits[0];
        assert!(best.family == family && best.as_good_as_best && best.distance < 0.003, "{text}: {best:?}");
        assert!(fits.is_sorted_by_key(|fit| !fit.as_good_as_best), "{text}: {fits:?}");
        let far = fits.iter().filter(|fit| !fit.as_good_as_best);
        assert!(far.map(|fit| fit.distance).is_sorted(), "{text}: {fits:?}");
        // Noise alone decides which of the others is nearest to `x`.
        let nearer = fits.iter().any(|fit| fit.distance < best.distance);
        assert!(nearer == (text == "x"), "{text}: {fits:?}");
    }
}

#[test]
fn a_result_depends_on_the_seed_and_not_on_threads_or_order() {
    let rows = prompts(40, |prompt, random| (0..3 + prompt % 2).map(|_| random.random()).collect());
    let rows: Vec<(&str, Vec<f64>)> =
        rows.into_iter().enumerate().map(|(p, (_, rewards))| (["a", "b", "c"][p % 3], rewards)).collect();
    let with = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = Options { seed, theory: true, ..quick() };
        pool.install(|| serde_json::to_string(&found(&rows, true, &options)).unwrap())
    };
    assert_eq!(with(1, 3), with(4, 3));
    assert_ne!(with(1, 3), with(1, 4));
    // Responses in another order, with their ranks.
    let mut reversed = TableBuilder::default();
    for (prompt, (prompt_type, rewards)) in rows.iter().enumerate() {
        for (i, &reward) in rewards.iter().enumerate().rev() {
            let (prompt, rank) = (prompt.to_string(), Some((rewards.len() - i) as f64));
            reversed.push(TableRow { prompt: &prompt, prompt_type, reward, rank, response: None }).unwrap();
        }
    }
    let reversed = diagnose(&reversed.finish().unwrap().unwrap(), &quick()).unwrap();
    let own = found(&rows, true, &quick());
    let numbers = |of: &Diagnosis| of.tests.iter().map(|test| (test.p_value, test.statistic)).collect::<Vec<_>>();
    assert_eq!(numbers(&reversed), numbers(&own));
    // All types, three pairs, and three within.
    let subjects: Vec<Subject> = own.tests.iter().map(|test| test.subject).collect();
    assert_eq!(subjects.iter().filter(|&&subject| subject == Subject::Types).count(), 3);
    assert_eq!((subjects.len(), subjects[0]), (7, Subject::All));
    assert!(own.tests.iter().all(|test| test.p_corrected >= test.p_value));
}

#[test]
fn pairs_are_counted() {
    let rows = [("", vec![0.0, 0.5, 1.0]), ("", vec![0.9, 0.1]), ("", vec![0.25, 0.25])];
    let diagnosis = found(&rows, true, &quick());
    let agreement = diagnosis.pairs.agreement.unwrap();
    // Three in order, one in the wrong order, one tie.
    assert_eq!(diagnosis.pairs.pairs, 5);
    assert!((agreement.accuracy - 3.5 / 5.0).abs() < 1e-15);
    let [worst] = &agreement.contradicted[..] else { panic!("{:?}", agreement.contradicted) };
    assert_eq!((worst.prompt.as_str(), worst.better.as_str(), worst.worse.as_str()), ("1", "2", "1"));
    assert_eq!((worst.better_reward, worst.worse_reward), (0.1, 0.9));
    let all = &diagnosis.types[0];
    assert!((all.ties - 0.2).abs() < 1e-15 && all.sizes == [2, 3]);
    assert_eq!(all.saturated, Some(2.0 / 7.0));
}

#[test]
fn what_cannot_be_diagnosed_is_told() {
    let error = |prompts: &[(&str, Vec<f64>)], options: &Options| diagnose(&table(prompts, true), options).unwrap_err();
    let two = [("", vec![0.0, 1.0]), ("", vec![0.0, 1.0])];
    let one = [("", vec![0.0, 1.0]), ("", vec![0.5])];
    assert!(matches!(error(&one, &quick()), DiagnosisError::TooFewPrompts { found: 1 }));
    let constant = [("", vec![0.5, 0.5]), ("", vec![0.5, 0.5])];
    assert!(matches!(error(&constant, &quick()), DiagnosisError::Constant { .. }));
    // Each prompt has one reward of its own, up to a shift none.
    let shifts = [("", vec![3.0, 3.0]), ("", vec![4.0, 4.0])];
    assert!(matches!(error(&shifts, &Options { shift: Shift::Remove, ..quick() }), DiagnosisError::Constant { .. }));
    for options in [
        Options { tolerance: 0.0, ..quick() },
        Options { tolerance: f64::NAN, ..quick() },
        Options { permutations: 10, ..quick() },
        Options { near_end: 0.5, ..quick() },
    ] {
        assert!(matches!(error(&two, &options), DiagnosisError::Option { .. }));
    }
    let bad = Options { utility: Some("x^2".into()), ..quick() };
    assert!(matches!(error(&two, &bad), DiagnosisError::Utility(_)));
}

/// A run that is kept with the figures.
fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("figures/experiment/small").join(name).join("rewards.csv")
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("reward-collapse").unwrap().arg("diagnose").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn trained_models_are_diagnosed_as_the_book_says() {
    for (name, verdict) in [("log", "collapsed"), ("x_adaptive", "prompt-dependent")] {
        let (status, text, error) = run(&[kept(name).to_str().unwrap(), "--format", "json"]);
        assert_eq!(status, 0, "{error}");
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["verdict"], verdict);
        assert!(json["why"].is_string());
        for of in json["types"].as_array().unwrap() {
            assert!(of["type"].is_string() && of["best_utility"].is_string());
            for field in ["prompts", "responses", "spread_within", "spread_between", "saturated", "ties", "distance"] {
                assert!(of[field].is_number(), "{field}");
            }
        }
        for test in json["tests"].as_array().unwrap() {
            assert!(test["null"].is_string() && test["interval"].as_array().unwrap().len() == 2);
            assert!(["statistic", "p_value", "effect"].iter().all(|field| test[field].is_number()));
        }
        let distance = json["types"][0]["distance"].as_f64().unwrap();
        assert!(distance < 0.01, "{name}: {distance}");
        // Trained with `x`, which is named although `-1/(x+6.33)` is nearer by less than anybody can tell.
        let closed = &json["types"][1];
        let utility = if name == "log" { "log(x+0.0897)" } else { "x" };
        assert_eq!((closed["type"].as_str(), closed["best_utility"].as_str()), (Some("closed_ended"), Some(utility)));
        let fits = closed["fits"].as_array().unwrap();
        let nearest = fits.iter().map(|fit| fit["distance"].as_f64().unwrap()).fold(f64::MAX, f64::min);
        assert!(closed["distance"].as_f64().unwrap() - nearest < 0.005);
    }
}

#[test]
fn a_report_needs_no_network_and_trusts_no_text() {
    let folder = TempDir::new().unwrap();
    let mut csv = String::from("prompt,type,rank,reward,response\n");
    for prompt in 0..30 {
        for rank in 1..=4 {
            let reward = f64::from((prompt * 7 + rank * 13) % 29) / 29.0;
            writeln!(csv, "<script>{prompt}</script>,<b>{}</b>,{rank},{reward},&amp;{rank}", prompt % 2).unwrap();
        }
    }
    let (data, report) = (folder.path().join("r.csv"), folder.path().join("report.html"));
    std::fs::write(&data, csv).unwrap();
    let names = [&data, &report].map(|path| path.to_str().unwrap().to_owned());
    let (status, text, error) = run(&[&names[0], &names[0], "--html", &names[1], "--format", "json"]);
    assert_eq!(status, 0, "{error}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(json[0]["verdict"], json[1]["verdict"]);
    let html = std::fs::read_to_string(&report).unwrap();
    assert_eq!(html.matches("<svg").count(), 6);
    assert!(!html.contains("<script") && !html.contains("<b>") && html.contains("&lt;script&gt;"));
    // Names of XML, which nothing is fetched from.
    let addresses = html.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "");
    assert!(!addresses.contains("http") && !addresses.contains("src=") && !addresses.contains("@import"));
    assert!(html.ends_with("</html>"));
    // As text, and as rows.
    let (status, text, _) = run(&[&names[0]]);
    assert!(status == 0 && text.contains("verdict") && text.contains("null hypothesis"));
    let (_, rows, _) = run(&[&names[0], "--format", "csv"]);
    assert_eq!(rows.lines().count(), 3);
}

#[test]
fn bad_files_are_refused_in_one_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rewards.csv");
    let name = path.to_str().unwrap();
    let body = "prompt,rank,reward\na,1,0.5\na,2,0.1\n";
    for (text, words) in [
        (body.to_owned(), "at least two"),
        ("prompt,reward\na,1\na,1\nb,1\nb,1\n".into(), "all rewards are 1"),
        (format!("{body}b,1,NaN\nb,2,0.3\n"), "line 4"),
        (format!("{body}b,1,half\n"), "line 4"),
        (format!("{body}b,,0.5\nb,,0.1\n"), "give ranks to all prompts, or to none"),
        ("prompt,score\na,1\n".into(), "--reward-column"),
        // A quote that is never closed would hide what follows.
        (
            "prompt,reward,response\na,0.5,x\na,0.1,\"y\nb,1,z\nb,0,\"\"\nc,1,z\nc,0,z\n".to_owned(),
            "line 3: a quote is opened",
        ),
        ("prompt,\"reward\na,1\n".into(), "line 1: a quote is opened"),
        ("prompt,reward,reward\na,1,2\n".into(), "two columns `reward`"),
    ] {
        std::fs::write(&path, text).unwrap();
        let (status, out, error) = run(&[name]);
        assert!(status == 2 && out.is_empty() && error.lines().count() == 1, "{error}");
        assert!(error.contains(words) && error.contains("rewards.csv"), "{error}");
    }
    std::fs::write(&path, format!("{body}b,1,0.5\nb,2,0.1\n")).unwrap();
    for (options, words) in [
        (["--tolerance", "2"], "tolerance"),
        (["--utility", "x^2"], "not concave"),
        (["--permutations", "5"], "permutations"),
        (["--html", "no/such/folder/report.html"], "no/such/folder"),
        // What is asked of a column that is not there, and what would replace the data.
        (["--split", "test"], "there is no split"),
        (["--step", "5"], "there is no step"),
        (["--out", name], "would replace a file that is read"),
        (["--html", name], "would replace a file that is read"),
    ] {
        let (status, _, error) = run(&[name, options[0], options[1]]);
        assert!(status == 2 && error.contains(words), "{error}");
    }
    assert!(std::fs::read_to_string(&path).unwrap().starts_with(body));
    std::fs::write(&path, "prompt,split,reward\na,train,0.5\na,train,0.1\nb,train,0.5\nb,train,0.1\n").unwrap();
    let (status, _, error) = run(&[name, "--split", "test"]);
    assert!(status == 2 && error.contains("no row of the split `test`"), "{error}");
    let report = folder.path().join("report");
    let report = report.to_str().unwrap();
    let (status, _, error) = run(&[name, "--html", report, "--out", report]);
    assert!(status == 2 && error.contains("choose two names") && !folder.path().join("report").exists(), "{error}");
}

/// What may be a slip in the data is told, and the report claims no more than it found.
#[test]
fn slips_are_warned_of_and_words_are_true() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rewards.csv");
    let name = path.to_str().unwrap();
    let diagnosed = |rows: &[String], header: &str| {
        std::fs::write(&path, format!("{header}\n{}", rows.concat())).unwrap();
        let (status, text, error) = run(&[name, "--permutations", "99", "--resamples", "99"]);
        assert_eq!(status, 0, "{error}");
        (text, error)
    };
    let each = |prompts: usize, row: &dyn Fn(usize, usize) -> String| -> Vec<String> {
        (0..prompts).flat_map(|prompt| (0..4).map(move |at| (prompt, at))).map(|(prompt, at)| row(prompt, at)).collect()
    };
    // Two prompts are too few for a collapse, and five are enough.
    for (prompts, verdict) in [(2, "undecided"), (5, "collapsed")] {
        let rows = each(prompts, &|p, at| {
            format!("p{p},{},r{at}\n", at as f64 / 3.0 + 1e-3 * (p % 2) as f64 * (at % 2) as f64)
        });
        let (text, _) = diagnosed(&rows, "prompt,reward,response");
        assert!(text.contains(&format!("verdict  {verdict}")), "{text}");
    }
    // Every row twice; one prompt with two types; ranks upside down.
    let rows = each(12, &|p, at| format!("p{p},{at}.5,r{at}\np{p},{at}.5,r{at}\n"));
    let (_, error) = diagnosed(&rows, "prompt,reward,response");
    assert!(error.contains("12 prompts with the same response and reward more than once, such as `p0`"), "{error}");
    let rows =
        each(12, &|p, at| format!("p{p},{},{}\n", if p == 3 && at > 1 { "b" } else { "a" }, 0.1 * (p + at) as f64));
    let (_, error) = diagnosed(&rows, "prompt,type,reward");
    assert!(error.contains("1 prompt with more than one type, such as `p3`"), "{error}");
    let rows = each(12, &|p, at| format!("p{p},{},{at}.25\n", at + 1));
    let (text, error) = diagnosed(&rows, "prompt,rank,reward");
    assert!(error.contains("rank 1 must be the best response") && text.contains("accuracy"), "{error}");
    // All rewards of a prompt tie: no pair is in order, and none is in the wrong order. No loss has such an optimum.
    let rows = each(12, &|p, at| format!("p{p},{},{}\n", at + 1, 0.08 * p as f64));
    let (text, _) = diagnosed(&rows, "prompt,rank,reward");
    assert!(text.contains("no pair is in the wrong order") && !text.contains("every pair"), "{text}");
    assert!(text.contains("of no loss that was tried; the nearest is "), "{text}");
    // Prompts without a type beside others.
    let rows = each(12, &|p, at| format!("p{p},{},{}\n", if p % 2 == 0 { "a" } else { "" }, 0.1 * (p + at) as f64));
    let (text, _) = diagnosed(&rows, "prompt,type,reward");
    assert!(text.contains("`a` and `(none)`") && !text.contains("``"), "{text}");
    // Two kinds of prompts that a label without meaning divides: its types are alike, and their prompts are not.
    let kinds: Vec<Vec<f64>> = ["x", "log(x+0.1)"].map(|u| solve(&parse(u).unwrap(), 8).unwrap().rewards).to_vec();
    let row = |(p, at): (usize, usize)| {
        format!(
            "p{p},{},{},{}\n",
            p / 2 % 2,
            8 - at,
            0.999 * kinds[p % 2][at] + 1e-4 * ((7 * p + 3 * at) % 11) as f64 / 11.0
        )
    };
    let rows: Vec<String> = (0..600).flat_map(|p| (0..8).map(move |at| (p, at))).map(row).collect();
    let (text, _) = diagnosed(&rows, "prompt,type,rank,reward");
    assert!(text.contains("types do not differ, but prompts of the same type do"), "{text}");
    // Pairs: one number for each prompt.
    let rows: Vec<String> = (0..30).map(|p| format!("p{p},{}\np{p},{}\n", 1.5 + 0.1 * p as f64, -1.5)).collect();
    let (text, _) = diagnosed(&rows, "prompt,reward");
    assert!(text.contains("with two responses a prompt this is one number"), "{text}");
}
