//! Several processes that train one model, on this machine.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::runs::{Place, refused, wait_for};

const VARIABLES: [&str; 5] = ["RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"];

/// Steps of four prompts, which two ranks share; one thread each, as launchers have it.
const SHARED: [(&str, &str); 3] = [("gradient_accumulation_steps", "4"), ("threads", "1"), ("scheduler", "constant")];

/// A port that nobody has.
fn port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

fn as_rank(mut command: Command, rank: &str, size: &str, port: &str) -> Command {
    command.envs(VARIABLES.into_iter().zip([rank, size, rank, "127.0.0.1", port]));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts two ranks of `train` with the arguments of each.
fn start(place: &Place, run: &str, arguments: [&[&str]; 2]) -> [Child; 2] {
    let port = port();
    let ranks = [("0", arguments[0]), ("1", arguments[1])];
    ranks.map(|(rank, arguments)| as_rank(place.command(run, arguments), rank, "2", &port).spawn().unwrap())
}

/// Both ranks, which must succeed; the first speaks, and the other says nothing.
fn trained(place: &Place, run: &str, arguments: &[&str]) -> String {
    let [first, second] = start(place, run, [arguments, arguments]).map(|child| child.wait_with_output().unwrap());
    for output in [&first, &second] {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(second.stdout.is_empty() && second.stderr.is_empty(), "{second:?}");
    String::from_utf8(first.stderr).unwrap()
}

/// The one line of a rank that failed.
fn complaint(output: &Output, status: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{text}");
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(errors.len() == 1 && !text.contains("panicked") && !text.contains("c10d"), "{text}");
    errors[0].to_owned()
}

fn assert_near(place: &Place, one: &str, other: &str, tolerance: f64) {
    let rewards = |run: &str| -> Vec<(String, f64)> {
        let text = place.text(&format!("{run}/rewards.csv"));
        let rows = text.lines().skip(1).map(|line| line.rsplit_once(',').unwrap());
        rows.map(|(place, reward)| (place.to_owned(), reward.parse().unwrap())).collect()
    };
    let (one, other) = (rewards(one), rewards(other));
    assert!(!one.is_empty() && one.len() == other.len());
    let mut largest = 0.0_f64;
    for ((place, reward), (same, found)) in one.iter().zip(&other) {
        assert_eq!(place, same);
        largest = largest.max((reward - found).abs());
    }
    assert!(largest < tolerance, "{largest:e}");
    println!("rewards of {} rows differ by at most {largest:e}", one.len());
}

/// Runs that go on from one that took 40 steps: at first all rewards are nearly the same, their gradients cancel, and what rounding
/// leaves of them decides, with threads as with ranks.
#[test]
fn two_ranks_learn_what_one_does_and_take_over_from_each_other() {
    let place = Place::new();
    place.configure(&SHARED);
    place.trained("begun", &["--max-steps", "40"]);
    let copy = |run: &str| {
        for (path, content) in place.everything("begun") {
            let to = place.path(run).join(path.strip_prefix(place.path("begun")).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, content).unwrap();
        }
    };
    ["one", "two"].into_iter().for_each(copy);
    let until = |steps: &'static str| ["--resume", "--max-steps", steps];
    place.trained("one", &until("43"));
    let said = trained(&place, "two", &until("43"));
    assert!(said.contains(", 2 ranks, 4 prompts a step, going on after step 40"), "{said}");
    assert_near(&place, "one", "two", 1e-5);
    // What is told of steps is told of all ranks together.
    let last = |run: &str| -> serde_json::Value {
        let text = place.text(&format!("{run}/metrics.jsonl"));
        serde_json::from_str(text.lines().rfind(|line| !line.contains("split")).unwrap()).unwrap()
    };
    let (one, two) = (last("one"), last("two"));
    for key in ["step", "loss", "accuracy", "gradient_norm"] {
        let [one, two] = [&one, &two].map(|line| line[key].as_f64().unwrap());
        assert!((one - two).abs() <= 1e-5 * one.abs(), "{key}: {one} {two}");
    }
    // One goes on where two were, and two where one was.
    let said = place.trained("two", &until("46"));
    assert!(said.contains("going on after step 43"), "{said}");
    trained(&place, "one", &until("46"));
    assert_near(&place, "one", "two", 1e-5);
    // The ranks did something: rewards moved.
    let rewards = |step: &str| -> Vec<f64> {
        let text = place.text("one/rewards.csv");
        let rows = text.lines().filter(|line| line.starts_with(step));
        rows.map(|line| line.rsplit_once(',').unwrap().1.parse().unwrap()).collect()
    };
    let moved = rewards("40,").iter().zip(rewards("46,")).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(moved > 0.01, "{moved}");
}

#[test]
fn a_killed_rank_ends_the_other_within_a_minute() {
    let place = Place::new();
    place.configure(&[&SHARED[..], &[("max_steps", "1000000"), ("save_steps", "1000000")]].concat());
    for killed in [0, 1] {
        let run = format!("run{killed}");
        let mut children = start(&place, &run, [&[], &[]]);
        assert!(wait_for(&place.path(&format!("{run}/rewards.csv")), &mut children[0]));
        children[killed].kill().unwrap();
        let began = Instant::now();
        let [first, second] = children.map(|child| child.wait_with_output().unwrap());
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
        println!("after the end of rank {killed} the other took {:?}", began.elapsed());
        let survivor = 1 - killed;
        let said = complaint(if killed == 0 { &second } else { &first }, 1);
        assert!(said.contains(&format!("rank {survivor} of 2 stops, since ")) && said.contains("has ended"), "{said}");
    }
}

/// Told of one rank, as by a scheduler, the others stop after the same step.
#[test]
fn a_signal_to_one_rank_stops_and_saves() {
    let place = Place::new();
    place.configure(&[&SHARED[..], &[("max_steps", "1000000"), ("save_steps", "1000000")]].concat());
    let mut children = start(&place, "run", [&[], &[]]);
    assert!(wait_for(&place.path("run/rewards.csv"), &mut children[0]));
    let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", children[1].id())]).status().unwrap();
    assert!(sent.success());
    let [first, second] = children.map(|child| child.wait_with_output().unwrap());
    let said = String::from_utf8(first.stdout).unwrap();
    assert!(first.status.success() && second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    assert!(said.starts_with("stopped after ") && second.stdout.is_empty(), "{said}");
    let step = said.split(' ').nth(2).unwrap();
    assert!(place.path(&format!("run/checkpoint-{step}/model.safetensors")).is_file());
}

#[test]
fn variables_that_are_missing_or_contradict_are_told_in_one_line() {
    let place = Place::new();
    place.configure(&SHARED);
    let with = |variables: &[(&str, &str)]| {
        let mut command = place.command("run", &[]);
        command.envs(variables.iter().copied());
        refused(&mut command, 2)
    };
    let said = with(&[("RANK", "1")]);
    assert!(said.contains("RANK is set and WORLD_SIZE is not") && said.contains("torchrun --no-python"), "{said}");
    let said = with(&[("RANK", "2"), ("WORLD_SIZE", "2")]);
    assert!(said.contains("RANK is `2`") && said.contains("WORLD_SIZE, which is 2"), "{said}");
    let said = with(&[("RANK", "0"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0"), ("MASTER_ADDR", "127.0.0.1")]);
    assert!(said.contains("and MASTER_PORT is not"), "{said}");
    assert!(!place.path("run").exists());
}

#[test]
fn ranks_that_would_not_do_the_same_say_so() {
    let place = Place::new();
    place.configure(&SHARED);
    // Another build of the program.
    let port = port();
    let mut command = place.command("run", &[]);
    let copy = place.path("other-build");
    let mut content = fs::read(command.get_program()).unwrap();
    content.push(0);
    place.write("other-build", content);
    let permissions = fs::metadata(command.get_program()).unwrap().permissions();
    fs::set_permissions(&copy, permissions).unwrap();
    let mut other = Command::new(copy);
    other.args(command.get_args());
    command = as_rank(command, "0", "2", &port);
    let ranks = [command, as_rank(other, "1", "2", &port)].map(|mut rank| rank.spawn().unwrap());
    for output in ranks.map(|rank| rank.wait_with_output().unwrap()) {
        let said = complaint(&output, 1);
        assert!(said.contains("rank 1 and rank 0 run different builds of the program, "), "{said}");
    }
    // Another configuration.
    let ranks = start(&place, "run", [&[], &["--max-steps", "5"]]);
    for output in ranks.map(|rank| rank.wait_with_output().unwrap()) {
        let said = complaint(&output, 1);
        assert!(said.contains("rank 1 and rank 0 have different configurations: max_steps was 6, is 5"), "{said}");
    }
    // What ends one rank is told by the other.
    let [first, second] = start(&place, "run", [&[], &["--data", "nowhere.jsonl"]]);
    let own = complaint(&second.wait_with_output().unwrap(), 2);
    assert!(own.contains("nowhere.jsonl"), "{own}");
    let told = complaint(&first.wait_with_output().unwrap(), 1);
    assert!(told.contains("rank 0 of 2 stops, since rank 1 ended: ") && told.contains("nowhere.jsonl"), "{told}");
    assert!(!place.path("run").exists());
    // More ranks than prompts.
    place.configure(&[("gradient_accumulation_steps", "1")]);
    for output in start(&place, "run", [&[], &[]]).map(|rank| rank.wait_with_output().unwrap()) {
        assert!(String::from_utf8_lossy(&output.stderr).contains("too few for 2 ranks; start at most 1"));
    }
}
