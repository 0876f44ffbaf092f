//! The command line as a person and a program meet it.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("reward-collapse").expect("the binary");
    command.args(arguments);
    command
}

fn stdout(arguments: &[&str]) -> String {
    let output = command(arguments).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(arguments)).expect("JSON")
}

/// The one line on standard error of a command that fails with `status`.
fn error(arguments: &[&str], status: i32) -> String {
    let output = command(arguments).output().expect("it runs");
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    assert!(text.starts_with("error: "), "{text}");
    text
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|x| x.as_f64().expect("a number")).collect()
}

#[test]
fn solve_has_the_promised_fields() {
    let solution = json(&["solve", "--utility", "log(x)", "--n", "8", "--format", "json"]);
    assert_eq!(solution["utility"], "log(x)");
    assert_eq!(solution["n"], 8);
    let rewards = numbers(&solution["rewards"]);
    let known = [0.0, 0.0641, 0.2041, 0.3954, 0.6046, 0.7959, 0.9359, 1.0];
    assert!(rewards.iter().zip(known).all(|(a, b)| (a - b).abs() < 5.001e-5));
    let (objective, mean) = (solution["objective"].as_f64().unwrap(), solution["mean_utility"].as_f64().unwrap());
    assert!((objective / 28.0 - mean).abs() < 1e-14);
    assert!((0.0..1e-12).contains(&solution["gap"].as_f64().unwrap()));
    assert!(solution["iterations"].is_u64() && solution["seconds"].is_f64());
    assert_eq!(solution["unique"], true);
    assert_eq!(solution["closed_form"], "Gauss-Lobatto-Legendre nodes");
    assert_eq!(json(&["solve", "-u", "-1/x", "-n", "4", "--format", "json"])["closed_form"], Value::Null);
    assert_eq!(json(&["solve", "-u", "x", "-n", "9", "--format", "json"])["unique"], false);
}

#[test]
fn utilities_may_begin_with_a_hyphen() {
    for arguments in [["--utility", "-1/x"], ["-u", "-x^-0.5"], ["--utility", "- 1 / ( x + 0.1 )"]] {
        let text = stdout(&["solve", arguments[0], arguments[1], "--n", "8"]);
        assert!(text.contains("response"), "{text}");
    }
    assert_eq!(json(&["limit", "--utility=-1/x", "--format", "json"])["closed_form"], "Uniform(0, 1)");
}

#[test]
fn limit_has_the_promised_fields() {
    let law = json(&["limit", "--utility", "log(x+0.1)", "--grid", "5", "--format", "json"]);
    assert_eq!(law["closed_form"], Value::Null);
    let atoms = law["atoms"].as_array().expect("atoms");
    for (atom, at) in atoms.iter().zip([0.0, 1.0]) {
        assert_eq!(atom["at"], at);
        assert!((atom["mass"].as_f64().unwrap() - 0.1839878103439).abs() < 1e-11);
    }
    let density = law["density"].as_array().expect("a density");
    assert_eq!(density.len(), 5);
    assert_eq!(density[2]["x"], 0.5);
    assert!((density[2]["p"].as_f64().unwrap() - 0.4939994440355).abs() < 1e-11);
    assert!((law["mean_utility"].as_f64().unwrap() + 0.8537052774282).abs() < 1e-11);
    assert!(law["gap"].as_f64().unwrap() < 1e-11);
    assert_eq!(law["quantiles"][6]["u"], 0.5);
    assert!((law["quantiles"][6]["x"].as_f64().unwrap() - 0.5).abs() < 1e-12);
    let arcsine = json(&["limit", "--utility", "log(x)", "--format", "json"]);
    assert_eq!(arcsine["closed_form"], "Beta(0.5, 0.5)");
    assert_eq!(arcsine["density"][0]["p"], Value::Null); // infinite at 0
    let thomson = json(&["limit", "--utility", "-1/x", "--format", "json"]);
    assert_eq!((&thomson["mean_utility"], &thomson["gap"]), (&Value::Null, &Value::Null)); // -inf for every law
}

#[test]
fn asymptotics_has_the_promised_fields() {
    let study = json(&["asymptotics", "--utility", "log(x)", "--n", "256,16,64,64", "--format", "json"]);
    let rows = study["rows"].as_array().expect("rows");
    assert_eq!(rows.iter().map(|row| row["n"].as_u64().unwrap()).collect::<Vec<_>>(), [16, 64, 256]);
    for field in ["w1", "ks", "mean_utility", "limit_mean_utility", "gap", "seconds"] {
        assert!(rows.iter().all(|row| row[field].is_f64()), "{field}");
    }
    assert!((study["fitted_exponent"].as_f64().unwrap() + 1.0).abs() < 0.01);
    for field in ["energy_difference", "end_share", "atom"] {
        assert!(rows.iter().all(|row| row[field].is_f64()), "{field}");
    }
    let rates = study["rates"].as_array().expect("rates");
    assert_eq!(rates[0]["fitted_exponent"], study["fitted_exponent"]);
    assert_eq!(rates[2]["predicted"], "c log(n) / n");
    assert!((rates[0]["drift"].as_f64().unwrap() - 1.0).abs() < 0.05);
    assert_eq!(rates.len(), 3);
    let csv = stdout(&["asymptotics", "-u", "x^0.5", "-n", "8,16", "--format", "csv"]);
    let header = "n,w1,ks,mean_utility,limit_mean_utility,gap,seconds,energy_difference,end_share,utility,concavity";
    assert!(csv.starts_with(&format!("{header}\n8,")), "{csv}");
    assert!(csv.lines().nth(2).is_some_and(|row| row.starts_with("16,") && row.ends_with(",x^0.5,proved")), "{csv}");
}

#[test]
fn what_one_response_has_no_pairs_for_is_left_out() {
    let run = |format: &str| stdout(&["asymptotics", "-u", "log(x)", "-n", "1,2,4", "--format", format]);
    let table = run("table");
    let first = table.lines().find(|line| line.starts_with(" 1 ")).expect("a row for n = 1");
    let cells: Vec<&str> = first.split_whitespace().collect();
    assert_eq!((cells[3], cells[4]), ("-", "-"), "{table}");
    let rows = json(&["asymptotics", "-u", "log(x)", "-n", "1,2,4", "--format", "json"])["rows"].clone();
    assert_eq!((&rows[0]["energy_difference"], &rows[0]["mean_utility"]), (&Value::Null, &Value::Null));
    let csv = run("csv");
    let first: Vec<&str> = csv.lines().nth(1).expect("a row").split(',').collect();
    assert_eq!((first[0], first[3], first[7]), ("1", "", ""), "{csv}");
    assert!([&table, &csv].iter().all(|text| !text.contains("NaN")), "{table}{csv}");
}

#[test]
fn csv_rows_are_numbered_from_the_worst_response() {
    let csv = stdout(&["solve", "--utility", "x", "--n", "4", "--format", "csv"]);
    assert_eq!(csv, "response_index,reward\n1,0.0\n2,0.0\n3,1.0\n4,1.0\n");
    let csv = stdout(&["limit", "--utility", "-1/x", "--grid", "3", "--format", "csv"]);
    assert_eq!(csv, "x,density,cdf\n0.0,1.0,0.0\n0.5,1.0,0.5\n1.0,1.0,1.0\n");
}

#[test]
fn bad_input_is_answered_in_one_line_with_status_2() {
    let utility = |text: &str| error(&["solve", "--utility", text, "--n", "8"], 2);
    assert!(utility("x^2").contains("not concave on 0 <= x <= 1"));
    assert!(utility("x-x^2").contains("not increasing on 0.5 <= x <= 1"));
    assert!(utility("log(").contains("not closed"));
    assert!(utility("").contains("empty"));
    assert!(utility("log y").contains("log(...)"));
    assert!(utility("sin(y)").contains("unknown name `y`"));
    assert!(utility("log(x-0.5)").contains("not defined"));
    assert!(utility("1/2x").contains("two ways"));
    for n in ["0", "-3", "NaN", "2.5", "many"] {
        assert!(error(&["solve", "--utility", "x", "--n", n], 2).contains("n must be"), "{n}");
    }
    assert!(error(&["solve", "--utility", "log(x)", "--n", "1e8"], 2).contains("GiB"));
    assert!(error(&["solve", "--utility", "log(x)"], 2).contains("--n"));
    assert!(error(&["solve", "--utility", "x", "--n", "8", "--format", "xml"], 2).contains("json"));
    assert!(error(&["limit", "--utility", "log(x)", "--grid", "1"], 2).contains("--grid"));
    assert!(error(&["limit", "--utility", "x-x*log(x)"], 2).contains("limit law"));
    assert!(error(&["asymptotics", "--utility", "log(x)", "--n", "8,,9"], 2).contains("n must be"));
    assert!(error(&["limit", "--utility", "log(x)-5x^2"], 2).contains("do not reach 0 and 1"));
    assert!(utility(&["x^0.01"; 400].join("*")).contains("too long"));
    assert!(utility("x-e^-3x").contains("after an exponent"));
    assert!(error(&["figure", "experiment", "--n", "8"], 2).contains("figure asymptotics"));
    assert!(error(&["figure", "asymptotics", "--study", "no-such-file"], 2).contains("cannot read no-such-file"));
    assert!(error(&["asymptotics", "--study", "no-such-file"], 2).contains("cannot read no-such-file"));
    assert!(error(&["asymptotics", "-n", "8"], 2).contains("--utility"));
    assert!(error(&["asymptotics", "-u", "x", "--shard", "1/2"], 2).contains("--shard"));
    assert!(error(&["asymptotics", "-u", "x", "--results", "r"], 2).contains("--results"));
    assert!(error(&["asymptotics", "--study", "s", "--shard", "1/2", "--fresh"], 2).contains("--fresh"));
    assert!(error(&["figure", "collapse", "--results", "r"], 2).contains("figure asymptotics"));
    assert!(error(&["figure", "histogram"], 2).contains("collapse"));
    assert!(error(&["dance"], 2).contains("dance"));
}

#[test]
fn an_output_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rewards.csv");
    let out = path.to_str().expect("UTF-8");
    let solve =
        |out: &str| command(&["solve", "-u", "x", "-n", "4", "--format", "csv", "--out", out]).output().unwrap();
    assert!(solve(out).status.success());
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("response_index,reward\n"));
    let missing = folder.path().join("no/such/folder/rewards.csv");
    let text = error(&["solve", "-u", "x", "-n", "4", "--out", missing.to_str().unwrap()], 2);
    assert!(text.contains("cannot write") && text.contains("no/such"), "{text}");
    assert!(text.contains("No such file") && !text.contains(".reward-collapse-"), "{text}");
    let text = error(&["solve", "-u", "x", "-n", "4", "--out", folder.path().to_str().unwrap()], 2);
    assert!(text.contains("directory"), "{text}");
    // A refused utility leaves the earlier file as it was, and nothing else.
    error(&["solve", "-u", "x^2", "-n", "4", "--out", out], 2);
    assert_eq!(names(folder.path()), ["rewards.csv"]);
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(target_os = "linux")]
#[test]
fn links_are_followed_and_devices_are_written_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    std::fs::write(&target, "before").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    stdout(&["solve", "-u", "x", "-n", "2", "--format", "csv", "--out", link.to_str().unwrap()]);
    assert!(link.is_symlink());
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "response_index,reward\n1,0.0\n2,1.0\n");
    let text = error(&["solve", "-u", "x", "-n", "2", "--out", "/dev/full"], 2);
    assert!(text.contains("cannot write /dev/full"), "{text}");
    std::os::unix::fs::symlink(folder.path().join("nothing"), folder.path().join("dangling")).unwrap();
    let dangling = folder.path().join("dangling");
    assert!(error(&["solve", "-u", "x", "-n", "2", "--out", dangling.to_str().unwrap()], 2).contains("link"));
    let mut read_only = std::fs::metadata(&target).unwrap().permissions();
    read_only.set_readonly(true);
    std::fs::set_permissions(&target, read_only).unwrap();
    assert!(error(&["solve", "-u", "x", "-n", "2", "--out", target.to_str().unwrap()], 2).contains("read-only"));
}

#[test]
fn linear_rewards_have_any_size_that_fits() {
    let solution = json(&["solve", "-u", "2x+1", "-n", "1e5", "--format", "json"]);
    assert_eq!(numbers(&solution["rewards"]).iter().sum::<f64>(), 5e4);
    // 2.5e9 pairs differ by 1, the others by 0.
    let pairs = 1e5 * (1e5 - 1.0) / 2.0;
    assert_eq!(solution["objective"], 2.0 * 2.5e9 + pairs);
    assert_eq!(solution["gap"], 0.0);
    for n in ["18446744073709551615", "1e15"] {
        assert!(error(&["solve", "-u", "x", "-n", n], 2).contains("GiB"));
    }
}

#[test]
fn a_full_standard_error_is_no_panic() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let status = std::process::Command::new(assert_cmd::cargo::cargo_bin("reward-collapse"))
        .args(["solve", "-u", "log(", "-n", "8"])
        .stderr(full)
        .status()
        .expect("it runs");
    assert_eq!(status.code(), Some(2));
}

#[test]
fn figures_are_listed_and_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("figures");
    let written = json(&["figure", "collapse", "--out", out.to_str().unwrap(), "--format", "json"]);
    assert_eq!(written[0]["figure"], "collapse");
    assert_eq!(names(&out), ["collapse.csv", "collapse.png", "collapse.svg", "collapse.txt", "collapse_distances.csv"]);
    let narrow = folder.path().join("narrow");
    let page = ["--width", "85mm", "--image", "pdf,svg", "--caption", "-u", "log(x)", "-n", "200"];
    let arguments = ["figure", "collapse", "--out", narrow.to_str().unwrap(), "--format", "json"];
    let written = json(&[&arguments[..], &page].concat());
    assert!(written[0]["png"].is_null() && written[0]["pdf"].as_str().unwrap().ends_with("collapse.pdf"), "{written}");
    assert_eq!(
        names(&narrow),
        ["collapse.csv", "collapse.pdf", "collapse.svg", "collapse.txt", "collapse_distances.csv"]
    );
    assert!(error(&["figure", "collapse", "--width", "3.25"], 2).contains("3.25in"));
    assert!(error(&["figure", "collapse", "--width", "1in"], 2).contains("80mm"));
    assert!(error(&["figure", "collapse", "-n", "8,16"], 2).contains("give one"));
    assert!(error(&["figure", "collapse", "--smoothing", "0.1"], 2).contains("figure bradley-terry"));
    assert!(error(&["figure", "all", "-n", "8"], 2).contains("name it"));
    assert!(
        error(&["simulate", "-u", "x", "-n", "4", "--prompts", "2", "--steps", "2", "--width", "4in"], 2)
            .contains("--figure DIR")
    );
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(error(&["figure", "collapse", "--out", file.to_str().unwrap()], 2).contains("cannot write"));
    let arguments = ["figure", "asymptotics", "-u", "x^2", "--out", out.to_str().unwrap()];
    assert!(error(&arguments, 2).contains("not concave"));
}

#[test]
fn quiet_silences_warnings() {
    let arguments = ["solve", "-u", "x^0.3-0.2x^2", "-n", "8"];
    let loud = command(&arguments).output().unwrap();
    assert!(String::from_utf8_lossy(&loud.stderr).starts_with("warning: `x^0.3-0.2x^2` decreases on 0.8443"));
    let quiet = command(&arguments).arg("--quiet").output().unwrap();
    assert!(quiet.status.success() && quiet.stderr.is_empty());
}

#[test]
fn completions_and_help_are_there() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&["completions", shell]).contains("asymptotics"));
    }
    for name in ["solve", "limit", "asymptotics", "figure"] {
        assert!(stdout(&[name, "--help"]).contains("Usage"), "{name}");
    }
    assert!(stdout(&["--version"]).starts_with("reward-collapse "));
}

#[test]
fn several_numbers_of_responses_give_a_result_each() {
    let solutions = json(&["solve", "-u", "log(x)", "-n", "2,3,8", "--format", "json"]);
    let sizes: Vec<u64> = solutions.as_array().unwrap().iter().map(|s| s["n"].as_u64().unwrap()).collect();
    assert_eq!(sizes, [2, 3, 8]);
    let alone = json(&["solve", "-u", "log(x)", "-n", "8", "--format", "json"]);
    assert_eq!(solutions[2]["rewards"], alone["rewards"]);
    let rows = stdout(&["solve", "-u", "log(x)", "-n", "2,3", "--format", "csv"]);
    assert_eq!(rows, "n,response_index,reward\n2,1,0.0\n2,2,1.0\n3,1,0.0\n3,2,0.5\n3,3,1.0\n");
    let terms = ["solve", "-u", "logsigmoid(x)", "-n", "4,8", "--support=-inf,inf", "--smoothing", "0.1"];
    let tables = stdout(&terms);
    assert_eq!(tables.matches("mean utility").count(), 2, "{tables}");
    assert!(error(&["solve", "-u", "x", "-n", "8,,9"], 2).contains("n must be a whole number"));
}

#[test]
fn the_name_of_the_file_tells_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let written = |name: &str, more: &[&str]| {
        let path = folder.path().join(name);
        stdout(&[&["solve", "-u", "x", "-n", "2", "--out", path.to_str().unwrap()], more].concat());
        std::fs::read_to_string(path).unwrap()
    };
    assert!(written("x.json", &[]).starts_with('{'));
    assert!(written("x.CSV", &[]).starts_with("response_index,reward\n"));
    assert!(written("x.txt", &[]).starts_with("utility "));
    assert!(written("y.json", &["--format", "csv"]).starts_with("response_index,reward\n"));
    let missing = folder.path().join("none").join("x.csv");
    let text = error(&["solve", "-u", "x", "-n", "2", "--out", missing.to_str().unwrap()], 2);
    assert!(text.contains(missing.to_str().unwrap()) && !text.contains(".reward-collapse-"), "{text}");
}

#[test]
fn hints_name_the_command_that_was_typed() {
    for (arguments, hint) in [
        (&["solve", "--utility", "x", "--m", "8"][..], "see `reward-collapse solve --help`"),
        (&["limit"], "see `reward-collapse limit --help`"),
        (&["sovle"], "see `reward-collapse --help`"),
        (
            &["solve", "-u", "x", "--smoothing", "0,1"],
            "write a number such as 0.02, with a point; see `reward-collapse solve --help`",
        ),
        (
            &["diagnose", "r.csv", "--seed", "1.5"],
            "write a whole number, such as 1000; see `reward-collapse diagnose --help`",
        ),
    ] {
        let text = error(arguments, 2);
        assert!(text.trim_end().ends_with(hint), "{text}");
    }
    assert!(error(&["solve", "-u", "np.log(x)", "-n", "8"], 2).contains("did you mean `log`?"));
}

#[test]
fn numbers_are_written_alike() {
    let table = stdout(&["solve", "-u", "x-0.25x^2", "-n", "3"]);
    assert!(table.contains("1 iteration)") || !table.contains("1 iterations"), "{table}");
    assert!(!table.contains("0.0e0") && !table.contains("1.000000"), "{table}");
}

#[test]
fn every_command_has_a_manual_page_and_examples() {
    assert!(stdout(&["man"]).contains(".TH reward-collapse 1"));
    for name in ["solve", "limit", "asymptotics", "simulate", "figure", "completions", "man"] {
        let page = stdout(&["man", name]);
        assert!(page.contains(&format!(".TH reward-collapse-{name} 1")), "{page}");
        let help = stdout(&["help", name]);
        assert!(help.contains("Example"), "{name}");
        for line in help.lines().map(str::trim).filter(|line| line.starts_with("reward-collapse ")) {
            assert!(line.starts_with(&format!("reward-collapse {name}")), "{name}: {line}");
        }
    }
    assert!(error(&["man", "sovle"], 2).contains("no command `sovle`"));
    let of_help = stdout(&["help", "--help"]);
    assert!(of_help.contains("help [COMMAND]"), "{of_help}");
}
