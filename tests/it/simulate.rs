//! Simulated training: its gradient, where it converges, that it repeats itself, and what it refuses.

use std::ops::ControlFlow;

use assert_cmd::Command;
use reward_collapse::compare::{Optimum, wasserstein1};
use reward_collapse::figure::{Page, path_to_collapse};
use reward_collapse::simulate::{
    Batch, Head, Labels, Noise, Optimiser, Pair, PairLoss, Record, Settings, SimulateError, Simulation, Theory,
    Workspace, simulate,
};
use reward_collapse::utility::{SharedUtility, parse};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::page::{check_page, rows, texts};

fn utility(text: &str) -> SharedUtility {
    parse(text).expect(text)
}

/// Against the optimum and the law of rewards in [0, 1].
fn against_theory(text: &str, settings: &Settings) -> Simulation {
    let utility = utility(text);
    let optimum = Optimum::compute(&utility, settings.n).unwrap();
    let law = optimum.limit.clone().unwrap();
    let distance = |rewards: &[f64]| wasserstein1(rewards, &law).unwrap();
    let theory = Theory { optimum: Some(&optimum.rewards), free_middle: !optimum.unique, limit: Some(&distance) };
    simulate(&utility, settings, &theory, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn alone(text: &str, settings: &Settings) -> Result<Simulation, SimulateError> {
    simulate(&utility(text), settings, &Theory::default(), &mut |_| ControlFlow::Continue(()))
}

fn last_rewards(simulation: &Simulation) -> &[f64] {
    &simulation.rows.last().unwrap().rewards
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let logits = [-1.3, 0.4, 0.1, 2.0, 1.5, -3.0];
    let mut pairs: Vec<Pair> =
        (0..6).flat_map(|worse| (worse + 1..6).map(move |better| Pair { worse, better })).collect();
    // A wrong label, and a pair that was drawn twice.
    pairs[3] = Pair { worse: pairs[3].better, better: pairs[3].worse };
    pairs.push(pairs[7]);
    let raw = Settings { head: Head::Raw, ..Settings::new(6, 1, 1) };
    let sigmoid = Settings::new(6, 1, 1);
    let cases = [
        ("x", sigmoid.clone()),
        ("log(x+0.1)", Settings { centering: 0.3, ..sigmoid.clone() }),
        ("-1/(x+0.1)", sigmoid.clone()),
        ("3*log(x+0.1)+2", raw.clone()),
        ("1-exp(-4x)", sigmoid.clone()),
        ("logsigmoid(4x)", Settings { smoothing: 0.1, ..sigmoid }),
        ("2*logsigmoid(x)", Settings { smoothing: 0.1, centering: 0.1, ..raw.clone() }),
        ("tanh(x)", raw),
    ];
    for (text, settings) in cases {
        let utility = utility(text);
        let loss = PairLoss::new(&utility, &settings).unwrap();
        let mut workspace = Workspace::default();
        let gradient = loss.gradient(&logits, &pairs, &mut workspace).to_vec();
        for (k, found) in gradient.into_iter().enumerate() {
            let at = |change: f64| {
                let mut logits = logits;
                logits[k] += change;
                loss.value(&logits, &pairs)
            };
            let h = 1e-5;
            let difference = (at(h) - at(-h)) / (2.0 * h);
            assert!((found - difference).abs() < 1e-7, "{text}, {settings:?}: {found} {difference}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let settings = Settings {
        batch: Batch::Pairs(2),
        labels: Labels::Flipped(0.1),
        noise: Noise::Fresh,
        compared: Some(9),
        record: Record::Every(7),
        seed: 5,
        ..Settings::new(5, 333, 100)
    };
    let with = |threads: usize, settings: &Settings| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| against_theory("log(x+0.1)", settings))
    };
    for noise in [Noise::Fixed, Noise::Fresh] {
        let settings = Settings { noise, ..settings.clone() };
        let (one, two) = (with(1, &settings), with(2, &settings));
        assert_eq!(one.rows, two.rows);
        assert_eq!(one.rewards, two.rewards);
        let other = with(2, &Settings { seed: 6, ..settings });
        assert_ne!(one.rows, other.rows);
    }
}

#[test]
fn rows_do_not_change_what_is_computed() {
    let often = Settings { record: Record::Every(1), batch: Batch::Pairs(1), ..Settings::new(4, 20, 64) };
    let rarely = Settings { record: Record::Every(50), ..often.clone() };
    let (often, rarely) = (alone("log(x+0.1)", &often).unwrap(), alone("log(x+0.1)", &rarely).unwrap());
    let steps: Vec<u64> = rarely.rows.iter().map(|row| row.step).collect();
    assert_eq!(steps, [0, 50, 64]);
    assert_eq!(often.rewards, rarely.rewards);
    assert_eq!(often.rows[50], rarely.rows[1]);
}

#[test]
fn training_converges_to_the_optimum() {
    // What is left after so many steps: rewards of 0 and 1 are at infinite logits.
    for (text, n, tolerance) in [
        ("log(x+0.1)", 4, 2e-4),
        ("log(x+0.1)", 8, 2e-4),
        ("-1/(x+0.1)", 4, 2e-4),
        ("-1/(x+0.1)", 8, 2e-4),
        ("logsigmoid(4x)", 4, 2e-4),
        ("logsigmoid(4x)", 8, 2e-4),
        ("x", 5, 2e-4),
    ] {
        let simulation = against_theory(text, &Settings::new(n, 50, 10_000));
        let (first, last) = (&simulation.rows[0], simulation.rows.last().unwrap());
        let distance = last.distance.unwrap();
        assert!(distance < tolerance && first.distance.unwrap() > 0.2, "{text}, n = {n}: {distance}");
        assert_eq!(last.wrong_end, Some(0.0));
        // Under U = x the middle one of five responses stays where it began.
        if text != "x" {
            assert!((last.w1_limit.unwrap() - simulation.optimum_w1.unwrap()).abs() < 2.0 * tolerance);
            assert!(last.deviation < 5.0 * tolerance, "{text}, n = {n}: {}", last.deviation);
        }
        let descent = Settings { optimiser: Optimiser::Sgd, ..Settings::new(n, 20, 10_000) };
        let distance = against_theory(text, &descent).rows.last().unwrap().distance.unwrap();
        assert!(distance < 2e-3, "{text}, n = {n}, gradient descent: {distance}");
    }
}

#[test]
fn raw_rewards_converge_where_smoothing_or_centring_holds_them() {
    let raw = Settings { head: Head::Raw, optimiser: Optimiser::Sgd, ..Settings::new(8, 20, 3000) };
    let smoothing = Settings { smoothing: 0.1, ..raw.clone() };
    let centring = Settings { centering: 0.1, ..raw.clone() };
    for (settings, known) in [
        (smoothing.clone(), [0.304678, 0.930922, 1.617569, 2.457787]),
        (centring, [0.171082, 0.517031, 0.874765, 1.253596]),
    ] {
        let simulation = alone("logsigmoid(x)", &settings).unwrap();
        let found = last_rewards(&simulation);
        for (k, known) in known.into_iter().enumerate() {
            assert!((found[4 + k] - known).abs() < 1e-6 && (found[3 - k] + known).abs() < 1e-6, "{found:?}");
        }
        let last = simulation.rows.last().unwrap();
        assert_eq!((last.distance, last.w1_limit, last.wrong_end), (None, None, None));
        assert!(last.deviation < 1e-6);
        // Given the optimum, wherever it is centred.
        let shift = if settings.centering == 0.0 { 7.0 } else { 0.0 };
        let optimum: Vec<f64> = found.iter().map(|reward| reward + shift).collect();
        let theory = Theory { optimum: Some(&optimum), ..Theory::default() };
        let again =
            simulate(&utility("logsigmoid(x)"), &settings, &theory, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(again.rows.last().unwrap().distance.unwrap() < 1e-6);
    }
    // Labels that are wrong as often, drawn anew each time, come to the same as smoothing.
    let flipped = Settings {
        labels: Labels::Flipped(0.1),
        noise: Noise::Fresh,
        learning_rate: Some(0.2),
        ..Settings { prompts: 300, ..raw }
    };
    let found = alone("logsigmoid(x)", &flipped).unwrap();
    let known = alone("logsigmoid(x)", &smoothing).unwrap();
    for (found, known) in last_rewards(&found).iter().zip(last_rewards(&known)) {
        assert!((found - known).abs() < 0.03, "{found} {known}");
    }
}

#[test]
fn rewards_come_to_the_true_qualities_of_bradley_and_terry() {
    let qualities = vec![-1.0, 0.0, 0.2, 0.8];
    let settings = Settings {
        labels: Labels::BradleyTerry(qualities.clone()),
        noise: Noise::Fresh,
        head: Head::Raw,
        optimiser: Optimiser::Sgd,
        learning_rate: Some(0.1),
        ..Settings::new(4, 1000, 2000)
    };
    let simulation = alone("logsigmoid(x)", &settings).unwrap();
    for (found, quality) in last_rewards(&simulation).iter().zip(qualities) {
        assert!((found - quality).abs() < 0.02, "{found} {quality}");
    }
}

#[test]
fn two_responses_are_not_bounded_by_centring() {
    let settings = Settings {
        head: Head::Raw,
        centering: 0.1,
        optimiser: Optimiser::Sgd,
        record: Record::Every(1000),
        ..Settings::new(2, 10, 100_000)
    };
    let simulation = alone("logsigmoid(x)", &settings).unwrap();
    let upper = |row: usize| simulation.rows[row].rewards[1];
    // 2 l' = 2 sigmoid(-2l) in the end: l grows like log(4 t)/2, by log(10)/2 in a decade.
    assert!((upper(100) - upper(10) - 0.5 * 10f64.ln()).abs() < 0.01, "{} {}", upper(10), upper(100));
    assert!((upper(100) + simulation.rows[100].rewards[0]).abs() < 1e-6);
}

#[test]
fn a_rate_too_large_lets_the_first_pair_decide() {
    // Response i (from 0) of n loses its first pair, to a random other, with probability 1 - i/(n-1).
    let settings = Settings {
        optimiser: Optimiser::Sgd,
        learning_rate: Some(1000.0),
        batch: Batch::Pairs(1),
        ..Settings::new(8, 4000, 200)
    };
    let simulation = against_theory("x", &settings);
    let last = simulation.rows.last().unwrap();
    let share = (8.0 - 2.0) / (4.0 * (8.0 - 1.0));
    assert!((last.wrong_end.unwrap() - share).abs() < 0.01, "{:?}", last.wrong_end);
    for (i, reward) in last.rewards.iter().enumerate() {
        assert!((reward - i as f64 / 7.0).abs() < 0.03, "{i}: {reward}");
    }
    let gentle = Settings { learning_rate: Some(1.0), ..settings };
    assert_eq!(against_theory("x", &gentle).rows.last().unwrap().wrong_end, Some(0.0));
}

#[test]
fn an_observer_can_stop_a_simulation() {
    let settings = Settings::new(8, 1000, 1_000_000);
    let mut seen = 0;
    let stopped = simulate(&utility("x"), &settings, &Theory::default(), &mut |progress| {
        assert!(progress.step > seen && progress.steps == 1_000_000);
        seen = progress.step;
        if seen > 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(stopped, Err(SimulateError::Cancelled));
    assert!(seen < 10_000);
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let new = || Settings::new(4, 2, 10);
    let refused = |settings: &Settings| alone("logsigmoid(x)", settings).unwrap_err();
    for bad in [
        Settings::new(4, 0, 10),
        Settings::new(1, 2, 10),
        Settings::new(4, 2, 0),
        Settings { batch: Batch::Pairs(0), ..new() },
        Settings { compared: Some(7), ..new() },
        Settings { record: Record::Every(0), ..new() },
    ] {
        assert!(matches!(refused(&bad), SimulateError::Count { .. }), "{bad:?}");
    }
    for wrong in [-0.1, 0.5, f64::NAN, f64::INFINITY] {
        for bad in [
            Settings { smoothing: wrong, ..new() },
            Settings { labels: Labels::Flipped(wrong), ..new() },
            Settings { learning_rate: Some(-wrong.abs()), ..new() },
        ] {
            assert!(matches!(refused(&bad), SimulateError::Parameter { .. }), "{bad:?}");
        }
    }
    let short = Settings { labels: Labels::BradleyTerry(vec![0.0; 3]), ..new() };
    assert!(matches!(refused(&short), SimulateError::Length { .. }));
    let huge = Settings::new(4, 1 << 50, 10);
    assert!(matches!(refused(&huge), SimulateError::TooLarge { .. }));
    assert!(matches!(alone("log(x)", &new()), Err(SimulateError::InfiniteSlope { .. })));
    let smoothed = Settings { smoothing: 0.1, ..new() };
    assert!(matches!(alone("log(x+0.1)", &smoothed), Err(SimulateError::NotOnTheLine { .. })));
    let centred = Settings {
        head: Head::Raw,
        centering: 10.0,
        optimiser: Optimiser::Sgd,
        learning_rate: Some(100.0),
        ..Settings::new(4, 2, 10_000)
    };
    assert!(matches!(refused(&centred), SimulateError::Diverged { .. }));
}

fn command(arguments: &str) -> Command {
    let mut command = Command::cargo_bin("reward-collapse").expect("the binary");
    command.arg("simulate").args(arguments.split(' '));
    command
}

#[test]
fn bad_input_is_one_line_and_status_2() {
    let good = "--utility x -n 4 --prompts 2 --steps 5";
    assert!(command(good).output().unwrap().status.success());
    for (arguments, status, reason) in [
        ("--utility x -n 4 --prompts 0 --steps 5", 2, "prompts must be at least 1"),
        ("--utility x -n 1 --prompts 2 --steps 5", 2, "responses n must be at least 2"),
        ("--utility x -n 4 --prompts 1e15 --steps 5", 2, "GiB of memory"),
        ("--utility x -n 1e7 --prompts 1 --steps 5", 2, "GiB of memory"),
        (&format!("{good} --flip 0.5"), 2, "flip rate must be at least 0 and below 0.5"),
        (&format!("{good} --smoothing -0.1"), 2, "below 0.5"),
        (&format!("{good} --learning-rate 0"), 2, "learning rate must be positive and finite"),
        (&format!("{good} --learning-rate inf"), 2, "learning rate must be positive and finite"),
        (&format!("{good} --learning-rate NaN"), 2, "learning rate must be positive and finite"),
        (&format!("{good} --batch some"), 2, "`full`"),
        ("--utility log(x) -n 4 --prompts 2 --steps 5", 2, "slope at 0 is infinite"),
        (&format!("{good} --share 0"), 2, "share of a utility must be positive and finite"),
        (&format!("{good} --share 1 --share 2"), 2, "given 2 times for 1 utilities"),
        (&format!("{good} --utility x+1 --utility log(x+0.1)"), 2, "utility 3 of 3 has none of the 2 prompts"),
        ("--utility (x+0.1)^2 -n 4 --prompts 2 --steps 5", 2, "concave"),
        (
            &format!("{good} --head raw --centering 9 --optimiser sgd --learning-rate 1e300"),
            1,
            "lower the learning rate",
        ),
    ] {
        let output = command(arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments}: {text}");
        assert!(output.stdout.is_empty() && text.lines().count() == 1 && text.contains(reason), "{arguments}: {text}");
    }
}

#[test]
fn the_command_writes_the_promised_fields() {
    let arguments = "--utility log(x+0.1) -n 4 --prompts 10 --steps 20 --every 10 --seed 3 --format";
    let run = |format: &str| {
        let output = command(&format!("{arguments} {format}")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let json: Value = serde_json::from_str(&run("json")).unwrap();
    let steps = json["rows"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    for row in steps {
        assert!(row["step"].is_u64() && row["distance"].is_f64() && row["w1_limit"].is_f64());
        assert_eq!((&row["wrong_end"], row["rewards"].as_array().unwrap().len()), (&Value::from(0.0), 4));
    }
    assert!(steps[2]["distance"].as_f64() < steps[0]["distance"].as_f64());
    let csv = run("csv");
    assert!(csv.starts_with("step,distance,w1_limit,wrong_end,deviation,reward_1,reward_2,reward_3,reward_4\n0,"));
    assert_eq!(csv.lines().count(), 4);
    assert_eq!(csv, run("csv"));
    assert!(run("table").contains("optimum"));
    let raw = "--utility logsigmoid(x) -n 4 --prompts 10 --steps 20 --head raw --smoothing 0.1 --format csv";
    let raw = String::from_utf8(command(raw).output().unwrap().stdout).unwrap();
    // The optimum and the law are known, and there are no ends.
    let first: Vec<&str> = raw.lines().nth(1).unwrap().split(',').collect();
    assert!(
        !raw.contains("NaN")
            && first[1].parse::<f64>().unwrap() > 0.5
            && first[2].parse::<f64>().unwrap() > 0.5
            && first[3].is_empty(),
        "{raw}"
    );
    // A mixture: each utility with its own prompts and its own optimum.
    let mixture =
        "--utility log(x+0.1) --share 2 --utility x --share 1 -n 4 --prompts 30 --steps 500 --seed 3 --format";
    let of =
        |format: &str| String::from_utf8(command(&format!("{mixture} {format}")).output().unwrap().stdout).unwrap();
    let both: Value = serde_json::from_str(&of("json")).unwrap();
    let both = both.as_array().unwrap();
    let told = |part: &Value| (part["utility"].as_str().unwrap().to_owned(), part["prompts"].as_u64().unwrap());
    assert_eq!(both.iter().map(told).collect::<Vec<_>>(), [("log(x+0.1)".to_owned(), 20), ("x".to_owned(), 10)]);
    for part in both {
        let last = part["rows"].as_array().unwrap().last().unwrap();
        assert!(last["distance"].as_f64().unwrap() < 0.05, "{last}");
        let [optimum, rewards] = [&part["optimum"], &last["rewards"]].map(|list| list[1].as_f64().unwrap());
        assert!((optimum - rewards).abs() < 0.05);
    }
    // The first part is what it is alone; the second has draws of its own.
    let alone = "--utility log(x+0.1) -n 4 --prompts 20 --steps 500 --seed 3 --format json";
    let alone: Value = serde_json::from_slice(&command(alone).output().unwrap().stdout).unwrap();
    assert_eq!(alone["rows"], both[0]["rows"]);
    assert_ne!(both[0]["rows"][0]["rewards"], both[1]["rows"][0]["rewards"]);
    let csv = of("csv");
    assert!(
        csv.starts_with("utility,step,distance,") && csv.contains("\nlog(x+0.1),0,") && csv.contains("\nx,500,"),
        "{csv}"
    );
    assert_eq!(of("table").matches("optimum").count(), 2);
    let free = "--utility logsigmoid(x) -n 4 --prompts 10 --steps 20 --head raw --format csv";
    let free = String::from_utf8(command(free).output().unwrap().stdout).unwrap();
    assert!(free.contains("\n0,,,,"), "{free}");
}

#[test]
fn the_path_is_drawn_with_its_numbers() {
    let flipped = Settings {
        labels: Labels::Flipped(0.1),
        batch: Batch::Pairs(1),
        optimiser: Optimiser::Sgd,
        learning_rate: Some(20.0),
        ..Settings::new(8, 100, 1000)
    };
    let raw = Settings { head: Head::Raw, smoothing: 0.1, ..Settings::new(9, 10, 100) };
    for simulation in [
        against_theory("log(x+0.1)", &Settings::new(8, 20, 1000)),
        against_theory("x", &flipped),
        alone("logsigmoid(x)", &raw).unwrap(),
        against_theory("log(x+0.1)", &Settings::new(40, 2, 1)),
    ] {
        let out = TempDir::new().unwrap();
        let files = path_to_collapse(out.path(), &Page::default(), &simulation).unwrap();
        check_page(&files);
        assert!(texts(&files).contains("(b) Mean reward of each rank"));
        let recorded = simulation.rows.len();
        assert_eq!(rows(&files.csv[0]).len(), recorded * simulation.settings.n);
        assert_eq!(rows(&files.csv[1]).len(), recorded);
    }
}
